"""The table that `check` prints, for a terminal or a pipe. Knows the steps of a report, not how they were made."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from connector.sources.common.check.report import Mark, Report, Step, Verdict
from connector.text import clean

WIDEST = 110
_REST = re.compile(r"/rest/api/(latest|1\.0)/")
"""Every address begins with this. The table leaves it out; the JSON has the whole address."""
_MARK = 9
_NAME = 14
_COLOURS = {Mark.OK: "32", Mark.LIMITED: "33", Mark.FAILED: "31", Mark.SKIPPED: "2"}
_DIM = "2"
_BOLD = "1"

_VERDICTS = {
    Verdict.FULL: (Mark.OK, "FULL: these credentials see everything that an export needs."),
    Verdict.LIMITED: (Mark.LIMITED, "LIMITED: an export will lack"),
    Verdict.CANNOT_PUBLISH: (
        Mark.FAILED,
        "CANNOT PUBLISH: without --allow-incomplete an export publishes nothing, since it cannot read",
    ),
    Verdict.CANNOT_RUN: (Mark.FAILED, "CANNOT RUN:"),
}


def as_table(report: Report, width: int, *, coloured: bool) -> Iterator[str]:
    """Give the lines of a whole report, none wider than `width` where words allow it."""
    width = min(width, WIDEST)
    for step in report.steps:
        yield from _step(step, width, coloured=coloured)
    yield ""
    yield from _verdict(report, width, coloured=coloured)


def _step(step: Step, width: int, *, coloured: bool) -> Iterator[str]:
    room = max(20, width - _MARK - _NAME)
    passed = step.mark in {Mark.OK, Mark.SKIPPED}
    right = [(line, "" if passed else _BOLD) for line in _wrapped(step.meaning, room)]
    right += [(line, _DIM) for line in _wrapped(_asked(step), room)]
    if step.advice:
        right += [(line, "") for line in _wrapped(f"to do: {step.advice}", room)]
    left = textwrap.wrap(step.name, _NAME - 1)
    for row in range(max(len(left), len(right))):
        mark = f"{step.mark if row == 0 else '':{_MARK}}"
        name = f"{left[row] if row < len(left) else '':{_NAME}}"
        text, style = right[row] if row < len(right) else ("", "")
        line = _styled(mark, _COLOURS[step.mark], coloured) + name + _styled(text, style, coloured)
        yield line.rstrip()


def _asked(step: Step) -> str:
    return " → ".join(filter(None, (_REST.sub("…/", step.asked), step.answered)))


def _verdict(report: Report, width: int, *, coloured: bool) -> Iterator[str]:
    mark, said = _VERDICTS[report.verdict]
    style = f"{_BOLD};{_COLOURS[mark]}"
    if report.verdict is Verdict.CANNOT_RUN:
        failed = next(step for step in report.steps if step.mark is Mark.FAILED)
        for line in _wrapped(f"{said} {failed.meaning}.", width):
            yield _styled(line, style, coloured)
        yield from _wrapped(f"To do: {failed.advice}." if failed.advice else "", width)
        return
    for line in _wrapped(said, width):
        yield _styled(line, style, coloured)
    advice = {step.lacks: step.advice for step in reversed(report.steps)}
    for to_do in dict.fromkeys(advice[lack] for lack in report.lacks):  # one remedy often cures several
        for lack in report.lacks:
            if advice[lack] == to_do:
                yield from textwrap.wrap(clean(lack), width, initial_indent="  - ", subsequent_indent="    ")
        yield from _indented(clean(f"to do: {to_do}"), width)


def _indented(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)


def _wrapped(text: str, width: int) -> list[str]:
    return [line for part in text.split("\n") for line in textwrap.wrap(clean(part), width, break_on_hyphens=False)]


def _styled(text: str, style: str, coloured: bool) -> str:  # noqa: FBT001 - said at every call
    return f"\x1b[{style}m{text}\x1b[0m" if coloured and style and text.strip() else text
