"""The embedded Bitbucket Cloud answers what the real one answered, word for word where it can be."""

from __future__ import annotations

import json

from connector.embedded.cloud.builder import Builder
from connector.embedded.cloud.credentials import ApiToken
from connector.embedded.cloud.machines import Restriction, Webhook
from connector.embedded.cloud.workspace import Account, Group, Project, Repository
from tests.embedded.asking import JSON
from tests.embedded.cloud.client import RECORDED, Client, message_of, recorded, serving, small

WEB, API = "https://bitbucket.org/!api", "https://api.bitbucket.org"


def like(record: JSON, **details: JSON) -> Builder:
    """Make a workspace like a recorded one, whose administrator asks."""
    builder = Builder(record["slug"], record["name"], uuid=record["uuid"], **details)
    admin = builder.account("ada", "Ada Min", email="ada@example.com")
    builder.group("Root", [admin], account_privilege="admin")
    builder.workspace.api_tokens = [ApiToken("ada-token", admin.uuid)]
    return builder


def account_like(builder: Builder, row: JSON) -> Account:
    account = Account(row["uuid"], row["display_name"], row["nickname"], row["account_id"])
    builder.workspace.accounts[account.uuid] = account
    return account


def project_like(builder: Builder, row: JSON) -> Project:
    project = Project(row["uuid"], row["key"], row["name"], row.get("description"), row.get("is_private", True))
    project.created_on = row.get("created_on", project.created_on)
    builder.workspace.projects[project.uuid] = project
    return project


def repository_like(builder: Builder, row: JSON) -> Repository:
    repository = Repository(
        row["uuid"], row["slug"], row["name"], project_like(builder, row["project"]).uuid, row["description"]
    )
    repository.created_on, repository.is_private = row["created_on"], row["is_private"]
    repository.fork_policy, repository.main_branch = row["fork_policy"], row["mainbranch"]["name"]
    builder.workspace.repositories[repository.uuid] = repository
    return repository


def group_like(builder: Builder, row: JSON, *members: Account) -> Group:
    group = Group(row["slug"], row["name"], {member.uuid for member in members}, row.get("account_privilege"))
    builder.workspace.groups[group.slug] = group
    return group


def ask(builder: Builder, path: str, *, host: str = WEB, api: str = "/2.0/", **query: JSON) -> JSON:
    """Give an answer as it would have been written at the address of the recordings."""
    with serving(builder.workspace) as client:
        body = client.get(path, api=api, **query).json()
        base = client.server.base_url
    return plain(json.loads(json.dumps(body).replace(base, host)))


