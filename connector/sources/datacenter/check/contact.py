"""The first half of a check: is there a Bitbucket at the address, is it well, and does it know us?

Each step is a function that asks, and gives a `Step`; one that failed is the last.
"""

from __future__ import annotations

import dataclasses
import time
from typing import Any
from urllib.parse import urlsplit

from connector.rest.network_errors import NetworkProblem
from connector.rest.proxies import proxy_for
from connector.sources.datacenter.check import elsewhere, network
from connector.sources.datacenter.check.asking import Asked, Asker
from connector.sources.datacenter.check.report import Mark, Step
from connector.sources.datacenter.endpoints import APPLICATION_PROPERTIES, RECENT_REPOSITORIES
from connector.sources.datacenter.problems import ADVICE, CHECK_TRIES, Problem
from connector.sources.datacenter.settings import Credentials

_EXPIRES_SOON = 21
"""Days."""
_CLOUD = "bitbucket.org"
_WELL = "RUNNING"
_STATES = {
    "STARTING": ("it is starting", "wait until it has started"),
    "FIRST_RUN": ("it was installed and never set up", "open it in a browser and finish its setup"),
    "MAINTENANCE": ("it is in maintenance: a migration, backup or upgrade", "wait until the maintenance is over"),
    "ERROR": ("it could not start", "look for the reason in atlassian-bitbucket.log, or on its start page"),
    "STOPPING": ("it is being stopped", "wait until it runs again"),
}
"""What `/status` may say instead of RUNNING. Source: Atlassian's page on the status endpoint."""

_ELSEWHERE_IS_NO_ANSWER = frozenset({
    Problem.MOVED,
    Problem.UNAVAILABLE,
    Problem.SERVER_ERROR,
    Problem.RATE_LIMITED,
    NetworkProblem.TIMED_OUT,
    Problem.WRONG_PASSWORD,
    Problem.CAPTCHA,
    Problem.NOT_LICENSED,
    Problem.TWO_STEP,
    Problem.BASIC_DISABLED,
})  # fmt: skip
"""What a Bitbucket answers that is at the right address; looking for another one would lead astray."""

_LIFTED_BY_CREDENTIALS = frozenset({
    Problem.NOT_SIGNED_IN,
    Problem.NOT_PERMITTED,
    Problem.NOT_BITBUCKET_REFUSES,
    Problem.NOT_JSON,
    Problem.LOGIN_PAGE,
    Problem.REDIRECT,
})  # fmt: skip
"""What single sign-on, or a server that wants a login for everything, may answer to an anonymous question."""


def failed(name: str, asked: Asked, *, asked_as: str = "") -> Step:
    """Give the step of a question that was answered in a way that ends the check."""
    return _of(name, Mark.FAILED, asked, asked_as)


def limited(name: str, asked: Asked, lacks: str) -> Step:
    """Give the step of a question without whose answer an export lacks something."""
    return dataclasses.replace(_of(name, Mark.LIMITED, asked, ""), lacks=lacks)


def _of(name: str, mark: Mark, asked: Asked, asked_as: str) -> Step:
    diagnosis = asked.diagnosis
    if diagnosis is None:
        return Step(name, mark, "this is not what Bitbucket answers", asked.question, asked.answered)
    meaning = diagnosis.meaning or asked.answered
    return Step(name, mark, meaning, asked_as or asked.question, asked.answered, diagnosis.advice)


def address(base_url: str, reached: Asked) -> Step:
    """Judge whether the server was reached at all, and how."""
    proxy = proxy_for(base_url)
    way = f"through the proxy {proxy}" if proxy else "without a proxy"
    asked = f"{base_url}, {way}"
    if reached.diagnosis is not None:
        return _unreached(base_url, reached, asked, proxy)
    found = () if proxy else network.addresses_of(base_url)
    parts = [", ".join(found)] if found else []
    certificate = None if proxy or not base_url.startswith("https:") else network.certificate_of(base_url)
    if certificate is not None:
        parts.append(certificate.text)
    days = certificate.days_left(time.time()) if certificate else _EXPIRES_SOON
    soon = f"; its certificate expires in {days} days" if days < _EXPIRES_SOON else ""
    clear = ", without TLS: whoever listens on the way can read the credentials" if _is_in_clear(base_url) else ""
    return Step("address", Mark.OK, f"the server is reached{clear}{soon}", asked, "; ".join(parts) or "an answer")


def _is_in_clear(base_url: str) -> bool:
    parts = urlsplit(base_url)
    return parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}


def _unreached(base_url: str, reached: Asked, asked: str, proxy: str | None) -> Step:
    step = failed("address", reached, asked_as=asked)
    problem = reached.problem
    if (
        problem in {NetworkProblem.TLS_NOT_TRUSTED, NetworkProblem.TLS_OTHER_NAME, NetworkProblem.TLS_EXPIRED}
        and not proxy
    ):
        certificate = network.certificate_of(base_url)
        if certificate is not None:
            step = dataclasses.replace(step, answered=f"{step.answered} ({certificate.text})")
    if problem is NetworkProblem.PROXY_FAILED or problem is NetworkProblem.PROXY_LOGIN or not proxy:
        return step
    return dataclasses.replace(step, advice=f"{step.advice}; the proxy {proxy} was asked: is it the right way?")


def other_scheme(base_url: str, step: Step, reached: Asked) -> tuple[Step, int]:
    """Try TLS instead of none, or the reverse, where the two sides did not understand each other."""
    if reached.problem not in elsewhere.OTHER_SCHEME:
        return step, 0
    found, requests = elsewhere.find(base_url, reached.problem)
    if found is None:
        return step, requests
    advice = f"set BITBUCKET_URL to {found}"
    speaks = "speaks TLS" if found.startswith("https:") else "does not speak TLS"
    return dataclasses.replace(step, meaning=f"this port {speaks}", advice=advice), requests


