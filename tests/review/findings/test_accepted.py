"""Accepted findings are kept apart and counted, and are open again after their day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from connector.errors import UsageError
from connector.graph.payload import load
from connector.review.findings.accepted import Reviewed, read_accepted, reviewed
from connector.review.findings.catalogue import CHECKS, findings_of
from tests.graph.worlds import GROUP, USER, World

TODAY = date(2026, 11, 25)
HEADING = "finding,subject,until,why,by\n"


@pytest.fixture
def world() -> World:
    world = World().group("bitbucket:everyone").project("10", "OSS").project("20", "PAY")
    world.repository("100", "20", "docs").repository("101", "20", "site")
    world.user("1", "Nadia Farouk", username="nadia", is_active=False).grant(USER, "1", "PROJECT_WRITE", "20")
    for node in ("10", "100", "101"):
        world.grant(GROUP, "bitbucket:everyone", "PUBLIC_READ", node)
    return world


def _reviewed(world: World, path: Path, *lines: str, today: date = TODAY) -> Reviewed:
    path.write_text(HEADING + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return reviewed(findings_of(load(world.payload())), read_accepted(path), today)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accepted.csv"


def _open(found: Reviewed, finding: str = "public") -> list[str]:
    return [place.subject for one in found.findings if one.id == finding for place in one.places]


def _accepted(found: Reviewed, finding: str = "public") -> list[tuple[str, str]]:
    return [(place.subject, by.why) for one in found.findings if one.id == finding for place, by in one.accepted]


def test_an_accepted_place_is_kept_apart_with_why(world: World, path: Path) -> None:
    found = _reviewed(world, path, 'public,OSS,2027-03-31,"open source, on purpose",Jane Doe')
    assert _accepted(found) == [("OSS", "open source, on purpose")]
    assert sorted(_open(found)) == ["PAY/docs", "PAY/site"]
    assert (found.accepted, found.returned, found.unused) == (1, 0, ())


@pytest.mark.parametrize(("subject", "count"), [("pay", 2), ("PAY/docs", 1), ("pay/DOCS", 1), ("docs", 0), ("P", 0)])
def test_a_project_stands_for_its_repositories_and_no_part_of_a_name_for_anything(
    world: World, path: Path, subject: str, count: int
) -> None:
    found = _reviewed(world, path, f"public,{subject},2027-03-31,why,Jane")
    assert found.accepted == count
    assert len(found.unused) == (count == 0)


def test_a_person_is_accepted_by_user_name_and_in_one_finding_only(world: World, path: Path) -> None:
    assert _open(_reviewed(world, path, "inactive-access,NADIA,2027-01-01,leave,Jane"), "inactive-access") == []
    other = _reviewed(world, path, "not-in-directory,nadia,2027-01-01,leave,Jane")
    assert _open(other, "inactive-access") == ["nadia"]
    assert [one.line for one in other.unused] == [2]


@pytest.mark.parametrize(
    ("until", "is_accepted"), [("2026-11-24", False), ("2026-11-25", True), ("2026-11-26", True), ("2020-01-01", False)]
)
def test_an_acceptance_counts_up_to_and_including_its_day_and_then_comes_back(
    world: World, path: Path, until: str, is_accepted: bool
) -> None:
    found = _reviewed(world, path, f"public,OSS,{until},why,Jane")
    assert ("OSS" in _open(found)) is not is_accepted
    assert (found.accepted, found.returned) == ((1, 0) if is_accepted else (0, 1))
    assert found.unused == ()


def test_the_longest_of_several_acceptances_counts(world: World, path: Path) -> None:
    found = _reviewed(world, path, "public,PAY,2020-01-01,old,Jane", "public,PAY/docs,2027-01-01,new,Jane")
    assert _accepted(found) == [("PAY/docs", "new")]
    assert [place.subject for one in found.findings for place, _ in one.returned] == ["PAY/site"]


def test_the_csv_that_the_page_saves_can_be_filled_in(world: World, path: Path) -> None:
    path.write_text(
        "\ufefffinding,subject,name,group,detail,state,until,why,by\r\n"
        "public,OSS,Open Source,,,open,2027-01-01,meant to be,Jane\r\n"
        "public,PAY/docs,docs,,,open,,,\r\n",
        encoding="utf-8",
    )
    found = reviewed(findings_of(load(world.payload())), read_accepted(path), TODAY)
    assert _accepted(found) == [("OSS", "meant to be")]


def test_a_name_that_would_be_a_formula_is_accepted_as_the_csv_has_it(world: World, path: Path) -> None:
    world.users["1"]["custom_properties"]["username"] = "-nadia"
    assert _open(_reviewed(world, path, "inactive-access,'-nadia,2027-01-01,leave,Jane"), "inactive-access") == []


def test_semicolons_comments_and_empty_lines_are_understood(world: World, path: Path) -> None:
    path.write_text(
        '# what we "accepted,\n\nfinding;subject;until;why;by\n  # more\npublic;OSS;2027-01-01;a, b;Jane\n;;;;\n',
        encoding="utf-8",
    )
    found = reviewed(findings_of(load(world.payload())), read_accepted(path), TODAY)
    assert _accepted(found) == [("OSS", "a, b")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: the heading is missing"),
        ("finding,subject,until,why\n", "line 1: the column 'by' must be there once"),
        ("finding,finding,subject,until,why,by\n", "line 1: the column 'finding' must be there once"),
        (HEADING + "\npublik,OSS,2027-01-01,why,Jane\n", "line 3: there is no finding 'publik'; did you mean public?"),
        (HEADING + "qqq,OSS,2027-01-01,why,Jane\n", "line 2: there is no finding 'qqq'; findings are public, "),
        (HEADING + "public,OSS,31.12.2027,why,Jane\n", "line 2: until is '31.12.2027'; write a day as 2027-03-31"),
        (HEADING + "public,OSS,2027-02-30,why,Jane\n", "line 2: until is '2027-02-30'"),
        (HEADING + "public,OSS,,why,Jane\n", "line 2: 'until' is empty"),
        (HEADING + "public,OSS,2027-01-01,,Jane\n", "line 2: 'why' is empty"),
        (HEADING + "public,OSS,2027-01-01,why, \n", "line 2: 'by' is empty"),
        (HEADING + "public,,2027-01-01,why,Jane\n", "line 2: 'subject' is empty"),
        (HEADING + "public,OSS,2027-01-01,a, b,Jane\n", "line 2: 6 cells instead of 5"),
        (HEADING + 'public,OSS,2027-01-01,"why,Jane\n', "line 2: unexpected end of data: is a quotation mark missing?"),
        (HEADING + 2 * "public,OSS,2027-01-01,why,Jane\n", "line 3: public of OSS stands in line 2 already"),
        (HEADING + "public,\x1b[2J,x,why,Jane\n", "until is 'x'"),
    ],
)
def test_an_error_names_the_line(path: Path, text: str, said: str) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        read_accepted(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert said in str(raised.value)
    assert "\x1b" not in str(raised.value)


def test_an_unreadable_file_is_an_error(path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_accepted(path)
    path.write_bytes(HEADING.encode() + b"public,OSS,2027-01-01,\xe4,Jane\n")
    with pytest.raises(UsageError, match="is not UTF-8"):
        read_accepted(path)


def test_names_of_findings_are_fixed_and_fit_for_links() -> None:
    names = [check.id for check in CHECKS]
    assert len(names) == len(set(names))
    assert all(name == name.lower() and name.replace("-", "").isalpha() for name in names)
