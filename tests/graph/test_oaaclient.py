"""Reading payloads that the real oaaclient makes."""

from __future__ import annotations

import json
from pathlib import Path

from oaaclient.templates import CustomApplication, LocalUserType, OAAPermission, OAAPropertyType

from connector.graph.access import Access
from connector.graph.payload import load
from connector.graph.values import Level
from tests.graph.payloads import named, node


def _application() -> CustomApplication:
    application = CustomApplication("Bitbucket Server - bitbucket.example.com", application_type="BitbucketServer")
    application.property_definitions.define_local_user_property("username", OAAPropertyType.STRING)
    application.property_definitions.define_resource_property("Project", "key", OAAPropertyType.STRING)
    read, write = OAAPermission.DataRead, OAAPermission.DataWrite
    application.add_custom_permission("PROJECT_WRITE", [read, write], apply_to_sub_resources=True)
    application.add_custom_permission("REPO_READ", [read])
    application.add_custom_permission("SYS_ADMIN", list(OAAPermission), apply_to_sub_resources=True)
    project = application.add_resource("Payments", "Project", unique_id="7")
    project.set_property("key", "PAY")
    api = project.add_sub_resource("api", "Repo", unique_id="42")
    site = application.add_resource("Website", "Project", unique_id="8").add_sub_resource("api", "Repo", unique_id="43")
    application.add_local_group("Developers", unique_id="Developers")
    application.add_local_group("bitbucket:licensed-users", unique_id="bitbucket:licensed-users")
    application.local_groups["Developers"].add_group("bitbucket:licensed-users")
    ann = application.add_local_user("Ann", identities=["ann"], groups=["Developers"], unique_id="101")
    ann.set_property("username", "ann")
    ann.is_active = True
    build = application.add_local_user("Build", unique_id="102")
    build.is_active = False
    build.user_type = LocalUserType.ServiceAccount
    boss = application.add_local_user("Boss", unique_id="103")
    boss.add_permission("SYS_ADMIN", apply_to_application=True)
    application.local_groups["Developers"].add_permission("PROJECT_WRITE", [project])
    application.local_groups["bitbucket:licensed-users"].add_permission("REPO_READ", [site])
    build.add_permission("REPO_READ", [api, site])
    application.add_access_cred("ssh-access-key:7", "flux").add_permission("REPO_READ", [api])
    application.add_access_cred("http-token:1", "laptop")
    ann.add_access_cred("http-token:1")
    application.add_idp_identity("cat@example.com").add_permission("REPO_READ", [api])
    application.add_local_role("Reviewer", ["REPO_READ"], unique_id="reviewer")
    boss.add_role("reviewer", resources=[site])
    return application


def test_the_graph_of_an_oaaclient_payload_is_what_was_added(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(_application().get_payload()), encoding="utf-8")
    export = load(path)
    access = Access(export)
    graph = {
        (identity.id, reached.key, str(level))
        for identity in export.identities
        for reached, level in access.reach(identity).items()
    }
    assert graph == {
        ("101", "7", "write"),
        ("101", "7.42", "write"),
        ("101", "8.43", "read"),
        ("102", "7.42", "read"),
        ("102", "8.43", "read"),
        *(("103", key, "admin") for key in ("7", "7.42", "8", "8.43")),
        ("Developers", "7", "write"),
        ("Developers", "7.42", "write"),
        ("Developers", "8.43", "read"),
        ("bitbucket:licensed-users", "8.43", "read"),
        ("ssh-access-key:7", "7.42", "read"),
        ("http-token:1", "7", "write"),
        ("http-token:1", "7.42", "write"),
        ("http-token:1", "8.43", "read"),
        ("cat@example.com", "7.42", "read"),
    }


def test_the_users_and_paths_of_an_oaaclient_payload_are_what_was_added() -> None:
    export = load(_application().get_payload())
    build = named(export, "102")
    assert [(user.id, user.is_active, user.user_type) for user in export.users] == [
        ("101", True, None),
        ("102", False, "service_account"),
        ("103", None, None),
    ]
    site = node(export, "8.43")
    assert Access(export).level(build, site) is Level.READ
    assert [str(path) for path in Access(export).paths(named(export, "103"), site)] == [
        "Boss → Reviewer → REPO_READ on api",
        "Boss → SYS_ADMIN on Bitbucket Server - bitbucket.example.com → Website → api",
    ]
