"""The two workbooks of the person who runs the review: all workbooks in a list, and the people of the largest groups.

Nothing is answered in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from connector.graph.values import Group
from connector.review.caveats import Caveat
from connector.review.certification.background import Fact
from connector.review.certification.manifest import Review, Sheet
from connector.review.certification.people import People
from connector.review.certification.rows import shown
from connector.review.certification.sheets import Book, CellStyle, Column, workbook
from connector.review.certification.workbook import write_caveats, write_facts, write_people

OVERVIEW, GROUPS = "overview.xlsx", "groups.xlsx"

_WORKBOOKS = (
    Column("File", 32),
    Column("About", 40),
    Column("Send to", 36),
    Column("E-mail", 40),
    Column("Decisions", 11, CellStyle.NUMBER),
    Column("Grants", 11, CellStyle.NUMBER),
    Column("Deserve a look", 11, CellStyle.NUMBER),
)
_NOTHING = (Column("Project", 30), Column("Name", 50))


def write_overview(
    path: Path,
    review: Review,
    sheets: Sequence[Sheet],
    without: Iterable[tuple[str, str]],
    facts: Iterable[Fact],
    caveats: Sequence[Caveat],
) -> None:
    """Write the overview; `without` are key and name of the projects in which there is nothing to decide."""
    with workbook(path, "Access review: overview", len(sheets), is_protected=False) as book:
        _write_start(book, review, sheets, caveats)
        table = book.table("Workbooks", _WORKBOOKS)
        for sheet in sheets:
            cells = {
                "File": sheet.file,
                "About": sheet.title,
                "Send to": sheet.reviewers,
                "E-mail": sheet.emails,
                "Decisions": sheet.rows,
                "Grants": sheet.grants,
                "Deserve a look": sheet.to_look_at,
            }
            table.add(cells, {} if sheet.reviewers else {"Send to": CellStyle.ALARM})
        table.close()
        nothing = book.table("Nothing to decide", _NOTHING)
        for key, name in without:
            nothing.add({"Project": key, "Name": name})
        nothing.close()
        write_facts(book, facts)


def _write_start(book: Book, review: Review, sheets: Sequence[Sheet], caveats: Sequence[Caveat]) -> None:
    page = book.page("Start", (24, 14, 90))
    page.line(("Access review", CellStyle.TITLE), height=28)
    page.line((f"{shown(review.application)}. Collected: {review.as_of}.", CellStyle.PLAIN))
    page.line()
    nobodys = sum(not sheet.reviewers for sheet in sheets)
    figures = (
        ("Workbooks", len(sheets), "One for each reviewer; the sheet Workbooks says to whom each of them goes."),
        ("Without an owner", nobodys, "Nobody is known who could answer. Decide whom to ask."),
        ("Decisions", sum(sheet.rows for sheet in sheets), "Rows to answer, in all workbooks."),
        ("Deserve a look", sum(sheet.to_look_at for sheet in sheets), "Of these; each at the top of its workbook."),
    )
    for label, number, meaning in figures:
        page.line((label, CellStyle.TEXT), (number, CellStyle.NUMBER), (meaning, CellStyle.QUIET))
    page.line()
    for step in (
        "Send each workbook to its reviewers. Keep this folder: review.jsonl.gz in it is the list of what was asked.",
        "Put the workbooks that come back into this folder, whatever they are called by then.",
        "Then: oaa_bitbucket.py review collect FOLDER",
    ):
        page.line((step, CellStyle.PLAIN))
    write_caveats(page, caveats)


def write_groups(path: Path, people: People, groups: Sequence[Group]) -> None:
    """Write who is in groups that are too large to be listed beside each project."""
    with workbook(
        path, "Access review: people of large groups", sum(len(people.of(group)) for group in groups)
    ) as book:
        page = book.page("Start", (100,))
        page.line(("People of large groups", CellStyle.TITLE), height=28)
        page.line(("Listed here once, and not in each workbook in which such a group has a grant.", CellStyle.PLAIN))
        write_people(book, people, groups)
