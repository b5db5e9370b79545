"""Keys, tokens, webhooks and branch restrictions of the demo's organisation; what goes wrong with them, at least once.

Flux and Terraform have what they need, and stand beside what nobody should have: a key that can write everywhere
and never ends, keys of people who left, tokens that nobody ever used, a webhook to a host outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.embedded.common.credentials import public_key
from connector.embedded.datacenter.machines import HttpToken, Restriction, SshKey, Webhook

if TYPE_CHECKING:
    from connector.embedded.datacenter.organisation import Organisation

_DAY = 86_400_000
_MADE = 1_672_531_200_000
"""1 January 2023, in epoch milliseconds."""
_LAST_NIGHT = 1_735_682_400_000
"""31 December 2024, as everywhere in the demo."""
_FAR_OFF = 4_102_444_800_000
"""1 January 2100: an end that no day of the demo reaches."""


class SampleMachines:
    """Adds to an organisation whose projects, repositories and people are there."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation
        self._accounts = {account.name: account.id for account in organisation.accounts.values()}
        self._projects = {project.key: project.id for project in organisation.projects.values()}
        self._repositories = {
            (organisation.projects[each.project_id].key, each.slug): each.id
            for each in organisation.repositories.values()
        }

    def add(self) -> None:
        """Add everything."""
        self.access_keys()
        self.user_keys()
        self.tokens()
        self.webhooks()
        self.branches()

    def access_keys(self) -> None:
        """Add deploy keys: one for reading, one that commits images, and some that nobody looks after."""
        clusters = self._repositories["PLAT", "clusters"]
        self._key("flux: clusters, read", repositories={clusters: "REPO_READ"}, last_authenticated=_LAST_NIGHT)
        self._key(
            "flux: image automation",
            repositories={clusters: "REPO_WRITE"},
            expiry_days=365 * 40,
            last_authenticated=_LAST_NIGHT,
        )
        self._key(
            "old build server",
            projects={self._projects["PAY"]: "PROJECT_WRITE", self._projects["MOB"]: "PROJECT_READ"},
            repositories={self._repositories["PLAT", "build-images"]: "REPO_WRITE"},
            last_authenticated=_LAST_NIGHT - 400 * _DAY,
        )
        self._key("ledger replica", repositories={self._repositories["PAY", "ledger"]: "REPO_READ"}, expiry_days=90)
        self._key("harbour-sdk mirror", repositories={self._repositories["OSS", "harbour-sdk"]: "REPO_READ"})

    def user_keys(self) -> None:
        """Add keys of people who are here, of one who left, and of the account that Terraform signs in with."""
        self._key("terraform@tfe", owner="terraform", last_authenticated=_LAST_NIGHT)
        self._key("amara's laptop", owner="amara.okafor", expiry_days=365 * 40, last_authenticated=_LAST_NIGHT)
        self._key("nadia's laptop", owner="nadia.farouk", last_authenticated=_LAST_NIGHT - 200 * _DAY)
        self._key("oscar's desktop", owner="oscar.lund")

    def tokens(self) -> None:
        """Add tokens of projects, repositories and people, used and unused, with and without an end."""
        pay, ledger = self._projects["PAY"], self._repositories["PAY", "ledger"]
        self._token("build status", ["PROJECT_READ", "REPO_WRITE"], project_id=pay, last_authenticated=_LAST_NIGHT)
        self._token("mirror to disaster recovery", ["REPO_READ"], repository_id=ledger, last_authenticated=_LAST_NIGHT)
        self._token("migration 2023", ["REPO_ADMIN"], repository_id=ledger, expires=_MADE + 30 * _DAY)
        self._token("modules", ["PROJECT_ADMIN", "REPO_ADMIN"], project_id=self._projects["PLAT"], expires=_FAR_OFF)
        self._token("tfe vcs", ["REPO_ADMIN"], owner_id=self._accounts["terraform"], last_authenticated=_LAST_NIGHT)
        self._token("jenkins", ["PROJECT_WRITE", "REPO_WRITE"], owner_id=self._accounts["jenkins"], expires=_FAR_OFF)
        self._token("my scripts", ["PROJECT_READ", "REPO_READ"], owner_id=self._accounts["nadia.farouk"])

    def webhooks(self) -> None:
        """Add those that tell our own hosts, and some that tell others."""
        add = self._organisation.webhooks.append
        clusters, ledger = self._repositories["PLAT", "clusters"], self._repositories["PAY", "ledger"]
        build = "https://jenkins.harbourpayments.example/bitbucket-scmsource-hook/notify?token=build-secret"
        add(Webhook(1, "build", build, project_id=self._projects["PAY"], secret="demo-webhook-secret"))  # noqa: S106
        add(Webhook(2, "flux", "https://flux.harbourpayments.example/hook/c2VjcmV0", repository_id=clusters))
        add(Webhook(3, "tfe", "https://app.terraform.io/webhooks/vcs/4f1c", repository_id=clusters))
        add(Webhook(4, "chat", "https://hooks.chat.example:8443/services/T00/B00/XX", repository_id=ledger))
        add(Webhook(5, "try-out", "http://user:pass@Request-Bin.example/abc", repository_id=ledger, active=False))

    def branches(self) -> None:
        """Protect whole projects and single branches by every kind of matcher, and leave some without any rule."""
        self._restrict("fast-forward-only", "**/main", "PATTERN", project_id=self._projects["PAY"])
        self._restrict("no-deletes", "refs/heads/main", project_id=self._projects["PAY"])
        self._restrict(
            "pull-request-only",
            "refs/heads/main",
            repository_id=self._repositories["PAY", "ledger"],
            users=[self._accounts["jenkins"]],
            groups=["payments-leads"],
        )
        self._restrict("read-only", "production", "MODEL_BRANCH", project_id=self._projects["PLAT"], keys=[2])
        self._restrict(
            "pull-request-only", "development", "MODEL_BRANCH", repository_id=self._repositories["PLAT", "clusters"]
        )
        self._restrict("read-only", "RELEASE", "MODEL_CATEGORY", project_id=self._projects["MOB"])
        self._restrict("no-deletes", "ANY_REF_MATCHER_ID", "ANY_REF", project_id=self._projects["DATA"])
        repositories = self._organisation.repositories
        repositories[self._repositories["PLAT", "terraform-modules"]].production_branch = "refs/heads/main"
        repositories[self._repositories["MOB", "ios-app"]].default_branch = "refs/heads/release/7.0"
        repositories[self._repositories["SAND", "playground"]].default_branch = None

    def _key(self, label: str, *, owner: str | None = None, **details: Any) -> None:  # noqa: ANN401 - fields of SshKey
        keys = self._organisation.keys
        number = len(keys) + 1
        owner_id = None if owner is None else self._accounts[owner]
        key = SshKey(number, label, public_key(label), owner_id, **details)
        key.created, key.algorithm, key.bits = _MADE + number * 31 * _DAY, "ED25519", 256
        keys.append(key)

    def _token(self, name: str, permissions: list[str], **details: Any) -> None:  # noqa: ANN401 - of HttpToken
        tokens = self._organisation.http_tokens
        number = len(tokens) + 1
        tokens.append(HttpToken(str(898_123_953_680 + number), name, permissions, created=_MADE, **details))

    def _restrict(self, kind: str, matcher: str, matcher_type: str = "BRANCH", **details: Any) -> None:  # noqa: ANN401
        restrictions = self._organisation.restrictions
        restrictions.append(Restriction(len(restrictions) + 1, kind, matcher, matcher_type, **details))
