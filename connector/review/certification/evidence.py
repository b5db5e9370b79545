"""A proof as one page: to be printed, signed and filed. It has no script, and makes no requests."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from string import Template

from connector.review.certification.proof import Proof, Proven, Source, Status
from connector.review.certification.rows import level_in_words, place, shown
from connector.review.text.formats import asset, policy_hash
from connector.review.text.names import counted, person
from connector.text import clean

_MOST = 2_000
"""Rows of a list that the page does not need whole: all that is undecided stands in the file of the decisions."""

_FOUND = ("Holder", "Permission", "Level", "On", "Decision", "By", "Date", "Reason", "Now", "Still reaches it")
_SECTIONS = (
    (Status.OPEN, "Not carried out", "The grant is there as it was, or more is there than was decided."),
    (
        Status.BACK,
        "Came back",
        "The grant was taken away, and is there again or has a substitute that nobody reviewed.",
    ),
    (Status.UNKNOWN, "Cannot be told", "The export does not show the grant, and would not show it if it were there."),
    (Status.UNDECIDED, "Not decided", "Nobody decided, or what was answered could not be read."),
    (
        Status.DONE,
        "Carried out",
        "The grant is gone. The last column says how its holder still reaches the same by another way.",
    ),
    (Status.CHANGED, "Kept, and gone", "These were to be kept. Somebody took them away, or holder or place is gone."),
)


def page(proof: Proof) -> str:
    """Write the page."""
    style = f"\n{asset(__package__, 'evidence.css')}"
    return Template(asset(__package__, "evidence.html")).substitute(
        title=_text(proof.header.application),
        style=style,
        style_hash=policy_hash(style),
        verdict=_text(verdict(proof)),
        verdict_class="open" if proof.is_open else "done",
        sources="\n".join(_sources(proof)),
        warnings="\n".join(f'<p class="warning">{_text(warning)}</p>' for warning in proof.warnings),
        figures="\n".join(_figures(proof)),
        sections="\n".join(_sections(proof)),
    )


def is_evidence(path: Path) -> bool:
    """Whether a file is one that `page` made; one that cannot be read is none."""
    beginning, _, _ = asset(__package__, "evidence.html").encode().partition(b"$")
    try:
        with path.open("rb") as file:
            return file.read(len(beginning)) == beginning
    except OSError:
        return False


def verdict(proof: Proof) -> str:
    """Say in one sentence what became of the decisions."""
    done = len(proof.of(Status.DONE))
    of = done + len(proof.of(Status.OPEN, Status.BACK, Status.UNKNOWN))
    carried_out = (
        f"{done:,} of {counted(of, 'decision')} to remove or reduce {'was' if of == 1 else 'were'} carried out"
    )
    undecided = len(proof.of(Status.UNDECIDED))
    missing = f"; {counted(undecided, 'grant')} not decided" if undecided else ""
    return f"{carried_out if of else 'Nothing was to be removed or reduced'}{missing}."


def _text(text: object) -> str:
    return html.escape(clean(str(text)))


def _sources(proof: Proof) -> Iterator[str]:
    header = proof.header
    asked = f"of {header.application}{f', collected {header.collected_at}' if header.collected_at else ''}"
    yield _row(("Review", f"{header.review} {asked}", ""))
    yield _source("Decisions", proof.decisions)
    for export in proof.exports:
        yield _source("Later export", export)


def _source(what: str, source: Source) -> str:
    says = f": {source.says}" if source.says else ""
    cells = f"<td>{_text(source.name + says)}</td><td><code>{source.sha256}</code></td>"
    return f"<tr><td>{what}</td>{cells}</tr>"


def _figures(proof: Proof) -> Iterator[str]:
    open_ones = (Status.OPEN, Status.BACK, Status.UNKNOWN, Status.UNDECIDED)
    for status in (Status.DONE, *open_ones, Status.CHANGED):
        number = len(proof.of(status))
        yield _figure(number, str(status), is_open=bool(number) and status in open_ones)
    yield _figure(proof.kept.total(), "kept", is_open=False)
    yield _figure(len(proof.given_since), "given since", is_open=False)


def _figure(number: int, label: str, *, is_open: bool) -> str:
    return f"<li class='{'open' if is_open else 'done'}'><b>{number:,}</b> {_text(label)}</li>"


def _sections(proof: Proof) -> Iterator[str]:
    for status, title, meaning in _SECTIONS:
        found = proof.of(status)
        most = _MOST if status is Status.UNDECIDED else len(found)
        yield from _section(title, meaning, _FOUND, map(_proven, found[:most]), len(found), most)
    meaning = "Grants in the same projects that are new since the review. Nobody has reviewed them."
    cells = (
        (shown(person(held.holder)), shown(held.right), level_in_words(held.level), place(held.on))
        for held in proof.given_since[:_MOST]
    )
    yield from _section("Given since", meaning, _FOUND[:4], cells, len(proof.given_since), _MOST)
    kept = ((project, by or "nobody named", f"{number:,}") for (project, by), number in sorted(proof.kept.items()))
    meaning = "Access that its owners confirmed, and that is as it was."
    total = proof.kept.total()
    yield from _section("Kept", meaning, ("In", "Confirmed by", "Grants"), kept, total, total)


def _proven(one: Proven) -> tuple[str, ...]:
    decided = one.decided
    what = (decided.holder, decided.name, level_in_words(decided.level), decided.on)
    decision = str(decided.decision or decided.state)
    return *what, decision, decided.reviewer, decided.day, decided.reason, one.now, one.still


def _section(
    title: str, meaning: str, headers: Sequence[str], rows: Iterable[Sequence[str]], number: int, most: int
) -> Iterator[str]:
    """Yield a heading and a table, and say where it is not whole; nothing where it would be empty."""
    if not number:
        return
    cut = f" These are the first {most:,}." if number > most else ""
    yield f'<section><h2>{title} ({number:,})</h2>\n<p class="quiet">{_text(meaning + cut)}</p>'
    head = "".join(f'<th scope="col">{header}</th>' for header in headers)
    yield f"<table><thead><tr>{head}</tr></thead>\n<tbody>"
    yield from map(_row, rows)
    yield "</tbody></table></section>"


def _row(cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in cells)}</tr>"


def lines(proof: Proof) -> Iterator[str]:
    """Give the lines for a terminal: the verdict, and everything that is open."""
    yield verdict(proof)
    for status, title, _ in _SECTIONS:
        found = () if status in {Status.DONE, Status.UNDECIDED} else proof.of(status)
        if found:
            yield ""
            yield f"{title}:"
        for one in found:
            yield f"- {one.decided.to_do or one.decided.on}: {one.now}"
    if proof.given_since:
        yield ""
        yield f"{counted(len(proof.given_since), 'grant')} given since the review, and reviewed by nobody"
