"""The workbook of one reviewer: what to decide, and what to know for it.

Knows which sheets there are and what stands in them; `sheets` knows Excel, `rows` what a decision is about.
Headers and labels are what `returned` finds answers by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from connector.graph.values import Credential, Group, Level, User
from connector.review.caveats import Caveat
from connector.review.certification.answers import OFFERED, OFFERED_OTHERWISE, WORDS
from connector.review.certification.attention import Attention
from connector.review.certification.background import Fact
from connector.review.certification.people import People, day, sort_of_holder
from connector.review.certification.rows import Row, level_in_words, row_id, shown
from connector.review.certification.sheets import Book, CellStyle, Choice, Column, Page, Table, workbook

HOLDER, RIGHT, ON, LEVEL = "Holder", "Permission", "On", "Level"
DECISION, REASON, REVIEWER, DATE, ID = "Decision", "Reason", "Reviewer", "Date", "Id (leave as it is)"
NAME_LABEL, DATE_LABEL = "Your name", "Date of your answers"

DECIDE, KEYS, ONE_BY_ONE = "Decide", "Keys", "One by one"

_WHY = Column("Why it deserves a look", 31)
_ANSWERS = (
    Column(DECISION, 15, CellStyle.ANSWER),
    Column(REASON, 22, CellStyle.ANSWER),
    Column(REVIEWER, 14, CellStyle.ANSWER),
    Column(DATE, 11, CellStyle.DATE),
    Column(ID, 36, is_hidden=True),
)
_NUMBER = Column("Row", 5, CellStyle.NUMBER)
_WHO = Column(HOLDER, 25)
_WHAT = (Column(LEVEL, 7), Column(RIGHT, 17), Column(ON, 23))

_DECIDE = (
    _NUMBER,
    _WHO,
    Column("Kind", 9),
    *_WHAT,
    Column("Whom it lets in", 25),
    Column("Last sign-in", 11),
    _WHY,
    *_ANSWERS,
)
_KEYS = (
    _NUMBER,
    _WHO,
    Column("Kind", 11),
    *_WHAT,
    Column("Created", 11),
    Column("Expires", 11),
    Column("Last used", 11),
    _WHY,
    *_ANSWERS,
)
_ONE_BY_ONE = (_NUMBER, _WHO, *_WHAT, _WHY, *_ANSWERS)
_PEOPLE = (
    Column("Group", 28),
    Column("Person", 36),
    Column("E-mail", 34),
    Column("Last sign-in", 12),
    Column("Cannot sign in", 24),
    Column("Through", 24),
)
_FACTS = (
    Column("What", 30),
    Column(LEVEL, 8),
    Column(ON, 40),
    Column("Whom it lets in", 60),
    Column("How to change it", 44),
)

_LEVELS = {Level.READ: CellStyle.READ, Level.WRITE: CellStyle.WRITE, Level.ADMIN: CellStyle.ADMIN}
_CHOICE = Choice(DECISION, LEVEL, WORDS, OFFERED, OFFERED_OTHERWISE, "Choose one of the list.")

_MEANINGS = (
    ("keep", "The access is still needed, and stays as it is."),
    ("remove", "It is taken away: from everybody in the group, where the holder is a group."),
    ("reduce to read", "The holder can read there, and no more. Offered for write and admin."),
    ("reduce to write", "The holder can read and write there, and no longer administer it. Offered for admin."),
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What one workbook says. `number` is the workbook's own; `reviewers` may be empty."""

    review: str
    number: int
    title: str
    application: str
    as_of: str
    reviewers: str
    caveats: Sequence[Caveat]
    rows: Sequence[Row]
    facts: Sequence[Fact]


def write_workbook(path: Path, contents: Contents, attention: Attention, people: People) -> None:
    """Write one reviewer's workbook. Raises OSError."""
    groups = [group for group in _groups(contents.rows) if not people.is_long(group)]
    length = sum(1 + len(row.grants) for row in contents.rows) + sum(len(people.of(group)) for group in groups)
    with workbook(path, f"Access review: {contents.title}", length) as book:
        start = book.page("Start", (22, 30, 90))
        decided = [*_decisions(book, contents, people)]
        _one_by_one(book, contents, attention)
        write_people(book, people, groups)
        write_facts(book, contents.facts)
        book.offer(WORDS)
        _write_start(start, contents, decided)


_SHORTEST_BLOCK = 5
"""Rows; fewer are as soon answered one by one."""


