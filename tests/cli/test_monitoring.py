"""Reports of a run for monitoring: the summary, the metrics, the ping; by the command line."""

from __future__ import annotations

import json
import os
import re
import stat
import threading
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from connector.embedded.common.faults import Fault, Status
from connector.embedded.datacenter.sample import DEMO_PASSWORD, DEMO_USER
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.files import save_json
from tests.conftest import Run, files, saved, summary
from tests.documents import in_code, tables
from tests.outputs.veza.fake import Call, FakeVeza, error
from tests.outputs.veza.fake.server import API_KEY

GAP = Fault(Status(500), "repos/invoicing/permissions")


@pytest.fixture
def monitored(export: Run) -> Run:
    """Export with a summary and metrics."""
    return partial(export, "--summary", "summary.json", "--metrics", "bitbucket.prom")


def figures(path: str = "bitbucket.prom") -> dict[str, float]:
    """Read metrics as Prometheus does; the labels but `run` stand behind the name."""
    found = {}
    for family in text_string_to_metric_families(Path(path).read_text()):
        assert (family.type, bool(family.documentation)) == ("gauge", True)
        for sample in family.samples:
            assert sample.labels.pop("run") == path.removesuffix(".prom")
            found[" ".join([sample.name.removeprefix("oaa_bitbucket_"), *sample.labels.values()])] = sample.value
    return found


# --- the summary


def test_the_summary_of_a_good_run(monitored: Run, bitbucket: EmbeddedBitbucket) -> None:
    with FakeVeza(warnings=("Something is odd",)) as veza:
        settings = {"VEZA_URL": veza.url, "VEZA_API_KEY": API_KEY, "REQUESTS_CA_BUNDLE": str(veza.ca_file)}
        ended = monitored(**settings)
    entry = summary()
    started, ended_at = (datetime.fromisoformat(entry.pop(key)) for key in ("started", "ended"))
    assert started <= ended_at
    assert started.utcoffset() is not None
    counts = entry.pop("counts")
    assert (counts["users"], counts["groups"], counts["projects"], counts["repositories"]) == (59, 10, 3, 9)
    to_file, to_veza = entry.pop("published")
    size = Path("export.json").stat().st_size
    assert (to_file["to"], to_file["path"], to_file["bytes"]) == ("file", "export.json", size)
    assert (to_veza["to"], to_veza["provider"]) == ("veza", "Bitbucket Server")
    assert to_veza["data_source"] == saved()["applications"][0]["name"]
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", entry.pop("version"))
    assert entry == {
        "exit_code": ended.code,
        "error": None,
        "requests": len(bitbucket.requests),
        "retries": 0,
        "rate_limited": 0,
        "causes": [],
        "gaps": [],
        "unsettled": False,
        "dry_run": None,
        "veza_warnings": ["Something is odd"],
    }
    assert stat.S_IMODE(Path("summary.json").stat().st_mode) == 0o600


REJECTED = error(400, "InvalidArgument", "Invalid Arguments")


