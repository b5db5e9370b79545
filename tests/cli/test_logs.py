"""What is logged is one line each, and harmless, whatever names hold."""

from __future__ import annotations

import json
import re

import pytest

from connector.embedded.common.faults import Fault, Status
from connector.embedded.datacenter.organisation import Group
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.text import clean
from tests.conftest import Run

HOSTILE = [
    "dev\n2026-01-01 00:00:00,000 ERROR: forged",  # a line
    "dev\rforged",  # a carriage return
    "dev\x1b[2J\x1b[31m",  # ESC
    "dev\x1b]0;title\x07",  # OSC
    "dev\x9b31m",  # C1
    "dev\u202egnp.exe",  # bidi
    "ad\u200bmin",  # no width
    "dev\U000e0061\U000e007f",  # a tag
    "dev\ufe0f",  # a variation
    "dev\u3164",  # a filler
    "ad\xadmin",  # a soft hyphen
]
INVISIBLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u3164\ufe0f\U000e0000-\U000e0fff]")


@pytest.mark.parametrize("form", ["text", "json"])
def test_hostile_names_are_escaped_in_a_log(form: str, export: Run, bitbucket: EmbeddedBitbucket) -> None:
    with bitbucket.change() as organisation:
        for name in HOSTILE:
            organisation.groups[name] = Group(name, members={1, 2})
    bitbucket.faults.add(Fault(Status(500), r"more-members\?.*(dev|ad)"))
    ended = export("--patience", "0", "--log-format", form, "--debug")
    assert ended.code == 4
    lines = ended.err.splitlines()
    messages = [json.loads(line)["message"] for line in lines] if form == "json" else lines
    for name in HOSTILE:
        assert any(f"  group {clean(name)}: members" in message for message in messages)
    assert not any(INVISIBLE.search(message) or "\n" in message for message in messages)
    assert form == "json" or all(re.match(r"\d{4}-\d\d-\d\d \S+ (DEBUG|INFO|WARNING|ERROR): ", line) for line in lines)


def test_hostile_arguments_are_escaped_too(run: Run) -> None:
    ended = run("exprot\x1b[2J\n2026-01-01 ERROR: forged")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "\x1b" not in ended.err


def test_a_traceback_keeps_its_lines_and_nothing_else(export: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("\x1b[2J")

    monkeypatch.setattr("connector.commands.export.application", fail)
    ended = export()
    assert ended.code == 1
    assert "\nZeroDivisionError: \\x1b[2J\n" in ended.err


@pytest.mark.parametrize("text", ["plain", "Müller", "漢字", "😀", "a b", "naïve “quoted”…", "\\x1b", "שלום"])
def test_what_can_be_seen_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


def test_cleaning_twice_is_cleaning_once() -> None:
    everything = "".join(HOSTILE)
    assert clean(clean(everything)) == clean(everything)
