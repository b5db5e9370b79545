"""Random workspaces of modest size, with every quirk that real ones are known to have.

A strategy draws few and small things, simplest first, so that a failure shrinks to a workspace that can be read at
a glance. All that is drawn could stand on Bitbucket: slugs and keys are one of their kind, groups hold members.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from connector.embedded.cloud.builder import Builder
from connector.embedded.cloud.credentials import ApiToken, Consumer
from connector.embedded.cloud.workspace import Account, Group, Project, Repository, Workspace
from tests.choices import Choices, choices

ADMIN_EMAIL = "admin@example.com"
ADMIN_TOKEN = "admin-token"
CONSUMER = ("consumer", "consumer-secret")

_NICKNAMES = ("jdoe", "Mary Major", "zoë", "a b", "c+d", "e&f", "李雷", "100%", "admin2", "x" * 60)
_DISPLAY_NAMES = ("Alex Kim", "Alex Kim", "ALEX KIM", "Çağla Öztürk", "李雷", 'O\'Neill "Jo" <b>', "admin")
_ROLES = ("member", "member", "owner", "collaborator", "quality-gate")
"""The last is not documented."""
_GROUP_NAMES = ("Developers", "R&D / Münster", "c++", "50% #1?", "Administrators", "owners")
_PRIVILEGES = (None, None, "admin", "collaborator", "something-new")
_LABELS = ("Payments", "payments", "Café ☕", 'A & B / C+D "quoted" <b>', "日本語", "x" * 100)
_SLUGS = ("api", "api.v2", "a.b.c", "my_repo-1", "0", "web")
_KEYS = ("PAY", "OPS", "R_D", "X1", "LEGACY")
_PROJECT = ("read", "write", "create-repo", "admin", "none")
_REPOSITORY = ("read", "write", "admin", "none")
_MOSTLY = (True, True, True, False)


@st.composite
def workspaces(draw: st.DrawFn) -> Workspace:
    """Draw a workspace with an administrator (`ADMIN_EMAIL`, `ADMIN_TOKEN`, `CONSUMER`), a project and a repository."""
    choose = draw(choices(100))
    builder = Builder("acme", choose.one(_LABELS), is_private=choose.yes())
    workspace = builder.workspace
    admin = builder.member("admin", "Administrator", email=ADMIN_EMAIL, role="owner")
    workspace.api_tokens = [ApiToken(ADMIN_TOKEN, admin.uuid)]
    workspace.consumers = [Consumer(*CONSUMER, admin.uuid)]
    members = [admin, *_accounts(choose, builder, members=True)]
    outsiders = _accounts(choose, builder, members=False)
    groups = _groups(choose, builder, members)
    _add_places(draw(choices(180)), builder, [account.uuid for account in (*members, *outsiders)], groups)
    if choose.one((False, False, False, True)):
        workspace.uuid = workspace.owner_uuid = admin.uuid
    return workspace


def crowd(workspace: Workspace, count: int = 120) -> None:
    """Add `count` people of one name who are no members, with grants on the first repository and project."""
    builder = Builder(workspace.slug)
    builder.workspace = workspace
    first = next(iter(workspace.repositories.values()))
    project = next(iter(workspace.projects.values()))
    for number in range(count):
        guest = builder.account(f"guest {number}", "The Same Name")
        first.users[guest.uuid] = "read"
        project.users[guest.uuid] = "create-repo" if number % 2 else "none"


def _accounts(choose: Choices, builder: Builder, *, members: bool) -> list[Account]:
    found = []
    for name in choose.some(_NICKNAMES, 4):
        number = len(builder.workspace.accounts)
        details: dict[str, Any] = {
            "display_name": choose.one(_DISPLAY_NAMES),
            "email": choose.one((f"{number}@example.com", None)),
            "active": choose.one(_MOSTLY),
            "uuid": f"{{{number:08}-1111-4111-8111-111111111111}}",
        }
        if members:
            found.append(builder.member(name, role=choose.one(_ROLES), **details))
        else:
            found.append(builder.account(name, **details))
    return found


def _groups(choose: Choices, builder: Builder, members: list[Account]) -> list[Group]:
    groups = []
    for name in choose.some(_GROUP_NAMES, 4):
        listed = choose.one(_MOSTLY)
        group = builder.group(
            name,
            choose.some(members, 5) if listed else [],
            account_privilege=choose.one(_PRIVILEGES),
            default_permission=choose.one((None, "read", "admin")),
            auto_add=choose.yes(),
            listed=listed,
        )
        groups.append(group)
    return groups


def _add_places(choose: Choices, builder: Builder, people: list[str], groups: list[Group]) -> None:
    projects = [builder.project(key, choose.one(_LABELS), is_private=choose.yes()) for key in choose.some(_KEYS, 3, 1)]
    places: list[Project | Repository] = [*projects]
    for slug in choose.some(_SLUGS, 5, 1):
        project, name = choose.one(projects), choose.one((slug, *_LABELS))
        repository = builder.repository(project, name, slug=slug, is_private=choose.one(_MOSTLY))
        repository.main_branch = choose.one(("main", None))
        places.append(repository)
    for place in places:
        words = _PROJECT if isinstance(place, Project) else _REPOSITORY
        place.users = {uuid: choose.one(words) for uuid in choose.some(people, 4)}
        place.groups = {group.slug: choose.one(words) for group in choose.some(groups, 3)}
