"""The embedded Data Center in a process of its own, for benchmarks and for trying things out.

python -m connector.embedded.datacenter --repositories 100000 --latency 0.05

Writes its base URL as one line, serves until it is told to stop, then writes one line of JSON: how
many requests it answered, by status.
"""

from __future__ import annotations

import argparse
import gc
import json
import signal
import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING

from connector.embedded.datacenter.sample import sample_organisation
from connector.embedded.datacenter.server import EmbeddedBitbucket
from connector.embedded.datacenter.settings import RateLimit, Settings
from connector.embedded.datacenter.synthetic import synthetic_organisation

if TYPE_CHECKING:
    from collections.abc import Sequence

_SIZES = {"users": 2_000, "groups": 200, "projects": 100, "grants-per-repository": 10, "seed": 0}
"""Arguments of a synthetic organisation, and their defaults."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal, or with `--with-parent` until standard input ends."""
    options = _parser().parse_args(arguments)
    names = [name.replace("-", "_") for name in ("repositories", *_SIZES)]
    synthetic = options.repositories is not None
    sizes = {name: getattr(options, name) for name in names}
    organisation = synthetic_organisation(**sizes) if synthetic else sample_organisation()
    stop = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: stop.set())
    if options.with_parent:
        threading.Thread(target=_wait_for_parent, args=(stop,), daemon=True).start()
    with EmbeddedBitbucket(organisation, _settings(options), port=options.port) as server:
        # A garbage collection that visits a million records would hold up the answers for a second.
        gc.freeze()
        _write(server.base_url)
        stop.wait()
    _write(json.dumps(dict(Counter(str(entry.status) for entry in server.requests)), sort_keys=True))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m connector.embedded.datacenter", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="default: one that is free")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input ends")
    size = parser.add_argument_group("size", "without --repositories: the organisation of the demo")
    size.add_argument("--repositories", type=int)
    for name, default in _SIZES.items():
        size.add_argument(f"--{name}", type=int, default=default)
    behaviour = parser.add_argument_group("behaviour")
    behaviour.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    behaviour.add_argument("--slots", type=int, help="answers worked on at the same time; the others queue")
    behaviour.add_argument("--context", default="", help="context path, such as /bitbucket")
    behaviour.add_argument("--page-cap", type=int, default=1_000)
    behaviour.add_argument("--rate-capacity", type=int, help="switches rate limiting on")
    behaviour.add_argument("--rate-fill", type=float, default=5.0, help="requests per second")
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    limited = options.rate_capacity is not None
    return Settings(
        context=options.context,
        latency=options.latency,
        slots=options.slots,
        page_cap=options.page_cap,
        rate_limit=RateLimit(options.rate_capacity, options.rate_fill) if limited else None,
    )


def _wait_for_parent(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
