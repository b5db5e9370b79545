"""One failure, explained, and what happens next. The words of a product are the product's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from connector.errors import SourceError, Unreadable, Why
from connector.rest import network_errors
from connector.rest.network_errors import NetworkProblem, Server


class Next(Enum):
    """What happens after a failure."""

    ASK_AGAIN = auto()
    """It may pass."""
    ASK_AT_ONCE = auto()
    """What was in the way is mended, such as credentials that had expired: the judge says so a few times at most."""
    WAIT = auto()
    """The rate limit is reached: the same question is asked when the pause is over."""
    GIVE_UP = auto()
    """This one thing cannot be read."""
    END = auto()
    """The run cannot go on."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One failure: what happened, what it means, what to do; each on a line without its full stop."""

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


_MAY_PASS = frozenset({
    NetworkProblem.CONNECTION_REFUSED,
    NetworkProblem.CONNECTION_LOST,
    NetworkProblem.TIMED_OUT,
    NetworkProblem.BODY_CUT,
})  # fmt: skip
_PASSES_LATER = frozenset({NetworkProblem.NAME_NOT_RESOLVED, NetworkProblem.PROXY_FAILED})
"""A name that was resolved before, or a proxy that let a request through, is expected to work again."""


def of_failure(failure: Exception, url: str, server: Server, *, met: bool) -> Diagnosis:
    """Explain why no whole answer came. `failure` is what the transport raised; `met`: the server has answered before.

    An answer of absurd size is not asked for again, and says nothing about the rest of the server.
    """
    problem, words = network_errors.explain(failure, url)
    too_large = problem is NetworkProblem.TOO_LARGE
    passes = problem in _MAY_PASS or (met and problem in _PASSES_LATER)
    return Diagnosis(
        problem,
        f"{where(url)}: {words}",
        network_errors.advice(problem, server),
        Next.GIVE_UP if too_large else Next.ASK_AGAIN if passes else Next.END,
        network_errors.meaning(problem, server),
        Why.CONTRADICTION if too_large else None,
    )


def where(url: str) -> str:
    """Give the address without its query, which says nothing that helps."""
    return url.partition("?")[0]
