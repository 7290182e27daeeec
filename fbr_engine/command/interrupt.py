"""Ctrl+C: the first one stops a stage between two steps with its work kept, a second one at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from fbr_engine.events import Event, Result

INTERRUPTED = 130


@contextmanager
def stop_requests() -> Iterator[threading.Event]:
    """Yield an event that the first Ctrl+C (or a request to terminate) sets; the second raises KeyboardInterrupt."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        # Not through sys.stderr: the signal may have come in the middle of its own writing.
        with suppress(OSError):
            os.write(2, b"\nstopping after this step; press Ctrl+C again to stop at once\n")

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before: dict[signal.Signals, Any] = {s: signal.signal(s, on_signal) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def follow(events: Iterator[Event], listen: Callable[[Event], None], stop: threading.Event, stage: str) -> int:
    """Hand all events on; return 0, or 130 when ``stop`` was set: the stage is then closed and its work kept.

    When the result of ``stage`` came first there was nothing left to stop.
    """
    try:
        for event in events:
            listen(event)
            if stop.is_set() and not (isinstance(event, Result) and event.stage == stage):
                return INTERRUPTED
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()
    return 0
