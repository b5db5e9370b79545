"""Random workspaces of modest size, with every quirk that real ones are known to have.

A strategy draws few and small things, simplest first, so that a failure shrinks to a workspace that can be read at
a glance. Whatever is drawn could stand on Bitbucket: slugs and keys are one of their kind, groups hold members.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from connector.embedded.cloud.builder import Builder
from connector.embedded.cloud.credentials import ApiToken, Consumer
from connector.embedded.cloud.workspace import Account, Group, Project, Repository, Workspace

ADMIN_EMAIL = "admin@example.com"
ADMIN_TOKEN = "admin-token"
CONSUMER = ("consumer", "consumer-secret")

_NICKNAMES = ("jdoe", "Mary Major", "zoë", "a b", "c+d", "e&f", "李雷", "100%", "admin2", "x" * 60)
_DISPLAY_NAMES = ("Alex Kim", "Alex Kim", "ALEX KIM", "Çağla Öztürk", "李雷", 'O\'Neill "Jo" <b>', "admin")
_ROLES = ("member", "member", "owner", "collaborator", "quality-gate")
"""The last is one that nobody documented."""
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
    builder = Builder("acme", draw(st.sampled_from(_LABELS)), is_private=draw(st.booleans()))
    workspace = builder.workspace
    admin = builder.member("admin", "Administrator", email=ADMIN_EMAIL, role="owner")
    workspace.api_tokens = [ApiToken(ADMIN_TOKEN, admin.uuid)]
    workspace.consumers = [Consumer(*CONSUMER, admin.uuid)]
    members = [admin, *draw(_accounts(builder, members=True))]
    outsiders = draw(_accounts(builder, members=False))
    groups = draw(_groups(builder, members))
    people = [account.uuid for account in (*members, *outsiders)]
    _draw_places(draw, builder, people, groups)
    if draw(st.sampled_from((False, False, False, True))):
        workspace.uuid = workspace.owner_uuid = admin.uuid
    return workspace


def crowd(workspace: Workspace, count: int = 120) -> None:
    """Grant reading on the first repository and project to so many people of one name who are no members."""
    builder = Builder(workspace.slug)
    builder.workspace = workspace
    first = next(iter(workspace.repositories.values()))
    project = next(iter(workspace.projects.values()))
    for number in range(count):
        guest = builder.account(f"guest {number}", "The Same Name")
        first.users[guest.uuid] = "read"
        project.users[guest.uuid] = "create-repo" if number % 2 else "none"


@st.composite
def _accounts(draw: st.DrawFn, builder: Builder, *, members: bool) -> list[Account]:
    found = []
    names = draw(st.lists(st.sampled_from(_NICKNAMES), max_size=4, unique=True))
    for name in names:
        details: dict[str, Any] = {
            "display_name": draw(st.sampled_from(_DISPLAY_NAMES)),
            "email": draw(st.sampled_from((f"{len(builder.workspace.accounts)}@example.com", None))),
            "active": draw(st.sampled_from(_MOSTLY)),
            "uuid": f"{{{len(builder.workspace.accounts):08}-1111-4111-8111-111111111111}}",
        }
        if members:
            found.append(builder.member(name, role=draw(st.sampled_from(_ROLES)), **details))
        else:
            found.append(builder.account(name, **details))
    return found


@st.composite
def _groups(draw: st.DrawFn, builder: Builder, members: list[Account]) -> list[Group]:
    groups = []
    for name in draw(st.lists(st.sampled_from(_GROUP_NAMES), max_size=4, unique=True)):
        listed = draw(st.sampled_from(_MOSTLY))
        inside = draw(st.lists(st.sampled_from(members), max_size=5, unique_by=lambda each: each.uuid))
        group = builder.group(
            name,
            inside if listed else [],
            account_privilege=draw(st.sampled_from(_PRIVILEGES)),
            default_permission=draw(st.sampled_from((None, "read", "admin"))),
            auto_add=draw(st.booleans()),
            listed=listed,
        )
        groups.append(group)
    return groups


def _draw_places(draw: st.DrawFn, builder: Builder, people: list[str], groups: list[Group]) -> None:
    projects = [
        builder.project(key, draw(st.sampled_from(_LABELS)), is_private=draw(st.booleans()))
        for key in draw(st.lists(st.sampled_from(_KEYS), min_size=1, max_size=3, unique=True))
    ]
    places: list[Project | Repository] = [*projects]
    for slug in draw(st.lists(st.sampled_from(_SLUGS), min_size=1, max_size=5, unique=True)):
        project, name = draw(st.sampled_from(projects)), draw(st.sampled_from((slug, *_LABELS)))
        repository = builder.repository(project, name, slug=slug, is_private=draw(st.sampled_from(_MOSTLY)))
        repository.main_branch = draw(st.sampled_from(("main", None)))
        places.append(repository)
    for place in places:
        words = st.sampled_from(_PROJECT if isinstance(place, Project) else _REPOSITORY)
        place.users = draw(st.dictionaries(st.sampled_from(people), words, max_size=4))
        if groups:
            place.groups = draw(st.dictionaries(st.sampled_from([group.slug for group in groups]), words, max_size=3))
