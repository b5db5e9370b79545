"""A conversation with Bitbucket Cloud about one workspace, signed in: one question, one JSON answer.

Joins what is asked (`endpoints`), how it is asked (`rest.client`), what answers mean (`diagnosis`), whose credentials
they were given to (`login`), and the journal. GET only, only below the base address.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import re
import time
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import unquote, urlencode

from connector.errors import SourceError, Unreadable, Why
from connector.rest.answer import Answer, JsonObject, one_line
from connector.rest.client import NO_QUESTION, Asked, Client, Diagnose, Question
from connector.rest.diagnosis import Diagnosis, Next, where
from connector.rest.journal import Journal
from connector.rest.throttle import Throttle
from connector.sources.cloud import endpoints, login
from connector.sources.cloud.credentials import ApiToken, Credentials, Signer
from connector.sources.cloud.diagnosis import CREDENTIAL_TYPE, Session, hourly_limit, of_answer
from connector.sources.cloud.endpoints import Address, Endpoint
from connector.sources.cloud.login import Identity
from connector.sources.cloud.problems import Problem

_NOT_IN_JOURNAL = frozenset({endpoints.WORKSPACE, endpoints.OWN_ROLE})
"""Never taken from a journal: the workspace and the account."""
_TOKEN_REFUSED = frozenset({
    Problem.TOKEN_REFUSED,
    Problem.ACCESS_TOKEN_REFUSED,
    Problem.CONSUMER_TOKEN_REFUSED,
    Problem.APP_PASSWORD,
})  # fmt: skip
_FOR_ALL_OF_ITS_KIND = frozenset({Problem.SCOPE, Problem.WRONG_MECHANISM, Problem.REMOVED, Problem.NO_SUCH_ADDRESS})
"""What is answered to one question of a kind is answered to all of them."""
_RENEWALS = 3
"""The most times one question is retried with a new token."""
_STEPS = re.compile(r"(^|[/\\])\.{1,2}([/\\]|$)")

log = logging.getLogger(__name__)


class ForeignPage(SourceError):
    """The next page is said to be somewhere else; nothing was sent there."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__(diagnosis.text)
        self.diagnosis = diagnosis


