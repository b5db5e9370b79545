"""argv, environment and .env → one frozen `Config`. The only reader of os.environ; contacts nobody.

Secrets come from the environment or the env file, never from the command line, and stand in no message.
"""

from __future__ import annotations

import argparse
import math
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit

from dotenv import load_dotenv

from connector import __version__
from connector.commands.offline import Offline, add_access_options, add_diff_options, read_access, read_diff
from connector.commands.report import Report, add_report_options, read_report
from connector.errors import UsageError
from connector.model import Inclusion
from connector.oaa.mapping import application_name
from connector.oaa.vocabulary import PROVIDER_NAME
from connector.outputs.veza.push import VezaSettings, forbidden_characters
from connector.sources.datacenter.settings import (
    DEFAULT_CONCURRENCY,
    DEFAULT_PATIENCE,
    DEFAULT_RESUME_MAX_AGE,
    Credentials,
    Settings,
)

T = TypeVar("T")

MAX_CONCURRENCY = 100


class Command(StrEnum):
    """What can be asked for; the first word of the command line."""

    EXPORT = "export"
    DEMO = "demo"
    CHECK = "check"
    ACCESS = "access"
    DIFF = "diff"
    REPORT = "report"


class LogFormat(StrEnum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Guards:
    """What must hold before anything is published. `max_removal` is in percent."""

    allow_incomplete: bool = False
    baseline: Path | None = None
    max_removal: float = 20.0


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where results go."""

    save_json: Path | None = None
    """A path that ends in the name of a folder's file, or `NAMED_BY_TIME`."""
    veza: VezaSettings | None = None
    summary: Path | None = None
    report: Path | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Verify:
    """Hold so many repositories against Bitbucket's own answers; which ones, the seed says (None: any)."""

    count: int
    seed: int | None = None


DEMO_EXPORT = Path("demo-export.json")
DEMO_REPORT = Path("demo-report.html")

NAMED_BY_TIME = Path("by time")
"""Stands for `{data source name}-{time}.json`; the time is known when the file is written."""


@dataclass(frozen=True, slots=True)
class Export:
    """Collect, then save and/or push."""

    bitbucket: Settings
    data_source_name: str
    guards: Guards
    outputs: Outputs
    verify: Verify | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Find out what these settings can see, and what to do about the rest; publish nothing."""

    bitbucket: Settings
    veza: VezaSettings | None
    verify: Verify | None
    as_json: bool


@dataclass(frozen=True, slots=True)
class Demo:
    """Export the embedded Bitbucket, which needs no settings."""

    save_json: Path = DEMO_EXPORT
    report: Path = DEMO_REPORT


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that a run was asked for."""

    debug: bool
    log_format: LogFormat
    wanted: Export | Demo | Check | Offline | Report


def read(argv: Sequence[str]) -> Config:
    """Read the command line, the environment and the env file. Raises `UsageError`.

    `--help` and `--version` print what they say and raise SystemExit.
    """
    command, rest = _command(argv)
    options = _parser(command).parse_args(rest)
    if command not in _OFFLINE:
        _load_env_file(options.env_file)
    debug = options.debug or _env("OAA_DEBUG") is not None
    return Config(debug, LogFormat(options.log_format), _READERS[command](options))


def _export(options: argparse.Namespace) -> Export:
    bitbucket = _bitbucket(options)
    name = _data_source_name(options.data_source_name, bitbucket.base_url)
    return Export(bitbucket, name, _guards(options), _outputs(options, name), _verify(options))


def _check(options: argparse.Namespace) -> Check:
    bitbucket = _bitbucket(options)
    name = _data_source_name(options.data_source_name, bitbucket.base_url)
    return Check(bitbucket, _veza(options, name), _verify(options), options.json)


def _demo(_options: argparse.Namespace) -> Demo:
    return Demo()


_READERS: dict[Command, Callable[[argparse.Namespace], Export | Demo | Check | Offline | Report]] = {
    Command.EXPORT: _export,
    Command.DEMO: _demo,
    Command.CHECK: _check,
    Command.ACCESS: read_access,
    Command.DIFF: read_diff,
    Command.REPORT: read_report,
}

_OFFLINE = frozenset({Command.ACCESS, Command.DIFF, Command.REPORT})
"""Commands that read saved exports, and no setting of any server."""


def _command(argv: Sequence[str]) -> tuple[Command, Sequence[str]]:
    if argv and argv[0] in set(Command):
        return Command(argv[0]), argv[1:]
    if argv and not argv[0].startswith("-"):
        commands = ", ".join(Command)
        raise UsageError(f"{argv[0]!r} is no command; there are {commands}. Options begin with --")
    return Command.EXPORT, argv


class _Parser(argparse.ArgumentParser):
    """argparse, with one line and our exception where it would print its usage and exit."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def _path(text: str) -> Path:
    """Read a path; raises where it is the name of a command, which is hardly what was meant."""
    if text in set(Command):
        raise argparse.ArgumentTypeError(
            f"the command comes first, so {text!r} is a file's name here; write ./{text} if you mean such a file"
        )
    if not text:
        raise argparse.ArgumentTypeError("the path is empty")
    return Path(text)


_EXPORT_EXAMPLES = """\
examples:
  Save who can reach what in a file, without Veza:
    export BITBUCKET_USER=admin BITBUCKET_TOKEN=...
    %(prog)s --bitbucket-url https://bitbucket.example.com --save-json export.json

  Every night from cron, with the settings in a file that only its owner can read; refuses to publish
  when more than a fifth of what the last export had would disappear:
    %(prog)s --env-file /etc/oaa-bitbucket.env --save-json bitbucket.json --baseline bitbucket.json

  Try it offline, without a Bitbucket:
    %(prog)s demo

secrets are read from the environment or the env file only:
  BITBUCKET_TOKEN   HTTP access token, or the password where BITBUCKET_USER is set (required)
  BITBUCKET_USER    user name for basic authentication; global permissions can only be read in this way
  VEZA_API_KEY      API key of Veza

exit codes:
  0 done                                 4 something could not be read, or a guard refused to publish
  2 usage or configuration               5 Veza refused or is unreachable, or the file could not be written
  3 Bitbucket is unreachable, refuses    130, 143 interrupted, terminated
    the credentials, or makes no sense   1 a bug of this program
  On 1 to 4 nothing was published; 5 says what was.
"""

_DEMO_DESCRIPTION = """\
Starts a small Bitbucket on a loopback port, exports it by the ordinary code into demo-export.json, shows
what was found, and makes the page demo-report.html about it. Nothing needs to be configured, and no other
server is contacted.
"""


_CHECK_DESCRIPTION = """\
Finds out in some dozens of requests whether an export with these settings can run, what it would lack,
and what to do about it. Publishes nothing, neither in a file nor to Veza.
"""

_CHECK_EPILOG = """\
settings are those of an export: BITBUCKET_URL, BITBUCKET_TOKEN, BITBUCKET_USER, and for Veza VEZA_URL, VEZA_API_KEY

exit codes:
  0 full: an export sees everything      3 an export cannot run
  4 limited: an export lacks something   2 usage or configuration
    or --verify found a difference
"""


def _parser(command: Command) -> _Parser:
    describe: dict[Command, Callable[[_Parser], None]] = {
        Command.EXPORT: _describe_export,
        Command.DEMO: _describe_demo,
        Command.CHECK: _describe_check,
        Command.ACCESS: _describe_access,
        Command.DIFF: _describe_diff,
        Command.REPORT: _describe_report,
    }
    parser = _Parser(
        prog="oaa_bitbucket.py" if command is Command.EXPORT else f"oaa_bitbucket.py {command}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"oaa-bitbucket {__version__}")
    parser.add_argument("--debug", action="store_true", help="log every request [OAA_DEBUG]")
    parser.add_argument(
        "--log-format", choices=list(LogFormat), default=LogFormat.TEXT, help="lines of text (default), or of JSON"
    )
    if command not in _OFFLINE:
        parser.add_argument("--env-file", type=_path, metavar="PATH", help="read settings from this file, not ./.env")
    describe[command](parser)
    return parser


def _describe_export(parser: argparse.ArgumentParser) -> None:
    parser.usage = f"%(prog)s [{'|'.join(Command)}] [options]"
    parser.description = "Export who can reach what in a self-hosted Bitbucket, and why, to a file or to Veza."
    parser.epilog = _EXPORT_EXAMPLES
    _add_bitbucket_options(parser)
    _add_resume_options(parser)
    _add_output_options(parser)
    _add_guard_options(parser)


def _describe_check(parser: argparse.ArgumentParser) -> None:
    parser.description = _CHECK_DESCRIPTION
    parser.epilog = _CHECK_EPILOG
    _add_bitbucket_options(parser)
    _add_veza_options(parser.add_argument_group("Veza, whose key is tried where it is set"))
    group = parser.add_argument_group("check")
    _add_verify_options(group)
    group.add_argument("--json", action="store_true", help="one JSON object instead of a table")


def _describe_demo(parser: argparse.ArgumentParser) -> None:
    parser.description = _DEMO_DESCRIPTION


def _describe_access(parser: _Parser) -> None:
    add_access_options(parser, _path)


def _describe_diff(parser: _Parser) -> None:
    add_diff_options(parser, _path)


def _describe_report(parser: _Parser) -> None:
    add_report_options(parser, _path)


def _add_bitbucket_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("Bitbucket")
    group.add_argument(
        "--bitbucket-url", metavar="URL", help="address with its context path, if it has one [BITBUCKET_URL]"
    )
    group.add_argument(
        "--concurrency",
        metavar="N",
        help=f"requests in flight at most, 1 to {MAX_CONCURRENCY} (default {DEFAULT_CONCURRENCY}) [OAA_CONCURRENCY]",
    )
    group.add_argument(
        "--patience",
        metavar="SECONDS",
        help="how long one request is tried again while Bitbucket is away, in the middle of a run "
        f"(default {DEFAULT_PATIENCE:g}) [OAA_PATIENCE]",
    )
    group.add_argument(
        "--max-rate",
        metavar="N",
        help="requests per second at most (default: what the server's own rate limit allows) [OAA_MAX_RATE]",
    )
    group.add_argument(
        "--groups",
        choices=["all", "granted"],
        default="all",
        help="all groups (default), or only those that hold a grant, and their members",
    )
    group.add_argument(
        "--include",
        metavar="LIST",
        help=f"what to read beyond users, groups and permissions, with commas between: {', '.join(Inclusion)}, "
        "or all; each costs requests (default: none of it) [OAA_INCLUDE]",
    )


def _add_resume_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("going on after a run that died")
    group.add_argument(
        "--resume",
        type=_path,
        metavar="FILE",
        help="keep finished answers in this file, and go on from it where there is one; removed when all went well",
    )
    group.add_argument(
        "--resume-max-age",
        metavar="HOURS",
        help=f"start anew where the file is older (default {DEFAULT_RESUME_MAX_AGE:g})",
    )


def _add_output_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("where results go")
    group.add_argument(
        "--save-json",
        nargs="?",
        const=NAMED_BY_TIME,
        type=_path,
        metavar="PATH",
        help="save the payload; without PATH in the current folder, named by data source and time. "
        "While one run is at work on a PATH, a second one ends at once, with code 4",
    )
    _add_veza_options(group)
    group.add_argument(
        "--summary",
        type=_path,
        metavar="PATH",
        help="write one JSON object about the run for monitoring, on failure too; like every file that is written, "
        "only its owner can read it",
    )
    group.add_argument(
        "--report", type=_path, metavar="PATH", help="write a page for people about the export, as the command report"
    )
    group.add_argument(
        "--dry-run", action="store_true", help="do everything but publish, and say what would have been published"
    )


def _add_veza_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--veza-url", metavar="URL", help="push to this Veza; needs VEZA_API_KEY [VEZA_URL]")
    group.add_argument("--provider-name", metavar="NAME", help=f"provider in Veza (default {PROVIDER_NAME!r})")
    group.add_argument(
        "--data-source-name", metavar="NAME", help="data source in Veza (default 'Bitbucket Server - HOST')"
    )


def _add_verify_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--verify",
        metavar="N",
        help="draw N repositories, ask Bitbucket itself who can do what there, and compare; exit 4 where they differ",
    )
    group.add_argument("--verify-seed", metavar="NUMBER", help="draw the same repositories again")


def _add_guard_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("guards")
    group.add_argument(
        "--allow-incomplete",
        action="store_true",
        help="publish although something could not be read; the payload says what",
    )
    group.add_argument(
        "--baseline",
        type=_path,
        metavar="FILE",
        help="compare with this earlier export, and refuse to publish when too much would disappear; "
        "may be the file of --save-json, and may not exist yet",
    )
    group.add_argument(
        "--max-removal",
        metavar="PERCENT",
        help="how much of the baseline's users, groups, projects, repositories or grants may disappear (default 20)",
    )
    _add_verify_options(group)


def _load_env_file(path: Path | None) -> None:
    """Add the file's settings to the environment, where proxies and certificates are looked for, too.

    What is set there already wins. Values are taken as they are: a `$` in a password is a `$`.
    """
    if path is not None and not path.is_file():
        raise UsageError(f"--env-file: there is no file {path}")
    try:
        load_dotenv(path or Path(".env"), override=False, interpolate=False)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path or '.env'} cannot be read: {type(error).__name__}") from error


def _env(name: str) -> str | None:
    return os.environ.get(name) or None


@dataclass(frozen=True, slots=True)
class _Given:
    """A setting's text, and the name under which it was given."""

    name: str
    text: str


def _given(option: str, value: str | None, variable: str | None = None) -> _Given | None:
    """Take a setting from the command line, or else from the environment."""
    if value is not None:
        return _Given(option, value)
    text = _env(variable) if variable else None
    return _Given(variable or option, text) if text is not None else None


def _number(given: _Given | None, default: T, low: float, high: float = math.inf) -> float | T:
    if given is None:
        return default
    try:
        number = float(given.text)
    except ValueError:
        number = math.nan
    if not low <= number <= high or math.isinf(number):
        bounds = f"from {low:g} to {high:g}" if math.isfinite(high) else f"of at least {low:g}"
        raise UsageError(f"{given.name} takes a number {bounds}, not {given.text!r}")
    return number


def _bitbucket(options: argparse.Namespace) -> Settings:
    concurrency = _given("--concurrency", options.concurrency, "OAA_CONCURRENCY")
    workers = _number(concurrency, DEFAULT_CONCURRENCY, 1, MAX_CONCURRENCY)
    if concurrency is not None and workers != int(workers):
        raise UsageError(f"{concurrency.name} takes a whole number, not {concurrency.text!r}")
    return Settings(
        base_url=_base_url(options.bitbucket_url),
        credentials=_credentials(),
        concurrency=int(workers),
        patience=_number(_given("--patience", options.patience, "OAA_PATIENCE"), DEFAULT_PATIENCE, 0),
        max_rate=_number(_given("--max-rate", options.max_rate, "OAA_MAX_RATE"), None, 0.01),
        resume=getattr(options, "resume", None),
        resume_max_age=_number(
            _given("--resume-max-age", getattr(options, "resume_max_age", None)), DEFAULT_RESUME_MAX_AGE, 0
        ),
        granted_groups_only=options.groups == "granted",
        include=_included(_given("--include", options.include, "OAA_INCLUDE")),
    )


def _included(given: _Given | None) -> frozenset[Inclusion]:
    names = {name.strip().lower() for name in given.text.split(",")} - {""} if given else set()
    if given and (unknown := names - {*Inclusion, "all"}):
        raise UsageError(f"{given.name} holds {min(unknown)!r}; there are {', '.join(Inclusion)}, and all")
    return frozenset(Inclusion if "all" in names else map(Inclusion, names))


def _base_url(option: str | None) -> str:
    given = _given("--bitbucket-url", option, "BITBUCKET_URL")
    if given is None:
        raise UsageError("set --bitbucket-url or BITBUCKET_URL to the address of Bitbucket; see --help, or try: demo")
    url = given.text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or re.search(r"[\s\x00-\x1f\x7f]", url):
        raise UsageError(f"{given.name} is no address of a server; it looks like https://bitbucket.example.com/context")
    if "@" in parts.netloc:
        raise UsageError(f"{given.name} holds a user name; set BITBUCKET_USER and BITBUCKET_TOKEN instead")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise UsageError(f"{given.name} goes on after the path; give the address up to the context path")
    return url


def _credentials() -> Credentials:
    secret, user = _env("BITBUCKET_TOKEN"), _env("BITBUCKET_USER")
    if secret is None:
        raise UsageError(
            "set BITBUCKET_TOKEN to an HTTP access token, or to the password of BITBUCKET_USER, "
            "in the environment or the env file"
        )
    if user is None:
        secret = secret.strip()
        if not re.fullmatch(r"[!-~]+", secret):
            raise UsageError(
                "BITBUCKET_TOKEN holds a character that no access token has; is it a password? "
                "Then set BITBUCKET_USER too"
            )
    elif ":" in user:
        raise UsageError("BITBUCKET_USER holds a colon, which basic authentication cannot send")
    return Credentials(secret, user)


def _verify(options: argparse.Namespace) -> Verify | None:
    seed = _whole(_given("--verify-seed", options.verify_seed), 0)
    count = _whole(_given("--verify", options.verify), 1)
    if count is None:
        if seed is not None:
            raise UsageError("--verify-seed needs --verify")
        return None
    return Verify(count, seed)


def _whole(given: _Given | None, low: int) -> int | None:
    number = _number(given, None, low)
    if given is not None and number is not None and number != int(number):
        raise UsageError(f"{given.name} takes a whole number, not {given.text!r}")
    return None if number is None else int(number)


def _guards(options: argparse.Namespace) -> Guards:
    if options.max_removal is not None and options.baseline is None:
        raise UsageError("--max-removal guards nothing without --baseline: name the export to compare with")
    return Guards(
        allow_incomplete=options.allow_incomplete,
        baseline=options.baseline,
        max_removal=_number(_given("--max-removal", options.max_removal), 20.0, 0, 100),
    )


def _data_source_name(option: str | None, base_url: str) -> str:
    return _veza_name("--data-source-name", option or application_name(base_url))


def _veza_name(option: str, name: str) -> str:
    if wrong := forbidden_characters(name):
        raise UsageError(f"{option} holds {wrong!r}, which Veza does not allow in names")
    return name


def _outputs(options: argparse.Namespace, data_source_name: str) -> Outputs:
    veza = _veza(options, data_source_name)
    if veza is None and options.save_json is None and options.report is None:
        raise UsageError("there is nothing to do: name a file with --save-json, or set VEZA_URL and VEZA_API_KEY")
    _check_distinct(options)
    return Outputs(
        save_json=options.save_json,
        veza=veza,
        summary=options.summary,
        report=options.report,
        dry_run=options.dry_run,
    )


def _check_distinct(options: argparse.Namespace) -> None:
    """Raise where two results would go to one file; the baseline may be the file of --save-json."""
    files = {"--save-json": options.save_json, "--baseline": options.baseline}
    for option in ("--summary", "--report"):
        path = getattr(options, option.removeprefix("--"))
        for other, taken in files.items():
            if path and taken and os.path.realpath(path) == os.path.realpath(taken):
                raise UsageError(f"{option} and {other} name the same file, and one would replace the other")
        files[option] = path


def _veza(options: argparse.Namespace, data_source_name: str) -> VezaSettings | None:
    provider = _veza_name("--provider-name", options.provider_name or PROVIDER_NAME)
    url, key = _given("--veza-url", options.veza_url, "VEZA_URL"), _env("VEZA_API_KEY")
    if url is None and key is None:
        return None
    if url is None or key is None:
        here, missing = ("VEZA_API_KEY", "VEZA_URL") if url is None else (url.name, "VEZA_API_KEY")
        raise UsageError(f"{here} is set, but {missing} is not; pushing to Veza needs both")
    return VezaSettings(url.text.strip(), key.strip(), provider, data_source_name)
