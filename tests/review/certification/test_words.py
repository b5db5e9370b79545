"""Answers and days as people write them."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from connector.graph.values import Level
from connector.review.certification.answers import KEEP, REMOVE, TO_READ, TO_WRITE, Decision, offered, read_decision
from connector.review.certification.returned import read_day

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - as Excel has it
_OF_1904 = datetime(1904, 1, 1)  # noqa: DTZ001 - as old Macs had it


@pytest.mark.parametrize(
    ("text", "level", "expected"),
    [
        ("keep", Level.NONE, KEEP),
        ("ＫＥＥＰ", Level.READ, KEEP),  # noqa: RUF001 - as a Japanese keyboard writes it
        ("\u00a0remove\t", Level.ADMIN, REMOVE),
        ("reduce", Level.ADMIN, TO_WRITE),
        ("reduce", Level.WRITE, TO_READ),
        ("reduce", Level.READ, None),
        ("reduce to write", Level.WRITE, None),
        ("reduce to read", Level.READ, None),
        ("reduce to read", Level.ADMIN, TO_READ),
        ("", Level.ADMIN, None),
        ("delete", Level.ADMIN, None),
        ("keep, remove", Level.ADMIN, None),
    ],
)
def test_only_the_words_that_are_offered_are_answers(text: str, level: Level, expected: Decision | None) -> None:
    assert read_decision(text, level) == expected


@pytest.mark.parametrize("level", Level)
def test_everything_that_is_offered_is_an_answer(level: Level) -> None:
    assert None not in {read_decision(word, level) for word in offered(level)}


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-25",
        "2026-11-25 10:30",
        "2026-11-25T00:00:00",
        "2026/11/25",
        "25.11.2026",
        "25.11.26",
        "25/11/2026",
        "11/25/2026",
        "25 Nov 2026",
        "25 November, 2026",
        "November 25, 2026",
        "25-Nov-2026",
        date(2026, 11, 25),
        datetime(2026, 11, 25, 23, 59),  # noqa: DTZ001 - cells know no time zone
        46351,
        46351.75,
    ],
)
def test_a_day_is_read_in_whatever_form(written: object) -> None:
    assert read_day(written, _EPOCH) == "2026-11-25"


def test_days_count_from_where_the_workbook_says() -> None:
    assert read_day(46351 - 1462, _OF_1904) == "2026-11-25"


@pytest.mark.parametrize("written", ["03/04/2026", "soon", "2026-13-01", 7, 999_999, "Q4", True])
def test_what_is_no_day_or_two_is_not_read(written: object) -> None:
    assert read_day(written, _EPOCH) is None


@pytest.mark.parametrize("written", ["", None, "  "])
def test_an_empty_cell_is_an_empty_day(written: object) -> None:
    assert read_day(written, _EPOCH) == ""


def test_a_day_that_is_the_same_both_ways_is_one() -> None:
    assert read_day("05/05/2026", _EPOCH) == "2026-05-05"
