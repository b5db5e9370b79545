"""What came back from one GET, before anybody says what it means. Knows HTTP, nothing of permissions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import unquote

_LINE = 200
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
    def user_name(self) -> str | None:
        """Whom Bitbucket takes us for, or None where the answer does not say."""
        name = self.headers.get("X-AUSERNAME")
        return unquote(name) if name else None

    @cached_property
    def json(self) -> Any:  # noqa: ANN401 - JSON can be anything; who reads it checks
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def is_json(self) -> bool:
        """Whether the answer claims to be JSON."""
        return "json" in self.headers.get("Content-Type", "").lower()

    @cached_property
    def errors(self) -> tuple[JsonObject, ...]:
        """The entries of Bitbucket's error shape; empty where the body has another shape."""
        body = self.json
        entries = body.get("errors") if isinstance(body, dict) else None
        return tuple(entry for entry in entries if isinstance(entry, dict)) if isinstance(entries, list) else ()

    @property
    def exceptions(self) -> str:
        """The names of the exceptions that Bitbucket reports, without their packages."""
        return " ".join(str(entry.get("exceptionName") or "").rpartition(".")[2] for entry in self.errors)

    @property
    def message(self) -> str:
        """What the answer says, cut to one line of text."""
        said = " ".join(str(entry["message"]) for entry in self.errors if entry.get("message"))
        return one_line(said or _MARKUP.sub(" ", self.body[:4000].decode("utf-8", "replace")))

    @property
    def date(self) -> int | None:
        """When it was written, in epoch milliseconds, by the server's clock; None where it does not say."""
        try:
            return round(parsedate_to_datetime(self.headers.get("Date", "")).timestamp() * 1000)
        except ValueError:
            return None

    def retry_after(self, now: datetime | None = None) -> float | None:
        """Seconds to wait by the Retry-After header, in either of its forms (RFC 9110, 10.2.3)."""
        value = self.headers.get("Retry-After", "").strip()
        if value.isdecimal():
            return float(value)
        try:
            then = parsedate_to_datetime(value)
        except ValueError:
            return None
        then = then if then.tzinfo else then.replace(tzinfo=UTC)
        return max(0.0, (then - (now or datetime.now(UTC))).total_seconds())


def one_line(text: str, longest: int = _LINE) -> str:
    """Put a text on one line of at most `longest` characters, without control characters."""
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line if len(line) <= longest else line[: longest - 1] + "…"
