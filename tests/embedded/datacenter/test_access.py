"""Who may ask the embedded Bitbucket for what: credentials, licences, permissions, public access."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from connector.embedded.datacenter.answers import Refusal
from connector.embedded.datacenter.builder import Builder
from connector.embedded.datacenter.catalogue import Catalogue
from connector.embedded.datacenter.login import Door
from connector.embedded.datacenter.organisation import Organisation, Token
from connector.embedded.datacenter.rules import PROJECT, REPOSITORY, Rules
from connector.embedded.datacenter.settings import PersonalGrants, RateLimit, Settings
from tests.embedded.datacenter.client import JSON, Client, error_of, serving, small
from tests.model import rules as model
from tests.model.organisations import organisations

NOT_PERMITTED = (401, "AuthorisationException")
LOGIN_REQUIRED = (401, "AuthenticationRequiredException")
WRONG_PASSWORD = (401, "IncorrectPasswordAuthenticationException")
UNLICENSED = (401, "NoAccessAuthenticationException")
LOCKED = (401, "CaptchaRequiredAuthenticationException")


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
        assert nobody.rows("repos", permission="REPO_READ") == []
        assert nobody.get("projects/PAY/repos/docs").status_code == 200
        assert error_of(nobody.get("projects/PAY/repos/api")) == NOT_PERMITTED
        assert error_of(nobody.get("profile/recent/repos")) == NOT_PERMITTED
        assert "X-AUSERNAME" not in nobody.get("repos").headers


def test_a_public_project_opens_its_repositories() -> None:
    world = small(public_access=True)
    world.organisation.projects[2].public = True
    with serving(world.organisation) as admin, Client(admin.server) as nobody:
        assert [row["slug"] for row in nobody.rows("projects/SEC/repos")] == ["keys"]


def test_the_answer_says_who_asked() -> None:
    world = small()
    world.admin.name = "Ådmin/1@x"
    world.admin.password = "rööt:1"
    with serving(world.organisation) as client, Client(client.server, "ådmin/1@x", "rööt:1") as admin:
        headers = admin.get("users").headers
        assert (headers["X-AUSERNAME"], headers["X-AUSERID"]) == ("%C3%85dmin%2F1%40x", "1")
    with serving(small().organisation, strip_user_headers=True) as client:
        assert not {"X-AUSERNAME", "X-AUSERID"} & client.get("users").headers.keys()


def test_a_refusal_says_who_asked_too() -> None:
    with serving(small().organisation) as admin, Client(admin.server, "dev", "code") as dev:
        answer = dev.get("admin/permissions/users")
        assert error_of(answer) == NOT_PERMITTED
        assert answer.headers["X-AUSERNAME"] == "dev"


def test_a_wrong_password_locks_after_a_while() -> None:
    with serving(small().organisation, captcha_after=2) as admin:
        for password, expected in (("no", WRONG_PASSWORD), ("no", WRONG_PASSWORD), ("code", LOCKED)):
            with Client(admin.server, "dev", password) as dev:
                answer = dev.get("application-properties")
                assert error_of(answer) == expected
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="Atlassian Bitbucket"'
        assert admin.get("users").status_code == 200


def test_a_right_password_forgives_the_wrong_ones() -> None:
    with serving(small().organisation, captcha_after=2) as admin:
        for password in ("no", "code", "no", "code"):
            with Client(admin.server, "dev", password) as dev:
                answer = dev.get("users")
        assert answer.status_code == 200


def test_nonsense_is_a_wrong_password() -> None:
    with serving(small().organisation) as admin, Client(admin.server) as nobody:
        nobody.session.headers["Authorization"] = "Basic not/base64!"
        assert error_of(nobody.get("users")) == WRONG_PASSWORD


def test_without_a_licence_there_is_no_login() -> None:
    with serving(small().organisation) as admin, Client(admin.server, "guest", "hello") as guest:
        assert error_of(guest.get("application-properties")) == UNLICENSED


def test_who_has_left_cannot_sign_in() -> None:
    world = small()
    world.dev.active = False
    world.organisation.tokens.append(Token("t", world.dev.id))
    with serving(world.organisation) as admin, Client(admin.server, "dev", "code") as dev:
        assert error_of(dev.get("users")) == WRONG_PASSWORD
        with Client(admin.server, token="t") as by_token:
            assert error_of(by_token.get("users")) == NOT_PERMITTED


def test_a_token_is_a_password_too_and_never_an_administrator() -> None:
    world = small()
    world.organisation.tokens.append(Token("t", world.admin.id))
    with (
        serving(world.organisation) as admin,
        Client(admin.server, token="t") as bearer,
        Client(admin.server, "admin", "t") as basic,
        Client(admin.server, "dev", "t") as stolen,
    ):
        assert admin.rows("admin/permissions/users")[0]["permission"] == "ADMIN"
        for client in (bearer, basic):
            assert error_of(client.get("admin/permissions/users")) == NOT_PERMITTED
            assert client.rows("admin/users")
            assert client.rows("projects/SEC/repos/keys/permissions/users") == []
            assert [row["name"] for row in client.rows("users", permission="ADMIN")] == ["admin"]
        assert error_of(stolen.get("users")) == WRONG_PASSWORD


def test_a_token_may_do_less_than_its_user() -> None:
    world = small()
    world.organisation.tokens.append(
        Token("t", world.admin.id, project_permission="PROJECT_READ", repository_permission="REPO_READ")
    )
    with serving(world.organisation) as admin, Client(admin.server, token="t") as reader:
        assert len(reader.rows("repos")) == 3
        assert error_of(reader.get("projects/PAY/permissions/users")) == NOT_PERMITTED
        assert error_of(reader.get("projects/PAY/repos/api/permissions/users")) == NOT_PERMITTED


@pytest.mark.parametrize("public", [False, True])
def test_an_expired_token_is_nobody(public: bool) -> None:
    world = small(public_access=public)
    world.organisation.tokens.append(Token("old", world.admin.id, expired=True))
    with serving(world.organisation) as admin, Client(admin.server, token="old") as client:
        answer = client.get("repos")
        assert answer.status_code == (200 if public else 401)
        assert "X-AUSERNAME" not in answer.headers
        assert error_of(client.get("profile/recent/repos")) == NOT_PERMITTED
        assert [entry.with_credentials for entry in admin.server.requests] == [True, True]


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
        assert [row["key"] for row in dev.rows("projects", permission="PROJECT_READ")] == ["PAY"]
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


def test_the_rate_limit_is_told() -> None:
    limits = {
        "rate_limit": RateLimit(60, 5),
        "rate_limit_overrides": {"dev": RateLimit(200, 50)},
        "rate_limit_exempt": frozenset({"admin"}),
    }
    with serving(small().organisation, **limits) as admin, Client(admin.server, "dev", "code") as dev:
        path = "admin/rate-limit/settings"
        assert dev.json(path) == {"enabled": True, "defaultSettings": {"capacity": 60, "fillRate": 5}}
        own = dev.json(f"{path}/users/dev")
        assert (own["whitelisted"], own["settings"]) == (False, {"capacity": 200, "fillRate": 50})
        assert admin.json(f"{path}/users/admin")["whitelisted"] is True
        assert error_of(dev.get(f"{path}/users/admin")) == NOT_PERMITTED
        assert admin.get(f"{path}/users/guest").status_code == 404
    with serving(small().organisation) as admin:
        assert admin.json(path)["enabled"] is False


def test_the_rate_limit_is_kept() -> None:
    with (
        serving(small().organisation, rate_limit=RateLimit(3, 0.5)) as admin,
        Client(admin.server, "dev", "code") as dev,
    ):
        answers = [admin.get("users") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].headers["Retry-After"] == "2"
        assert error_of(answers[-1]) == (429, None)
        assert dev.get("users").status_code == 200


def test_a_bucket_fills_again() -> None:
    now = [0.0]
    builder = Builder()
    account = builder.account("a")
    door = Door(Settings(rate_limit=RateLimit(2, 4)), clock=lambda: now[0])

    def let_in() -> bool:
        try:
            door.take_turn(account)
        except Refusal:
            return False
        return True

    assert [let_in() for _ in range(3)] == [True, True, False]
    now[0] += 0.25
    assert [let_in() for _ in range(2)] == [True, False]
    now[0] += 100
    assert [let_in() for _ in range(3)] == [True, True, False]


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
@settings(max_examples=50, deadline=None)
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
