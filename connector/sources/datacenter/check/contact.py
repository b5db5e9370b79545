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
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.check import network
from connector.sources.datacenter.check.asking import Reply, ask
from connector.sources.datacenter.check.report import Mark, Step
from connector.sources.datacenter.diagnosis import account_of
from connector.sources.datacenter.endpoints import APPLICATION_PROPERTIES, RECENT_REPOSITORIES
from connector.sources.datacenter.problems import Problem
from connector.sources.datacenter.settings import Credentials

_EXPIRES_SOON = 21
"""Days."""
_CLOUD = "bitbucket.org"
FOR_CLOUD = "set --workspace or BITBUCKET_WORKSPACE instead of --bitbucket-url"
_WELL = "RUNNING"
_STATES = {
    "STARTING": ("it is starting", "wait until it has started"),
    "FIRST_RUN": ("it was installed and never set up", "open it in a browser and finish its setup"),
    "MAINTENANCE": ("it is in maintenance: a migration, backup or upgrade", "wait until the maintenance is over"),
    "ERROR": ("it could not start", "look for the reason in atlassian-bitbucket.log, or on its start page"),
    "STOPPING": ("it is being stopped", "wait until it runs again"),
}
"""What `/status` may say instead of RUNNING. Source: Atlassian's page on the status endpoint."""

_LIFTED_BY_CREDENTIALS = frozenset({
    Problem.NOT_SIGNED_IN,
    Problem.NOT_PERMITTED,
    Problem.FOREIGN_REFUSAL,
    Problem.NOT_JSON,
    Problem.LOGIN_PAGE,
    Problem.REDIRECT,
})  # fmt: skip
"""What single sign-on, or a server that wants a login for everything, may answer to an anonymous question."""


def failed(name: str, asked: Reply, *, asked_as: str = "") -> Step:
    """Give the step of a question that was answered in a way that ends the check."""
    return _of(name, Mark.FAILED, asked, asked_as)


def limited(name: str, asked: Reply, lacks: str) -> Step:
    """Give the step of a question without whose answer an export lacks something."""
    return dataclasses.replace(_of(name, Mark.LIMITED, asked, ""), lacks=lacks)


def _of(name: str, mark: Mark, asked: Reply, asked_as: str) -> Step:
    diagnosis = asked.diagnosis
    if diagnosis is None:
        return Step(name, mark, "this is not what Bitbucket answers", asked.question, asked.answered)
    meaning = diagnosis.meaning or asked.answered
    return Step(name, mark, meaning, asked_as or asked.question, asked.answered, diagnosis.advice)


def address(base_url: str, reached: Reply) -> Step:
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


def _unreached(base_url: str, reached: Reply, asked: str, proxy: str | None) -> Step:
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


def state(reached: Reply) -> Step:
    """Judge what `/status` says; old servers and wrong context paths have none."""
    answer = reached.asked.answer
    content = answer.json if answer else None
    said = content.get("state") if isinstance(content, dict) else None
    answered = f"{reached.answered}, state {said}" if isinstance(said, str) else reached.answered
    if not isinstance(said, str):
        return Step("state", Mark.SKIPPED, "this server does not tell its state", reached.question, answered)
    if said == _WELL:
        return Step("state", Mark.OK, "Bitbucket is up", reached.question, answered)
    meaning, advice = _STATES.get(said, (f"it says {said}", "look at its start page in a browser"))
    return Step("state", Mark.FAILED, f"Bitbucket is not ready: {meaning}", reached.question, answered, advice)


def bitbucket(anonymous: Bitbucket, signed_in: Bitbucket) -> tuple[Step, str | None]:
    """Find out which Bitbucket it is; both know the version of its REST API afterwards."""
    reply = _properties(anonymous)
    if not _names_version(reply):
        if reply.problem not in _LIFTED_BY_CREDENTIALS:
            return _not_bitbucket(anonymous.base_url, reply), None
        with_credentials = _properties(signed_in)
        if not _names_version(with_credentials):
            lifted = with_credentials.problem in _LIFTED_BY_CREDENTIALS
            return failed("Bitbucket", reply if lifted else with_credentials), None
        reply = with_credentials
    anonymous.version = signed_in.version = "1.0" if "/1.0/" in reply.question else "latest"
    version = str(reply.body["version"])
    return Step("Bitbucket", Mark.OK, f"it is Bitbucket {version}", reply.question, reply.answered), version


def _names_version(reply: Reply) -> bool:
    return isinstance(reply.body.get("version"), str)


def _properties(bitbucket: Bitbucket) -> Reply:
    asked = bitbucket.find_version()
    return Reply(f"GET /rest/api/{bitbucket.version}/{APPLICATION_PROPERTIES.template}", asked)


def _not_bitbucket(base_url: str, reply: Reply) -> Step:
    step = failed("Bitbucket", reply)
    host = urlsplit(base_url).hostname or ""
    if host == _CLOUD or host.endswith(f".{_CLOUD}"):
        meaning = "Bitbucket Cloud is another product"
        return dataclasses.replace(step, meaning=meaning, advice=FOR_CLOUD)
    if reply.problem is Problem.NO_SUCH_ADDRESS:
        kind = Problem.NO_BITBUCKET.value
        return dataclasses.replace(step, meaning=kind.meaning, advice=kind.advice)
    return step


def account(signed_in: Bitbucket, credentials: Credentials) -> tuple[Step, str | None]:
    """Prove the login by what only an account that is signed in may ask; give the account's name too."""
    asked = ask(signed_in, RECENT_REPOSITORIES.at(), limit=1)
    kind = "an access token" if credentials.is_token else "a password"
    sent = f"{asked.question}, with {kind}"
    if asked.diagnosis is not None:
        return _for_kind(failed("account", asked, asked_as=sent), asked, credentials), None
    proof = asked.asked.answer
    if proof is not None:
        signed_in.know(proof)
    name = account_of(proof) if proof is not None else None
    if name is None:
        meaning = "signed in, but answers do not name the account: a proxy removes X-AUSERNAME"
        return Step("account", Mark.OK, meaning, sent, asked.answered), credentials.user
    also = ""
    if credentials.user is not None and credentials.user.lower() != name.lower():
        also = f", although BITBUCKET_USER is {credentials.user}"
    return Step("account", Mark.OK, f"signed in as {name} with {kind}{also}", sent, f"{asked.answered}, {name}"), name


def _for_kind(step: Step, asked: Reply, credentials: Credentials) -> Step:
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
        advice = f"look for a proxy that removes the Authorization header; or {Problem.BASIC_DISABLED.value.advice}"
        return dataclasses.replace(step, meaning=meaning, advice=advice)
    return step


def facts(version: str | None, name: str | None, credentials: Credentials) -> dict[str, Any]:
    """Give what scripts want to know of the first half."""
    return {"version": version, "account": name, "credentials": "token" if credentials.is_token else "password"}
