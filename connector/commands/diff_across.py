"""`--across` of the commands `diff` and `report`: the same access on two servers. Contacts no server."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from connector.commands.shared import terminal
from connector.commands.shared.options import Parser, same_file
from connector.commands.shared.terminal import Screen
from connector.errors import UsageError
from connector.files import whole_file
from connector.graph.export import Export
from connector.graph.payload import collector_paused, load
from connector.graph.values import Resource, ReviewError, User
from connector.review.across import render
from connector.review.across.comparison import ServerComparison
from connector.review.across.mapping_files import (
    Register,
    mapping_lines,
    people_registers,
    read_mapping,
    repository_registers,
)
from connector.review.across.matches import Matches, Settled, T
from connector.review.across.matching import Matching, match, why_incomparable
from connector.review.caveats import caveats
from connector.review.text.formats import Format
from connector.review.text.names import counted
from connector.text import clean

log = logging.getLogger(__name__)

_EXIT_CHANGED = 4
_LINES_OF_A_PARAGRAPH = 25


class FailOn(StrEnum):
    """Which difference between two exports is a failure."""

    GAINED = "gained"
    LOST = "lost"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Servers:
    """Exports of two servers, and the mapping files between them."""

    old: Path
    new: Path
    people: Path | None = None
    repositories: Path | None = None


@dataclass(frozen=True, slots=True)
class Across:
    """Compare access on two servers. If mapping files are to be written, people and repositories are only matched."""

    servers: Servers
    write_people: Path | None
    write_repositories: Path | None
    fail_on: FailOn | None
    format: Format
    everything: bool


def add_mapping_options(group: argparse._ArgumentGroup, parser: Parser) -> None:
    """Describe the options that say who and what is the same on two servers."""
    for option, what, names in (
        ("--people", "who is who", "user names, e-mail addresses or ids"),
        ("--repositories", "which repository is which", "KEY/slug or ids"),
    ):
        group.add_argument(
            option,
            type=parser.path,
            metavar="FILE",
            help=f"{what}, where that cannot be found out: CSV with the header old,new and {names}; - is for none",
        )


def add_options(parser: Parser) -> None:
    """Describe the options of `diff` for two servers."""
    group = parser.add_argument_group("two servers: before and after a migration")
    group.add_argument(
        "--across",
        action="store_true",
        help="OLD and NEW are of two servers: compare what people can do, whatever ids and permissions are called",
    )
    add_mapping_options(group, parser)
    for what in ("people", "repositories"):
        group.add_argument(
            f"--write-{what}",
            type=parser.path,
            metavar="FILE",
            help=f"write a file for --{what} to be completed, and compare nothing yet",
        )


_ACROSS_ONLY = ("people", "repositories", "write_people", "write_repositories")


def read(options: argparse.Namespace) -> Across | None:
    """Read the options of `diff` for two servers; None without `--across`. Raises `UsageError`."""
    if not options.across:
        given = [name for name in _ACROSS_ONLY if getattr(options, name)]
        if given:
            raise UsageError(f"--{given[0].replace('_', '-')} is for exports of two servers: add --across")
        if options.format is Format.CSV or options.fail_on == FailOn.LOST:
            raise UsageError("--csv and --fail-on lost are for exports of two servers: add --across")
        return None
    fail_on = FailOn(options.fail_on) if options.fail_on else None
    people, repositories = _to_write(options, "people"), _to_write(options, "repositories")
    if (people or repositories) and (fail_on or options.format is not Format.TABLE):
        raise UsageError("--write-people and --write-repositories compare nothing yet: leave the other options out")
    if same_file(people, repositories):
        raise UsageError("--write-people and --write-repositories name the same file, and one would replace the other")
    servers = Servers(options.old, options.new, options.people, options.repositories)
    return Across(servers, people, repositories, fail_on, options.format, options.all)


def _to_write(options: argparse.Namespace, what: str) -> Path | None:
    """Give where a mapping file goes. Raises `UsageError` where one is there that would be lost."""
    path: Path | None = getattr(options, f"write_{what}")
    if path and path.exists() and not same_file(path, getattr(options, what)):
        raise UsageError(f"{path} is there already: to keep what it says, name it with --{what}, too")
    return path


def run(wanted: Across) -> int:
    """Compare, on standard output. Raises `ReviewError` for an export, `UsageError` for a mapping file."""
    matching = matching_of(wanted.servers)
    screen = terminal.screen()
    if wanted.write_people or wanted.write_repositories:
        terminal.write(render.matching_as_text(matching, screen.width, _most(wanted, screen)))
        _write(wanted.write_people, "--people", matching.people, people_registers(matching.old, matching.new))
        both = repository_registers(matching.old, matching.new)
        _write(wanted.write_repositories, "--repositories", matching.repositories, both)
        return 0
    with collector_paused():
        comparison = ServerComparison(matching)
        terminal.write(_lines(wanted, comparison, screen))
    if wanted.format is Format.CSV:
        for line in _left_out_of_csv(comparison):
            log.warning("%s", line)
    return _exit_code(wanted.fail_on, comparison)


def matching_of(servers: Servers) -> Matching:
    """Load both exports, and match them. Raises `ReviewError` for an export, `UsageError` for a mapping file."""
    old, new = _bitbucket(servers.old), _bitbucket(servers.new)
    people: Settled[User] = Settled()
    repositories: Settled[Resource] = Settled()
    if servers.people:
        people = read_mapping(servers.people, *people_registers(old, new))
    if servers.repositories:
        repositories = read_mapping(servers.repositories, *repository_registers(old, new))
    with collector_paused():
        return match(old, new, people, repositories)


def _bitbucket(path: Path) -> Export:
    export = load(path)
    if problem := why_incomparable(export):
        raise ReviewError(f"{path}: {problem}")
    return export


def _write(path: Path | None, option: str, found: Matches[T], registers: tuple[Register[T], Register[T]]) -> None:
    if path is None:
        return
    lines = list(mapping_lines(found, *registers))
    with whole_file(path) as file:
        file.writelines(f"{line}\n" for line in lines)
    log.info("wrote %s to %s: complete it, then give it with %s", counted(len(lines) - 1, "row"), path, option)


def _most(wanted: Across, screen: Screen) -> int | None:
    cut = screen.is_terminal or wanted.format is Format.MARKDOWN
    return _LINES_OF_A_PARAGRAPH if cut and not wanted.everything else None


def _lines(wanted: Across, comparison: ServerComparison, screen: Screen) -> Iterable[str]:
    match wanted.format:
        case Format.JSON:
            return render.as_json(comparison)
        case Format.CSV:
            return render.as_csv(comparison)
        case Format.MARKDOWN:
            return render.as_markdown(comparison, _most(wanted, screen))
        case _:
            return render.as_text(comparison, screen.width, _most(wanted, screen))


def _left_out_of_csv(comparison: ServerComparison) -> Iterator[str]:
    """Yield what CSV has no columns for."""
    for what, found in comparison.matching.kinds.items():
        unmatched = [sum(one not in found.counterparts for one in side) for side in (found.old, found.new)]
        if any(unmatched) and what in ("people", "repositories"):
            yield f"not matched, and not compared: {unmatched[0]:,} old and {unmatched[1]:,} new {what}"
    for side, export in (("old", comparison.matching.old), ("new", comparison.matching.new)):
        yield from (f"not known in the {side} export: {clean(str(caveat))}" for caveat in caveats(export))
    if (left := render.combinations(comparison) - render.MOST_ROWS) > 0:
        yield f"{counted(left, 'more row')} left out: no spreadsheet takes more"


def _exit_code(fail_on: FailOn | None, comparison: ServerComparison) -> int:
    """Give the exit code. An incomplete export cannot prove that nobody gained or lost access."""
    if fail_on is None:
        return 0
    asked = {"gained": comparison.gained, "lost": comparison.lost}
    found = [what for what, is_so in asked.items() if is_so and fail_on in (what, FailOn.ANY)]
    for what in found:
        log.error("somebody %s access", what)
    if not found and not comparison.is_conclusive:
        why = "an export is incomplete" if any(comparison.doubts) else "nothing could be compared"
        log.error("%s, so it is not known whether anybody gained or lost access", why)
    return 0 if comparison.is_conclusive and not found else _EXIT_CHANGED