@dataclass(slots=True)
class _Block:
    """Rows `first` to `last` of a sheet, as people count, that may get the same answer as `row`.

    They follow each other, and have the same level and the same reasons to look.
    """

    row: Row
    sheet: str
    first: int
    last: int

    def __str__(self) -> str:
        found = self.row.grounds or "nothing found that deserves a look"
        return f"{level_in_words(self.row.first.level)}, {self.row.kind}: {found}"


@dataclass(slots=True)
class _Blocks:
    """The blocks of a workbook, while its rows are written."""

    _all: list[_Block] = field(default_factory=list)

    def add(self, row: Row, sheet: str, number: int) -> None:
        """Add the next row, and where it was written."""
        last = self._all[-1] if self._all else None
        if last and (last.sheet, last.last + 1, last.row.block) == (sheet, number, row.block):
            last.last = number
        else:
            self._all.append(_Block(row, sheet, number, number))

    def long(self) -> list[_Block]:
        """Give the blocks that save work."""
        return [block for block in self._all if block.last - block.first >= _SHORTEST_BLOCK - 1]


_Written = tuple[Table, _Blocks]


def _decisions(book: Book, contents: Contents, people: People) -> Iterator[_Written]:
    """Write what is decided on, people and keys apart; a row keeps its number on the sheets behind."""
    numbered = list(enumerate(contents.rows, 1))
    for name, columns, about_keys in ((DECIDE, _DECIDE, False), (KEYS, _KEYS, True)):
        table, blocks = book.table(name, columns, _CHOICE), _Blocks()
        for number, row in numbered:
            if row.is_about_a_key is about_keys:
                blocks.add(row, *_add(table, contents, row, _cells(row, people) | {_NUMBER.header: number}))
        table.close()
        yield table, blocks


def _one_by_one(book: Book, contents: Contents, attention: Attention) -> None:
    """Write each grant of the folded rows, under the number of its row."""
    table = book.table(ONE_BY_ONE, _ONE_BY_ONE, _CHOICE)
    for number, row in enumerate(contents.rows, 1):
        for single in row.one_by_one(attention) if len(row.grants) > 1 else ():
            _add(table, contents, single, {_NUMBER.header: number})
    table.close()


def _add(table: Table, contents: Contents, row: Row, cells: dict[str, object]) -> tuple[str, int]:
    """Write a row. Give the sheet, and the row in it as people count."""
    level = row.first.level
    cells |= {HOLDER: row.holder, LEVEL: level_in_words(level), RIGHT: row.right, ON: row.on, _WHY.header: row.why}
    cells[ID] = str(row_id(contents.review, contents.number, row.id, row.holder, row.right, row.on))
    return table.add(cells, {LEVEL: _LEVELS.get(level, CellStyle.TEXT)})


def _cells(row: Row, people: People) -> dict[str, object]:
    """Give what is known of the holder of a grant."""
    holder = row.first.holder
    cells: dict[str, object] = {"Kind": sort_of_holder(holder), "Whom it lets in": shown(people.let_in_by(holder))}
    if isinstance(holder, Credential):
        days = {"Created": holder.created_at, "Expires": holder.expires_at, "Last used": holder.last_used_at}
        return cells | {name: day(time) for name, time in days.items()}
    return cells | {"Last sign-in": day(holder.last_login_at) if isinstance(holder, User) else ""}


def _groups(rows: Iterable[Row]) -> list[Group]:
    found = dict.fromkeys(row.first.holder for row in rows)
    return sorted((one for one in found if isinstance(one, Group)), key=lambda group: (group.name.lower(), group.id))


def write_people(book: Book, people: People, groups: Iterable[Group]) -> None:
    """Write who is in groups, each group once."""
    table = book.table("People", _PEOPLE)
    for group in groups:
        name = shown(group.name)
        for member in people.members(group):
            through = shown(member.through.name) if member.through else ""
            values = (name, *people.described(member.user), through)
            table.add(dict(zip(_PEOPLE_HEADERS, values, strict=True)), _OUT)
    table.close()


_PEOPLE_HEADERS = [column.header for column in _PEOPLE]
_OUT = {"Cannot sign in": CellStyle.ALARM}


def write_facts(book: Book, facts: Iterable[Fact]) -> None:
    """Write what there is to know, and nothing to decide."""
    table = book.table("For information", _FACTS)
    for fact in facts:
        values = (fact.what, level_in_words(fact.level), fact.on, fact.whom, fact.how)
        cells = dict(zip([column.header for column in _FACTS], values, strict=True))
        table.add(cells, {LEVEL: _LEVELS.get(fact.level, CellStyle.TEXT)})
    table.close()


