"""Ask one question after the other, patiently enough for a check: a few repetitions, and no more.

Every failure comes back as a value, explained by `diagnosis`, since a check goes on where an export would end.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urlencode

import requests
import urllib3

from connector.rest.answer import Answer
from connector.rest.network_errors import NetworkProblem
from connector.rest.transport import ANSWER_SECONDS, Transport
from connector.sources.datacenter.diagnosis import PASSING, Diagnosis, Problem, of_answer, of_failure
from connector.sources.datacenter.endpoints import Address
from connector.sources.datacenter.problems import AnyProblem

FIRST_SECONDS = 10.0
"""How long the first answer may take; whoever does not answer in that time is not there."""
PAUSES = (0.5, 2.0)
"""Seconds before a question is repeated whose failure may pass."""
_LONGEST_RATE_LIMIT = 30.0
_WAIT_UNTOLD = 5.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and what came of it; `diagnosis` is None where the answer is what was asked for."""

    question: str
    url: str
    answer: Answer | None
    diagnosis: Diagnosis | None

    @property
    def answered(self) -> str:
        """What was answered, on one line."""
        if self.diagnosis is None:
            return str(self.answer.status) if self.answer else ""
        said = self.diagnosis.said.removeprefix(self.url.partition("?")[0])
        return said.strip(" :").removeprefix("answered ")

    @property
    def problem(self) -> AnyProblem | None:
        """What went wrong, or None."""
        return self.diagnosis.problem if self.diagnosis else None

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object that was answered; empty where there is none."""
        content = self.answer.json if self.answer and self.diagnosis is None else None
        return content if isinstance(content, dict) else {}

    @property
    def rows(self) -> list[Any]:
        """The rows of a page."""
        rows = self.body.get("values")
        return rows if isinstance(rows, list) else []

    @property
    def is_last(self) -> bool:
        """Whether the page says that it is the last one."""
        return self.body.get("isLastPage") is True


class Asker:
    """Asks one server with one set of credentials, or with none."""

    def __init__(
        self,
        base_url: str,
        authorization: str | None,
        *,
        within: float = ANSWER_SECONDS,
        max_rate: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`within` bounds the wait for an answer in seconds, `max_rate` is in requests per second."""
        self.base_url = base_url
        self.version = "latest"
        self.requests = 0
        self._seconds: list[float] = []
        self._pause = 1 / max_rate if max_rate else 0.0
        self._sleep = sleep
        self._within = within
        self._transport = Transport(base_url, authorization, 1)

    @property
    def latency(self) -> float | None:
        """Seconds that half of the answers took at most; None before there is one."""
        return median(self._seconds) if self._seconds else None

    def ask(self, address: Address, **question: str | int) -> Asked:
        """Ask for an address of the REST API."""
        query = f"?{urlencode(question)}" if question else ""
        numbered = self.version if self.version == "latest" else address.endpoint.numbered
        path = f"/rest/{address.endpoint.api}/{address.version or numbered}/{address.path}{query}"
        return self._insist(path, lambda answer: of_answer(answer, self.base_url + path, address))

    def reach(self, path: str) -> Asked:
        """Ask for any page of the server: whatever it answers, it was reached."""
        return self._insist(path, lambda _: None)

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _insist(self, path: str, explain: Callable[[Answer], Diagnosis | None]) -> Asked:
        asked = self._once(path, explain)
        for pause in PAUSES:
            if asked.problem not in PASSING or self._is_hopeless(asked):
                return asked
            self._sleep(self._wait_for(asked, pause))
            asked = self._once(path, explain)
        return asked

    def _is_hopeless(self, asked: Asked) -> bool:
        """Whether asking again would only take longer: nobody listens, or nobody ever answered."""
        return asked.problem is NetworkProblem.CONNECTION_REFUSED or (
            asked.problem is NetworkProblem.TIMED_OUT and not self._seconds
        )

    def _wait_for(self, asked: Asked, pause: float) -> float:
        if asked.problem is not Problem.RATE_LIMITED or asked.diagnosis is None:
            return pause
        told = asked.diagnosis.retry_after
        return min(_WAIT_UNTOLD if told is None else told, _LONGEST_RATE_LIMIT)

    def _once(self, path: str, explain: Callable[[Answer], Diagnosis | None]) -> Asked:
        url, question = self.base_url + path, f"GET {path}"
        if self.requests:
            self._sleep(self._pause)
        self.requests += 1
        began = time.monotonic()
        try:
            answer = self._transport.get(url, self._within if self._seconds else min(FIRST_SECONDS, self._within))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as failure:
            return Asked(question, url, None, of_failure(failure, url))
        self._seconds.append(time.monotonic() - began)
        return Asked(question, url, answer, explain(answer))
