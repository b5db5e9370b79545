"""SIGINT and SIGTERM: the first one ends the run in order, within a bounded time. Knows nothing of what is running."""

from __future__ import annotations

import os
import signal
import threading
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Self

from connector.errors import Interrupted

_NUMBERS = (signal.SIGINT, signal.SIGTERM)

_SECONDS_TO_END = 1.5
"""The process is ended after this time, even if it is blocked: a full pipe on standard error blocks it for ever."""


class Signals:
    """Handles signals while its context is entered, in the main thread. Afterwards signals are ignored."""

    def __init__(self) -> None:
        self._interrupts, self._received = True, False
        # SimpleQueue is the only queue that is safe to use in a signal handler (its put is reentrant).
        self._queue: SimpleQueue[int | None] = SimpleQueue()

    def __enter__(self) -> Self:
        threading.Thread(target=self._watch, daemon=True).start()
        for number in _NUMBERS:
            signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        self.conclude()
        self._queue.put(None)

    def conclude(self) -> None:
        """Stop interrupting: what is left takes a moment, and a signal only bounds its time."""
        self._interrupts = False

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._received:
            return
        self._received = True
        self._queue.put(128 + number)
        if self._interrupts:
            raise Interrupted(number)

    def _watch(self) -> None:
        exit_code = self._queue.get()
        if exit_code is None:
            return
        try:
            self._queue.get(timeout=_SECONDS_TO_END)
        except Empty:
            os._exit(exit_code)
