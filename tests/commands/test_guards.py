"""Guards against publishing an incomplete export, a baseline, files and logs, by the command line."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest

from connector.embedded.common.faults import Fault, Status
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.files import only_writer
from tests.conftest import Run, files, saved, summary, timeless
from tests.outputs.veza.fake import Call, FakeVeza
from tests.outputs.veza.fake.server import API_KEY

REFUSED = Status(403, exception="com.atlassian.bitbucket.AuthorisationException")


# --- incomplete


def test_all_gaps_stand_in_one_table(export: Run, bitbucket: EmbeddedBitbucket) -> None:
    bitbucket.faults.add(
        Fault(REFUSED, "repos/invoicing/permissions"),
        Fault(REFUSED, "repos/ledger/permissions"),
        Fault(Status(500), "PAY/permissions/groups"),
    )
    ended = export()
    assert ended.code == 4
    lines = [line for line in ended.err.splitlines() if "ERROR" in line]
    assert "could not be read" in lines[0]
    assert [line.split("ERROR:   ")[1].split("  ")[0] for line in lines[1:-1]] == [
        "repository PAY/invoicing: permissions, repository PAY/ledger: permissions",
        "project PAY: permissions",
    ]
    assert "--allow-incomplete" in lines[-1]
    assert "3 of the things" in lines[-1]
    assert files() == set()


def test_what_is_incomplete_is_published_where_that_is_allowed(export: Run, bitbucket: EmbeddedBitbucket) -> None:
    bitbucket.faults.add(Fault(REFUSED, "repos/invoicing/permissions"))
    with FakeVeza() as veza:
        settings = {"VEZA_URL": veza.url, "VEZA_API_KEY": API_KEY, "REQUESTS_CA_BUNDLE": str(veza.ca_file)}
        ended = export("--allow-incomplete", "--summary", "summary.json", **settings)
        assert veza.pushes == [saved()]
    assert ended.code == 0
    properties = saved()["applications"][0]["custom_properties"]
    assert properties["is_complete"] is False
    assert properties["not_collected"] == ["repository PAY/invoicing: permissions"]
    (gap,) = summary()["gaps"]
    assert (gap["scope"], gap["missing"]) == ("repository PAY/invoicing", "permissions")
    assert "WARNING:   repository PAY/invoicing: permissions" in ended.err


# --- shrinking


def shrink(kind: str, bitbucket: EmbeddedBitbucket) -> None:
    with bitbucket.change() as organisation:
        if kind == "repositories":
            for number in list(organisation.repositories)[::2]:
                del organisation.repositories[number]
        else:
            for repository in organisation.repositories.values():
                repository.users.clear()
                repository.groups.clear()


def test_one_command_makes_the_baseline_and_then_compares_with_it(export: Run) -> None:
    first = export("--baseline", "export.json")
    assert first.code == 0
    assert "WARNING: there is no baseline export.json yet" in first.err
    before = timeless(Path("export.json"))
    second = export("--baseline", "export.json")
    assert second.code == 0
    assert "baseline" not in second.err
    assert timeless(Path("export.json")) == before


@pytest.mark.parametrize("kind", ["repositories", "grants"])
def test_an_export_that_shrank_too_much_is_refused_and_the_old_one_stays(
    kind: str, export: Run, bitbucket: EmbeddedBitbucket
) -> None:
    assert export().code == 0
    before = Path("export.json").read_bytes()
    shrink(kind, bitbucket)
    with FakeVeza() as veza:
        settings = {"VEZA_URL": veza.url, "VEZA_API_KEY": API_KEY, "REQUESTS_CA_BUNDLE": str(veza.ca_file)}
        ended = export("--baseline", "export.json", "--summary", "summary.json", **settings)
        assert veza.calls(Call.PUSH) == []
    assert ended.code == 4
    assert Path("export.json").read_bytes() == before
    assert files() == {"export.json", "summary.json"}
    assert re.search(rf"More than 20 % of the baseline would disappear \(.*\d+ of \d+ {kind}", ended.err)
    assert 1 < len(re.findall(r"ERROR:   +\d+ (?:repositories|grants) ", ended.err)) <= 10
    assert summary()["exit_code"] == 4
    assert kind in summary()["error"]
    assert summary()["published"] == []


def test_an_export_that_shrank_is_published_where_that_is_allowed(export: Run, bitbucket: EmbeddedBitbucket) -> None:
    assert export().code == 0
    shrink("repositories", bitbucket)
    assert export("--baseline", "export.json", "--max-removal", "100").code == 0
    assert export("--baseline", "export.json", "--max-removal", "0").code == 0


def test_with_a_bound_of_zero_nothing_may_disappear(export: Run, bitbucket: EmbeddedBitbucket) -> None:
    assert export().code == 0
    with bitbucket.change() as organisation:
        next(r for r in organisation.repositories.values() if r.groups).groups.popitem()
    assert export("--baseline", "export.json").code == 0
    with bitbucket.change() as organisation:
        next(r for r in organisation.repositories.values() if r.groups).groups.popitem()
    ended = export("--baseline", "export.json", "--max-removal", "0")
    assert ended.code == 4
    assert "1 of " in ended.err


@pytest.mark.parametrize("text", ["", "{", "[]", '{"applications": []}'])
def test_a_damaged_baseline_is_a_clear_error_before_anything_is_asked(
    text: str, export: Run, bitbucket: EmbeddedBitbucket
) -> None:
    Path("export.json").write_text(text)
    ended = export("--baseline", "export.json", "--summary", "summary.json")
    assert ended.code == 2
    assert "--baseline: export.json is no export that could be compared with" in ended.err
    assert "Traceback" not in ended.err
    assert bitbucket.requests == []
    assert Path("export.json").read_text() == text
    assert summary()["exit_code"] == 2


def test_a_baseline_that_is_itself_incomplete_is_warned_of(export: Run, bitbucket: EmbeddedBitbucket) -> None:
    bitbucket.faults.add(Fault(REFUSED, "repos/invoicing/permissions"))
    assert export("--allow-incomplete").code == 0
    bitbucket.faults.clear()
    ended = export("--baseline", "export.json")
    assert ended.code == 0
    assert "WARNING: the baseline export.json is itself incomplete" in ended.err
    assert saved()["applications"][0]["custom_properties"]["is_complete"] is True


# --- files


@pytest.mark.parametrize("path", ["/dev/null", "."])
def test_what_is_no_ordinary_file_is_not_replaced(path: str, export: Run, bitbucket: EmbeddedBitbucket) -> None:
    ended = export("--save-json", path)
    assert ended.code == 5
    assert bitbucket.requests == []
    assert Path("/dev/null").is_char_device()


def test_what_a_link_points_to_is_replaced_and_not_the_link(export: Run) -> None:
    Path("elsewhere").mkdir()
    Path("export.json").symlink_to("elsewhere/bitbucket.json")
    assert export().code == 0
    assert Path("export.json").is_symlink()
    assert json.loads(Path("elsewhere/bitbucket.json").read_text())["applications"]


def test_runs_that_save_different_files_run_at_the_same_time(export: Run) -> None:
    with only_writer(Path("other.json")):
        assert export().code == 0


def test_what_a_killed_run_left_is_removed(export: Run) -> None:
    Path(".export.json.1234abcd.part").write_text("half")
    Path(".export.json.lock").touch()
    Path(".other.json.1234abcd.part").write_text("of somebody else")
    ended = export()
    assert ended.code == 0
    assert files() == {"export.json", ".other.json.1234abcd.part"}
    assert "WARNING: removed " in ended.err


# --- logs


@pytest.mark.parametrize(
    "fault",
    [None, Fault(Status(503), every=9, times=5), Fault(Status(403), "repos/invoicing/permissions"), Fault(Status(401))],
    ids=["well", "repeated", "gap", "refused"],
)
def test_every_line_of_a_json_log_is_json(
    fault: Fault | None, export: Run, bitbucket: EmbeddedBitbucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _: True, raising=False)
    if fault is not None:
        bitbucket.faults.add(fault)
    ended = export("--log-format", "json", "--debug")
    lines = [json.loads(line) for line in ended.err.splitlines()]
    assert all({"time", "level", "message"} <= line.keys() for line in lines)
    assert " request" in lines[-1]["message"]


def test_a_bug_is_one_json_line_with_its_traceback(export: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.commands.export.application", lambda _: 1 / 0)
    ended = export("--log-format", "json")
    bug = next(line for line in map(json.loads, ended.err.splitlines()) if "traceback" in line)
    assert "ZeroDivisionError" in bug["traceback"]


def test_a_log_that_cannot_be_written_fails_no_run(export: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stderr", Full())
    assert export().code == 0
    assert saved()["applications"]
