"""The embedded Bitbucket in a process of its own, so that its work is not counted as the connector's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Server:
    """Its address and, once it has ended, the number of answers by status."""

    base_url: str
    answers: dict[str, int] = field(default_factory=dict)


@contextmanager
def serving(options: Sequence[str]) -> Iterator[Server]:
    """Serve while the block lasts; `options` are those of `python -m connector.embedded.datacenter`."""
    command = [sys.executable, "-m", "connector.embedded.datacenter", "--with-parent", *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("pipes were asked for")
        server = Server(process.stdout.readline().strip())
        try:
            yield server
        finally:
            process.stdin.close()
            server.answers = json.loads(process.stdout.readline() or "{}")
