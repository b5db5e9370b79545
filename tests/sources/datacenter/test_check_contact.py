"""`check` before Bitbucket says anything of use: credentials, addresses, certificates, proxies."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import trustme

from connector.embedded.common.faults import Fault, Maintenance, Reset, Status
from connector.embedded.datacenter.sample import sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import Settings
from tests.conftest import Run
from tests.sources.datacenter.canned import Canned, CannedServer, error, free_port
from tests.sources.datacenter.checking import AUTH, PASSWORD, TOKEN, check, organisation, step

# ---- credentials


@pytest.mark.parametrize("public", [True, False])
def test_an_expired_token_counts_as_anonymous(run: Run, *, public: bool) -> None:
    whole = organisation()
    whole.public_access = public
    with EmbeddedBitbucket(whole) as server:
        ended, report = check(run, server.base_url, BITBUCKET_TOKEN="old-token")
    assert ended.code == 3
    assert "expired or revoked" in step(report, "account")["meaning"]
    assert "new token" in step(report, "account")["advice"]


def test_a_wrong_password_is_sent_once(run: Run) -> None:
    with EmbeddedBitbucket(organisation()) as server:
        ended, report = check(run, server.base_url, BITBUCKET_USER="dev", BITBUCKET_TOKEN="wrong")
        assert sum(entry.with_credentials for entry in server.requests) == 1
    assert ended.code == 3
    assert "do not belong together" in step(report, "account")["meaning"]
    assert "Do not run again unchanged" in step(report, "account")["advice"]


def test_a_locked_account_says_where_to_clear_it(run: Run) -> None:
    with EmbeddedBitbucket(organisation(), Settings(captcha_after=1)) as server:
        check(run, server.base_url, BITBUCKET_USER="dev", BITBUCKET_TOKEN="wrong")
        ended, report = check(run, server.base_url, BITBUCKET_USER="dev", BITBUCKET_TOKEN="code")
    assert ended.code == 3
    assert "even for the right one" in step(report, "account")["meaning"]
    assert "Clear CAPTCHA" in step(report, "account")["advice"]


@pytest.mark.parametrize(
    "credentials", [{"BITBUCKET_USER": "guest", "BITBUCKET_TOKEN": "hello"}, {"BITBUCKET_TOKEN": "guest-token"}]
)
def test_an_account_without_a_licence(run: Run, credentials: dict[str, str]) -> None:
    with EmbeddedBitbucket(organisation()) as server:
        ended, report = check(run, server.base_url, **credentials)
    assert ended.code == 3
    assert "may not use Bitbucket" in step(report, "account")["meaning"]
    assert "'Bitbucket User' in Administration > Global permissions" in step(report, "account")["advice"]


def test_a_proxy_that_strips_the_name_of_the_account(run: Run) -> None:
    with EmbeddedBitbucket(sample_organisation(), Settings(strip_user_headers=True)) as server:
        ended, report = check(run, server.base_url)
        assert ended.code == 0
        assert "X-AUSERNAME" in step(report, "account")["meaning"]
        assert step(report, "licence")["mark"] == "ok"
        _, report = check(run, server.base_url, **TOKEN)
        assert step(report, "licence")["mark"] == "skipped"


def behind_login(refusal: Canned) -> Callable[[str, Mapping[str, str]], Canned]:
    """A Bitbucket that answers all that asks for a login in one way."""

    def answer(path: str, headers: Mapping[str, str]) -> Canned:
        if path.startswith("/rest/api/latest/application-properties") and not headers.get("Authorization"):
            return Canned(200, {"version": "9.4.2", "displayName": "Bitbucket"})
        return Canned(200, {"state": "RUNNING"}) if path == "/status" else refusal

    return answer


REFUSALS = [
    (Canned(403, "Basic Authentication has been disabled on this instance."), "Authentication methods"),
    (error(401, f"{AUTH}TwoStepVerificationException", "Two-step verification is required."), "HTTP access token"),
    (error(401, f"{AUTH}IncorrectPasswordAuthenticationException", "Authentication failed."), "BITBUCKET_TOKEN"),
    (error(401, f"{AUTH}CaptchaRequiredAuthenticationException", "CAPTCHA required."), "Clear CAPTCHA"),
    (error(401, f"{AUTH}NoAccessAuthenticationException", "You are not currently licensed."), "Global permissions"),
    (Canned(200, "<html><title>Log in</title></html>"), "pass by single sign-on"),
    (Canned(302, "", {"Location": "https://idp.example.com/sso?SAMLRequest=abc"}), "pass by single sign-on"),
    (Canned(403, "<h1>Forbidden</h1>"), "Authorization header"),
]


@pytest.mark.parametrize(("refusal", "advice"), REFUSALS)
def test_check_and_export_give_the_same_advice(run: Run, refusal: Canned, advice: str) -> None:
    with CannedServer(behind_login(refusal)) as server:
        ended, report = check(run, server.url)
        exported = run("--bitbucket-url", server.url, "--save-json", "x.json", **PASSWORD)
        # A login page is not sent the password again and again.
        assert sum(sent is not None for sent in server.authorizations) <= 4
    found = step(report, "account")
    assert ended.code == exported.code == 3
    assert advice in found["advice"]
    assert found["advice"][1:] in exported.err
    assert not Path("x.json").exists()


# ---- addresses


@pytest.mark.parametrize("given_path", ["", "/bitbucket", "/bitbucket/projects"])
def test_a_wrong_context_path_is_said(run: Run, given_path: str) -> None:
    with EmbeddedBitbucket(sample_organisation(), Settings(context="/git")) as server:
        ended, report = check(run, server.base_url.removesuffix("/git") + given_path)
        assert not any(entry.with_credentials for entry in server.requests)
    assert ended.code == 3
    assert "there is no Bitbucket at this address" in step(report, "Bitbucket")["meaning"]
    assert "context path" in step(report, "Bitbucket")["advice"]


def test_a_redirect_to_the_new_address(run: Run) -> None:
    def moved(path: str, _headers: Mapping[str, str]) -> Canned:
        return Canned(301, "", {"Location": f"https://git.example.com/bb{path}"})

    with CannedServer(moved) as server:
        ended, report = check(run, server.url)
        exported = run("--bitbucket-url", server.url, "--save-json", "x.json", **PASSWORD)
    assert ended.code == exported.code == 3
    assert step(report, "Bitbucket")["advice"] == "set BITBUCKET_URL to https://git.example.com/bb"
    assert "et BITBUCKET_URL to https://git.example.com/bb" in exported.err


@pytest.mark.parametrize("state", ["STARTING", "MAINTENANCE", "ERROR", "FIRST_RUN", "SOMETHING_NEW"])
def test_a_server_that_is_not_ready_says_so_at_once(run: Run, state: str) -> None:
    with CannedServer(lambda _path, _headers: Canned(503, {"state": state})) as server:
        ended, report = check(run, server.url)
        assert server.paths == ["/status"]
    assert ended.code == 3
    assert step(report, "state")["mark"] == "failed"
    assert state in step(report, "state")["answered"]
    assert step(report, "state")["advice"]


def test_maintenance_of_the_embedded_server(run: Run) -> None:
    with EmbeddedBitbucket(organisation()) as server:
        server.faults.add(Fault(Maintenance(30)))
        ended, report = check(run, server.base_url)
    assert ended.code == 3
    assert "maintenance" in step(report, "state")["meaning"]


def test_what_passes_is_asked_again(run: Run) -> None:
    with EmbeddedBitbucket(sample_organisation()) as server:
        server.faults.add(Fault(Reset(), path="admin/groups", times=1))
        server.faults.add(Fault(Status(429, retry_after="1"), path="/users", times=1))
        ended, _ = check(run, server.base_url)
    assert ended.code == 0


# ---- the way there


def tls(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def test_whose_certificate(run: Run, tmp_path: Path) -> None:
    authority = trustme.CA(organization_name="Example Authority")
    with EmbeddedBitbucket(sample_organisation(), tls=tls(authority, "127.0.0.1", "bitbucket.example.com")) as server:
        ended, report = check(run, server.base_url)
        found = step(report, "address")
        assert ended.code == 3
        assert "bitbucket.example.com" in found["answered"]
        assert "Example Authority" in found["answered"]
        assert "REQUESTS_CA_BUNDLE" in found["advice"]
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        mended, report = check(run, server.base_url, **PASSWORD, REQUESTS_CA_BUNDLE=str(tmp_path / "ca.pem"))
    assert mended.code == 0
    assert "Example Authority" in step(report, "address")["answered"]


def test_a_certificate_for_other_names_says_for_which(run: Run, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with EmbeddedBitbucket(organisation(), tls=tls(authority, "git.example.com")) as server:
        ended, report = check(run, server.base_url, **PASSWORD, REQUESTS_CA_BUNDLE=str(tmp_path / "ca.pem"))
    assert ended.code == 3
    assert "certificate for git.example.com" in step(report, "address")["answered"]
    assert "host name" in step(report, "address")["advice"]


def test_tls_that_is_spoken_by_one_side_only(run: Run) -> None:
    with EmbeddedBitbucket(organisation(), tls=tls(trustme.CA(), "127.0.0.1")) as server:
        ended, report = check(run, server.base_url.replace("https:", "http:"))
    assert ended.code == 3
    assert "https://" in step(report, "address")["advice"]


@pytest.mark.parametrize("password", ["s3cret", "s3cret@x"])
def test_a_proxy_is_named_without_its_password(run: Run, password: str) -> None:
    with CannedServer(lambda _path, _headers: Canned(407)) as proxy:
        address = proxy.url.replace("http://", f"http://somebody:{password}@")
        ended, report = check(run, "https://bitbucket.example.com", **PASSWORD, HTTPS_PROXY=address)
    assert ended.code == 3
    assert proxy.url in step(report, "address")["asked"]
    assert "NO_PROXY" in step(report, "address")["advice"]
    assert "s3cret" not in ended.out + ended.err


def test_nobody_listens(run: Run) -> None:
    ended, report = check(run, f"http://127.0.0.1:{free_port()}")
    assert ended.code == 3
    assert [each["name"] for each in report["steps"]] == ["address", "Veza"]
    assert "refused" in step(report, "address")["answered"]
