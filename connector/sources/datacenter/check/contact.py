"""The first half of a check: is there a Bitbucket at the address, is it up, and does the login work?

Each step is a function that asks, and gives a `Step`; one that failed is the last.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from connector.sources.common.check.asking import Reply
from connector.sources.common.check.report import Mark, Step
from connector.sources.common.check.steps import failed
from connector.sources.common.problems import ForeignAnswer
from connector.sources.datacenter.bitbucket import Bitbucket
from connector.sources.datacenter.check.asking import ask
from connector.sources.datacenter.diagnosis import account_of
from connector.sources.datacenter.endpoints import APPLICATION_PROPERTIES, RECENT_REPOSITORIES
from connector.sources.datacenter.problems import Problem
from connector.sources.datacenter.settings import Credentials

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
    ForeignAnswer.NOT_JSON,
    ForeignAnswer.LOGIN_PAGE,
    ForeignAnswer.REDIRECT,
})  # fmt: skip
"""What single sign-on, or a server that wants a login for everything, may answer to an anonymous question."""


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
            return _not_bitbucket(reply), None
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


def _not_bitbucket(reply: Reply) -> Step:
    step = failed("Bitbucket", reply)
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
        signed_in.take_session_from(proof)
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
    """Give the facts of the first half, for scripts."""
    return {"version": version, "account": name, "credentials": "token" if credentials.is_token else "password"}
