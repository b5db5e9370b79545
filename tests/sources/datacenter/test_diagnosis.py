"""Every failure has its own problem, a message on one line, and advice."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from connector.errors import SourceError, Unreadable, Why
from connector.rest.answer import Answer
from connector.rest.diagnosis import Diagnosis, Next
from connector.sources.common.problems import ForeignAnswer
from connector.sources.datacenter import endpoints
from connector.sources.datacenter.diagnosis import Session, contradiction, of_answer
from connector.sources.datacenter.problems import Problem
from tests.sources.datacenter.canned import Canned, error

URL = "https://bitbucket.example.com/context/rest/api/latest/projects/PAY/permissions/users?limit=1"
ADDRESS = endpoints.PROJECT_USERS.at("PAY")
NOT_PERMITTED = "You are not permitted to access this resource"
AUTHORISATION = "com.atlassian.bitbucket.AuthorisationException"
AUTH = "com.atlassian.bitbucket.auth."
LOGIN_PAGE = "<html><head><title>Log in</title></head><body><form></form></body></html>"


def diagnose(
    canned: Canned, address: endpoints.Address = ADDRESS, url: str = URL, session: Session | None = None
) -> Diagnosis:
    headers = CaseInsensitiveDict({"Content-Type": canned.content_type, **canned.headers})
    found = of_answer(Answer(canned.status, headers, canned.content), url, address, session or Session())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("canned", "problem", "words"),
    [
        (
            error(401, f"{AUTH}IncorrectPasswordAuthenticationException", "Authentication failed."),
            Problem.WRONG_PASSWORD,
            "BITBUCKET_TOKEN",
        ),
        (
            error(401, f"{AUTH}CaptchaRequiredAuthenticationException", "CAPTCHA required."),
            Problem.CAPTCHA,
            "Clear CAPTCHA",
        ),
        (Canned(403, "", {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=x"}), Problem.CAPTCHA, "sol"),
        (Canned(401, "", {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}), Problem.WRONG_PASSWORD, "BITBUCKET_USER"),
        (
            error(401, f"{AUTH}NoAccessAuthenticationException", "You are not currently licensed to use Bitbucket."),
            Problem.NOT_LICENSED,
            "Global permissions",
        ),
        (error(401, f"{AUTH}InactiveUserAuthenticationException", "Inactive."), Problem.INACTIVE, "activate"),
        (error(401, f"{AUTH}ExpiredPasswordAuthenticationException", "Expired."), Problem.PASSWORD_EXPIRED, "new"),
        (error(401, f"{AUTH}AuthenticationSystemException", "LDAP."), Problem.DIRECTORY_AWAY, "User directories"),
        (
            Canned(403, "Basic Authentication has been disabled on this instance."),
            Problem.BASIC_DISABLED,
            "Authentication methods",
        ),
        (
            error(401, f"{AUTH}TwoStepVerificationRequiredException", "Verify."),
            Problem.TWO_STEP,
            "HTTP access token",
        ),
        (error(403, None, "Two-step verification is required for this user."), Problem.TWO_STEP, "token"),
        (
            error(401, "com.atlassian.plugins.rest.api.security.exception.AuthenticationRequiredException", "No."),
            Problem.NOT_SIGNED_IN,
            "anonymous",
        ),
        (error(401, AUTHORISATION, NOT_PERMITTED, X_AUSERNAME="jdoe"), Problem.NOT_PERMITTED, "Project: Admin"),
        (error(403, AUTHORISATION, NOT_PERMITTED, X_AUSERNAME="jdoe"), Problem.NOT_PERMITTED, "Project permissions"),
        (Canned(401, ""), Problem.FOREIGN_REFUSAL, "proxy"),
        (Canned(401, {"errorMessages": ["You do not have the permission."]}), Problem.FOREIGN_REFUSAL, "proxy"),
        (Canned(401, LOGIN_PAGE), Problem.FOREIGN_REFUSAL, "Authorization header"),
        (Canned(403, "<h1>403 Forbidden</h1> nginx"), Problem.FOREIGN_REFUSAL, "proxy, firewall or single sign"),
        (
            error(403, None, NOT_PERMITTED, X_AUSERNAME="jdoe"),
            Problem.FOREIGN_REFUSAL,
            "proxy, firewall or single sign",
        ),
        (Canned(200, LOGIN_PAGE), ForeignAnswer.LOGIN_PAGE, "single sign-on"),
        (
            Canned(302, "", {"Location": "https://sso.example.com/x?SAMLRequest=s3cret"}),
            ForeignAnswer.LOGIN_PAGE,
            "/rest",
        ),
        (Canned(302, "", {"Location": "/dashboard"}), ForeignAnswer.REDIRECT, "BITBUCKET_URL"),
        (Canned(200, "<h1>It works!</h1>"), ForeignAnswer.NOT_JSON, "omething else answers"),
        (Canned(400, "<h1>The plain HTTP request was sent to HTTPS port</h1>"), ForeignAnswer.TLS_WANTED, "https://"),
        (Canned(404, {"message": "HTTP 404 Not Found", "status-code": 404}), Problem.NO_SUCH_ADDRESS, "version"),
        (error(404, "com.atlassian.bitbucket.project.NoSuchProjectException", "x"), Problem.NOT_FOUND, "del"),
        (error(404, "com.atlassian.bitbucket.repository.NoSuchRepositoryException", "x"), Problem.NOT_FOUND, "del"),
        (error(404, None, "Group x does not exist."), Problem.FOREIGN_ABSENCE, "not how Bitbucket says"),
        (error(404, "NoSuchRepositoryException", "x"), Problem.FOREIGN_ABSENCE, "not how Bitbucket says"),
        (Canned(404, {"message": "The requested route does not exist"}), Problem.FOREIGN_ABSENCE, "/rest"),
        (error(404, "com.atlassian.bitbucket.repository.NoDefaultBranchException", "x"), Problem.HAS_NONE, "none"),
        (Canned(200, '{"values": [], "values": []}', kind="application/json"), ForeignAnswer.CONTRADICTORY, "twice"),
        (Canned(200, '{"id": 1' + "0" * 5000 + "}", kind="application/json"), ForeignAnswer.CONTRADICTORY, "digits"),
        (Canned(200, {"values": []}, {"Age": "7"}), ForeignAnswer.CACHED, "cache"),
        (Canned(407, ""), ForeignAnswer.PROXY_LOGIN, "NO_PROXY"),
        (Canned(429, "", {"Retry-After": "7"}), Problem.RATE_LIMITED, "--max-rate"),
        (Canned(503, "<h1>down</h1>"), Problem.UNAVAILABLE, "maintenance"),
        (Canned(500, {"errors": []}), Problem.SERVER_ERROR, "log"),
        (Canned(200, '{"values": [', kind="application/json"), ForeignAnswer.BREAKS_OFF, "load balancers"),
        (Canned(418, ""), ForeignAnswer.UNEXPECTED, "log"),
    ],
)
def test_each_failed_answer_has_its_problem_and_advice(canned: Canned, problem: Problem, words: str) -> None:
    found = diagnose(canned)
    assert found.problem is problem
    assert words in found.text
    assert "\n" not in found.text
    assert "s3cret" not in found.text
    assert "?" not in found.said.partition(" answered ")[0]


def test_every_problem_has_advice_and_says_what_happens_next() -> None:
    # What is not permitted says which right is missing, and where it is granted.
    assert {problem for problem in Problem if not problem.value.advice} == {Problem.NOT_PERMITTED}
    assert all((problem.value.why is not None) is (problem.value.next is Next.GIVE_UP) for problem in Problem)


@pytest.mark.parametrize(
    ("canned", "why"),
    [
        (error(401, AUTHORISATION, NOT_PERMITTED), Why.REFUSED),
        (Canned(403, "<h1>Forbidden</h1>"), Why.FOREIGN),
        (Canned(404, ""), Why.FOREIGN),
        (Canned(404, "<h1>Not Found</h1>"), Why.FOREIGN),
        (Canned(404, "<h1>Not Found</h1>", {"X-AREQUESTID": "@1"}), Why.NO_SUCH_ADDRESS),
        (Canned(404, {"message": "HTTP 404 Not Found", "status-code": 404}), Why.NO_SUCH_ADDRESS),
        (error(400, "", "Unknown permission"), Why.UNKNOWN_VALUE),
        (Canned(400, "<h1>Bad Request</h1>"), Why.FOREIGN),
        (Canned(400, {"message": "Bad Request"}), Why.FOREIGN),
        (error(409, "com.atlassian.bitbucket.IntegrityException", "x"), Why.CONFLICT),
        (error(409, None, "x"), Why.FOREIGN),
        (Canned(409, "<h1>Conflict</h1>"), Why.FOREIGN),
        (Canned(204, ""), Why.FOREIGN),
        (error(404, "com.atlassian.bitbucket.user.NoSuchUserException", "User x does not exist."), Why.ABSENT),
        (error(401, f"{AUTH}IncorrectPasswordAuthenticationException", "No."), None),
    ],
)
def test_the_exception_says_what_happens_next(canned: Canned, why: Why | None) -> None:
    raised = diagnose(canned).error()
    assert isinstance(raised, SourceError if why is None else Unreadable)
    assert getattr(raised, "why", None) is why


@pytest.mark.parametrize(
    "canned",
    [
        error(401, AUTHORISATION, NOT_PERMITTED),
        error(404, "com.atlassian.bitbucket.repository.NoSuchRepositoryException", "x"),
        error(409, "com.atlassian.bitbucket.IntegrityException", "x"),
        error(400, "com.atlassian.bitbucket.validation.ArgumentValidationException", "x"),
        Canned(404, {"message": "HTTP 404 Not Found", "status-code": 404}),
    ],
)
def test_where_a_server_numbers_its_answers_others_are_not_its_own(canned: Canned) -> None:
    numbering = Session(has_request_ids=True)
    assert diagnose(canned, session=numbering).why is Why.FOREIGN
    numbered = dataclasses.replace(canned, headers={**canned.headers, "X-AREQUESTID": "@1"})
    assert diagnose(numbered, session=numbering).why is diagnose(canned).why is not Why.FOREIGN


@pytest.mark.parametrize(
    ("session", "endpoint", "words"),
    [
        (Session(), endpoints.PROJECT_USERS, "the account lacks 'Project: Admin'"),
        (Session(is_token=True), endpoints.PROJECT_USERS, "the account, or its token, lacks 'Project: Admin'"),
        (
            Session(is_token=True, is_administrator=True),
            endpoints.PROJECT_USERS,
            "the account has every right, but its token lacks",
        ),
        (Session(is_token=True), endpoints.GLOBAL_USERS, "no access token may read this"),
        (
            Session(is_token=True, account="access-token-user/1/1"),
            endpoints.GLOBAL_USERS,
            "a token of a project or repository reads nothing beyond it",
        ),
    ],
)
def test_the_cause_is_the_account_its_token_or_the_kind_of_token(
    session: Session, endpoint: endpoints.Endpoint, words: str
) -> None:
    address = endpoint.at("PAY") if "{}" in endpoint.template else endpoint.at()
    found = diagnose(error(401, AUTHORISATION, NOT_PERMITTED), address, session=session)
    assert words in found.meaning
    assert "access-token-user" not in found.text


@pytest.mark.parametrize(
    ("page", "odd"),
    [
        ({"size": 2, "values": [1, 2], "start": 0}, None),
        ({"values": []}, None),
        ({"version": "9.4.2"}, None),
        ({"size": 3, "values": [1, 2], "start": 0}, "a page of 2 rows that says it has 3"),
        ({"size": 1, "values": [1], "start": 25}, "the rows from 25 instead of those from 0"),
        ({"limit": 25, "values": [1], "isLastPage": True, "nextPageStart": None}, None),
        ({"limit": 1001, "values": [1]}, "a page of up to 1001 rows instead of one of up to 1000"),
        (
            {"values": [1], "isLastPage": True, "nextPageStart": 2},
            "a page that is the last, and says where the next one begins",
        ),
    ],
)
def test_a_page_that_contradicts_itself(page: dict[str, Any], odd: str | None) -> None:
    assert contradiction(page, {"start": 0, "limit": 1000}) == odd


def test_a_refused_proof_of_the_login_means_not_signed_in() -> None:
    refusal = error(401, AUTHORISATION, NOT_PERMITTED)
    assert diagnose(refusal).problem is Problem.NOT_PERMITTED
    assert diagnose(refusal, endpoints.RECENT_REPOSITORIES.at()).problem is Problem.NOT_SIGNED_IN


@pytest.mark.parametrize(
    ("location", "base"),
    [
        ("https://bitbucket.example.com/context", None),
        ("https://bitbucket.example.com/new/rest/api/latest/projects/PAY/permissions/users?limit=1", "/new"),
        ("/new/rest/api/latest/projects/PAY/permissions/users", "/new"),
        ("/login?next=/rest/api/latest/projects/PAY/permissions/users", None),
    ],
)
def test_a_redirect_to_the_same_question_names_the_better_address(location: str, base: str | None) -> None:
    found = diagnose(Canned(301, "", {"Location": location}))
    wanted = f"set BITBUCKET_URL to https://bitbucket.example.com{base}"
    assert (found.problem is Problem.SERVER_MOVED) is (base is not None)
    assert (found.advice == wanted) is (base is not None)


@pytest.mark.parametrize(
    ("location", "moved"),
    [
        ("/context/rest/api/latest/projects/NEW/permissions/users", True),
        ("https://bitbucket.example.com/context/rest/api/1.0/projects/NEW/repos/x", True),
        ("https://other.example.com/context/rest/api/latest/projects/NEW/permissions/users", False),
        ("/context/login", False),
        ("https://[", False),
    ],
)
def test_a_redirect_to_another_project_says_that_it_was_renamed(location: str, *, moved: bool) -> None:
    found = diagnose(Canned(307, "", {"Location": location}))
    assert (found.why is Why.MOVED) is moved


@pytest.mark.parametrize(
    ("status", "next_"),
    [*((status, Next.ASK_AGAIN) for status in (200, 400, 401, 403, 404, 409)), (429, Next.WAIT), (503, Next.ASK_AGAIN)],
)
def test_json_that_breaks_off_is_requested_again_with_any_status(status: int, next_: Next) -> None:
    found = diagnose(Canned(status, '{"errors": [{"context"', kind="application/json"))
    assert found.next is next_
