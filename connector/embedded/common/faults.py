"""What goes wrong, where and how often: the faults that tests switch on.

Decides only; what a fault does to an answer is done where answers are sent. Chance is seeded.
"""

from __future__ import annotations

import random
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.embedded.common.messages import Answer


class Effect:
    """Something that goes wrong with an answer; each product knows some of its own beside these."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Status(Effect):
    """An error instead of the answer; `retry_after` is sent as it is, a number or a date."""

    status: int
    retry_after: str | None = None
    html: bool = False
    message: str = "The request could not be processed"
    exception: str | None = None
    is_numbered: bool = False
    """Whether the product itself says so, and numbers it like its other answers."""


@dataclass(frozen=True, slots=True)
class Reset(Effect):
    """The connection is reset before an answer."""


@dataclass(frozen=True, slots=True)
class ResetInBody(Effect):
    """The connection is reset after half of the body."""


@dataclass(frozen=True, slots=True)
class CutBody(Effect):
    """The connection ends after half of the body; `chunked` says how its length is announced."""

    chunked: bool = False


@dataclass(frozen=True, slots=True)
class CutJson(Effect):
    """Half of the JSON comes with a Content-Length that agrees with it."""


@dataclass(frozen=True, slots=True)
class LoginPage(Effect):
    """A login page in HTML, with status 200."""


@dataclass(frozen=True, slots=True)
class Redirect(Effect):
    """A redirect to a login page."""


@dataclass(frozen=True, slots=True)
class Unsigned(Effect):
    """The credentials are lost on the way: the request is answered as an anonymous one, which is often 200."""


@dataclass(frozen=True, slots=True)
class Slow(Effect):
    """The right answer, so many seconds later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Drip(Effect):
    """The right answer in so many pieces, so many seconds apart."""

    pieces: int
    pause: float


@dataclass(frozen=True, slots=True)
class Instead(Effect):
    """This answer, of any server, instead of the right one."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Change(Effect):
    """Somebody changes the organisation just before this answer."""

    action: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Maintenance(Effect):
    """From this request on, everything answers 503 for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Fault:
    """An effect and the requests that it happens to.

    Of the requests whose path and query match, the first `after` are spared; of the others each
    `every`-th is hit, with `probability`, until it has happened `times` times (None: for ever).
    """

    effect: Effect
    path: str = ""
    """A regular expression, searched for in the path and query as sent."""
    after: int = 0
    every: int = 1
    times: int | None = None
    probability: float = 1.0


class Faults:
    """The faults that are switched on; may be changed while the server runs, from any thread."""

    def __init__(self, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311 - chance in tests keeps no secret
        self._active: list[_Active] = []
        self._fired = 0

    @property
    def fired(self) -> int:
        """How many requests were hit so far."""
        with self._lock:
            return self._fired

    def add(self, *faults: Fault) -> None:
        """Switch faults on; where several hit one request, the one added first happens."""
        with self._lock:
            self._active.extend(_Active(fault) for fault in faults)

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._active.clear()

    def choose(self, target: str) -> Effect | None:
        """Decide what happens to the request for this path and query."""
        if not self._active:
            return None
        with self._lock:
            for active in self._active:
                if active.hits(target, self._random):
                    self._fired += 1
                    return active.fault.effect
        return None


class _Active:
    """A fault and how often its requests came and were hit."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._pattern = re.compile(fault.path)
        self._seen = 0
        self._hits = 0

    def hits(self, target: str, chance: random.Random) -> bool:
        fault = self.fault
        if fault.times is not None and self._hits >= fault.times:
            return False
        if not self._pattern.search(target):
            return False
        self._seen += 1
        late = self._seen - fault.after
        if late <= 0 or late % fault.every or chance.random() >= fault.probability:
            return False
        self._hits += 1
        return True
