"""Paragraphs of lines, for a terminal or as Markdown, of each at most a given number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from connector.review.text.names import counted
from connector.review.text.table import wrapped


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A heading and its lines."""

    heading: str
    lines: Sequence[str]


def as_text(paragraphs: Iterable[Paragraph], width: int, most: int | None) -> Iterator[str]:
    """Yield lines for people, each paragraph after an empty one."""
    for paragraph in paragraphs:
        yield from ("", *wrapped(paragraph.heading, width))
        for line in paragraph.lines[:most]:
            yield from (f"  {part}" for part in wrapped(line, width - 2, "    "))
        if most is not None and len(paragraph.lines) > most:
            yield f"  … {counted(len(paragraph.lines) - most, 'more line')} not shown: --all shows them, --json too"


def as_markdown(paragraphs: Iterable[Paragraph], most: int | None) -> Iterator[str]:
    """Yield Markdown in which no name is taken for markup, each paragraph after an empty line."""
    for paragraph in paragraphs:
        yield from ("", f"### {escaped(paragraph.heading)}", "")
        yield from (f"- {escaped(line)}" for line in paragraph.lines[:most])
        if most is not None and len(paragraph.lines) > most:
            yield f"- … {counted(len(paragraph.lines) - most, 'more line')} not shown"


_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&!@]|^[-+]|(?<=^\d)[.)]|:(?=//)|(?<=www)\.)")


def escaped(text: str) -> str:
    """Escape what is markup, a mention or an address; a sign at the start of a line stays one."""
    return _MARKUP.sub(r"\\\1", text)