class Bitbucket:
    """Shared by all workers. `sign_in` comes first, then anything."""

    def __init__(
        self,
        base_url: str,
        workspace: str,
        client: Client,
        signer: Signer,
        throttle: Throttle,
        credentials: Credentials,
    ) -> None:
        self.base_url = base_url
        self.workspace = Identity(workspace, "", "", None)
        """What it says of itself, after `sign_in`."""
        self.session = Session(credentials)
        self.journal: Journal | None = None
        self.round = 1
        """Counts how often everything is asked anew: an answer of an earlier round is not used again."""
        self.server_time: int | None = None
        """When the first answer was written, in epoch milliseconds, by the server's clock."""
        self._client = client
        self._signer = signer
        self._throttle = throttle
        self._refused: dict[Endpoint, Diagnosis] = {}
        """What is answered to every question of an endpoint."""

    # ---- sign-in

    def sign_in(self) -> None:
        """See which workspace this is, and whether the account administers it. Raises `SourceError`."""
        self.take_session_from(self._prove_login())
        self.learn_role()
        role = "" if self.session.is_administrator else ", which does not administer the workspace"
        log.info("signed in to %s as %s%s", self.workspace.slug, self.session.account, role)

    def take_session_from(self, proof: Answer) -> None:
        """Take from the workspace's answer which workspace it is, and what helps to judge other answers."""
        self.workspace = login.identity(proof.json, endpoints.WORKSPACE.template)
        self.session = dataclasses.replace(
            self.session, credential_type=proof.headers.get(CREDENTIAL_TYPE), scopes=login.scopes_of(proof)
        )
        self._client.probe = (self._question(self._workspace()), self._diagnose(self._workspace()))

    def learn_role(self) -> None:
        """Find out who asks, and whether it administers the workspace. Raises `SourceError`.

        Credentials that are no account's may not ask who they are.
        """
        try:
            answer = cast("JsonObject", self.get(endpoints.OWN_ROLE.at(self.workspace.slug)))
        except Unreadable as unreadable:
            if isinstance(self.session.credentials, ApiToken) and endpoints.OWN_ROLE not in self._refused:
                raise SourceError(str(unreadable)) from None
            is_administrator = self._may_see_all()
            account = login.account_of(self.session)
        else:
            account, uuid = login.caller(answer, endpoints.OWN_ROLE.template)
            login.check_workspace(self.workspace, uuid)
            is_administrator = answer.get("permission") == "owner"
        self.session = dataclasses.replace(self.session, account=account, is_administrator=is_administrator)

    def resume_from(self, journal: Journal) -> None:
        """Use the answers that an interrupted run kept, and count its requests within the hour."""
        self.journal = journal
        began = journal.get_metadata("server_time")
        if began is None:
            journal.set_metadata("server_time", str(self.server_time or ""))
        elif began:
            self.server_time = int(began)
        asked = json.loads(journal.get_metadata("asked") or "{}")
        now = time.time()
        self._throttle.restore(now - float(minute) * 60 for minute, count in asked.items() for _ in range(count))

    def verify_login(self) -> None:
        """Verify that the credentials are still valid. Raises `SourceError` where they are not."""
        self._prove_login()

    def _prove_login(self) -> Answer:
        """Ask for the workspace, which only a signed-in account may read. Raises `SourceError`."""
        asked = self.ask(self._workspace())
        if asked.diagnosis is not None or asked.answer is None:
            raise SourceError(asked.diagnosis.text if asked.diagnosis else "there is no answer")
        return asked.answer

    def _workspace(self) -> Address:
        return endpoints.WORKSPACE.at(self.workspace.slug)

    def _may_see_all(self) -> bool:
        """Find out whether the account administers the workspace, by what only such accounts may ask."""
        try:
            self.get(endpoints.EFFECTIVE.at(self.workspace.slug), {"pagelen": 10})
        except Unreadable as unreadable:
            if unreadable.why is Why.REFUSED and endpoints.EFFECTIVE not in self._refused:
                return False
            raise SourceError(str(unreadable)) from None
        return True

    # ---- questions

    def get(self, address: Address, question: Mapping[str, str | int] = NO_QUESTION, reading: int = 0) -> Any:  # noqa: ANN401 - JSON: an object, or a list where the endpoint says so
        """Ask, and give what was answered. `reading` counts how often this round has asked the same on purpose.

        Raises `Unreadable` where this one address cannot be read, `SourceError` where the run cannot go on: the
        server stays away, the credentials are no longer valid, or the answer makes no sense.
        """
        return self._get(address, self._question(address, question), reading)

    def follow(self, address: Address, following: object, reading: int = 0) -> Any:  # noqa: ANN401 - as `get`
        """Ask for the next page, at the address that the last answer of `address` told. Raises as `get` does.

        An address that is not below the base address ends the run, and nothing is sent there.
        """
        return self._get(address, self._ours(address, following), reading)

    def ask(self, address: Address, question: Mapping[str, str | int] = NO_QUESTION) -> Asked:
        """Ask, and give what came of it, whatever it is."""
        return self._ask(address, self._question(address, question))

    def ask_next(self, address: Address, following: object) -> Asked:
        """Ask for the next page, and give what came of it, whatever it is."""
        try:
            return self._ask(address, self._ours(address, following))
        except ForeignPage as error:
            return Asked(None, error.diagnosis)

    def _get(self, address: Address, question: Question, reading: int) -> Any:  # noqa: ANN401 - as `get`
        if self.journal is None or address.endpoint in _NOT_IN_JOURNAL:
            return self._answered(address, question)
        key = f"{self.round}.{reading}:{question.url.removeprefix(self.base_url)}"
        known = self.journal.find(key)
        if known is not None:
            return known
        content = self._answered(address, question)
        self.journal.keep(key, content)
        if question.counts:
            self.journal.set_metadata("asked", self._asked_by_minute())
        return content

    def _answered(self, address: Address, question: Question) -> Any:  # noqa: ANN401 - as `get`
        refused = self._refused.get(address.endpoint)
        if refused is not None:
            raise refused.error()
        asked = self._ask(address, question)
        if asked.diagnosis is not None and asked.diagnosis.problem in _TOKEN_REFUSED and self.session.credential_type:
            asked = self._ask_once_more(address, question)
        if asked.diagnosis is not None:
            if asked.diagnosis.problem in _FOR_ALL_OF_ITS_KIND:
                self._refused[address.endpoint] = asked.diagnosis
            raise asked.diagnosis.error()
        if asked.answer is None:
            raise SourceError("there is no answer")
        content = asked.answer.json
        return address.endpoint.redact(content) if address.endpoint.redact else content

    def _ask_once_more(self, address: Address, question: Question) -> Asked:
        """Retry once what valid credentials were refused. Raises `SourceError` where they are no longer valid.

        They may have been lost on the way, or are not for this address.
        """
        self._prove_login()
        asked = self._ask(address, question)
        is_refused = asked.diagnosis is not None and asked.diagnosis.problem in _TOKEN_REFUSED
        return Asked(asked.answer, _not_for_these(asked.diagnosis)) if asked.diagnosis and is_refused else asked

    def _ask(self, address: Address, question: Question) -> Asked:
        asked = self._client.ask(question, self._diagnose(address))
        if asked.answer is not None and self.server_time is None:
            self.server_time = asked.answer.date
        if asked.answer is not None and asked.diagnosis is None and question.counts:
            limit = hourly_limit(asked.answer)
            if limit is not None:
                self._throttle.allow(limit)
        return asked

    def _question(
        self, address: Address, question: Mapping[str, str | int] = NO_QUESTION, following: str | None = None
    ) -> Question:
        endpoint = address.endpoint
        query = f"?{urlencode(question)}" if question else ""
        url = following or f"{self.base_url}/{endpoint.api}/{address.path}{query}"
        kind = f"{endpoint.api}/{endpoint.template}"
        return Question(url, kind, counts=endpoint.counts, attempts=endpoint.attempts)

    def _diagnose(self, address: Address) -> Diagnose:
        renewals = 0

        def diagnose(answer: Answer) -> Diagnosis | None:
            nonlocal renewals
            url = self._question(address).url
            found = of_answer(answer, url, address, self.session)
            if found is None:
                self._signer.accepted()
            elif found.problem is Problem.CONSUMER_TOKEN_REFUSED and renewals < _RENEWALS and self._signer.renews():
                renewals += 1
                return dataclasses.replace(found, problem=Problem.RENEWED, next=Next.ASK_AT_ONCE)
            return found

        return diagnose

    def _ours(self, address: Address, following: object) -> Question:
        """Ask for a next page, whose address must be below the base address. Raises `ForeignPage`."""
        base = f"{self.base_url}/{address.endpoint.api}/"
        told = following if isinstance(following, str) else ""
        is_address = told.isascii() and not re.search(r"[\s\x00-\x1f\x7f#]", told)
        if is_address and told.startswith(base) and not _STEPS.search(unquote(where(told).removeprefix(base))):
            return self._question(address, following=told)
        kind = Problem.FOREIGN_NEXT.value
        shown = one_line(where(told), 100) or "no address"
        said = f"{where(self._question(address).url)} answered that the next page is at {shown}"
        raise ForeignPage(Diagnosis(Problem.FOREIGN_NEXT, said, kind.advice, kind.next, kind.meaning))

    def _asked_by_minute(self) -> str:
        """Say how many requests of the last hour count, by the minute in which they ended, in wall-clock time."""
        now, minutes = time.time(), dict[str, int]()
        for age in self._throttle.ages():
            minute = str(int((now - age) // 60) + 1)
            minutes[minute] = minutes.get(minute, 0) + 1
        return json.dumps(minutes)


def _not_for_these(diagnosis: Diagnosis) -> Diagnosis:
    """Explain a refusal of valid credentials: they are refused at this address only."""
    kind = Problem.WRONG_MECHANISM.value
    return dataclasses.replace(
        diagnosis,
        problem=Problem.WRONG_MECHANISM,
        next=kind.next,
        meaning=kind.meaning,
        advice=kind.advice,
        why=kind.why,
    )
