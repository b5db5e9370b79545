"""A conversation with one Bitbucket, signed in: one question, one JSON object.

Joins addresses (`endpoints`), requests (`rest.client`), the meaning of answers (`diagnosis`), the login (`login`) and
the journal. GET only, only below the base URL.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlencode

from connector.errors import SourceError, Unreadable, Why
from connector.rest.answer import Answer, JsonObject
from connector.rest.client import NO_QUESTION, Asked, Client, Diagnose, Question
from connector.rest.clock import Clock
from connector.rest.diagnosis import Diagnosis, where
from connector.rest.journal import Journal
from connector.sources.common.problems import ForeignAnswer
from connector.sources.datacenter import endpoints, parse
from connector.sources.datacenter.diagnosis import (
    REQUEST_ID,
    Session,
    account_of,
    contradiction,
    is_bitbuckets,
    of_answer,
)
from connector.sources.datacenter.endpoints import Address
from connector.sources.datacenter.login import Login
from connector.sources.datacenter.problems import Problem
from connector.sources.datacenter.settings import Credentials

log = logging.getLogger(__name__)

_VERSIONS = ("latest", "1.0")
"""Newest first: servers before 8.0 document 1.0 only, and not all of them answer to `latest`."""

_NOT_IN_JOURNAL = frozenset({endpoints.RATE_LIMIT, endpoints.OWN_RATE_LIMIT, endpoints.RECENT_REPOSITORIES})
"""Never taken from a journal: rate limits, and the proof of the login."""


class Bitbucket:
    """Shared by all workers. `read_server_version` comes first, then `sign_in`, then anything."""

    def __init__(self, base_url: str, client: Client, clock: Clock, credentials: Credentials | None) -> None:
        self.base_url = base_url
        self.version = "latest"
        """The version of the REST API, not of the server."""
        self.session = Session(is_token=credentials is not None and credentials.is_token)
        self.login = Login(clock, self.prove_login)
        self.journal: Journal | None = None
        self.round = 1
        """The number of the reading, from 1: answers that a journal has of earlier readings are not used."""
        self.server_time: int | None = None
        """When the first answer was written, in epoch milliseconds, by the server's clock."""
        self._client = client
        self._credentials = credentials
        self._seen_request_ids: set[int] | None = set()
        """Hashes of the numbers of all answers (X-AREQUESTID); None where this server's are not all different."""

    # ---- version and login

    def read_server_version(self) -> str:
        """Find the version of the REST API to use, and give the version of the server.

        Raises `SourceError` where the address is not that of a Bitbucket.
        """
        asked = self.find_version()
        if asked.diagnosis is not None:
            is_elsewhere = asked.diagnosis.problem is Problem.NO_SUCH_ADDRESS
            raise SourceError(_nowhere(asked.diagnosis).text if is_elsewhere else asked.diagnosis.text)
        return parse.version(_json(asked), "application-properties")

    def find_version(self) -> Asked:
        """Ask for the server's version in each version of the REST API; give the answer, or the last failure."""
        for version in _VERSIONS:
            self.version = version
            asked = self.ask(endpoints.APPLICATION_PROPERTIES.at())
            if asked.diagnosis is None or asked.diagnosis.problem is not Problem.NO_SUCH_ADDRESS:
                break
        return asked

    def sign_in(self) -> None:
        """Prove the login, and expect every answer to be made for the same account. Raises `SourceError`."""
        proof = self.prove_login()
        self.login.begin(proof, self._credentials.user if self._credentials else None)
        self.take_session_from(proof)

    def take_session_from(self, proof: Answer) -> None:
        """Keep what a proof of the login tells about the account and the server."""
        configured = self._credentials.user if self._credentials else None
        self.session = dataclasses.replace(
            self.session, account=account_of(proof) or configured, has_request_ids=REQUEST_ID in proof.headers
        )
        self._client.probe = (self._question(endpoints.RECENT_REPOSITORIES.at(), {"limit": 1}), self._diagnose_proof)

    def resume_from(self, journal: Journal) -> None:
        """Use the answers that an interrupted run kept."""
        self.journal = journal
        self.login.confirm, self.login.proofs = journal.confirm, journal.confirmed
        began = journal.get_metadata("server_time")
        if began is None:
            journal.set_metadata("server_time", str(self.server_time or ""))
        elif began:
            self.server_time = int(began)

    def note_administrator(self, is_administrator: bool | None) -> None:  # noqa: FBT001 - as it is known
        """Keep whether the account administers the whole server; refusals are explained by it."""
        self.session = dataclasses.replace(self.session, is_administrator=is_administrator)

    def prove_login(self) -> Answer:
        """Ask a question that only signed-in accounts may ask, even where public access is on.

        Raises `SourceError` where the credentials are refused, or the request counts as an anonymous one.
        """
        asked = self.ask(endpoints.RECENT_REPOSITORIES.at(), {"limit": 1})
        if asked.diagnosis is not None or asked.answer is None:
            error = asked.diagnosis.error() if asked.diagnosis else None
            if isinstance(error, Unreadable):
                raise SourceError(f"The login cannot be proved: {error}")
            raise SourceError(str(error))
        return asked.answer

    # ---- questions

    def get(self, address: Address, question: Mapping[str, str | int] = NO_QUESTION, reading: int = 0) -> JsonObject:
        """Ask, and give the JSON object that was answered. `reading` counts how often this round has asked the same.

        Raises `Unreadable` where this one address cannot be read, `SourceError` where the run cannot go on: the
        server stays away, the login is lost, or the answer makes no sense.
        """
        if self.journal is None or address.endpoint in _NOT_IN_JOURNAL:
            return self._get(address, question)[0]
        key = f"{self.round}.{reading}:{self.path_of(address, question)}"
        known = self.journal.find(key)
        if known is not None:
            return cast("JsonObject", known)
        content, proof = self._get(address, question)
        self.journal.keep(key, content, proof)
        return content

    def ask(self, address: Address, question: Mapping[str, str | int] = NO_QUESTION) -> Asked:
        """Ask, and give the answer or the failure. Does not check for which account the answer was made."""
        asked = self._client.ask(self._question(address, question), self._diagnose(address, question))
        if asked.answer is not None and self.server_time is None:
            self.server_time = asked.answer.date
        return asked

    def refuses(self, asked: Asked) -> bool:
        """Whether Bitbucket itself refuses the account, or an anonymous request."""
        problem = asked.diagnosis.problem if asked.diagnosis else None
        is_refusal = problem in {Problem.NOT_PERMITTED, Problem.NOT_SIGNED_IN}
        return is_refusal and asked.answer is not None and is_bitbuckets(asked.answer, self.session)

    def verify_login(self) -> None:
        """Prove the login a last time. Raises `SourceError` where it was lost."""
        self.login.verify()

    def _get(self, address: Address, question: Mapping[str, str | int]) -> tuple[JsonObject, int]:
        """Ask, and give what was answered and the number of the proof of the login that confirms it."""
        asked = self.ask(address, question)
        proof = 0
        if asked.answer is not None and (asked.answer.status != 200 or asked.answer.is_json):  # noqa: PLR2004 - OK
            proof = self.login.watch(asked.answer)
        if asked.diagnosis is not None:
            raise asked.diagnosis.error()
        content = _json(asked)
        return (address.endpoint.redact(content) if address.endpoint.redact else content), proof

    def path_of(self, address: Address, question: Mapping[str, str | int]) -> str:
        """Give what follows the base URL where this is asked, in the version of the API that the server has."""
        query = f"?{urlencode(question)}" if question else ""
        version = address.version or (self.version if self.version == "latest" else address.endpoint.numbered)
        return f"/rest/{address.endpoint.api}/{version}/{address.path}{query}"

    def _question(self, address: Address, question: Mapping[str, str | int]) -> Question:
        endpoint = address.endpoint
        return Question(self.base_url + self.path_of(address, question), f"{endpoint.api}/{endpoint.template}")

    def _diagnose(self, address: Address, question: Mapping[str, str | int]) -> Diagnose:
        url = self._question(address, question).url

        def diagnose(answer: Answer) -> Diagnosis | None:
            found = of_answer(answer, url, address, self.session)
            if found is not None:
                return found
            if self._is_replayed(answer):
                return _wrong(
                    ForeignAnswer.CACHED, f"{where(url)} gave an answer that it had given to another question"
                )
            odd = contradiction(answer.json, question)
            return _wrong(ForeignAnswer.CONTRADICTORY, f"{where(url)} answered {odd}") if odd else None

        return diagnose

    def _diagnose_proof(self, answer: Answer) -> Diagnosis | None:
        address = endpoints.RECENT_REPOSITORIES.at()
        return self._diagnose(address, {"limit": 1})(answer)

    def _is_replayed(self, answer: Answer) -> bool:
        """Whether an answer has the number of an earlier one, which only a cache gives."""
        number = answer.headers.get(REQUEST_ID)
        if number is None or self._seen_request_ids is None:
            return False
        key = hash(number)
        if key not in self._seen_request_ids:
            self._seen_request_ids.add(key)
            return False
        if self.session.has_request_ids:
            return True
        # Two answers before the login have one number: this server, or a proxy, does not number each answer.
        self._seen_request_ids = None
        return False


def _json(asked: Asked) -> JsonObject:
    if asked.answer is None:
        raise SourceError("there is no answer")
    return cast("JsonObject", asked.answer.json)


def _wrong(problem: ForeignAnswer, said: str) -> Diagnosis:
    kind = problem.value
    return Diagnosis(problem, said, kind.advice, kind.next, kind.meaning, Why.CONTRADICTION)


def _nowhere(diagnosis: Diagnosis) -> Diagnosis:
    kind = Problem.NO_BITBUCKET.value
    return dataclasses.replace(diagnosis, problem=Problem.NO_BITBUCKET, meaning=kind.meaning, advice=kind.advice)