def _write_start(page: Page, contents: Contents, decided: Sequence[_Written]) -> None:
    page.line((contents.title, CellStyle.TITLE), height=28)
    page.line((f"Access review of {contents.application}. Collected: {contents.as_of}.", CellStyle.PLAIN))
    page.line((f"For: {contents.reviewers or 'nobody is known to own this; decide whom to ask'}", CellStyle.PLAIN))
    page.line()
    _write_task(page, contents.rows, [table for table, _ in decided])
    page.line()
    page.line(("Who answers, for all rows that do not say it themselves", CellStyle.HEADING))
    page.line((NAME_LABEL, CellStyle.TEXT), (None, CellStyle.ANSWER))
    page.line((DATE_LABEL, CellStyle.TEXT), (None, CellStyle.DATE))
    page.line()
    _write_guide(page, contents.rows)
    _write_blocks(page, decided)
    write_caveats(page, contents.caveats)


def _write_blocks(page: Page, decided: Iterable[_Written]) -> None:
    """Write a link to each block of rows that may get the same answer; nothing where there is none."""
    found = [(table, block) for table, blocks in decided for block in blocks.long()]
    if found:
        page.line()
        page.line(("The same answer for many rows", CellStyle.HEADING))
        for step in _BLOCKS:
            page.line((step, CellStyle.PLAIN))
    for table, block in found:
        cells = table.cells(DECISION, block.sheet, block.first, block.last)
        label = cells.replace("$", "").replace("'", "")
        page.link(label, cells, (block.last - block.first + 1, CellStyle.NUMBER), (shown(str(block)), CellStyle.TEXT))


def write_caveats(page: Page, caveats: Sequence[Caveat]) -> None:
    """Write what an export does not know, what hides access in red; nothing where it knows everything."""
    if caveats:
        page.line()
        page.line(
            (
                "What the export does not know; in red, where somebody may have access that is not listed",
                CellStyle.HEADING,
            )
        )
    for caveat in caveats:
        page.line((shown(caveat.text), CellStyle.WARNING if caveat.hides_access else CellStyle.PLAIN))


def _write_task(page: Page, rows: Sequence[Row], tables: Sequence[Table]) -> None:
    grants = sum(len(row.grants) for row in rows)
    urgent = sum(bool(row.reasons) for row in rows)
    folded = f"They stand for {grants:,} grants: equal ones are one row" if grants > len(rows) else ""
    page.line(("What there is to do", CellStyle.HEADING))
    page.line(("Decisions", CellStyle.TEXT), (len(rows), CellStyle.NUMBER), (folded, CellStyle.QUIET))
    order = "At the top of each sheet; the rest is by level, admin first"
    page.line(("Deserve a look", CellStyle.TEXT), (urgent, CellStyle.NUMBER), (order, CellStyle.QUIET))
    answered = "+".join(f"COUNTA({cells})" for table in tables for cells in table.ranges(DECISION))
    page.formula("Decided so far", f"={answered}", 0)


_FIRST = "Choose an answer in the column Decision of every row, on the sheets Decide and Keys."
_WHERE_FOLDED = (
    "A row that stands for several grants decides on all of them. To decide differently on some, answer these on the",
    f"sheet {ONE_BY_ONE}, under the number of their row. What is left empty there follows its row.",
)
_BLOCKS = (
    "Click one of these: it marks the decisions of rows that are alike. Look through them, type an answer, and press",
    "Ctrl+Enter (in LibreOffice Alt+Enter): all of them get it. Then change those that should have another one.",
)
_LAST = (
    "Rows can be filtered. For the same answer in many rows mark their cells in the column Decision, type the answer,",
    "and press Ctrl+Enter (in LibreOffice Alt+Enter).",
    "To take single people out of a group, keep its grant and name them in Reason: its members are changed elsewhere.",
    "The sheets are protected against accidents, without a password. Leave the hidden column alone.",
    "Save the file, and send it back.",
)


def _write_guide(page: Page, rows: Iterable[Row]) -> None:
    page.line(("How to answer", CellStyle.HEADING))
    for word, meaning in _MEANINGS:
        page.line((word, CellStyle.TEXT), (meaning, CellStyle.PLAIN))
    page.line()
    is_folded = any(len(row.grants) > 1 for row in rows)
    for step in (_FIRST, *(_WHERE_FOLDED if is_folded else ()), *_LAST):
        page.line((step, CellStyle.PLAIN))
