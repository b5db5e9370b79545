"""What is read of keys, tokens, webhooks and branch restrictions, row by row, and what restrictions mean."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.rest.fields import Malformed
from connector.sources.common.extras.builder import certain_only
from connector.sources.common.extras.redact import host_of, redacted
from connector.sources.common.extras.ssh import PublicKey, read_public_key
from connector.sources.datacenter.extras import parse
from connector.sources.datacenter.extras.branches import (
    Branch,
    BranchModel,
    Matcher,
    Restriction,
    effect_on,
    matches,
    needs_model,
)
from connector.sources.datacenter.permissions import ProjectPermission, RepositoryPermission

RSA = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCckZZMtfuaeNH5wmObTaBL7Dz/cL1mcFs2RhJqKirt3+NoRxcCqzmbk8463VXP"
    "xN0E54HuRdszGY/bUqRne1b7mASYQlZH7dEK8s5ZNA7jWCWU/PsN3uERJpJNGMKxImqzKqt0+7w/G3vR6865NBsBkjbRW/G9PuLC"
    "zjaupiMbQXFqBcDeBUE11ed23cEZ89hp1o+zaiIaQj4C0E9Xrg/iq/RwsT4594ML66oHEzAcfNERLpu5REEW7Ie0WMo5+lIFIF2R"
    "cNfmTklQRcB1wgzLuguEerpeXXlSkQUeG3dA5OfSEOW0Le3U4hLjcR+7AvTtnAgoK78s2m4Lqf6YJUj3 planted comment"
)
ECDSA = (
    "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBPiH42ouGQACFZUSZfcXwhXVEgfQ"
    "qr1JRCjreUIg3JcY/8ZwUH9adCXcca1Y1nktIGZCpmbd98YRrWgiY5IjEYnDyNeQDESN4xrEuzk3K0UkdNQLIZxhXAOTU/+yDfTh"
    "Ng== c"
)
MAIN = Branch("refs/heads/main", "main")

Json = dict[str, Any]


def ssh(row: Json, **scope: Any) -> parse.AccessKey:
    return parse.access_key(redacted({"key": row, **scope}), "here")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RSA, PublicKey("ssh-rsa", 2048, "SHA256:6OTkSLe9bZ4q8KRP8n745y1+GNx+tfSvrl5iyqdTK+I")),
        (ECDSA, PublicKey("ecdsa-sha2-nistp384", 384, "SHA256:Y/HCPhRsHuVGovk6Owm52TCmucka+faSJq22Sll4ldQ")),
    ],
)
def test_a_key_says_what_ssh_keygen_says_of_it(text: str, expected: PublicKey) -> None:
    assert read_public_key(text) == expected


@pytest.mark.parametrize(
    "text", ["", "ssh-rsa", "ssh-rsa abc", "ssh-rsa fasdfadsfdsf test213", "ssh-rsa é", RSA[:60], f"x{RSA}"]
)
def test_what_is_no_key_has_no_fingerprint(text: str) -> None:
    assert read_public_key(text) == PublicKey()


@given(st.binary(max_size=60), st.text(max_size=12))
def test_no_bytes_are_too_odd_to_be_read(blob: bytes, kind: str) -> None:
    read_public_key(f"{kind} {blob.hex()}")


def test_an_access_key_of_a_repository_as_a_server_of_4_wrote_it() -> None:
    row = {"id": 1, "text": "ssh-rsa abc", "label": "abc"}
    key = ssh(row, repository={"slug": "my-repo", "id": 1, "project": {"id": 626}}, permission="REPO_READ")
    assert not key.of_project
    assert key.repository_permission is RepositoryPermission.REPO_READ
    found = key.credential
    assert (found.id, found.name, found.fingerprint, found.algorithm, found.created_at) == (
        "1",
        "abc",
        None,
        None,
        None,
    )


@pytest.mark.parametrize("permission", ["PROJECT_WRITE", "REPO_WRITE"])
def test_an_access_key_of_a_project_with_either_name_of_its_permission(permission: str) -> None:
    key = ssh({"id": 1, "text": RSA, "label": ""}, project={"id": 3}, permission=permission)
    assert key.of_project
    assert key.project_permission is ProjectPermission.PROJECT_WRITE
    assert key.credential.name == "SSH key 1"


@pytest.mark.parametrize("moment", [1_630_041_546_434, "1630041546434", "2021-08-27T05:19:06.434Z"])
def test_moments_of_a_key_in_every_form(moment: object) -> None:
    row = {"id": "7", "text": RSA, "label": "x", "createdDate": moment, "lastAuthenticated": moment, "expiryDays": 30}
    found = ssh(row, repository={}, permission="REPO_WRITE").credential
    assert (found.created_at, found.last_used_at) == (1_630_041_546_434, 1_630_041_546_434)
    assert (found.expires_at, found.can_expire) == (1_630_041_546_434 + 30 * 86_400_000, True)
    assert (found.algorithm, found.bit_length) == ("ssh-rsa", 2048)


def test_what_the_server_says_of_a_key_comes_first() -> None:
    row = {"id": 7, "text": RSA, "label": "x", "algorithmType": "RSA", "bitLength": 4096, "expiryDays": 30}
    found = ssh(row, repository={}, permission="REPO_WRITE").credential
    assert (found.algorithm, found.bit_length) == ("RSA", 4096)
    assert (found.expires_at, found.can_expire) == (None, True)


def token(permissions: object, **fields: object) -> parse.Token:
    row = {"id": "252973515069", "name": "x", "permissions": permissions, "createdDate": 1_000, **fields}
    return parse.token(redacted(row), "here")


@pytest.mark.parametrize(
    ("permissions", "on_project", "on_repository", "beyond"),
    [
        (["PROJECT_WRITE", "REPO_WRITE"], "PROJECT_WRITE", "REPO_WRITE", None),
        (["REPO_ADMIN", "PROJECT_WRITE"], "PROJECT_WRITE", "REPO_ADMIN", "REPO_ADMIN"),
        (["REPO_READ"], None, "REPO_READ", "REPO_READ"),
        (["PROJECT_WRITE"], "PROJECT_WRITE", "REPO_WRITE", None),
        (["REPO_READ", "REPO_WRITE"], None, "REPO_WRITE", "REPO_WRITE"),
        ([], None, None, None),
    ],
)
def test_what_a_token_may_do(
    permissions: list[str], on_project: str | None, on_repository: str | None, beyond: str | None
) -> None:
    found = token(permissions)
    assert (found.on_project, found.on_its_repository, found.beyond_project) == (on_project, on_repository, beyond)


def test_when_a_token_ends() -> None:
    assert token([], expiryDate=5_000).credential.expires_at == 5_000
    assert token([], expiryDays=2).credential.expires_at == 1_000 + 2 * 86_400_000
    assert token([], expiryDays=0).credential.can_expire is None
    assert token([], lastAuthenticated="7").credential.last_used_at == 7


@pytest.mark.parametrize("permissions", [None, ["REPO_OBEY"], [7]])
def test_a_token_with_unknown_permissions_is_an_error(permissions: object) -> None:
    with pytest.raises(Malformed, match="here"):
        token(permissions)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://CI.Example.com/hook?token=s", "ci.example.com"),
        ("http://user:secret@ci.example.com.:8080/x", "ci.example.com"),
        ("https://[2001:DB8::1]:8443/x", "2001:db8::1"),
        ("https://10.0.0.7/x", "10.0.0.7"),
        ("https://bücher.example/x", "bücher.example"),
        ("https://[broken/secret", None),
        ("https://user:secret/x@host", None),
        ("https://host:secret/", None),
        ("https://se cret/", None),
        ("secret", None),
        ("", None),
    ],
)
def test_of_a_webhook_the_host_is_kept(url: str, host: str | None) -> None:
    assert host_of(url) == host


def test_what_is_secret_is_gone_at_any_depth() -> None:
    answer = {
        "values": [
            {"id": 1, "url": "https://h/SECRET", "configuration": {"secret": "SECRET"}, "credentials": {"x": "SECRET"}},
            {"id": 2, "token": "SECRET", "accessKeys": [{"key": {"id": 3, "text": "ssh-rsa SECRET"}}]},
        ],
        "isLastPage": True,
    }
    kept = redacted(answer)
    assert "SECRET" not in repr(kept)
    assert kept["isLastPage"] is True
    assert kept["values"][0] == {"id": 1, "host": "h"}


@pytest.mark.parametrize(
    ("pattern", "ref", "expected"),
    [
        ("*", "refs/heads/stable/x", True),
        ("PROJECT-*", "refs/heads/PROJECT-1234", True),
        ("PROJECT-*", "refs/heads/stable/PROJECT-new", True),
        ("PROJECT-*", "refs/heads/PROJECT-1/x", False),
        ("?.?", "refs/heads/1.1", True),
        ("?.?", "refs/heads/10.1", False),
        ("tags/", "refs/heads/stable/tags/some_branch", True),
        ("tags/**", "refs/tags/project-1.1.0", True),
        ("tags/**", "refs/heads/tagsoup/x", False),
        ("heads/**/master", "refs/heads/master", True),
        ("heads/**/master", "refs/heads/stable/master", True),
        ("heads/**/master", "refs/heads/stable/master2", False),
        ("main", "refs/heads/main", True),
        ("main", "refs/heads/domain", False),
        ("/refs/heads/main", "refs/heads/main", True),
        ("release/*", "refs/heads/release/7.0", True),
        ("release/*", "refs/heads/release/7/0", False),
        ("feature(x)", "refs/heads/featurex", False),
        ("**", "refs/heads/main", True),
    ],
)
def test_patterns_match_as_atlassian_says(pattern: str, ref: str, *, expected: bool) -> None:
    assert matches(pattern, ref) is expected


def rule(kind: str, matcher: Matcher, *exempt: str, number: int = 1) -> Restriction:
    return Restriction(str(number), kind, matcher, inherited=False, exempt=frozenset(("user", name) for name in exempt))


ON_MAIN = Matcher("BRANCH", "refs/heads/main")


@pytest.mark.parametrize(
    ("kind", "pull_request_only", "no_rewrite", "no_deletion"),
    [
        ("read-only", True, True, True),
        ("pull-request-only", True, True, False),
        ("fast-forward-only", False, True, False),
        ("no-deletes", False, False, True),
        ("something-new", False, False, False),
    ],
)
def test_what_a_restriction_prevents(
    kind: str, *, pull_request_only: bool, no_rewrite: bool, no_deletion: bool
) -> None:
    found = effect_on(MAIN, [rule(kind, ON_MAIN)], None)
    assert found.protected is True
    assert (found.pull_request_only, found.no_rewrite, found.no_deletion) == (
        pull_request_only,
        no_rewrite,
        no_deletion,
    )


def test_who_is_exempted_by_several_rules_counts_once() -> None:
    elsewhere = Matcher("BRANCH", "refs/heads/other")
    rules = [rule("no-deletes", ON_MAIN, "a", "b"), rule("read-only", ON_MAIN, "b"), rule("read-only", elsewhere, "c")]
    assert effect_on(MAIN, rules, None).exempt == 2


MODEL = BranchModel({"development": None, "production": "refs/heads/live"}, {"release": "rel/"})


@pytest.mark.parametrize(
    ("matcher", "ref", "expected"),
    [
        (Matcher("MODEL_BRANCH", "development"), "refs/heads/main", True),
        (Matcher("MODEL_BRANCH", "production"), "refs/heads/main", False),
        (Matcher("MODEL_BRANCH", "production"), "refs/heads/live", True),
        (Matcher("MODEL_CATEGORY", "RELEASE"), "refs/heads/rel/1", True),
        (Matcher("MODEL_CATEGORY", "HOTFIX"), "refs/heads/hotfix/1", False),
        (Matcher("ANY_REF", "ANY_REF_MATCHER_ID"), "refs/heads/x", True),
        (Matcher("BRANCH", "main"), "refs/heads/main", True),
        (Matcher("BRANCH", "refs/heads/main", active=False), "refs/heads/main", False),
        (Matcher("ORACLE", "x"), "refs/heads/main", None),
    ],
)
def test_to_which_branch_a_matcher_applies(matcher: Matcher, ref: str, *, expected: bool | None) -> None:
    found = effect_on(Branch(ref, ref.removeprefix("refs/heads/")), [rule("no-deletes", matcher)], MODEL)
    assert (found.protected, found.no_deletion) == (expected, expected)


def test_without_the_model_it_is_not_guessed() -> None:
    of_model = rule("read-only", Matcher("MODEL_BRANCH", "development"), "a")
    assert needs_model([of_model])
    found = effect_on(MAIN, [of_model, rule("no-deletes", ON_MAIN)], None)
    assert (found.protected, found.no_rewrite, found.no_deletion, found.exempt) == (True, None, True, None)
    known = effect_on(MAIN, [rule("no-deletes", ON_MAIN)], None)
    assert (certain_only(known).no_deletion, certain_only(known).no_rewrite) == (True, None)


def test_a_restriction_as_a_server_of_4_wrote_it() -> None:
    row = {
        "groups": ["GROUPS1"],
        "id": 839,
        "matcher": {
            "active": True,
            "displayId": "Development",
            "id": "development",
            "type": {"id": "MODEL_BRANCH", "name": "Branching model branch"},
        },
        "type": "fast-forward-only",
        "users": [],
        "accessKeys": [
            {"key": {"id": 158, "label": "test213", "text": "ssh-rsa fasdfadsfdsf test213"}},
            {"key": {"id": 126, "label": "test123", "text": "ssh-rsa gagjfdsggfds23434 test123"}},
        ],
    }
    found = parse.restriction(redacted(row), "here")
    assert found == Restriction(
        "839",
        "fast-forward-only",
        Matcher("MODEL_BRANCH", "development"),
        inherited=False,
        exempt=frozenset({("group", "groups1"), ("key", "158"), ("key", "126")}),
    )


def test_a_restriction_in_newer_forms() -> None:
    row = {
        "id": 1,
        "scope": {"type": "PROJECT", "resourceId": 292},
        "type": {"id": "read-only", "name": "Read only"},
        "matcher": {"id": "*", "type": "PATTERN"},
        "users": [{"id": 5, "name": "ann"}],
        "groups": [{"name": "Devs"}],
    }
    found = parse.restriction(row, "here")
    assert (found.type, found.inherited, found.matcher.kind) == ("read-only", True, "PATTERN")
    assert found.exempt == {("user", "5"), ("group", "devs")}


def test_a_branching_model_as_recorded() -> None:
    answer = {
        "development": {"refId": "refs/heads/master", "useDefault": False},
        "production": {"refId": None, "useDefault": True},
        "types": [
            {"id": "BUGFIX", "displayName": "Bugfix", "enabled": False, "prefix": "bugfix/"},
            {"id": "RELEASE", "displayName": "Release", "enabled": True, "prefix": "release2/"},
        ],
    }
    found = parse.branch_model("here", answer)
    assert found == BranchModel({"development": "refs/heads/master", "production": None}, {"release": "release2/"})


@pytest.mark.parametrize("ref", ["refs/heads/release/7", "release/7"])
def test_a_branch_has_its_short_name(ref: str) -> None:
    assert parse.branch("here", {"id": ref, "displayId": "release/7"}) == Branch("refs/heads/release/7", "release/7")
