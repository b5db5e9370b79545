"""An embedded server in a process of its own, for benchmarks and for trying things out.

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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.embedded.common.server import EmbeddedServer


def parser(prog: str, description: str | None, *, users: int, groups: int, projects: int) -> argparse.ArgumentParser:
    """Make a parser of what every embedded server can be told; the figures are the defaults of the product."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--port", type=int, default=0, help="default: one that is free")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input ends")
    size = parser.add_argument_group("size", "without --repositories: the organisation of the demo")
    size.add_argument("--repositories", type=int)
    size.add_argument("--users", type=int, default=users)
    size.add_argument("--groups", type=int, default=groups)
    size.add_argument("--projects", type=int, default=projects)
    size.add_argument("--grants-per-repository", type=int, default=10)
    size.add_argument("--seed", type=int, default=0)
    return parser


def sizes(options: argparse.Namespace) -> dict[str, int]:
    """Give the arguments of a synthetic organisation."""
    names = ("users", "groups", "projects", "repositories", "grants_per_repository", "seed")
    return {name: getattr(options, name) for name in names}


def serve(server: EmbeddedServer[Any, Any], *, with_parent: bool) -> None:
    """Serve until a signal, or with `with_parent` until standard input ends."""
    stop = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: stop.set())
    if with_parent:
        threading.Thread(target=_wait_for_parent, args=(stop,), daemon=True).start()
    with server:
        # A collection that visits a million records would stand still for a second.
        gc.freeze()
        _write(server.base_url)
        stop.wait()
    _write(json.dumps(dict(Counter(str(entry.status) for entry in server.requests)), sort_keys=True))


def _wait_for_parent(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
