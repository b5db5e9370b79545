"""The workspace of the demo: Harbour Payments after its migration from the demo's Data Center.

Built from that organisation, so that the two are a pair: the same people, project keys and repository slugs. What
differs in who may do what is listed in `migration`; what is added beside changes nobody's access, and is there to
be read wrong: people of one name, rows that grant nothing, lists longer than a page, a role that is not documented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.embedded.cloud.builder import Builder
from connector.embedded.cloud.credentials import ApiToken, Consumer
from connector.embedded.cloud.migration import (
    GROUPS_LEFT_BEHIND,
    NEW_ADDRESSES,
    PEOPLE_LEFT_BEHIND,
    REPOSITORIES_LEFT_BEHIND,
    counterpart_of,
)
from connector.embedded.cloud.sample_machines import SampleMachines
from connector.embedded.datacenter.sample import DEMO_USER, sample_organisation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.embedded.cloud.workspace import Account, Group, Project, Repository, Workspace
    from connector.embedded.datacenter import organisation as server

DEMO_WORKSPACE = "harbour-payments"
DEMO_EMAIL = f"{DEMO_USER}@harbourpayments.example"
DEMO_TOKEN = "demo-token"  # noqa: S105 - of a workspace that exists in memory only
DEMO_CONSUMER = "demo-consumer"
DEMO_SECRET = "demo-secret"  # noqa: S105 - likewise

_PROJECT = {
    "PROJECT_READ": "read",
    "PROJECT_WRITE": "write",
    "REPO_CREATE": "create-repo",
    "PROJECT_ADMIN": "admin",
}
_LADDER = ("read", "write", "create-repo", "admin")
_REPOSITORY = {"REPO_READ": "read", "REPO_WRITE": "write", "REPO_ADMIN": "admin"}
_PRIVILEGES = {
    "platform-engineers": "admin",
    "bitbucket-administrators": "admin",
    "payments-leads": "collaborator",
}
_LICENSED = ("bitbucket-users", "contractors", "build-accounts")
"""The groups that together are all whom a default permission of the server was for, but for one."""
_LICENSED_BY_NAME = "auditor@northgate.example"
_OUTSIDER = "partner.acme"


def sample_workspace() -> Workspace:
    """Build the workspace of the demo; always the same."""
    sample = _Sample()
    sample.people()
    sample.groups()
    sample.projects()
    sample.differences()
    sample.traps()
    SampleMachines(sample.builder.workspace).add()
    return sample.builder.workspace


class _Sample:
    """Carries the server's organisation over, then makes what differs."""

    def __init__(self) -> None:
        self.server = sample_organisation()
        self.builder = Builder(
            DEMO_WORKSPACE, "Harbour Payments", is_privacy_enforced=False, forking_mode="allow_forks"
        )
        self.account: dict[str, Account] = {}
        self.group: dict[str, Group] = {}
        self.project: dict[str, Project] = {}
        self.repository: dict[str, Repository] = {}

    def people(self) -> None:
        """Make everybody a member who came along, and one an account outside; let the administrator sign in."""
        for person in self.server.accounts.values():
            if person.name in PEOPLE_LEFT_BEHIND:
                continue
            local = NEW_ADDRESSES.get(person.name) or person.name
            email = f"{local}@harbourpayments.example" if person.name in NEW_ADDRESSES else person.email
            add = self.builder.account if person.name == _OUTSIDER else self.builder.member
            self.account[person.name] = add(
                person.name,
                person.display_name,
                email=email or f"{person.name}@bots.harbourpayments.example",
                active=person.active,
            )
        members, account = self.builder.workspace.members, self.account
        members[account["stefan.gruber"].uuid] = "owner"
        # No listing documents this role; people have it none the less.
        members[account["uma.pillai"].uuid] = "create-project"
        workspace, admin = self.builder.workspace, account[DEMO_USER]
        workspace.api_tokens.append(ApiToken(DEMO_TOKEN, admin.uuid))
        workspace.consumers.append(Consumer(DEMO_CONSUMER, DEMO_SECRET, admin.uuid))

    def groups(self) -> None:
        """Make the groups, those that administered the server with the privilege to administer the workspace."""
        for group in self.server.groups.values():
            if group.name not in GROUPS_LEFT_BEHIND:
                names = [self.server.accounts[number].name for number in group.members]
                members = [self.account[name] for name in names if name in self.account]
                privilege = _PRIVILEGES.get(group.name)
                self.group[group.name.lower()] = self.builder.group(group.name, members, account_privilege=privilege)
        self.group["bitbucket-administrators"].members.add(self.account[DEMO_USER].uuid)
        self.group["bitbucket-users"].auto_add = True

    def projects(self) -> None:
        """Make the projects that are nobody's own, with a grant to everybody where there was a default permission."""
        for old in self.server.projects.values():
            if old.owner_id is not None:
                continue
            project = self.builder.project(old.key, old.name, description=old.description, is_private=not old.public)
            project.users = self._users(old.users, _PROJECT)
            project.groups = self._groups(old.groups, _PROJECT)
            if old.defaults:
                self._open(project, max((_PROJECT[word] for word in old.defaults), key=_LADDER.index))
            self.project[old.key] = project
        for repository in self.server.repositories.values():
            self._migrate(repository)

    def _migrate(self, old: server.Repository) -> None:
        project = self.server.projects[old.project_id]
        place = f"{project.key}/{old.slug}"
        if place in REPOSITORIES_LEFT_BEHIND:
            return
        key, _, slug = (counterpart_of(place) or "").partition("/")
        made = self.builder.repository(
            self.project[key],
            old.name,
            slug=slug,
            description=(old.description or "")[:250],
            is_private=not (old.public or project.public),
            fork_policy="allow_forks" if old.public else "no_public_forks",
        )
        made.users = self._users(old.users, _REPOSITORY)
        made.groups = self._groups(old.groups, _REPOSITORY)
        self.repository[place] = made

    def _users(self, grants: Mapping[int, str], words: Mapping[str, str]) -> dict[str, str]:
        named = {self.server.accounts[number].name: words[permission] for number, permission in grants.items()}
        return {self.account[name].uuid: word for name, word in named.items() if name in self.account}

    def _groups(self, grants: Mapping[str, str], words: Mapping[str, str]) -> dict[str, str]:
        named = {name.lower(): words[permission] for name, permission in grants.items()}
        return {self.group[name].slug: word for name, word in named.items() if name in self.group}

    def _open(self, project: Project, word: str) -> None:
        """Grant a level to all whom a default permission was for; who has more already keeps it."""
        for name in _LICENSED:
            held = project.groups.get(name, "read")
            project.groups[name] = max(held, word, key=_LADDER.index)
        project.users.setdefault(self.account[_LICENSED_BY_NAME].uuid, word)

    def differences(self) -> None:
        """Make what `migration` lists."""
        account, repository = self.account, self.repository
        self.group["bitbucket-administrators"].members.add(account["ruth.mensah"].uuid)
        del repository["PAY/api"].groups["mobile-team"]
        sandbox = self.project["SAND"]
        sandbox.users, sandbox.groups = {}, {"bitbucket-users": "create-repo"}
        repository["MOB/store-credentials"].groups["release-managers"] = "write"
        self.group["quality"].members.discard(account["ivan.horvat"].uuid)
        repository["PAY/ledger"].users[account["hana.novak"].uuid] = "write"
        repository["OSS/iban-checker"].is_private = True
        namesake = self.builder.member("ruth.mensah2", "Ruth Mensah", email="ruth.mensah2@harbourpayments.example")
        self.group["quality"].members.add(namesake.uuid)
        self.builder.repository(self.project["PLAT"], "landing-zone", description="New on Cloud")

    def traps(self) -> None:
        """Add what changes nobody's access, and is easily read wrong."""
        account, ledger = self.account, self.repository["PAY/ledger"]
        # More rows than a page has, all of people who may write through the project anyway.
        for uuid in sorted(self.group["payments-developers"].members):
            ledger.users.setdefault(uuid, "write")
        self.project["PAY"].users[account["ext.evans"].uuid] = "none"
        self.project["PLAT"].groups["quality"] = "none"
        self.repository["DATA/pipelines"].groups["payments-leads"] = "none"
        self.group["contractors"].default_permission = "write"
        self.group["payments-developers"].default_permission = "admin"
        self.repository["OSS/harbour-sdk"].parent_elsewhere = "openpayments/sdk-template"
        self.repository["PLAT/clusters"].production_branch = "main"
        self.repository["SAND/playground"].main_branch = None
        self.repository["MOB/ios-app"].main_branch = "release/7.0"
