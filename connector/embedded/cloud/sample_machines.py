"""Deploy keys, webhooks and branch restrictions of the demo's workspace, and Terraform's consumer.

The machines of the demo's Data Center after the migration: Flux reads by a deploy key, which on Cloud can do nothing
else, and commits images by an access token, which no listing shows; Terraform Cloud has a consumer of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.embedded.cloud.builder import uuid_of
from connector.embedded.cloud.credentials import AccessToken, Consumer, Level
from connector.embedded.cloud.machines import DeployKey, Restriction, Webhook
from connector.embedded.common.credentials import public_key

if TYPE_CHECKING:
    from connector.embedded.cloud.workspace import Workspace

_MADE = "2024-05-0{}T09:30:00.000000+00:00"
_LAST_NIGHT = "2024-12-31T22:00:00.000000+00:00"
"""As everywhere in the demo, which has no clock."""
_LONG_AGO = "2023-11-26T22:00:00.000000+00:00"


class SampleMachines:
    """Adds to a workspace whose projects, repositories and people are there."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._accounts = {account.nickname: account.uuid for account in workspace.accounts.values()}
        self._projects = {project.key: project.uuid for project in workspace.projects.values()}
        self._repositories = {repository.slug: repository.uuid for repository in workspace.repositories.values()}

    def add(self) -> None:
        """Add everything."""
        self.deploy_keys()
        self.tokens()
        self.webhooks()
        self.restrictions()

    def deploy_keys(self) -> None:
        """Add keys of a cluster, of mirrors, and one that nobody looks after any more."""
        slugs, projects = self._repositories, self._projects
        self._key("flux: clusters, read", {slugs["clusters"]}, last_used=_LAST_NIGHT)
        self._key("old build server", {slugs["build-images"]}, {projects["PAY"], projects["MOB"]}, last_used=_LONG_AGO)
        self._key("ledger replica", {slugs["ledger"]})
        self._key("mirror of open source", {slugs["harbour-sdk"], slugs["money-format"]}, last_used=_LAST_NIGHT)

    def tokens(self) -> None:
        """Add what nobody can list: the consumer of Terraform Cloud, an access token that commits images."""
        terraform = self._accounts["terraform"]
        scopes = frozenset({"repository", "webhook"})
        workspace = self._workspace
        workspace.consumers.append(Consumer("terraform-cloud", "terraform-secret", terraform, scopes))
        token = AccessToken("flux-images", "flux: image automation", Level.REPOSITORY, frozenset({"repository:write"}))
        token.resource_uuid = self._repositories["clusters"]
        workspace.access_tokens.append(token)

    def webhooks(self) -> None:
        """Add those that tell our own hosts, and some that tell others."""
        slugs = self._repositories
        build = "https://jenkins.harbourpayments.example/bitbucket-scmsource-hook/notify?token=build-secret"
        self._hook("build", build, secret_set=True)
        self._hook("flux", "https://flux.harbourpayments.example/hook/c2VjcmV0", slugs["clusters"])
        self._hook("tfe", "https://app.terraform.io/webhooks/vcs/4f1c", slugs["terraform-modules"])
        self._hook("chat", "https://hooks.chat.example:8443/services/T00/B00/XX", slugs["ledger"])
        insecure = "http://user:pass@Request-Bin.example/abc"
        self._hook("try-out", insecure, slugs["ledger"], active=False, skips_verification=True)

    def restrictions(self) -> None:
        """Protect branches by glob and by branching model, with and without exceptions, and leave some open."""
        slugs = self._repositories
        self._restrict("ledger", "push", "main", users=[self._accounts["jenkins"]], groups=["payments-leads"])
        self._restrict("ledger", "force", "*")
        self._restrict("ledger", "delete", "*")
        self._restrict("ledger", "require_approvals_to_merge", "main", value=2)
        self._restrict("api", "push", "ma*")
        self._restrict("clusters", "restrict_merges", branch_type="production", groups=["platform-engineers"])
        self._restrict("clusters", "push", branch_type="development")
        self._restrict("ios-app", "push", "release/*", users=[self._accounts["uma.pillai"]])
        if len(slugs) != len(self._workspace.repositories):
            raise ValueError("slugs are one of their kind in a workspace")

    def _key(self, label: str, repositories: set[str], projects: set[str] | None = None, **details: Any) -> None:  # noqa: ANN401 - fields of DeployKey
        keys = self._workspace.deploy_keys
        key = DeployKey(7_001 + len(keys), label, public_key(label), label, repositories, projects or set(), **details)
        key.created_on = _MADE.format(len(keys) + 1)
        keys.append(key)

    def _hook(self, name: str, url: str, repository_uuid: str | None = None, **details: Any) -> None:  # noqa: ANN401 - of Webhook
        identity = uuid_of(self._workspace.slug, "hook", name)
        self._workspace.webhooks.append(Webhook(identity, name, url, repository_uuid, **details))

    def _restrict(self, slug: str, kind: str, pattern: str = "", **details: Any) -> None:  # noqa: ANN401 - of Restriction
        restrictions = self._workspace.restrictions
        number = 45_373_403 + len(restrictions)
        restrictions.append(Restriction(number, self._repositories[slug], kind, pattern, **details))
