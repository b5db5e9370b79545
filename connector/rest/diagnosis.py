"""What a failure means and what happens next. A product adds its own diagnoses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from connector.errors import SourceError, Unreadable, Why
from connector.rest import network_errors
from connector.rest.network_errors import NetworkProblem, Server


class Next(Enum):
    """What happens after a failure."""

    ASK_AGAIN = auto()
    """The failure may be temporary: retry after a pause."""
    ASK_AT_ONCE = auto()
    """The cause is removed, such as an expired token: retry without a pause. A product says so a few times at most."""
    WAIT = auto()
    """The rate limit is reached: retry after its pause."""
    GIVE_UP = auto()
    """This one thing cannot be read."""
    END = auto()
    """The run cannot go on."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One failure: what happened, what it means, what to do; each a sentence on one line without its full stop."""

    problem: Enum
    said: str
    advice: str
    next: Next
    meaning: str = ""
    why: Why | None = None
    """Why the thing cannot be read, where that is what happens next."""
    retry_after: float | None = None

    @property
    def text(self) -> str:
        """Everything, on one line."""
        return " ".join(sentence(part) for part in (self.said, self.meaning, self.advice) if part)

    def error(self) -> Unreadable | SourceError:
        """Give the exception that says what happens next."""
        return SourceError(self.text) if self.why is None else Unreadable(self.text, self.why)


def sentence(part: str) -> str:
    """Begin with a capital, unless it begins with an address, and end with a full stop."""
    return f"{part}." if part.startswith("http") else f"{part[:1].upper()}{part[1:]}."


_TEMPORARY = frozenset({
    NetworkProblem.CONNECTION_REFUSED,
    NetworkProblem.CONNECTION_LOST,
    NetworkProblem.TIMED_OUT,
    NetworkProblem.BODY_CUT,
})  # fmt: skip
_TEMPORARY_LATER = frozenset({NetworkProblem.NAME_NOT_RESOLVED, NetworkProblem.PROXY_FAILED})
"""Temporary once the server has answered: the name was resolved before, and the proxy worked."""


def of_failure(failure: Exception, url: str, server: Server, *, has_answered: bool) -> Diagnosis:
    """Explain why no whole answer came. `failure` is what the transport raised.

    `has_answered` says whether the server has answered before. An answer that is too large is not requested again,
    and the run continues: it says nothing about other addresses.
    """
    problem, words = network_errors.explain(failure, url)
    too_large = problem is NetworkProblem.TOO_LARGE
    is_temporary = problem in _TEMPORARY or (has_answered and problem in _TEMPORARY_LATER)
    return Diagnosis(
        problem,
        f"{where(url)}: {words}",
        network_errors.advice(problem, server),
        Next.GIVE_UP if too_large else Next.ASK_AGAIN if is_temporary else Next.END,
        network_errors.meaning(problem, server),
        Why.CONTRADICTION if too_large else None,
    )


def where(url: str) -> str:
    """Give the address without its query, for messages."""
    return url.partition("?")[0]
