"""Wait for a function so that a signal can end the wait. Knows threads alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


def interruptible(work: Callable[[], T]) -> T:
    """Call a function in another thread, and give its result; this thread handles signals meanwhile."""
    results: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def do() -> None:
        try:
            results.put((work(), None))
        except BaseException as error:  # noqa: BLE001 - raised again in the calling thread
            results.put((None, error))

    threading.Thread(target=do, daemon=True).start()
    result, error = results.get()
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