def plain(value: JSON) -> JSON:
    """Leave out what says nothing: pictures, when a record was touched, how large it is, and the form of a host."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return value.replace("org/api/", "org/!api/") if isinstance(value, str) else value
    silent = (
        {"avatar", "updated_on", "size", "username"} if value.get("type") == "repository" else {"avatar", "updated_on"}
    )
    return {key: plain(each) for key, each in value.items() if key not in silent}


def test_a_workspace_asked_in_capitals() -> None:
    record = recorded("workspace_2023")
    builder = like(record, created_on=record["created_on"])
    answer = ask(builder, "workspaces/ExampleWorkspace")
    assert answer == plain(record)


def test_members() -> None:
    page = recorded("members_2023")
    builder = like(page["values"][0]["workspace"])
    builder.workspace.members[account_like(builder, page["values"][0]["user"]).uuid] = "member"
    assert ask(builder, f"workspaces/{builder.workspace.slug}/members") == plain(page)


def test_roles() -> None:
    row = recorded("role_2021")
    builder = like(row["workspace"])
    builder.workspace.members[account_like(builder, row["user"]).uuid] = "member"
    (answer,) = ask(builder, f"workspaces/{builder.workspace.slug}/permissions")["values"]
    assert answer == plain(row)


def test_projects() -> None:
    page = recorded("projects_2023")
    builder = like(page["values"][0]["workspace"])
    project_like(builder, page["values"][0])
    assert ask(builder, f"workspaces/{builder.workspace.slug}/projects/") == plain(page)


def test_repositories_by_the_uuid_of_the_workspace() -> None:
    page = recorded("repositories_2023")
    builder = like(page["values"][0]["workspace"])
    repository_like(builder, page["values"][0])
    answer = ask(builder, f"repositories/{builder.workspace.uuid}")
    # A field of later years.
    del answer["values"][0]["enforced_signed_commits"]
    assert answer == plain(page)


def test_a_public_repository_of_a_personal_workspace() -> None:
    record = recorded("repository_2025")
    builder = like(record["workspace"], owner_uuid=record["owner"]["uuid"])
    account_like(builder, record["owner"])
    repository_like(builder, record)
    answer = ask(builder, f"repositories/{record['full_name']}", host=API)
    clones = [answer["links"].pop("clone"), record["links"].pop("clone")]
    assert clones[0][1] == clones[1][1]
    record["override_settings"] = answer["override_settings"]
    assert answer == plain(record)


def test_the_next_page_carries_its_length_on() -> None:
    page = recorded("repositories_personal_2022")
    record = page["values"][0]
    builder = like(record["workspace"])
    repository_like(builder, record)
    builder.repository(next(iter(builder.workspace.projects.values())), "second")
    answer = ask(builder, "repositories/person-two", host=API, pagelen=1)
    assert {key: answer[key] for key in answer if key != "values"} == {
        key: page[key] for key in page if key != "values"
    }


def test_groups_of_a_repository() -> None:
    page = recorded("repository_groups_2023")
    group = page["values"][0]["group"]
    builder = like(group["workspace"])
    repository = builder.repository(builder.project("PROJ", "project1"), "Project one")
    repository.groups = {group_like(builder, group).slug: "read"}
    path = f"repositories/{builder.workspace.uuid}/{repository.uuid}/permissions-config/groups"
    assert ask(builder, path) == plain(page)


def test_users_of_a_repository() -> None:
    page = recorded("repository_users_2023")
    row = page["values"][0]
    builder = like(recorded("workspace_2023"))
    repository = builder.repository(builder.project("PROJ", "project1"), "Project one")
    repository.users = {account_like(builder, row["user"]).uuid: "admin"}
    answer = ask(builder, f"repositories/exampleworkspace/{repository.slug}/permissions-config/users")
    # Real links name the account in one of two ways.
    del answer["values"][0]["links"], page["values"][0]["links"]
    assert answer == plain(page)


def test_groups_of_1_0() -> None:
    record = recorded("groups_1.0_2023")
    builder = like(recorded("workspace_2023"))
    member = account_like(builder, record[1]["members"][0])
    builder.workspace.groups.clear()
    group_like(builder, record[0])
    group_like(builder, record[1] | {"account_privilege": "admin"}, member, *builder.workspace.accounts.values())
    answer = ask(builder, "groups/exampleworkspace", api="/1.0/")
    answer[1]["members"] = [row for row in answer[1]["members"] if row["uuid"] == member.uuid]
    assert answer == plain(record)


def test_branch_restrictions_on_two_pages() -> None:
    pages = [recorded(f"branch_restrictions_page_{number}_2023") for number in (1, 2)]
    builder = like(recorded("workspace_2023"))
    repository = builder.repository(builder.project("PROJ", "project1"), "project-one")
    for row in (row for page in pages for row in page["values"]):
        users = [account_like(builder, user).uuid for user in row["users"]]
        groups = [group_like(builder, group).slug for group in row["groups"]]
        restriction = Restriction(row["id"], repository.uuid, row["kind"], row["pattern"], None, users, groups)
        restriction.value = row["value"]
        builder.workspace.restrictions.append(restriction)
    path = "repositories/exampleworkspace/project-one/branch-restrictions"
    builder.group("Root", [builder.account("ada", "Ada Min", email="ada@example.com")], account_privilege="admin")
    for number, page in enumerate(pages, 1):
        answer = ask(builder, path, page=number)
        for link in ("next", "previous"):
            assert (link in answer) == (link in page)
            answer.pop(link, None), page.pop(link, None)
        assert answer == plain(page)


def test_a_webhook() -> None:
    record = recorded("hook_2025")
    workspace, _, slug = record["subject"]["full_name"].partition("/")
    builder = like({"slug": workspace, "name": workspace, "uuid": "{1}"})
    repository = builder.repository(builder.project("P", "P"), slug)
    del builder.workspace.repositories[repository.uuid]
    repository.uuid = record["subject"]["uuid"]
    builder.workspace.repositories[repository.uuid] = repository
    builder.workspace.webhooks = [
        Webhook(
            record["uuid"],
            record["description"],
            record["url"],
            repository.uuid,
            secret_set=True,
            events=tuple(record["events"]),
            created_at=record["created_at"],
        )
    ]
    (answer,) = ask(builder, f"repositories/{workspace}/{slug}/hooks", host=API)["values"]
    assert answer == plain(record)


def test_who_may_do_what_on_a_repository() -> None:
    page = recorded("effective_2021")
    row = page["values"][0]
    slug, _, name = row["repository"]["full_name"].partition("/")
    builder = like({"slug": slug, "name": slug, "uuid": "{1}"})
    repository = builder.repository(builder.project("P", "P"), name)
    repository.users = {account_like(builder, row["user"]).uuid: "admin"}
    answer = ask(builder, f"workspaces/{slug}/permissions/repositories", q=f'user.uuid="{row["user"]["uuid"]}"')
    (found,) = answer.pop("values")
    found["repository"]["uuid"] = row["repository"]["uuid"]
    assert [found] == plain(page.pop("values"))
    assert answer == page


def test_the_caller() -> None:
    record = recorded("user_2022")
    builder = like(recorded("workspace_2023"))
    account = account_like(builder, record)
    account.email, account.created_on = "ada@example.com", record["created_on"]
    builder.workspace.api_tokens[0].account_uuid = account.uuid
    answer = ask(builder, "user", host=API)
    assert answer | {"username": record["username"]} == plain(record)


def test_an_oauth_token() -> None:
    record = recorded("oauth_access_token_2023")
    with serving(small().workspace) as client:
        answer = client.token().json()
    assert list(answer) == list(record)
    assert {key: answer[key] for key in ("token_type", "expires_in", "state")} == {
        key: record[key] for key in ("token_type", "expires_in", "state")
    }


def test_errors() -> None:
    world = small()
    with serving(world.workspace) as admin, Client(admin.server) as nobody:
        assert nobody.get("user").json() == recorded("error_401_token")
        assert admin.get("workspaces/exampleworkspac").json() == recorded("error_404_workspace")
        assert admin.get("").json() == recorded("error_404_route")
        assert admin.get("repositories/acme", pagelen=101).json() == recorded("error_400_pagelen")
        assert admin.get("workspaces").json() == recorded("error_410_change_2770")
        with Client(admin.server, "ada@example.com", "her own") as password:
            answer = password.get("user")
            assert answer.text == (RECORDED / "error_401_password.txt").read_text()
            assert answer.headers["WWW-Authenticate"] == 'Basic realm="Bitbucket.org HTTP"'
        world.workspace.api_tokens[0].scopes = frozenset({"email"})
        answer = admin.get("user")
        body = recorded("error_403_scopes")
        body["error"]["detail"]["required"] = ["read:user:bitbucket"]
        assert (answer.status_code, answer.json()) == (403, body)


def test_a_group_that_was_deleted() -> None:
    with serving(small().workspace) as client:
        answer = client.get("groups/acme/nobody/members", api="/1.0/")
    assert message_of(answer) == (404, "No Group matches the given query.")


def test_what_has_no_value_may_be_left_out() -> None:
    with serving(small().workspace) as client:
        assert client.json("workspaces/acme/projects/PAY")["description"] is None
        assert client.json("repositories/acme/api")["parent"] is None
    with serving(small().workspace, null_absent=True) as client:
        assert "description" not in client.json("workspaces/acme/projects/PAY")
        assert "parent" not in client.json("repositories/acme/api")
        assert all("permission" not in group for group in client.get("groups/acme", api="/1.0/").json()[:1])


def test_forks_name_what_they_were_made_from() -> None:
    world = small()
    world.builder.repository(world.pay, "api-fork", parent_uuid=world.api.uuid)
    world.builder.repository(world.pay, "elsewhere", parent_elsewhere="others/tool")
    with serving(world.workspace) as client:
        parents = {
            row["slug"]: row["parent"] and row["parent"]["full_name"] for row in client.rows("repositories/acme")
        }
    assert parents == {"api": None, "docs": None, "keys": None, "api-fork": "acme/api", "elsewhere": "others/tool"}


def test_a_membership_tells_no_dates_once_it_is_administered_elsewhere() -> None:
    for central in (False, True):
        with serving(small(centrally_administered=central).workspace) as client:
            row = client.rows("workspaces/acme/permissions")[0]
        assert ("added_on" in row, "last_accessed" in row) == (not central, not central)


def test_what_a_workspace_says_of_itself_since_2022() -> None:
    with serving(small(is_privacy_enforced=True, forking_mode="internal_only").workspace) as client:
        answer = client.json("workspaces/acme")
    assert (answer["is_privacy_enforced"], answer["forking_mode"]) == (True, "internal_only")


def test_an_account_that_is_no_person_has_fewer_fields() -> None:
    world = small()
    world.builder.member("bot", "Pipelines", type="app_user", account_id=None).nickname = None
    with serving(world.workspace) as client:
        user = client.rows("workspaces/acme/members")[-1]["user"]
    assert (user["type"], "account_id" in user, "nickname" in user) == ("app_user", False, False)


def test_where_personal_workspaces_belong() -> None:
    world = small()
    world.workspace.uuid = world.workspace.owner_uuid = world.dev.uuid
    with serving(world.workspace) as client, Client(client.server, "dee@example.com", "dee-token") as owner:
        row = owner.rows("repositories/acme")[0]
        assert (row["owner"]["type"], row["owner"]["uuid"]) == ("user", row["workspace"]["uuid"])
        assert owner.json("user/workspaces/acme/permission")["permission"] == "owner"
        assert owner.get("groups/acme", api="/1.0/").json()[0]["owner"]["is_team"] is False
