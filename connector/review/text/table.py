"""Columns of text that fit a width in cells of a terminal, for as many rows as there are. Knows no colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells

_GAP = "  "
_NARROWEST = 8


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Yield lines; a cell may hold several, and what is too long is broken, words first, never cut."""
    widths = _fitted([max(map(_widest, column)) for column in zip(headers, *rows, strict=True)], width)
    yield from _lines(headers, widths)
    yield _GAP.join("─" * size for size in widths)
    for row in rows:
        yield from _lines(row, widths)


def _widest(cell: str) -> int:
    return max(map(cell_len, cell.split("\n")))


def _fitted(widths: list[int], width: int) -> list[int]:
    """Take from the widest columns until all of them fit."""
    available = width - len(_GAP) * (len(widths) - 1)
    while sum(widths) > available and max(widths) > _NARROWEST:
        widest = widths.index(max(widths))
        second = max((size for place, size in enumerate(widths) if place != widest), default=0)
        widths[widest] = max(_NARROWEST, min(widths[widest] - 1, max(second, widths[widest] - sum(widths) + available)))
    return widths


def _lines(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    cells = [
        [part for line in cell.split("\n") for part in wrapped(line, size)]
        for cell, size in zip(row, widths, strict=True)
    ]
    for number in range(max(map(len, cells))):
        parts = [cell[number] if number < len(cell) else "" for cell in cells]
        padded = [part + " " * (size - cell_len(part)) for part, size in zip(parts, widths, strict=True)]
        yield _GAP.join(padded).rstrip()


def wrapped(text: str, width: int, indent: str = "  ") -> list[str]:
    """Break a text into lines of a width in cells, at spaces where there are any; all but the first are indented."""
    if cell_len(text) <= width:
        return [text]
    lines, line = list[str](), ""
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if cell_len(candidate) <= width:
            line = candidate
            continue
        if line.strip():
            lines.append(line)
        *full, line = _chopped(indent + word if lines else word, width, indent)
        lines.extend(full)
    return [*lines, line]


def _chopped(word: str, width: int, indent: str) -> list[str]:
    if cell_len(word) <= width:
        return [word]
    first, *_ = chop_cells(word, width)
    return [first, *(indent + part for part in chop_cells(word[len(first) :], width - len(indent)))]
