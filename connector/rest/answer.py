"""One HTTP answer, not interpreted yet. Knows HTTP and JSON, no product."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

_LINE = 200
_MOST_VALUES = 1_000_000
"""In one answer, far above any real one: a parsed value takes up to sixty times the memory of its bytes."""
_MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """Status, headers (names without regard to case) and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON can be anything; the reader checks
        """The body as JSON; None where it is none, or contradictory."""
        return self._parsed[0]

    @property
    def is_contradictory(self) -> bool:
        """Whether the body is JSON that no real server sends: one name twice in an object, or far too many values."""
        return self._parsed[1]

    @cached_property
    def _parsed(self) -> tuple[Any, bool]:
        if sum(map(self.body.count, (b"{", b"[", b","))) > _MOST_VALUES:
            return None, True
        try:
            return json.loads(self.body, object_pairs_hook=_object), False
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
            return None, False
        except ValueError:  # a name that comes twice, or a number of more digits than Python reads
            return None, True

    @property
    def is_json(self) -> bool:
        """Whether the answer claims to be JSON."""
        return "json" in self.headers.get("Content-Type", "").lower()

    @property
    def text(self) -> str:
        """The text of the body on one line of limited length, without markup."""
        return one_line(_MARKUP.sub(" ", self.body[:4000].decode("utf-8", "replace")))

    @property
    def is_from_a_cache(self) -> bool:
        """Whether the answer comes from a cache (RFC 9111, 5.1)."""
        return self.headers.get("Age", "0").strip() not in {"", "0"}

    @property
    def date(self) -> int | None:
        """When the server wrote the answer, in epoch milliseconds by its clock; None where it does not say."""
        try:
            return round(parsedate_to_datetime(self.headers.get("Date", "")).timestamp() * 1000)
        except (ValueError, OverflowError):
            return None

    def retry_after(self, now: datetime | None = None) -> float | None:
        """Seconds to wait by the Retry-After header, in either of its forms (RFC 9110, 10.2.3)."""
        value = self.headers.get("Retry-After", "").strip()
        if re.fullmatch(r"[0-9]+", value):
            return float(value)
        try:
            then = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        then = then if then.tzinfo else then.replace(tzinfo=UTC)
        return max(0.0, (then - (now or datetime.now(UTC))).total_seconds())


def _object(pairs: list[tuple[str, Any]]) -> JsonObject:
    """Make a JSON object of its members. Raises ValueError where a name comes twice (RFC 8259, 4)."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name comes twice in one object")
    return made


def one_line(text: str, longest: int = _LINE) -> str:
    """Put a text on one line of at most `longest` characters, without control characters."""
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line if len(line) <= longest else line[: longest - 1] + "…"