def state(reached: Asked) -> Step:
    """Judge what `/status` says; old servers and wrong context paths have none."""
    content = reached.answer.json if reached.answer else None
    said = content.get("state") if isinstance(content, dict) else None
    answered = f"{reached.answered}, state {said}" if isinstance(said, str) else reached.answered
    if not isinstance(said, str):
        return Step("state", Mark.SKIPPED, "this server does not tell its state", reached.question, answered)
    if said == _WELL:
        return Step("state", Mark.OK, "Bitbucket is up", reached.question, answered)
    meaning, advice = _STATES.get(said, (f"it says {said}", "look at its start page in a browser"))
    return Step("state", Mark.FAILED, f"Bitbucket is not ready: {meaning}", reached.question, answered, advice)


def bitbucket(anonymous: Asker, signed_in: Asker) -> tuple[Step, str | None]:
    """Find out which Bitbucket it is; both askers know the version of its REST API afterwards."""
    asked = _properties(anonymous)
    if not _names_version(asked):
        step, is_elsewhere = _not_bitbucket(anonymous, asked)
        if is_elsewhere or asked.problem not in _LIFTED_BY_CREDENTIALS:
            return step, None
        asked = _properties(signed_in)
        if not _names_version(asked):
            return step if asked.problem in _LIFTED_BY_CREDENTIALS else failed("Bitbucket", asked), None
    anonymous.version = signed_in.version = "1.0" if "/1.0/" in asked.question else "latest"
    version = str(asked.body["version"])
    return Step("Bitbucket", Mark.OK, f"it is Bitbucket {version}", asked.question, asked.answered), version


def _names_version(asked: Asked) -> bool:
    return isinstance(asked.body.get("version"), str)


def _properties(asker: Asker) -> Asked:
    for version in ("latest", "1.0"):
        asker.version = version
        asked = asker.ask(APPLICATION_PROPERTIES.at())
        if asked.problem is not Problem.NO_SUCH_ADDRESS:
            break
    return asked


def _not_bitbucket(anonymous: Asker, asked: Asked) -> tuple[Step, bool]:
    """Explain, and look for a Bitbucket at other addresses; tell whether there is one."""
    step = failed("Bitbucket", asked)
    if asked.problem in _ELSEWHERE_IS_NO_ANSWER:
        return step, False
    host = urlsplit(anonymous.base_url).hostname or ""
    if host == _CLOUD or host.endswith(f".{_CLOUD}"):
        advice = "give the address of your own Bitbucket Server or Data Center"
        return dataclasses.replace(step, meaning="Bitbucket Cloud is another product", advice=advice), True
    found, requests = elsewhere.find(anonymous.base_url, asked.problem)
    anonymous.requests += requests
    if found is None:
        meaning = f"{step.meaning}; no Bitbucket answers at the other usual addresses on this host ({requests} tried)"
        return dataclasses.replace(step, meaning=meaning, advice=step.advice.replace(CHECK_TRIES, "")), False
    meaning, advice = f"Bitbucket is not at this address, but at {found}", f"set BITBUCKET_URL to {found}"
    return dataclasses.replace(step, meaning=meaning, advice=advice), True


def account(signed_in: Asker, credentials: Credentials) -> tuple[Step, str | None]:
    """Prove the login by what only somebody who is signed in may ask; give the account's name too."""
    asked = signed_in.ask(RECENT_REPOSITORIES.at(), limit=1)
    kind = "an access token" if credentials.is_token else "a password"
    sent = f"{asked.question}, with {kind}"
    if asked.diagnosis is not None:
        return _for_kind(failed("account", asked, asked_as=sent), asked, credentials), None
    name = asked.answer.user_name if asked.answer else None
    if name is None:
        meaning = "signed in, but answers do not name the account: a proxy removes X-AUSERNAME"
        return Step("account", Mark.OK, meaning, sent, asked.answered), credentials.user
    also = ""
    if credentials.user is not None and credentials.user.lower() != name.lower():
        also = f", although BITBUCKET_USER is {credentials.user}"
    return Step("account", Mark.OK, f"signed in as {name} with {kind}{also}", sent, f"{asked.answered}, {name}"), name


def _for_kind(step: Step, asked: Asked, credentials: Credentials) -> Step:
    """Say of a token what is true of tokens; a refusal of credentials does not know which kind they were."""
    if asked.problem not in {Problem.WRONG_PASSWORD, Problem.NOT_SIGNED_IN}:
        return step
    if credentials.is_token:
        meaning = "Bitbucket does not know the access token: it is wrong, expired or revoked"
        if asked.problem is Problem.NOT_SIGNED_IN:
            meaning = f"{meaning}, so the request counted as an anonymous one"
        advice = (
            "make a new token (Manage account > HTTP access tokens) and set BITBUCKET_TOKEN; "
            "if it is a password, set BITBUCKET_USER too"
        )
        return dataclasses.replace(step, meaning=meaning, advice=advice)
    if asked.problem is Problem.NOT_SIGNED_IN:
        meaning = "Bitbucket did not look at user name and password: the request counted as an anonymous one"
        advice = f"look for a proxy that removes the Authorization header; or else {ADVICE[Problem.BASIC_DISABLED]}"
        return dataclasses.replace(step, meaning=meaning, advice=advice)
    return step


def facts(version: str | None, name: str | None, credentials: Credentials) -> dict[str, Any]:
    """Give what scripts want to know of the first half."""
    return {"version": version, "account": name, "credentials": "token" if credentials.is_token else "password"}
