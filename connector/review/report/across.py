"""One self-contained page about the same access on two servers, to be sent around and printed.

It shares the style of the other page and has no script: a content security policy allows just its own style.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from string import Template

from connector.graph.values import Level
from connector.review.across.comparison import ServerComparison
from connector.review.across.differences import AccessDifference
from connector.review.across.names import called
from connector.review.across.paragraphs import HEADINGS, concerned, differences, matched, remarks, servers, summary
from connector.review.across.sentences import wording
from connector.review.text.formats import asset, policy_hash
from connector.review.text.names import FEW, counted

_MOST_ROWS = 1000
"""Rows of one table, or lines of one list, that are shown; all are counted."""

_MOST_NAMES = 200
"""Names that one row unfolds."""


def page(comparison: ServerComparison) -> str:
    """Write the page."""
    style = f"\n{asset(__package__, 'style.css')}{asset(__package__, 'across.css')}"
    matching = comparison.matching
    found = [_Section(heading, _differences(comparison, some)) for heading, some in differences(comparison)]
    sections = [*found, *(_Section(one.heading, _lines(one.lines)) for one in remarks(comparison))]
    links = {"matching": "Matching", **{f"part-{number}": one.short for number, one in enumerate(found)}}
    links |= {f"part-{len(found)}": "And also"} if len(sections) > len(found) else {}
    return Template(asset(__package__, "across.html")).substitute(
        title=_text(servers(matching)),
        servers=_text(servers(matching)),
        style=style,
        style_hash=policy_hash(style),
        links="".join(f'<a href="#{name}">{_text(text)}</a>' for name, text in links.items()),
        alarm=_alarm(comparison),
        summary=_text(summary(comparison)),
        figures="".join(_figures(comparison)),
        matching=_table(HEADINGS, ([_text(cell).replace("\n", "<br>") for cell in row] for row in matched(matching))),
        sections="".join(one.html(number) for number, one in enumerate(sections)),
    )


@dataclass(frozen=True, slots=True)
class _Section:
    heading: str
    body: str

    @property
    def short(self) -> str:
        """The heading as a link."""
        return re.split("[:,]", self.heading)[0]

    def html(self, number: int) -> str:
        name = f"part-{number}"
        heading = f'<h2 id="{name}-title">{_text(self.heading)}</h2>'
        return f'<section id="{name}" aria-labelledby="{name}-title">{heading}{self.body}</section>'


def _text(text: str) -> str:
    return html.escape(text)


def _alarm(comparison: ServerComparison) -> str:
    if comparison.is_conclusive:
        return ""
    why = "An export is incomplete" if any(comparison.doubts) else "Nothing could be compared"
    what = "Somebody may gain or lose access that this page does not show."
    return f'<section class="alarm"><h2>{why}</h2><p>{what}</p></section>'


def _figures(comparison: ServerComparison) -> Iterator[str]:
    for gained, what in ((False, "lose access"), (True, "gain access")):
        found = concerned(comparison, gained=gained)
        named = [person for person in found if not person.is_anonymous]
        yield _figure(len(named), what, "and anybody who is not signed in" if len(named) < len(found) else "people")
    for what, kind in comparison.matching.kinds.items():
        yield _figure(len(kind.hints), f"{what} matched", f"of {len(kind.old):,} old and {len(kind.new):,} new ones")


def _figure(number: int, what: str, detail: str) -> str:
    return f"<li><strong>{number:,}</strong><span>{what}</span><small>{detail}</small></li>"


def _differences(comparison: ServerComparison, some: Sequence[AccessDifference]) -> str:
    rows = [list(_cells(comparison, one)) for one in some[:_MOST_ROWS]]
    return _table(("who", "old → new", "on", "because"), rows) + _left(len(some), "row")


def _cells(comparison: ServerComparison, one: AccessDifference) -> Iterator[str]:
    words = wording(one, comparison.matching)
    names = [called(node) for node in one.nodes[: _MOST_NAMES + 1]]
    yield _text(words.who) + _unfolding([called(person.known) for person in one.people[: _MOST_NAMES + 1]])
    others = "/".join(_level(str(Level(other))) for other in sorted(one.others))
    levels = others, _level(words.what)
    yield " → ".join(levels if one.reason.gained else reversed(levels))
    yield _text(words.on) + _unfolding(names)
    yield _text(words.why)


def _level(name: str) -> str:
    return f'<span class="level {name}">{name}</span>'


def _unfolding(names: Sequence[str]) -> str:
    """Give the names behind a number, where they do not stand there anyway."""
    if len(names) <= FEW:
        return ""
    more = " and more" if len(names) > _MOST_NAMES else ""
    return f"<details><summary>names</summary>{_text(', '.join(names[:_MOST_NAMES]))}{more}</details>"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Make a table; cells are HTML."""
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in headings)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _lines(lines: Sequence[str]) -> str:
    items = "".join(f"<li>{_text(line)}</li>" for line in lines[:_MOST_ROWS])
    return f'<ul class="lines">{items}</ul>{_left(len(lines), "line")}'


def _left(count: int, what: str) -> str:
    left = count - _MOST_ROWS
    return (
        f'<p class="quiet">{counted(left, f"more {what}")} left out here: diff --across --json tells all</p>'
        if left > 0
        else ""
    )
