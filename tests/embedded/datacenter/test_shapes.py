"""The embedded Bitbucket answers what real servers answered, byte by byte where it can be."""

from __future__ import annotations

import json

import pytest

from connector.embedded.datacenter.builder import Builder
from connector.embedded.datacenter.organisation import Account, Group, Project, Repository, Token
from tests.embedded.asking import JSON
from tests.embedded.datacenter.client import Client, recorded, serving, small

HOST = "https://bitbucket.example.com"


def instance(version: str) -> Builder:
    builder = Builder(version=version)
    builder.account("admin", "Ada Min", email="ada@example.com", password="root")
    builder.organisation.global_users = {1: "SYS_ADMIN"}
    return builder


def ask(builder: Builder, path: str, **query: JSON) -> JSON:
    """Give an answer as a server at the address of the recordings would have written it."""
    with serving(builder.organisation) as client:
        text = client.get(path, **query).text
        port = client.server.base_url.rpartition(":")[2]
    text = text.replace(f"http://127.0.0.1:{port}", HOST).replace("//git@127.0.0.1", "//git@bitbucket.example.com")
    return json.loads(text)


def shape(value: JSON) -> JSON:
    """Keep the fields of an answer and the types of their values."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return type(value).__name__


def account_like(row: dict[str, JSON], **details: JSON) -> Account:
    return Account(row["id"], row["name"], row["displayName"], row["emailAddress"], **details)


def test_application_properties() -> None:
    answer = ask(instance("7.11.2"), "application-properties")
    assert answer == recorded("application_properties_7.11")


def test_users() -> None:
    page = recorded("users_page_7")
    builder = instance("7.11.2")
    builder.organisation.accounts[403] = account_like(page["values"][0])
    builder.account("zorro", "Zorro")
    answer = ask(builder, "users", filter="ro", limit=1)
    assert answer == page
    assert list(answer["values"][0]) == list(page["values"][0])


def test_nobody_matches() -> None:
    assert ask(instance("7.11.2"), "users", filter="john", limit=1) == recorded("users_empty_page")


def test_who_can_read_a_repository() -> None:
    page = recorded("users_who_read_repository")
    builder = instance("6.10.0")
    builder.organisation.accounts[4] = account_like(page["values"][0])
    builder.organisation.global_users[4] = "LICENSED_USER"
    repository = builder.repository(builder.project("PRIVATE", "Private"), "one", users={4: "REPO_WRITE"})
    query = {"permission.1": "REPO_READ", "permission.1.repositoryId": repository.id, "limit": 1, "start": 1}
    assert ask(builder, "users", **query) == page


def test_group_members_of_a_directory_that_cannot_be_changed() -> None:
    page = recorded("admin_group_members_4")
    builder = instance("4.6.0")
    for row in page["values"]:
        builder.organisation.accounts[row["id"]] = account_like(
            row, directory=row["directoryName"], last_authenticated=row["lastAuthenticationTimestamp"]
        )
    members = [each for each in builder.organisation.accounts.values() if each.id != 1]
    third = builder.account("zed", "Zed")
    builder.group("crew", [*members, third])
    assert ask(builder, "admin/groups/more-members", context="crew", limit=2) == page


def test_groups() -> None:
    builder = instance("6.10.0")
    builder.organisation.groups = {"engineers": Group("engineers"), "others": Group("others")}
    assert ask(builder, "admin/groups", filter="engineers") == recorded("admin_groups")


def test_projects() -> None:
    page = recorded("projects_all")
    builder = instance("7.11.2")
    for row in page["values"]:
        project = Project(row["id"], row["key"], row["name"], row.get("description"), row["public"])
        builder.organisation.projects[project.id] = project
    assert ask(builder, "projects", limit=100) == page


def test_repositories_of_a_project() -> None:
    page = recorded("project_repositories_7")
    builder = instance("7.11.2")
    builder.organisation.projects[25] = Project(25, "PRIVUSER", "private-only-users")
    for number, name in ((6, "userland"), (9, "userscript")):
        builder.organisation.repositories[number] = Repository(number, name, name, 25)
    answer = ask(builder, "projects/PRIVUSER/repos", limit=1)
    answer["values"][0]["hierarchyId"] = page["values"][0]["hierarchyId"]
    assert answer == page


def test_a_repository_before_hierarchies() -> None:
    expected = recorded("repository_2019")
    builder = instance("5.16.0")
    builder.organisation.projects[1] = Project(1, "SOUR", "source")
    builder.organisation.repositories[2] = Repository(2, "vegeta", "vegeta", 1)
    answer = ask(builder, "projects/Sour/repos/vegetA")
    # That server had SSH switched off.
    answer["links"]["clone"] = [link for link in answer["links"]["clone"] if link["name"] == "http"]
    assert answer == expected


def test_a_fork_in_a_personal_project() -> None:
    expected = recorded("repository_personal_fork_7")
    builder = Builder(version="7.11.2")
    owner = builder.account("owner", "Owner One", email="owner@example.com", password="root")
    builder.account("admin", "Ada Min", password="root")
    builder.organisation.global_users = {2: "SYS_ADMIN"}
    builder.organisation.projects[183] = Project(183, "BAT", "change-testing")
    builder.organisation.projects[2] = Project(2, "~owner", "Owner One", owner_id=owner.id)
    for row, project in ((expected["origin"], 183), (expected, 2)):
        builder.organisation.repositories[row["id"]] = Repository(
            row["id"], row["slug"], row["name"], project, row["description"]
        )
    builder.organisation.repositories[expected["id"]].origin_id = expected["origin"]["id"]
    answer = ask(builder, f"projects/~OWNER/repos/{expected['slug']}")
    assert shape(answer) == shape(expected)
    assert answer["project"] == expected["project"]
    assert answer["links"]["self"] == expected["links"]["self"]
    assert sorted(link["href"] for link in answer["links"]["clone"]) == sorted(
        link["href"] for link in expected["links"]["clone"]
    )
    assert answer["hierarchyId"] == answer["origin"]["hierarchyId"]


@pytest.mark.parametrize("kind", ["users", "groups"])
def test_permissions_of_a_repository(kind: str) -> None:
    page = recorded(f"repository_permission_{kind}")
    builder = instance("5.0.0")
    builder.organisation.accounts[339] = Account(339, "test", "User One", "one@example.com")
    repository = builder.repository(builder.project("HELLO", "Hello"), "repo")
    repository.users, repository.groups = {339: "REPO_READ"}, {"test12345": "REPO_WRITE"}
    assert ask(builder, f"projects/HELLO/repos/repo/permissions/{kind}") == page


def test_errors() -> None:
    organisation = small().organisation
    with serving(organisation) as admin, Client(admin.server) as nobody, Client(admin.server, "dev", "wrong") as wrong:
        assert nobody.get("users").json() == recorded("error_401_not_permitted")
        assert wrong.get("users").json() == recorded("error_401_wrong_password")
        assert admin.get("projects/HelloWorld/permissions/users").json() == recorded("error_404_project")
        assert admin.get("nothing/here").json() == recorded("error_404_route")
    organisation.projects[2].key = "SOUR"
    with serving(organisation) as admin:
        assert admin.get("projects/SOUR/repos/invalidslug").json() == recorded("error_404_repository")


def test_archived_and_created_are_told_by_versions_that_know_them() -> None:
    for version, archived, created in (("7.21.0", False, False), ("8.0.0", True, False), ("10.0.2", True, True)):
        world = small(version=version)
        world.admin.created = 1_600_000_000_000
        with serving(world.organisation) as client:
            assert ("archived" in client.json("projects/PAY/repos/api")) == archived
            assert ("createdTimestamp" in client.json("admin/users")["values"][0]) == created


def test_what_is_not_known_is_absent_or_null() -> None:
    with serving(small().organisation) as client:
        assert "emailAddress" not in client.json("users/guest")
        assert "description" not in client.json("projects/PAY")
        assert "lastAuthenticationTimestamp" not in client.json("admin/users")["values"][0]
    with serving(small().organisation, null_email=True, null_description=True) as client:
        assert client.json("users/guest")["emailAddress"] is None
        assert client.json("projects/PAY/repos/api")["description"] is None


def test_a_service_user_lives_under_bots() -> None:
    world = small()
    world.builder.account("access-token-user/2/7", "token", type="SERVICE")
    with serving(world.organisation) as client:
        user = client.json("users/access-token-user_2_7")
    assert (user["type"], user["slug"]) == ("SERVICE", "access-token-user_2_7")
    assert user["links"]["self"][0]["href"].endswith("/bots/access-token-user_2_7")


def test_other_servers_write_ids_as_strings_and_keys_in_any_order() -> None:
    world = small()
    plain, disguised = (
        _texts(world.builder, **quirk) for quirk in ({}, {"ids_as_strings": True, "shuffled_keys": True})
    )
    assert [json.loads(text)["id"] for text in disguised] == [str(json.loads(text)["id"]) for text in plain]
    assert [list(json.loads(text)) for text in disguised] != [list(json.loads(text)) for text in plain]


def _texts(builder: Builder, **quirk: JSON) -> list[str]:
    with serving(builder.organisation, **quirk) as client:
        return [
            client.get(path).text for path in ("users/dev", "users/admin", "projects/PAY", "projects/PAY/repos/api")
        ]


def test_a_token_acts_for_its_user() -> None:
    world = small()
    world.organisation.tokens.append(Token("t", world.dev.id))
    with serving(world.organisation) as client, Client(client.server, token="t") as dev:
        answer = dev.get("profile/recent/repos")
    assert (answer.headers["X-AUSERNAME"], answer.headers["X-AUSERID"]) == ("dev", str(world.dev.id))
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