@pytest.mark.parametrize(
    ("options", "environment", "fault", "code"),
    [
        (["--concurrency", "many"], {}, None, 2),
        (["--concurrency=many"], {}, None, 2),
        (["--unknown"], {}, None, 2),
        (["--groups", "some"], {}, None, 2),
        (["--env-file", "nowhere.env"], {}, None, 2),
        ([], {"BITBUCKET_TOKEN": ""}, None, 2),
        ([], {"OAA_PATIENCE": "x"}, None, 2),
        ([], {}, Fault(Status(401), after=30), 3),
        ([], {}, GAP, 4),
        ([], {}, REJECTED, 5),
        ([], {}, ZeroDivisionError(), 1),
    ],
)
def test_every_failure_is_reported_to_monitoring(
    options: list[str],
    environment: dict[str, str],
    fault: object,
    code: int,
    monitored: Run,
    bitbucket: EmbeddedBitbucket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if isinstance(fault, Fault):
        bitbucket.faults.add(fault)
    if isinstance(fault, ZeroDivisionError):
        monkeypatch.setattr("connector.commands.export.application", lambda _: 1 / 0)
    with FakeVeza() as veza, Listener() as listener:
        if fault is REJECTED:
            veza.fail(Call.PUSH, REJECTED)
        settings = {"VEZA_URL": veza.url, "VEZA_API_KEY": API_KEY, "REQUESTS_CA_BUNDLE": str(veza.ca_file)}
        ended = monitored(*options, **settings, OAA_PING=listener.url, **environment)
    entry = summary()
    assert (ended.code, entry["exit_code"], figures()["exit_code"]) == (code, code, code)
    assert listener.paths[-1] == f"/secret/{code}"
    assert entry["error"] == "bug: ZeroDivisionError" if code == 1 else entry["error"] in ended.err
    assert [each["to"] for each in entry["published"]] == (["file"] if code == 5 else [])
    assert entry["requests"] == len(bitbucket.requests)
    assert DEMO_PASSWORD not in json.dumps(entry).replace("demo-", "")


@pytest.mark.parametrize("option", ["--save-json", "--baseline", "--report", "--metrics", "--resume"])
def test_a_summary_replaces_no_other_file(option: str, run: Run) -> None:
    Path("one.json").write_text("kept")
    ended = run(option, "one.json", "--summary", "./one.json", BITBUCKET_URL="http://b.invalid", BITBUCKET_TOKEN="x")
    assert (ended.code, Path("one.json").read_text()) == (2, "kept")
    assert "name the same file" in ended.err


def test_what_is_no_export_writes_no_summary(run: Run) -> None:
    assert run("access", "export.json", "--summary", "summary.json").code == 2
    assert run("exprot", "--summary", "summary.json").code == 2
    assert run("--summary", "demo").code == 2
    assert files() == set()


@pytest.mark.parametrize("option", ["--summary", "--metrics"])
def test_a_file_that_cannot_be_written_is_noticed_before_anything_is_asked(
    option: str, monitored: Run, bitbucket: EmbeddedBitbucket
) -> None:
    ended = monitored(option, "no-such-folder/file")
    assert ended.code == 5
    assert ended.err.count("file cannot be written") == 1
    assert bitbucket.requests == []


@pytest.mark.parametrize(("option", "said"), [("--summary", "the summary"), ("--metrics", "the metrics")])
@pytest.mark.parametrize("is_bug", [False, True])
def test_a_file_that_can_no_longer_be_written_is_code_5_unless_something_was_worse(
    option: str, said: str, is_bug: bool, monitored: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("there").mkdir()

    def save_and_remove(payload: dict[str, Any], path: Path) -> int:
        Path("there").rmdir()
        return save_json(payload, path) if not is_bug else 1 // 0

    monkeypatch.setattr("connector.commands.shared.destinations.save_json", save_and_remove)
    ended = monitored(option, "there/file")
    assert ended.code == (1 if is_bug else 5)
    assert f"ERROR: {said}: there/file cannot be written" in ended.err
    assert is_bug or "saved export.json" in ended.last_line


# --- the metrics


def test_the_metrics_are_those_of_the_summary(monitored: Run, bitbucket: EmbeddedBitbucket) -> None:
    bitbucket.faults.add(
        Fault(Status(403, exception="com.atlassian.bitbucket.AuthorisationException"), "repos/ledger/")
    )
    mask = os.umask(0o077)
    assert monitored("--allow-incomplete").code == 0
    os.umask(mask)
    found, entry = figures(), summary()
    assert found["exit_code"] == 0
    assert found["info 0.1.0"] == 1
    assert found["start_timestamp_seconds"] == pytest.approx(
        datetime.fromisoformat(entry["started"]).timestamp(), abs=1
    )
    assert found["end_timestamp_seconds"] >= found["start_timestamp_seconds"]
    assert found["requests"] == entry["requests"]
    assert {
        name.removeprefix("collected "): value for name, value in found.items() if name.startswith("collected")
    } == (entry["counts"])
    assert (found["gaps false"], found["gaps true"]) == (1, 0)
    assert found["published_bytes file"] == Path("export.json").stat().st_size
    assert stat.S_IMODE(Path("bitbucket.prom").stat().st_mode) == 0o644, "node_exporter has another account"
    assert DEMO_USER not in Path("bitbucket.prom").read_text()


def test_the_summary_and_the_metrics_are_documented(monitored: Run) -> None:
    assert monitored().code == 0
    series = {f"oaa_bitbucket_{name.partition(' ')[0]}" for name in figures()}
    assert {name for cells in tables("series", "what it says") for name in in_code(cells[0])} == series
    assert {name for cells in tables("key", "what it says") for name in in_code(cells[0])} == set(summary())


def test_a_name_that_is_no_word_is_a_label_all_the_same(monitored: Run) -> None:
    assert monitored("--metrics", 'a "b\\.prom').code == 0
    assert figures('a "b\\.prom')["exit_code"] == 0


# --- the ping


class Listener:
    """A dead man's switch on a loopback port, which records the paths of requests."""

    def __init__(self, status: int = 200) -> None:
        self.paths = paths = list[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                paths.append(self.path)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/secret"

    def __enter__(self) -> Listener:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listener:
        yield listener


@pytest.mark.parametrize(("options", "end"), [([], ""), (["--max-removal", "1", "--baseline", "nowhere/x"], "")])
def test_a_good_run_pings_at_its_beginning_and_its_end(
    options: list[str], end: str, monitored: Run, listener: Listener
) -> None:
    assert monitored("--ping", f"{listener.url}/?create=1", *options).code == 0
    assert listener.paths == ["/secret/start?create=1", f"/secret{end}?create=1"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9/secret", "could not be asked: ConnectionError"),
        ("http://[::1]:9/secret", "could not be asked: ConnectionError"),
        ("http://127.0.0.1:{port}/secret", "answered 404"),
    ],
)
def test_a_ping_that_fails_changes_nothing_and_its_address_is_in_no_log(url: str, said: str, monitored: Run) -> None:
    with Listener(404) as listener:
        ended = monitored("--debug", "--ping", url.replace("{port}", listener.url.split(":")[2].split("/")[0]))
    assert ended.code == 0
    assert f"WARNING: --ping: the address {said}" in ended.err
    assert "secret" not in ended.err + Path("summary.json").read_text()


def test_a_ping_that_is_not_answered_does_not_delay_the_run(monitored: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr("connector.cli.monitoring._LAST_PING_SECONDS", 0.05)
    answer = requests.Response()
    answer.status_code = 200
    monkeypatch.setattr("requests.Session.get", lambda *_, **__: released.wait() and answer)
    assert monitored("--ping", "http://127.0.0.1:9/").code == 0
    assert not released.is_set()
    released.set()


@pytest.mark.parametrize(
    "url", ["hc-ping.com/secret", "ftp://x/secret", "https://", "https://x:port/secret", "http://["]
)
def test_an_invalid_address_is_a_usage_error_that_does_not_show_it(url: str, monitored: Run) -> None:
    ended = monitored("--ping", url)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "--ping is no address" in ended.err
    assert "secret" not in ended.err
