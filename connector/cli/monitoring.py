"""Reports of a run for monitoring: a summary in JSON, metrics for Prometheus, a ping. None of them holds a secret."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from connector import __version__
from connector.commands.shared.destinations import LATEST
from connector.commands.shared.incomplete_guard import causes
from connector.commands.shared.options import Given, Parser, same_file
from connector.commands.shared.outcome import Outcome
from connector.errors import SaveError, UsageError
from connector.files import READABLE_BY_ALL, check_writable, json_pieces, whole_file
from connector.text import rfc3339

log = logging.getLogger(__name__)

_PING_SECONDS = 2.0
_LAST_PING_SECONDS = 4.0
"""Upper bound of the time that the end of a run waits for its last ping."""


@dataclass(frozen=True, slots=True)
class Monitoring:
    """Where a run is reported."""

    summary: Path | None = None
    metrics: Path | None = None
    ping: str | None = field(default=None, repr=False)
    """An address; its path is a secret, so it is not logged."""


def add_monitoring_options(parser: Parser) -> None:
    """Add the options that say where a run is reported."""
    group = parser.add_argument_group("monitoring")
    parser.result(
        group,
        "--summary",
        help="write one JSON object about the run, on failure too; like every file that is written, only its owner can "
        "read it",
    )
    parser.result(
        group,
        "--metrics",
        help="write the same figures in Prometheus' text format, for the textfile collector of node_exporter "
        "(a name that ends in .prom); everybody on this machine can read it",
    )
    parser.setting(
        group,
        "--ping URL",
        _address,
        "tell a dead man's switch, as healthchecks.io does it: URL/start when a run begins, URL when it went well, "
        "URL/CODE with its exit code when it did not; never fails a run, nor holds it up for more than some seconds",
        variable="OAA_PING",
    )


def read_monitoring(options: argparse.Namespace) -> Monitoring:
    """Read where the run is reported: nowhere, if the command has no such options."""
    return Monitoring(**{each.name: getattr(options, each.name, None) for each in dataclasses.fields(Monitoring)})


def read_leniently(argv: Sequence[str], commands: Collection[str]) -> Monitoring:
    """Read where it is reported that a command line or a setting cannot be read. Raises nothing.

    A file that another word of the command line names, too, is left out: naming it twice may be the mistake.
    """
    for with_env_file in (True, False):
        parser = Parser(commands=commands, add_help=False)
        add_monitoring_options(parser)
        if with_env_file:
            parser.add_env_file(parser)
        with suppress(UsageError):
            found = read_monitoring(parser.parse_known_args(argv)[0])
            return Monitoring(_named_once(found.summary, argv), _named_once(found.metrics, argv), found.ping)
    return Monitoring()


def _named_once(path: Path | None, argv: Sequence[str]) -> Path | None:
    words = [Path(word.partition("=")[2] if word.startswith("-") else word) for word in argv]
    others = [*words, *(word / LATEST for word in words)]
    return path if sum(same_file(path, other) for other in others) == 1 else None


def _address(given: Given) -> str:
    with suppress(ValueError):
        parts = urlsplit(given.text)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and given.text.isprintable():
            return given.text
    raise UsageError(f"{given.name} is no address; it looks like https://hc-ping.com/0b1c2d3e-…")


class Monitor:
    """Reports one run."""

    def __init__(self, settings: Monitoring) -> None:
        self._settings = settings
        self._pinging: threading.Thread | None = None

    def begin(self) -> None:
        """Report that the run begins. Raises `SaveError` if the files could not be written at its end."""
        self._ping("/start")
        for path in (self._settings.summary, self._settings.metrics):
            if path is not None:
                check_writable(path)

    def write(self, outcome: Outcome) -> None:
        """Write the files. A file that cannot be written sets the exit code, unless the run failed already."""
        if self._settings.summary is not None:
            _write(self._settings.summary, "the summary", lambda: ["".join(json_pieces(summary(outcome), 2))], outcome)
        if (path := self._settings.metrics) is not None:
            _write(path, "the metrics", lambda: metrics(outcome, path.stem), outcome, mode=READABLE_BY_ALL)

    def conclude(self, exit_code: int) -> None:
        """Report how the run ended."""
        self._ping(f"/{exit_code}" if exit_code else "")
        if self._pinging is not None:
            self._pinging.join(_LAST_PING_SECONDS)

    def _ping(self, what: str) -> None:
        if self._settings.ping is not None:
            parts = urlsplit(self._settings.ping)
            address = urlunsplit(parts._replace(path=parts.path.rstrip("/") + what))
            self._pinging = threading.Thread(target=_send, args=(address, self._pinging), daemon=True)
            self._pinging.start()


def _send(address: str, before: threading.Thread | None) -> None:
    import requests  # noqa: PLC0415 - most commands send nothing, and load in half the time without it

    if before is not None:
        before.join()
    try:
        with requests.Session() as session:
            session.auth = lambda request: request  # or else requests looks for one in a .netrc file
            headers = {"User-Agent": f"oaa-bitbucket/{__version__}"}
            answer = session.get(address, headers=headers, timeout=_PING_SECONDS, allow_redirects=False, stream=True)
        if not answer.ok:
            log.warning("--ping: the address answered %d", answer.status_code)
    except Exception as error:  # noqa: BLE001 - no failure of the ping may fail the run
        log.warning("--ping: the address could not be asked: %s", type(error).__name__)


def _write(
    path: Path, what: str, lines: Callable[[], Sequence[str] | Iterator[str]], outcome: Outcome, mode: int | None = None
) -> None:
    try:
        with whole_file(path, mode) as file:
            file.writelines(f"{line}\n" for line in lines())
    except SaveError as error:
        if outcome.error != str(error):
            log.error("%s: %s", what, error)  # noqa: TRY400 - a person reads what happened, not where in the code
        outcome.exit_code = outcome.exit_code or error.exit_code


def summary(outcome: Outcome) -> dict[str, Any]:
    """Give the object for monitoring. Times are RFC 3339, UTC; `cause` of a gap is an index into `causes`."""
    folded = causes(outcome.snapshot.gaps if outcome.snapshot else ())
    return {
        "version": __version__,
        "started": rfc3339(outcome.started, "seconds"),
        "ended": rfc3339(datetime.now(UTC), "seconds"),
        "exit_code": outcome.exit_code,
        "error": outcome.error,
        "counts": outcome.counts,
        "requests": outcome.statistics.requests,
        "retries": outcome.statistics.retries,
        "rate_limited": outcome.statistics.rate_limited,
        "causes": [{"reason": cause.reason, "gaps": len(cause.gaps)} for cause in folded],
        "gaps": [
            {"scope": gap.scope, "missing": gap.missing, "optional": gap.optional, "cause": place}
            for place, cause in enumerate(folded)
            for gap in cause.gaps
        ],
        "published": [{k: v for k, v in entry.items() if k != "said"} for entry in outcome.published],
        "unsettled": outcome.unsettled,
        "dry_run": outcome.dry_run,
        "veza_warnings": outcome.veza_warnings,
    }


def metrics(outcome: Outcome, run: str) -> Iterator[str]:
    """Yield the lines of Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/).

    All bear the label `run`: of several files in one folder, no two may hold the same series.
    """
    gaps = [gap.optional for gap in outcome.snapshot.gaps] if outcome.snapshot else []
    figures: list[tuple[str, str, dict[str, str], float]] = [
        ("info", "Version of the connector", {"version": __version__}, 1),
        ("exit_code", "Exit code of the last run; 0 means success", {}, outcome.exit_code),
        ("start_timestamp_seconds", "When the last run began", {}, outcome.started.timestamp()),
        ("end_timestamp_seconds", "When the last run ended", {}, datetime.now(UTC).timestamp()),
        ("requests", "Requests to Bitbucket", {}, outcome.statistics.requests),
        ("requests_repeated", "Requests that were repeated", {}, outcome.statistics.retries),
        ("requests_rate_limited", "Requests held back by the rate limit", {}, outcome.statistics.rate_limited),
        *(("collected", "What was collected", {"what": what}, number) for what, number in outcome.counts.items()),
        ("gaps", "What could not be read", {"optional": "false"}, gaps.count(False)),
        ("gaps", "What could not be read", {"optional": "true"}, gaps.count(True)),
        ("veza_warnings", "Warnings of Veza", {}, len(outcome.veza_warnings)),
        *(
            ("published_bytes", "What was published where", {"to": e["to"]}, e["bytes"])
            for e in outcome.published
            if "bytes" in e
        ),
    ]
    said = set[str]()
    for name, meaning, labels, value in figures:
        if name not in said:
            said.add(name)
            yield f"# HELP oaa_bitbucket_{name} {meaning}"
            yield f"# TYPE oaa_bitbucket_{name} gauge"
        pairs = ",".join(f'{label}="{_escaped(text)}"' for label, text in {"run": run, **labels}.items())
        yield f"oaa_bitbucket_{name}{{{pairs}}} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
