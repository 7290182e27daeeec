"""Light work in the background, of which only the latest request matters."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal

from fbr_engine.errors import FbrError

LOG = logging.getLogger(__name__)


class LatestTask(QObject):
    """Runs ``work(*args)`` in a pool, one call at a time; a newer request replaces one that waits.

    ``done`` carries the result of the latest request only, ``failed`` its `FbrError`: stale answers are dropped.
    ``work`` must not touch widgets.
    """

    done = Signal(object)
    failed = Signal(object)
    _came_back = Signal(int, object, object)

    def __init__(
        self, work: Callable[..., Any], parent: QObject | None = None, *, pool: QThreadPool | None = None
    ) -> None:
        super().__init__(parent)
        self._work = work
        self._pool = pool or QThreadPool.globalInstance()
        self._generation = 0
        self._running = False
        self._waiting: tuple[Any, ...] | None = None
        self._gate = gate = _Gate()
        self.destroyed.connect(lambda: gate.shut())
        self._came_back.connect(self._receive, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._waiting is not None or self._running

    def request(self, *args: Any) -> None:
        """Ask for ``work(*args)``; whatever was asked before is answered no more."""
        self._generation += 1
        self._waiting = args
        self._begin()

    def cancel(self) -> None:
        """Drop what was asked."""
        self._generation += 1
        self._waiting = None

    def close(self) -> None:
        """Drop what was asked for good: later requests do nothing. For a room that closes down."""
        self.cancel()
        self._gate.shut()

    def _begin(self) -> None:
        if self._running or self._waiting is None or not self._gate.is_open:
            return
        args, self._waiting = self._waiting, None
        self._running = True
        self._pool.start(_Call(self, self._generation, self._work, args))

    def _receive(self, generation: int, result: object, error: object) -> None:
        self._running = False
        if generation == self._generation:
            if error is None:
                self.done.emit(result)
            else:
                self.failed.emit(error)
        self._begin()


class _Gate:
    """Lets answers through until the task is gone, so that none is sent to an object that is being deleted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.is_open = True

    def shut(self) -> None:
        """Let nothing through any more."""
        with self._lock:
            self.is_open = False

    def send(self, emit: Callable[[], object]) -> None:
        """Call ``emit`` while the gate is open."""
        with self._lock:
            if self.is_open:
                emit()


class _Call(QRunnable):
    """One call in the pool."""

    def __init__(self, task: LatestTask, generation: int, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
        super().__init__()
        self._task, self._generation, self._work, self._args = task, generation, work, args
        self._gate = task._gate

    def run(self) -> None:
        """Work, and send back what came of it."""
        result: object = None
        error: FbrError | None = None
        try:
            result = self._work(*self._args)
        except FbrError as found:
            error = found
        except Exception as found:
            LOG.exception("background task")
            error = FbrError(f"this could not be computed ({found!r}): the log has the details")
        try:
            self._gate.send(lambda: self._task._came_back.emit(self._generation, result, error))
        except RuntimeError:  # the window closed meanwhile
            LOG.debug("an answer came after its window had closed")
