"""What stops an export of a workspace: one clear line, the code of the contract, and nothing published."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from connector.embedded.cloud.credentials import API_TOKEN_SCOPES, OAUTH_SCOPES, Consumer
from connector.embedded.cloud.faults import Rewritten, empty_page, foreign_next
from connector.embedded.cloud.server import EmbeddedCloud
from connector.embedded.cloud.settings import Access
from connector.embedded.common.faults import Change, Fault, Instead, LoginPage, Redirect, Status, Unsigned
from connector.embedded.common.messages import Answer, html
from tests.conftest import Ended, Run, files
from tests.embedded.cloud.client import Small, small
from tests.sources.cloud.signing_in import API_TOKEN, CONSUMER, check, export

TEXT = "text/plain"
JSON = "application/json; charset=utf-8"
ASKS = {"WWW-Authenticate": 'Basic realm="Bitbucket.org HTTP"'}


@dataclass(frozen=True, slots=True)
class Stopped:
    """What is wrong, and what is said about it: the exit codes of an export and of a check, and words of both."""

    says: str
    to_do: str
    code: int = 3
    check: int = 3
    given: dict[str, str] = field(default_factory=lambda: API_TOKEN)
    change: Callable[[Small], object] = lambda _: None
    slug: str = "acme"
    faults: tuple[Fault, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


def api_token(**changes: str) -> dict[str, str]:
    return API_TOKEN | {f"BITBUCKET_{name.upper()}": value for name, value in changes.items()}


def without(*scopes: str) -> Callable[[Small], object]:
    """Take scopes from the token of the administrator, and from the consumer."""

    def change(world: Small) -> None:
        world.workspace.api_tokens[0].scopes = API_TOKEN_SCOPES - set(scopes)
        world.workspace.consumers[0].scopes = OAUTH_SCOPES - set(scopes)

    return change


def personal(world: Small) -> None:
    """Make the workspace that of one person."""
    world.workspace.owner_uuid = world.admin.uuid
    world.workspace.uuid = world.admin.uuid


FRENCH = b'{"type": "error", "error": {"message": "Jeton refus\\u00e9"}}'


def answered(status: int, body: bytes, kind: str = TEXT, **headers: str) -> tuple[Fault, ...]:
    return (Fault(Instead(Answer(status, body, tuple(headers.items()), kind)), path="/[12].0/"),)


def expired(world: Small) -> None:
    world.workspace.api_tokens[0].expired = True


def no_scopes(world: Small) -> None:
    world.workspace.api_tokens[0].scopes = frozenset()


def inactive(world: Small) -> None:
    world.admin.active = False


def public_consumer(world: Small) -> None:
    world.workspace.consumers = [Consumer("consumer", "consumer-secret", world.admin.uuid, private=False)]


def spam(world: Small) -> None:
    world.workspace.marked_as_spam = True


STOPPED = {
    "unknown workspace": Stopped("There is no such workspace", "Check --workspace", slug="nobodys"),
    "personal workspace": Stopped("is the personal workspace of the account", "Set --workspace", change=personal),
    "spam": Stopped("has closed the workspace", "support.atlassian.com", change=spam),
    "expired token": Stopped("The API token has expired", "Make a new API token", change=expired),
    "token without scopes": Stopped("has no scopes", "Make a new API token", change=no_scopes),
    "wrong token": Stopped("is mistyped", "Make a new API token", given=api_token(token="wrong")),
    "refused without words": Stopped("has expired", "Make a new API token", faults=answered(401, b"", **ASKS)),
    "refused in French": Stopped("has expired", "Make a new API token", faults=answered(401, FRENCH, JSON)),
    "left the company": Stopped("has expired", "Make a new API token", change=inactive),
    "account password": Stopped("password of an account", "Make a new API token", given=api_token(token="her own")),
    "app password": Stopped("This is an app password", "Make a new API token", given=api_token(token="ATBBformer")),
    "app password of old": Stopped("app passwords", "Make a new API token", given=api_token(token="former")),
    "other address": Stopped(
        "an address that is not its owner's", "Set BITBUCKET_EMAIL", given=api_token(email="dee@example.com")
    ),
    "token alone": Stopped("access token", "Set BITBUCKET_EMAIL", given={"BITBUCKET_TOKEN": "wrong"}),
    "outsider": Stopped(
        "No workspace with identifier",
        "Check --workspace",
        given=api_token(token="otto-token", email="otto@example.com"),
    ),
    "wrong secret": Stopped(
        "Key and secret do not belong together",
        "Check BITBUCKET_CLIENT_ID and BITBUCKET_CLIENT_SECRET",
        given=CONSUMER | {"BITBUCKET_CLIENT_SECRET": "wrong"},
    ),
    "public consumer": Stopped("Only a private consumer", "private consumer", given=CONSUMER, change=public_consumer),
    "address not allowed": Stopped(
        "IP addresses of its allowlist", "IP allowlist", settings={"access": Access.ADDRESS}
    ),
    "two steps": Stopped("two-step verification", "Enable two-step", settings={"access": Access.TWO_STEP}),
    "login page": Stopped("A login page answers", "single sign-on", faults=(Fault(LoginPage()),)),
    "redirect": Stopped("redirects to", "BITBUCKET_URL", faults=(Fault(Redirect()),)),
    "page": Stopped("Something else answers", "BITBUCKET_URL", faults=(Fault(Instead(html(200, "It works!"))),)),
    "text": Stopped("Something else answers", "BITBUCKET_URL", faults=answered(200, b"OK")),
    "empty page": Stopped("JSON that breaks off", "proxies", faults=answered(200, b"", JSON)),
    "null": Stopped("Something else answers", "BITBUCKET_URL", faults=answered(200, b"null", JSON)),
    "empty object": Stopped("the answer lacks", "", faults=(Fault(Rewritten(lambda _: {}), path="workspaces/acme$"),)),
    "no credentials arrived": Stopped("does not say which credentials", "Authorization", faults=(Fault(Unsigned()),)),
    "header stripped": Stopped(
        "does not say which credentials", "X-Credential-Type", settings={"tells_credential": False}
    ),
    "firewall": Stopped(
        "no answer of Bitbucket Cloud", "Authorization header", faults=answered(403, b"<h1>Blocked</h1>")
    ),
    "not there": Stopped("this is not how Bitbucket", "pass to Bitbucket", faults=answered(404, b"<h1>Not Found</h1>")),
    "maintenance": Stopped("not ready to answer", "status.bitbucket.org", faults=(Fault(Status(503, html=True)),)),
    "no token address": Stopped(
        "No OAuth token is issued at this address",
        "BITBUCKET_URL",
        given=CONSUMER,
        faults=(Fault(Instead(html(404, "Not found")), path="oauth2"),),
    ),
    "odd token": Stopped(
        "no OAuth token that can be used",
        "BITBUCKET_URL",
        given=CONSUMER,
        faults=(Fault(Instead(Answer(200, b'{"access_token": "a b", "expires_in": 7200}', (), JSON)), path="oauth2"),),
    ),
    "member": Stopped(
        "does not administer the workspace",
        "Administer workspace",
        code=4,
        check=4,
        given=api_token(token="dee-token", email="dee@example.com"),
    ),
}


SECRETS = ("ada-token", "dee-token", "otto-token", "her own", "consumer-secret", "ATBBformer")


def call(
    command: Callable[..., tuple[Ended, EmbeddedCloud]], run: Run, stopped: Stopped
) -> tuple[Ended, EmbeddedCloud]:
    world = small()
    stopped.change(world)
    return command(
        run,
        credentials=stopped.given,
        workspace=world.workspace,
        slug=stopped.slug,
        faults=stopped.faults,
        **stopped.settings,
    )


@pytest.mark.parametrize("name", STOPPED)
def test_what_stops_an_export_is_said_in_one_line(run: Run, name: str) -> None:
    stopped = STOPPED[name]
    ended, server = call(export, run, stopped)
    assert ended.code == stopped.code, ended.err
    assert files() == set()
    errors = [line.lower() for line in ended.err.splitlines() if " ERROR: " in line]
    assert any(stopped.says.lower() in line and stopped.to_do.lower() in line for line in errors), errors
    assert len(errors) == 1 or stopped.code == 4
    assert not any(secret in ended.err for secret in SECRETS)
    assert "Traceback" not in ended.err
    assert len(server.requests) < 80


@pytest.mark.parametrize("name", STOPPED)
def test_a_check_says_the_same(run: Run, name: str) -> None:
    stopped = STOPPED[name]
    ended, _ = call(check, run, stopped)
    said = re.sub(r"\s+", " ", ended.out).lower()
    assert ended.code == stopped.check, ended.out
    assert stopped.says.lower() in said
    assert stopped.to_do.lower() in said
    assert not any(secret in said for secret in SECRETS)
    assert "Traceback" not in ended.err


# ---- in the middle of a run


def test_a_next_page_elsewhere_ends_the_run_and_nothing_is_sent_there(run: Run) -> None:
    with EmbeddedCloud(small().workspace) as elsewhere:
        faults = tuple(
            Fault(foreign_next(f"{elsewhere.base_url}/2.0/repositories/acme?page=2"), path=path)
            for path in ("repositories/acme\\?", "projects\\?")
        )
        ended, _ = export(run, faults=faults)
        assert elsewhere.requests == []
    assert ended.code == 3
    assert "nothing was sent there" in ended.err.lower()
    assert files() == set()


@pytest.mark.parametrize("path", ["permissions-config", r"projects\?", "1.0/groups", r"repositories/acme\?"])
def test_an_answer_to_nobody_in_the_middle_of_a_run_is_not_used(run: Run, path: str) -> None:
    ended, _ = export(run, faults=(Fault(Unsigned(), path=path),))
    assert ended.code in {3, 4}, ended.err
    assert files() == set()


def test_a_token_that_expires_in_the_middle_of_a_run_ends_it(run: Run) -> None:
    world = small()
    change = Change(lambda: expired(world))
    ended, _ = export(run, workspace=world.workspace, faults=(Fault(change, path="permissions-config", times=1),))
    assert ended.code == 3, ended.err
    assert "The API token has expired" in ended.err
    assert files() == set()


# ---- scopes


TOKEN_SCOPES = ("read:workspace", "read:project", "read:repository", "read:permission")
CONSUMER_SCOPES = ("account", "project:admin", "repository:admin")


@pytest.mark.parametrize(
    ("scope", "given"),
    [
        *((f"{scope}:bitbucket", API_TOKEN) for scope in TOKEN_SCOPES),
        *((scope, CONSUMER) for scope in CONSUMER_SCOPES),
    ],
)
@pytest.mark.parametrize("tells_scopes", [True, False])
def test_a_missing_scope_is_named(run: Run, scope: str, given: dict[str, str], tells_scopes: bool) -> None:
    world = small()
    without(scope)(world)
    rest = {"credentials": given, "workspace": world.workspace, "tells_scopes": tells_scopes}
    ended, server = export(run, **rest)
    assert ended.code in {3, 4}, ended.err
    assert f"'{scope}'" in ended.err
    assert files() == set()
    refused = [entry.path for entry in server.requests if entry.status == 403]
    assert len(refused) < 12, "what lacks a scope is not asked again and again"
    ended, _ = check(run, **rest)
    assert ended.code in {3, 4}
    assert f"'{scope}'" in ended.out
    assert ("ick this permission" if given is CONSUMER else "ake a new API token") in re.sub(r"\s+", " ", ended.out)


def test_every_missing_scope_is_named_at_once(run: Run) -> None:
    world = small()
    missing = {"read:project:bitbucket", "read:permission:bitbucket"}
    without(*missing)(world)
    ended, _ = check(run, workspace=world.workspace)
    assert all(f"'{scope}'" in ended.out for scope in missing)


# ---- an API that removed something, and lists that are too long


def test_a_workspace_without_members_is_not_published(run: Run) -> None:
    ended, _ = export(run, faults=(Fault(empty_page(), path="/permissions\\?"),))
    assert ended.code in {3, 4}, ended.err
    assert files() == set()


@pytest.mark.parametrize(("path", "name"), [(r"/projects\?", "key"), (r"repositories/acme\?", "slug")])
@pytest.mark.parametrize("value", ["..", ".", ""])
def test_a_name_that_is_a_step_in_a_path_is_no_address(run: Run, path: str, name: str, value: str) -> None:
    def change(body: dict[str, Any]) -> dict[str, Any]:
        first, *rest = body["values"]
        return body | {"values": [first | {name: value, "full_name": f"acme/{value}"}, *rest]}

    ended, server = export(run, faults=(Fault(Rewritten(change), path=path),))
    assert ended.code in {3, 4}, ended.err
    assert "Traceback" not in ended.err
    assert files() == set()
    assert not any("/../" in entry.path or "/./" in entry.path for entry in server.requests)
