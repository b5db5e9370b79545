"""Deploy keys, webhooks, branch restrictions and branching models of the embedded Bitbucket Cloud."""

from __future__ import annotations

from connector.embedded.cloud.machines import DeployKey, Restriction, Webhook
from connector.embedded.common.credentials import public_key
from tests.embedded.cloud.client import Small, serving, small


def with_machines() -> Small:
    world = small()
    workspace = world.workspace
    workspace.deploy_keys = [
        DeployKey(7, "flux", public_key("flux"), "flux@cluster", {world.api.uuid, world.docs.uuid}),
        DeployKey(8, "mirror", public_key("mirror"), projects={world.pay.uuid}, last_used="2024-12-31T23:00:00+00:00"),
    ]
    workspace.webhooks = [
        Webhook("{1}", "build", "https://ci.example.com/hook?token=secret", world.api.uuid, secret_set=True),
        Webhook("{2}", "audit", "https://audit.example.com/", active=False, skips_verification=True),
    ]
    workspace.restrictions = [
        Restriction(1, world.api.uuid, "push", "main", users=[world.dev.uuid], groups=["devs-co"]),
        Restriction(2, world.api.uuid, "restrict_merges", branch_type="production"),
        Restriction(3, world.docs.uuid, "delete", "*"),
    ]
    return world


def test_a_deploy_key_on_several_repositories_and_on_a_project() -> None:
    with serving(with_machines().workspace) as client:
        for slug in ("api", "docs"):
            (row,) = client.rows(f"repositories/acme/{slug}/deploy-keys")
            assert (row["id"], row["type"], row["repository"]["name"]) == (7, "deploy_key", slug)
            assert row["links"]["self"]["href"].endswith(f"/2.0/repositories/acme/{slug}/deploy-keys/7")
            assert (row["label"], row["comment"], row["last_used"]) == ("flux", "flux@cluster", None)
            assert row["key"].startswith("ssh-ed25519 ")
        (row,) = client.rows("workspaces/acme/projects/PAY/deploy-keys")
        assert (row["id"], row["type"], row["project"]["key"]) == (8, "project_deploy_key", "PAY")
        assert row["last_used"] == "2024-12-31T23:00:00+00:00"
        assert client.rows("workspaces/acme/projects/SEC/deploy-keys") == []
        assert client.rows("repositories/acme/keys/deploy-keys") == []


def test_when_a_key_was_made_has_two_names() -> None:
    for added_on in (False, True):
        with serving(with_machines().workspace, keys_added_on=added_on) as client:
            row = client.rows("repositories/acme/api/deploy-keys")[0]
        assert ("added_on" in row, "created_on" in row) == (added_on, not added_on)


def test_webhooks_of_a_repository_and_of_the_workspace() -> None:
    with serving(with_machines().workspace) as client:
        (build,) = client.rows("repositories/acme/api/hooks")
        (audit,) = client.rows("workspaces/acme/hooks")
        assert client.rows("repositories/acme/docs/hooks") == []
    assert (build["description"], build["secret_set"], "secret" in build) == ("build", True, False)
    assert build["subject"]["full_name"] == "acme/api"
    assert (audit["active"], audit["skip_cert_verification"], audit["subject"]["slug"]) == (False, True, "acme")


def test_branch_restrictions_by_glob_and_by_branching_model() -> None:
    with serving(with_machines().workspace) as client:
        push, merges = client.rows("repositories/acme/api/branch-restrictions")
    assert (push["branch_match_kind"], push["pattern"], "branch_type" in push) == ("glob", "main", False)
    assert [user["nickname"] for user in push["users"]] == ["dee"]
    assert [group["slug"] for group in push["groups"]] == ["devs-co"]
    assert (merges["branch_match_kind"], merges["pattern"], merges["branch_type"]) == (
        "branching_model",
        "",
        "production",
    )


def test_the_branching_model() -> None:
    world = with_machines()
    world.docs.development_branch, world.docs.production_branch = "develop", "main"
    world.docs.branch_types = {"release": "rel/"}
    world.workspace.repositories[next(reversed(world.workspace.repositories))].main_branch = None
    with serving(world.workspace) as client:
        plain = client.json("repositories/acme/api/effective-branching-model")
        full = client.json("repositories/acme/docs/effective-branching-model")
        empty = client.json("repositories/acme/keys/effective-branching-model")
        assert client.json("repositories/acme/keys")["mainbranch"] is None
    assert (plain["development"]["branch"]["name"], plain["development"]["use_mainbranch"]) == ("main", True)
    assert "production" not in plain
    assert (full["development"]["branch"]["name"], full["production"]["branch"]["name"]) == ("develop", "main")
    assert full["branch_types"] == [{"kind": "release", "prefix": "rel/"}]
    assert empty["development"]["branch"] is None
