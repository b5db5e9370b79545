"""Bitbucket's rules and the export agree on keys, tokens, webhooks and branches, on any organisation and server."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connector.embedded.datacenter.organisation import Organisation, Project, Repository
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import PersonalGrants, Settings
from connector.graph.payload import load
from connector.graph.values import Resource
from connector.model import Inclusion
from tests.exporting import payload_of, snapshot_of
from tests.model.credentials import disagreements
from tests.model.machines import APPLIES_TO, HOSTS, add_machines
from tests.model.organisations import organisations

servers = st.builds(
    Settings,
    context=st.sampled_from(["", "/bitbucket"]),
    answers_latest=st.booleans(),
    answers_latest_everywhere=st.booleans(),
    strip_user_headers=st.booleans(),
    page_cap=st.sampled_from([1, 2, 1000]),
    ids_as_strings=st.booleans(),
    shuffled_keys=st.booleans(),
    effective_keys=st.booleans(),
    inherited_restrictions=st.booleans(),
    restriction_scopes=st.booleans(),
    restriction_types_as_objects=st.booleans(),
    expiry_in_days=st.booleans(),
    moments_as_strings=st.booleans(),
    personal_grants=st.sampled_from(PersonalGrants),
)


@st.composite
def with_machines(draw: st.DrawFn) -> Organisation:
    organisation = draw(organisations())
    organisation.version = draw(st.sampled_from(["9.4.2", "10.3.1", "8.9.1", "7.21.0"]))
    scopes: list[Project | Repository] = [*organisation.projects.values(), *organisation.repositories.values()]
    for scope in scopes:
        # On versions without REPO_CREATE nobody has it; what people may do is another test's matter.
        scope.users = {user: name for user, name in scope.users.items() if name != "REPO_CREATE"}
        scope.groups = {group: name for group, name in scope.groups.items() if name != "REPO_CREATE"}
    for project in organisation.projects.values():
        project.defaults -= {"REPO_CREATE"}
        if project.owner_id is not None:
            project.users, project.groups = {}, {}
    add_machines(draw, organisation)
    return organisation


def hosts_of(organisation: Organisation, resource: Resource) -> list[str]:
    of_project = resource.type == "Project"
    hooks = [
        hook
        for hook in organisation.webhooks
        if (hook.project_id if of_project else hook.repository_id) == int(resource.id)
    ]
    return sorted({host for hook in hooks if (host := HOSTS[hook.url])})


PREVENT_REWRITING = {"read-only", "pull-request-only", "fast-forward-only"}


def rules_of(organisation: Organisation, repository: Repository) -> dict[str, object]:
    """Say what the export must, by Atlassian's page on branch permissions."""
    ref = repository.default_branch
    if ref is None:
        return {}
    applying = [
        rule
        for rule in organisation.restrictions
        if (rule.repository_id == repository.id or rule.project_id == repository.project_id)
        and ref in APPLIES_TO[rule.matcher_type, rule.matcher]
    ]
    types = {rule.type for rule in applying}
    return {
        "default_branch": ref.removeprefix("refs/heads/"),
        "default_branch_protected": bool(types - {"no-creates"}),
        "default_branch_pull_request_only": bool(types & {"read-only", "pull-request-only"}),
        "default_branch_no_rewrite": bool(types & PREVENT_REWRITING),
        "default_branch_no_deletion": bool(types & {"read-only", "no-deletes"}),
        "default_branch_exempt_count": len({user for rule in applying for user in rule.users}),
    }


def branch_of(resource: Resource) -> dict[str, object]:
    return {name: value for name, value in resource.properties.items() if name.startswith("default_branch")}


@hypothesis_settings(
    deadline=None,
    max_examples=20,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(organisation=with_machines(), server_settings=servers)
def test_every_credential_has_in_the_export_what_bitbucket_gives(
    organisation: Organisation, server_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    with caplog.at_level(logging.DEBUG), EmbeddedBitbucket(organisation, server_settings) as server:
        payload = payload_of(snapshot_of(server.base_url, include=frozenset(Inclusion)))
    assert disagreements(organisation, load(payload)) == []
    for resource in load(payload).resources:
        assert resource.properties.get("webhook_hosts", []) == hosts_of(organisation, resource)
        if resource.type == "Repo":
            assert branch_of(resource) == rules_of(organisation, organisation.repositories[int(resource.id)])
    assert "PLANTED-SECRET" not in json.dumps(payload)
    assert "PLANTED-SECRET" not in caplog.text
    assert payload["applications"][0]["custom_properties"]["not_collected"] == []
