"""The effect of an export on other clients: their answer times on a busy server, with and without it.

Other clients keep so many connections busy that all slots of the server are taken, and requests queue. An export that
never backed off would have its full concurrency in that queue; that is measured as well.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.bare import Answered, ask
from bench.export import export
from bench.scenarios import Scenario
from bench.server import serving
from bench.table import head, line

_OTHERS = 24
"""Connections of other clients."""
_SECONDS = 20.0
"""How long they send requests beside an export."""
_BEFORE_THEY_COME = 5.0
_TO_NOTICE = 3.0
"""Seconds in which an export adapts to them."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """What other clients measured: the median answer time in seconds, and the answers a second."""

    beside: str
    seconds: float
    per_second: float


def gentleness(scenario: Scenario) -> Iterator[str]:
    """Measure a server that other clients keep busy, and write a table of their answer times."""
    yield f"{scenario.name}; {_OTHERS} connections of others; an export with --concurrency {scenario.concurrency}"
    yield ""
    yield from head(("others, beside", "their answers take", "ratio", "their answers a second", "ratio"))
    noticed = _measured(scenario)
    for each in noticed:
        took, rate = each.seconds / noticed[0].seconds, each.per_second / noticed[0].per_second
        yield line(
            (each.beside, f"{1000 * each.seconds:.0f} ms", f"{took:.2f}", f"{each.per_second:.0f}", f"{rate:.2f}")
        )


def _measured(scenario: Scenario) -> list[Noticed]:
    with (
        serving(scenario.server_options) as server,
        ThreadPoolExecutor() as threads,
        tempfile.TemporaryDirectory() as folder,
    ):
        noticed = [_noticed("nobody", _for(server.base_url, _OTHERS, _SECONDS / 4))]
        never_waits = threads.submit(_for, server.base_url, scenario.concurrency, _SECONDS / 2)
        time.sleep(1)
        noticed.append(_noticed("as many requests that never wait", _for(server.base_url, _OTHERS, _SECONDS / 4)))
        never_waits.result()
        exported = threads.submit(export, server.base_url, Path(folder) / "export.json", scenario.export_options)
        time.sleep(_BEFORE_THEY_COME)
        answered = _for(server.base_url, _OTHERS, _SECONDS)
        exported.result()
    noticing = answered[0].asked_at + _TO_NOTICE
    at_first = [each for each in answered if each.asked_at < noticing]
    later = [each for each in answered if each.asked_at >= noticing]
    return [*noticed, _noticed("an export, at first", at_first), _noticed("an export, later", later)]


def _for(base_url: str, connections: int, seconds: float) -> list[Answered]:
    end = time.monotonic() + seconds
    return ask(base_url, connections, lambda _: time.monotonic() >= end)


def _noticed(beside: str, answered: Sequence[Answered]) -> Noticed:
    began, ended = answered[0].asked_at, max(each.asked_at + each.seconds for each in answered)
    return Noticed(beside, median(each.seconds for each in answered), len(answered) / (ended - began))
