"""Gaps in the log, one line for each cause: thousands of gaps have few causes. Knows no server."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from connector.errors import IncompleteError
from connector.model import Gap

log = logging.getLogger(__name__)

_NAMED = 3
_CAUSES_SAID = 20

_ADDRESS = re.compile(r"https?://[^\s\"]+")
_NUMBER = re.compile(r"\b(?=\w*\d)\w{4,}\b")
"""Ids of requests and times differ between answers that mean the same; statuses have three digits and are kept."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Gaps with one reason: their reasons differ only in addresses, names and numbers."""

    gaps: tuple[Gap, ...]

    @property
    def reason(self) -> str:
        """The reason of the first of them."""
        return self.gaps[0].reason

    def __str__(self) -> str:
        """Count them, name the first few, and say why."""
        names = ", ".join(gap.name for gap in self.gaps[:_NAMED])
        return (
            f"{names}  {self.reason}"
            if len(self.gaps) <= _NAMED
            else f"{len(self.gaps):,}, such as {names}  {self.reason}"
        )


def causes(gaps: Sequence[Gap]) -> list[Cause]:
    """Group gaps by cause: those that decide about access first, then the most frequent."""
    found = defaultdict[tuple[bool, str], list[Gap]](list)
    for gap in gaps:
        found[gap.optional, _normalized(gap)].append(gap)
    return [Cause(tuple(some)) for (_, _), some in sorted(found.items(), key=lambda each: (each[0][0], -len(each[1])))]


def _normalized(gap: Gap) -> str:
    """Give a reason without the address, the name and the numbers of the one thing that could not be read."""
    text = _ADDRESS.sub("", gap.reason)
    if name := gap.scope.partition(" ")[2]:
        text = re.sub(rf"(?<![\w/-]){re.escape(name)}(?![\w/-])", "", text)
    return _NUMBER.sub("", text)


def check_gaps(gaps: Sequence[Gap], *, allowed: bool) -> None:
    """Log what could not be read. Raises `IncompleteError` where some of it decides about access, unless allowed."""
    if not gaps:
        return
    needed = [gap for gap in gaps if not gap.optional]
    allowed = allowed or not needed
    level = logging.WARNING if allowed else logging.ERROR
    folded = causes(gaps)
    log.log(level, "could not be read, and why:")
    for cause in folded[:_CAUSES_SAID]:
        log.log(level, "  %s", cause)
    if len(folded) > _CAUSES_SAID:
        log.log(level, "  and %d more, for other reasons", sum(len(cause.gaps) for cause in folded[_CAUSES_SAID:]))
    if len(gaps) > sum(len(cause.gaps[:_NAMED]) for cause in folded[:_CAUSES_SAID]):
        log.log(level, "all of the %s are listed in the file of --summary, and with --debug", f"{len(gaps):,}")
        for gap in gaps:
            log.debug("  %s  %s", gap.name, gap.reason)
    if not allowed:
        raise IncompleteError(
            f"{len(needed):,} of the things that decide about access could not be read, so nothing is published: "
            "what is missing would look like access that was removed. Mend what is listed above, or publish "
            "the rest, marked as incomplete, with --allow-incomplete"
        )
