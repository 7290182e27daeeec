"""The log: a rotating file, and whatever goes wrong unseen is written there and told in one sentence."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from fbr_engine.errors import FbrError

LOG = logging.getLogger(__name__)
MOST_BYTES = 1_000_000
OLD_FILES = 3
FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"
_OURS = "fbr-studio log"
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def start_log(path: Path) -> None:
    """Write the log of all threads to ``path`` (1 MB, three older ones kept).

    Where that cannot be written the log goes to standard error: a full disk must not keep the window from opening.
    A second call replaces the first.
    """
    stop_log()
    handler = _file_handler(path)
    trouble = isinstance(handler, str)
    made: logging.Handler = logging.StreamHandler() if isinstance(handler, str) else handler
    made.set_name(_OURS)
    made.setFormatter(logging.Formatter(FORMAT))
    root = logging.getLogger()
    root.addHandler(made)
    root.setLevel(logging.INFO)
    if trouble:
        LOG.warning("the log cannot be written to %s (%s)", path, handler)


def stop_log() -> None:
    """Close the log that `start_log` opened, if any."""
    root = logging.getLogger()
    for handler in [h for h in root.handlers if h.get_name() == _OURS]:
        root.removeHandler(handler)
        handler.close()


def install_hooks(tell: Callable[[str], object]) -> Callable[[], None]:
    """Log every exception that nobody caught, in any thread, and call ``tell`` with one sentence about it.

    ``tell`` is called in the thread where it happened: hand it a signal's ``emit``. Qt's own messages are logged.
    Returns what takes the hooks away again.
    """
    hooks = _Hooks(tell)
    hooks.install()
    return hooks.remove


def sentence(error: BaseException) -> str:
    """Return what to tell the person about an exception nobody caught."""
    if isinstance(error, FbrError):
        return str(error)
    if isinstance(error, MemoryError):
        return "The memory of this machine ran out: close other programs, or take a smaller image or batch."
    return f"This program met a fault of its own ({type(error).__name__}): the log has the details."


class _Hooks:
    """The three hooks, which never call themselves."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self._inside = threading.local()
        self._system = sys.excepthook
        self._threads = threading.excepthook
        self._qt: object = None

    def install(self) -> None:
        sys.excepthook = self._caught
        threading.excepthook = self._caught_in_thread
        self._qt = qInstallMessageHandler(self._heard)

    def remove(self) -> None:
        sys.excepthook, threading.excepthook = self._system, self._threads
        qInstallMessageHandler(self._qt)  # type: ignore[arg-type]

    def _caught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._system(kind, error, trace)
            return
        self._report(error, trace)

    def _caught_in_thread(self, found: threading.ExceptHookArgs) -> None:
        if found.exc_value is not None and not issubclass(found.exc_type, SystemExit):
            self._report(found.exc_value, found.exc_traceback)

    def _heard(self, kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        if getattr(self._inside, "busy", False):
            return
        self._inside.busy = True
        try:
            logging.getLogger("qt").log(_LEVELS.get(kind, logging.WARNING), "%s", text)
        finally:
            self._inside.busy = False

    def _report(self, error: BaseException, trace: TracebackType | None) -> None:
        if getattr(self._inside, "busy", False):
            return
        self._inside.busy = True
        try:
            LOG.error("not caught", exc_info=(type(error), error, trace))
            self._tell(sentence(error))
        except Exception:
            LOG.exception("telling failed")
        finally:
            self._inside.busy = False


def _file_handler(path: Path) -> logging.Handler | str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return RotatingFileHandler(path, maxBytes=MOST_BYTES, backupCount=OLD_FILES, encoding="utf-8", errors="replace")
    except OSError as error:
        return str(error)
