"""Who may ask the embedded Bitbucket for what: credentials, licences, permissions, public access."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from connector.embedded.datacenter.catalogue import Catalogue
from connector.embedded.datacenter.organisation import Organisation
from connector.embedded.datacenter.rules import PROJECT, REPOSITORY, Rules
from connector.embedded.datacenter.settings import PersonalGrants
from tests.embedded.asking import JSON
from tests.embedded.datacenter.client import Client, error_of, serving, small
from tests.model import rules as model
from tests.model.organisations import organisations

NOT_PERMITTED = (401, "AuthorisationException")
LOGIN_REQUIRED = (401, "AuthenticationRequiredException")


def test_application_properties_and_status_are_for_everybody() -> None:
    with serving(small().organisation) as admin, Client(admin.server) as nobody:
        assert nobody.json("application-properties")["version"] == "9.4.2"
        assert nobody.get("", api="/status").json() == {"state": "RUNNING"}
        assert [entry.authenticated for entry in admin.server.requests] == [False, False]


@pytest.mark.parametrize(("version", "expected"), [("9.4.2", NOT_PERMITTED), ("10.2.0", LOGIN_REQUIRED)])
def test_nobody_gets_nothing_where_public_access_is_off(version: str, expected: tuple[int, str]) -> None:
    with serving(small(version=version).organisation) as admin, Client(admin.server) as nobody:
        for path in ("projects", "repos", "projects/PAY/repos/docs", "users", "profile/recent/repos"):
            assert error_of(nobody.get(path)) == expected


def test_nobody_sees_what_is_public_where_public_access_is_on() -> None:
    with serving(small(public_access=True).organisation) as admin, Client(admin.server) as nobody:
        assert [row["slug"] for row in nobody.rows("repos")] == ["docs"]
        assert [row["key"] for row in nobody.rows("projects")] == ["PAY"]
        assert nobody.get("projects/PAY/repos/docs").status_code == 200
        assert error_of(nobody.get("projects/PAY/repos/api")) == NOT_PERMITTED
        assert error_of(nobody.get("profile/recent/repos")) == NOT_PERMITTED
        assert "X-AUSERNAME" not in nobody.get("repos").headers


def test_a_public_project_opens_its_repositories() -> None:
    world = small(public_access=True)
    world.organisation.projects[2].public = True
    with serving(world.organisation) as admin, Client(admin.server) as nobody:
        assert [row["slug"] for row in nobody.rows("projects/SEC/repos")] == ["keys"]


@pytest.mark.parametrize(
    ("grant", "reads", "administers"),
    [
        ("project user PROJECT_READ", True, False),
        ("project user PROJECT_ADMIN", True, True),
        ("project group REPO_CREATE", True, False),
        ("project group PROJECT_ADMIN", True, True),
        ("default PROJECT_READ", True, False),
        ("default PROJECT_ADMIN", True, True),
        ("repository user REPO_WRITE", True, False),
        ("repository user REPO_ADMIN", True, True),
        ("repository group REPO_ADMIN", True, True),
        ("global user PROJECT_CREATE", False, False),
        ("global group ADMIN", True, True),
        ("owner -", True, True),
        ("none -", False, False),
    ],
)
def test_every_path_to_a_repository(grant: str, reads: bool, administers: bool) -> None:
    world = small()
    organisation, dev = world.organisation, world.dev
    project, repository = organisation.projects[2], organisation.repositories[3]
    permission = grant.rpartition(" ")[2]
    match grant.split()[:2]:
        case ["project", "user"]:
            project.users[dev.id] = permission
        case ["project", "group"]:
            project.groups["DevS"] = permission
        case ["default", _]:
            project.defaults = {"PROJECT_READ", permission}
        case ["repository", "user"]:
            repository.users[dev.id] = permission
        case ["repository", "group"]:
            repository.groups["devs"] = permission
        case ["global", "user"]:
            organisation.global_users[dev.id] = permission
        case ["global", "group"]:
            organisation.global_groups["devs"] = permission
        case ["owner", _]:
            project.owner_id = dev.id
    with serving(organisation) as admin, Client(admin.server, "dev", "code") as client:
        listed = "keys" in [row["slug"] for row in client.rows("repos")]
        assert (listed, client.get("projects/SEC/repos/keys").ok, client.get("projects/SEC").ok) == (reads,) * 3
        assert client.get("projects/SEC/repos/keys/permissions/users").ok == administers
        query = {"permission.1.projectKey": "SEC", "permission.1.repositorySlug": "keys"}
        for level, expected in (("REPO_READ", reads), ("REPO_ADMIN", administers)):
            found = [row["name"] for row in admin.rows("users", **query, **{"permission.1": level})]
            assert ("dev" in found, "admin" in found) == (expected, True)


def test_one_repository_shows_its_project_but_not_its_permissions() -> None:
    world = small()
    world.organisation.repositories[3].users[world.dev.id] = "REPO_ADMIN"
    with serving(world.organisation) as admin, Client(admin.server, "dev", "code") as dev:
        assert [row["key"] for row in dev.rows("projects")] == ["PAY", "SEC"]
        assert error_of(dev.get("projects/SEC/permissions/groups")) == NOT_PERMITTED


def test_a_grant_without_a_licence_has_no_effect() -> None:
    world = small()
    world.organisation.repositories[1].users[world.guest.id] = "REPO_ADMIN"
    query: JSON = {"permission.1": "REPO_READ", "permission.1.repositoryId": 1}
    with serving(world.organisation) as admin:
        assert [row["name"] for row in admin.rows("users", **query)] == ["admin", "dev"]


def test_permission_filters_combine_and_name_projects_too() -> None:
    with serving(small().organisation) as admin:
        write = {"permission.1": "PROJECT_WRITE", "permission.1.projectKey": "PAY"}
        also_admin = write | {"permission.2": "ADMIN"}
        assert [row["name"] for row in admin.rows("users", **write)] == ["admin", "dev"]
        assert [row["name"] for row in admin.rows("users", **also_admin)] == ["admin"]
        by_id: JSON = {"permission.1": "PROJECT_ADMIN", "permission.1.projectId": 1}
        assert [row["name"] for row in admin.rows("users", **by_id)] == ["admin"]
        for wrong in ("EVERYTHING", "REPO_READ"):
            assert admin.get("users", permission=wrong).status_code == 400
        gone: JSON = {"permission.1": "REPO_READ", "permission.1.repositoryId": 99}
        assert error_of(admin.get("users", **gone)) == (404, "NoSuchRepositoryException")


def test_implicit_public_read_counts_on_some_servers() -> None:
    world = small(public_access=True)
    other = world.builder.account("other", "Other")
    world.organisation.global_users[other.id] = "LICENSED_USER"
    query = {"permission.1": "REPO_READ", "permission.1.projectKey": "PAY", "permission.1.repositorySlug": "docs"}
    for counts in (False, True):
        with serving(world.organisation, public_counts_as_read=counts) as admin:
            assert ("other" in [row["name"] for row in admin.rows("users", **query)]) == counts


def test_default_permissions() -> None:
    world = small()
    world.organisation.projects[1].defaults = {"PROJECT_READ", "REPO_CREATE"}
    with serving(world.organisation) as admin:
        answers = {name: admin.json(f"projects/PAY/permissions/{name}/all") for name in PROJECT}
    assert answers == {name: {"permitted": name in {"PROJECT_READ", "REPO_CREATE"}} for name in PROJECT}
    with serving(world.organisation, defaults_imply_lower=True) as admin:
        assert admin.json("projects/PAY/permissions/PROJECT_WRITE/all") == {"permitted": True}
        assert admin.json("projects/PAY/permissions/PROJECT_ADMIN/all") == {"permitted": False}


def test_repo_create_is_unknown_before_8_3() -> None:
    for version, status in (("8.2.1", 400), ("8.3.0", 200), ("10.0.0", 200)):
        with serving(small(version=version).organisation) as admin:
            assert admin.get("projects/PAY/permissions/REPO_CREATE/all").status_code == status


def test_grants_keep_their_spelling_and_groups_are_found_in_any() -> None:
    with serving(small().organisation) as admin:
        assert admin.rows("admin/permissions/groups") == [{"group": {"name": "DEVS"}, "permission": "LICENSED_USER"}]
        assert [row["name"] for row in admin.rows("admin/groups/more-members", context="dEvS")] == ["dev"]
        assert error_of(admin.get("admin/groups/more-members", context="none")) == (404, "NoSuchGroupException")


def test_who_is_only_in_a_grant_is_in_no_listing() -> None:
    world = small()
    ghost = world.builder.account("ghost", "Ghost", listed=False)
    world.builder.group("ghosts", listed=False)
    world.organisation.projects[1].users[ghost.id] = "PROJECT_READ"
    with serving(world.organisation) as admin:
        assert [row["user"]["name"] for row in admin.rows("projects/PAY/permissions/users")] == ["ghost"]
        assert "ghost" not in [row["name"] for path in ("users", "admin/users") for row in admin.rows(path)]
        assert admin.rows("groups") == ["devs"]
        assert admin.get("admin/groups/more-members", context="ghosts").status_code == 404


def test_inactive_users_are_listed_or_not() -> None:
    world = small()
    world.dev.active = False
    for active_only in (False, True):
        with serving(world.organisation, active_users_only=active_only) as admin:
            assert ("dev" in [row["name"] for row in admin.rows("users")]) != active_only
            assert "dev" in [row["name"] for row in admin.rows("admin/users")]


def test_asking_for_somebodys_personal_project_makes_it() -> None:
    with serving(small().organisation) as admin:
        assert error_of(admin.get("projects/~dev")) == (404, "NoSuchProjectException")
        assert admin.server.created == []
        assert admin.rows("projects/~dev/repos") == []
        assert [project.key for project in admin.server.created] == ["~DEV"]
        assert admin.json("projects/~dev")["owner"]["name"] == "dev"
        assert error_of(admin.get("projects/~nobody/repos")) == (404, "NoSuchProjectException")


@pytest.mark.parametrize(
    ("quirk", "expected"),
    [
        (PersonalGrants.ANSWERED, 200),
        (PersonalGrants.WITH_OWNER, 200),
        (PersonalGrants.REFUSED, 401),
        (PersonalGrants.MISSING, 404),
        (PersonalGrants.CONFLICT, 409),
    ],
)
def test_permissions_of_personal_projects(quirk: PersonalGrants, expected: int) -> None:
    world = small()
    world.builder.personal_project(world.dev)
    with serving(world.organisation, personal_grants=quirk) as admin:
        answer = admin.get("projects/~DEV/permissions/users")
        assert answer.status_code == expected
        if quirk is PersonalGrants.WITH_OWNER:
            assert [(row["user"]["name"], row["permission"]) for row in answer.json()["values"]] == [
                ("dev", "PROJECT_ADMIN")
            ]
        assert admin.get("projects/PAY/permissions/users").status_code == 200


def test_personal_projects_are_found_among_repositories_and_rarely_in_projects() -> None:
    world = small()
    world.builder.repository(world.builder.personal_project(world.dev), "mine")
    for listed in (False, True):
        with serving(world.organisation, lists_personal_projects=listed) as admin:
            assert "~DEV" in [row["project"]["key"] for row in admin.rows("repos")]
            assert ("~DEV" in [row["key"] for row in admin.rows("projects")]) == listed


def test_versions_and_licences_lack_addresses() -> None:
    with serving(small().organisation, answers_latest=False, absent=frozenset({"groups"})) as admin:
        assert "errors" not in admin.get("users").json()
        assert admin.get("users", api="/rest/api/1.0").status_code == 200
        assert admin.get("groups", api="/rest/api/1.0").json()["status-code"] == 404
    with serving(small().organisation, refused=frozenset({"admin/users"})) as admin:
        assert error_of(admin.get("admin/users")) == NOT_PERMITTED
        assert admin.get("users").status_code == 200


def test_the_context_path_is_part_of_every_address() -> None:
    with serving(small().organisation, context="/git") as admin:
        assert admin.server.base_url.endswith("/git")
        assert admin.json("projects/PAY")["links"]["self"][0]["href"] == f"{admin.server.base_url}/projects/PAY"
        outside = admin.session.get(admin.server.base_url.removesuffix("/git") + "/rest/api/latest/users", timeout=5)
        assert (outside.status_code, outside.headers["Content-Type"]) == (404, "text/html;charset=UTF-8")
        assert admin.get("", api="/dashboard").headers["Location"] == f"{admin.server.base_url}/login"


def test_only_reading_is_possible() -> None:
    with serving(small().organisation) as admin:
        answer = admin.session.delete(f"{admin.server.base_url}/rest/api/latest/projects/PAY", timeout=5)
        assert answer.status_code == 405
        assert admin.server.requests[-1].method == "DELETE"


def test_a_project_permission_ranks_as_a_repository_permission() -> None:
    world = small()
    project, repository = world.organisation.projects[2], world.organisation.repositories[3]
    ranks = {}
    for permission in PROJECT:
        project.users = {world.dev.id: permission}
        rights = Rules(Catalogue(world.organisation)).rights(world.dev)
        ranks[permission] = next(
            name for name, rank in REPOSITORY.items() if rank == rights.repository_rank(repository)
        )
    assert ranks == {
        "PROJECT_READ": "REPO_READ",
        "PROJECT_WRITE": "REPO_WRITE",
        "REPO_CREATE": "REPO_WRITE",
        "PROJECT_ADMIN": "REPO_ADMIN",
    }


@given(organisations())
@settings(max_examples=25, deadline=None)
def test_the_rules_agree_with_those_of_the_independent_model(organisation: Organisation) -> None:
    rules = Rules(Catalogue(organisation))
    levels = ["none", *model.LEVEL_FROM_REPOSITORY.values()]
    for account in organisation.accounts.values():
        rights = rules.rights(account)
        assert rights.is_licensed == model.can_log_in(organisation, account)
        for repository in organisation.repositories.values():
            rank = max(rights.repository_rank(repository), rights.is_licensed and rights.is_public(repository))
            assert levels[rank] == model.repository_level(organisation, account, repository)
    for repository in organisation.repositories.values():
        public = rules.rights(None).sees_repository(repository)
        assert public == (model.anonymous_level(organisation, repository) == "read")
