"""SIGINT and SIGTERM: the first one ends the run, in order and soon. Knows nothing of what is running."""

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
"""After these the process ends, wherever it is: a log that nobody reads can hold a run up for ever."""


class Signals:
    """Listens while its context is entered, in the main thread. Afterwards signals change nothing any more."""

    def __init__(self) -> None:
        self._interrupts, self._heard = True, False
        # The one thing of the standard library that a handler may touch whatever it interrupted.
        self._news: SimpleQueue[int | None] = SimpleQueue()

    def __enter__(self) -> Self:
        threading.Thread(target=self._watch, daemon=True).start()
        for number in _NUMBERS:
            signal.signal(number, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        self.conclude()
        self._news.put(None)

    def conclude(self) -> None:
        """Interrupt nothing any more: what is left takes a moment, and a signal only bounds it."""
        self._interrupts = False

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self._heard:
            return
        self._heard = True
        self._news.put(128 + number)
        if self._interrupts:
            raise Interrupted(number)

    def _watch(self) -> None:
        exit_code = self._news.get()
        if exit_code is None:
            return
        try:
            self._news.get(timeout=_SECONDS_TO_END)
        except Empty:
            os._exit(exit_code)
