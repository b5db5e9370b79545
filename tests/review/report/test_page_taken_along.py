"""What leaves the page: tables to copy and to save, links to share, and paper."""

from __future__ import annotations

import base64
import csv
import io
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.graph.payloads import Json, holds, on, payload, resource
from tests.review.report.browser import Browser
from tests.review.report.conftest import Open

ADMINISTRATORS = "[id='finding/administrators']"


def _copied(window: Browser, button: str) -> dict[str, str]:
    """Press a button and give what the clipboard holds then, by media type."""
    window.command("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    window.click(button)
    script = """
        const done = arguments[arguments.length - 1];
        (async () => {
            const [item] = await navigator.clipboard.read(), found = {};
            for (const type of item.types) found[type] = await (await item.getType(type)).text();
            return found;
        })().then(done, (error) => done({error: String(error)}));"""
    return dict(window.ask("POST", "execute/async", script=script, args=[]))


def _saved(window: Browser, folder: Path, button: str) -> tuple[str, str]:
    """Press a button and give name and text of the file that it saves."""
    before = set(folder.iterdir())
    window.command("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    window.click(button)
    for _ in range(200):
        # The browser keeps the name with an empty file until all of it has come.
        found = [path for path in set(folder.iterdir()) - before if path.suffix == ".csv" and path.stat().st_size]
        if found:
            return found[0].name, found[0].read_bytes().decode()
        window.ask("POST", "execute/async", script="setTimeout(arguments[0], 50)", args=[])
    raise AssertionError("no file was saved")


def _rows(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_a_finding_is_copied_as_a_table_and_saved_as_csv_whole(show: Open, demo: Json, tmp_path: Path) -> None:
    window = show(demo)
    copied = _copied(window, f"{ADMINISTRATORS} .action:nth-child(1)")
    lines = [line.split("\t") for line in copied["text/plain"].splitlines()]
    assert lines[0][:3] == ["finding", "subject", "name"]
    assert ["administrators", "mona.jensen", "Mona Jensen"] in [line[:3] for line in lines]
    assert len(lines) == 11
    assert "<tr><th>finding</th>" in copied["text/html"]
    assert window.text(f"{ADMINISTRATORS} .action") == "Done"

    name, text = _saved(window, tmp_path, f"{ADMINISTRATORS} .action:nth-child(2)")
    assert name == "Administrators-of-everything.csv"
    rows = _rows(text)
    assert len(rows) == 10
    assert {"finding", "subject", "until", "why", "by"} <= rows[0].keys()
    assert [row["state"] for row in rows] == ["open"] * 10


def test_a_person_is_saved_with_everything_they_reach_and_why(show: Open, demo: Json, tmp_path: Path) -> None:
    window = show(demo)
    window.go("#user/nadia.farouk", "Nadia Farouk")
    name, text = _saved(window, tmp_path, "#detail .action:nth-child(2)")
    assert name == "nadia-farouk-reaches.csv"
    rows = {row["resource"]: row for row in _rows(text)}
    assert rows["PAY/ledger"]["level"] == "write"
    assert rows["PAY/ledger"]["why"] == "Nadia Farouk → PROJECT_WRITE on PAY"
    assert rows["PAY/ledger"]["active"] == "no"
    assert rows["PAY/ledger"]["e-mail"] == "nadia.farouk@harbourpayments.example"


def test_a_project_is_saved_with_everybody_who_reaches_it(show: Open, demo: Json, tmp_path: Path) -> None:
    window = show(demo)
    window.go("#project/PAY", "PAY")
    _, text = _saved(window, tmp_path, "#detail .action:nth-child(2)")
    rows = {row["user name or id"]: row for row in _rows(text)}
    assert rows["amara.okafor"]["why"] == "Amara Okafor → payments-developers → PROJECT_WRITE on PAY"
    count = re.search(r"can read (\d+)", window.text("#detail .choices"))
    assert count
    assert len(rows) == int(count[1])


def test_no_cell_that_leaves_the_page_is_a_formula(show: Open, tmp_path: Path) -> None:
    names = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "=cmd|' /C calc'!A0", 'a"b,c\nd']
    people = tuple({"id": f"u{number}", "name": name} for number, name in enumerate(names))
    grants = [holds(person["id"], on("reader", "p")) for person in people]
    window = show(payload(*grants, users=people, resources=(resource("p"),)))
    window.go("#n1", "p")
    _, text = _saved(window, tmp_path, "#detail .action:nth-child(2)")
    rows = list(csv.reader(io.StringIO(text)))[1:]
    copied = _copied(window, "#detail .action:nth-child(1)")["text/plain"].splitlines()[1:]
    assert len(rows) == len(copied) == len(names)
    assert {row[1].lstrip("'").strip() for row in rows} >= {"=1+1", 'a"b,c\\nd'}
    for cell in [cell for row in (*rows, *(line.split("\t") for line in copied)) for cell in row]:
        assert not cell.lstrip().startswith(("=", "+", "-", "@"))


def test_a_link_to_a_finding_and_to_a_person_is_copied(show: Open, demo: Json) -> None:
    window = show(demo)
    address = window.run("return location.href")
    copied = _copied(window, f"{ADMINISTRATORS} .action:nth-child(3)")
    assert copied["text/plain"] == f"{address}#finding/administrators"
    window.go("#user/nadia.farouk", "Nadia Farouk")
    assert _copied(window, "#detail .action:nth-child(3)")["text/plain"] == f"{address}#user/nadia.farouk"


# ---- paper


def _printed(window: Browser, folder: Path) -> list[str]:
    """Print the page and give the text of each sheet."""
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler-utils) is not installed")
    file = folder / "page.pdf"
    printed: Any = window.command("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
    file.write_bytes(base64.b64decode(printed["data"]))
    text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, check=True, text=True).stdout  # noqa: S603, S607
    return text.split("\f")[:-1]


def _crowd(count: int) -> Json:
    people = tuple(
        {
            "id": f"u{number}",
            "name": f"Person {number:04}",
            "is_active": number % 10 == 0,
            "custom_properties": {"username": f"p{number:04}"},
        }
        for number in range(count)
    )
    grants = [holds(f"u{number}", on("reader", "p")) for number in range(count)]
    document = payload(*grants, users=people, resources=(resource("p"),))
    document["applications"][0]["custom_properties"] = {
        "base_url": "https://bitbucket.example.com/(a) \\ \"b\" 'c' </style>",
        "collected_at": "2026-11-22T02:00:05Z",
    }
    return document


def test_every_sheet_has_its_number_the_server_and_the_date(show: Open, tmp_path: Path) -> None:
    sheets = _printed(show(_crowd(2000)), tmp_path)
    assert 1 < len(sheets) < 6
    for number, sheet in enumerate(sheets, start=1):
        assert re.search(rf"\b{number} ?/ ?{len(sheets)}\n", sheet)
        assert (
            "https://bitbucket.example.com/(a) \\ \"b\" 'c' </style> · collected 22 November 2026, 02:00 UTC" in sheet
        )


def test_short_lists_are_printed_whole_and_long_ones_say_where_the_rest_is(show: Open, tmp_path: Path) -> None:
    few = "\n".join(_printed(show(_crowd(60)), tmp_path))
    assert len(re.findall(r"Person \d{4} \(p", few)) == 54
    assert "These are the first" not in few
    many = "\n".join(_printed(show(_crowd(2000)), tmp_path))
    assert len(re.findall(r"Person \d{4} \(p", many)) == 20
    assert "These are the first 20 of 1,800. The page itself has all of them." in many
    assert "Show 100 more" not in many


def test_after_printing_the_page_is_as_it_was(show: Open, everything: Json) -> None:
    window = show(everything)
    window.prefer("dark")
    window.click(f"{ADMINISTRATORS} .more")
    before = window.text("main")
    window.run("dispatchEvent(new Event('beforeprint'))")
    assert window.run("return document.documentElement.dataset.theme") == "light"
    assert window.text("main") != before
    window.run("dispatchEvent(new Event('afterprint'))")
    assert window.text("main") == before
    assert window.run("return document.documentElement.dataset.theme ?? null") is None
