"""Rules for tests with a window: they fail on a warning from Qt, a leaked window, thread or timer."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QObject,
    QThread,
    QThreadPool,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication

from fbr_studio.widgets.theme import apply_theme, theme

_HARMLESS = (
    "This plugin does not support propagateSizeHints",
    "This plugin does not support raise()",
    "This plugin does not support grabbing",
)


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, log, cache and data of a test are its own."""
    home = tmp_path_factory.mktemp("home")
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture(autouse=True)
def no_qt_warnings_no_leaks(qapp: QApplication) -> Iterator[None]:
    if not qapp.styleSheet() or not theme().dark:
        apply_theme(qapp, "dark")
    # What is there before a test is not looked through after it: with torch loaded that takes a third of a second.
    gc.freeze()
    heard: list[str] = []

    def listen(kind: QtMsgType, _context: object, text: str) -> None:
        if kind != QtMsgType.QtDebugMsg and not text.startswith(_HARMLESS):
            heard.append(text)

    before = qInstallMessageHandler(listen)
    threads = set(threading.enumerate())
    timers = set(_running_timers(qapp))
    yield
    _settle(qapp, threads)
    windows = [w for w in qapp.topLevelWidgets() if w.isVisible()]
    left = _new_threads(threads)
    still = [t for t in _running_timers(qapp) if t not in timers]
    qInstallMessageHandler(before)
    for window in windows:
        window.close()
        window.deleteLater()
    assert not heard, f"Qt warned: {heard}"
    assert not windows, f"windows left open: {windows}"
    assert not left, f"threads left: {left}"
    assert not still, f"timers left running: {still}"


def _settle(application: QApplication, threads: set[threading.Thread]) -> None:
    """Let deferred deletions and threads that are about to end do so."""
    for _ in range(3):
        application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        application.processEvents()
    gc.collect()
    assert QThreadPool.globalInstance().waitForDone(5000)
    application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    application.processEvents()
    until = time.monotonic() + 3
    while time.monotonic() < until and _new_threads(threads):
        time.sleep(0.01)


def _new_threads(known: set[threading.Thread]) -> list[str]:
    """Return the names of threads that came; Qt's own are only seen by Python ("Dummy") and end with their pool."""
    return [t.name for t in threading.enumerate() if t not in known and not t.name.startswith("Dummy")]


def _running_timers(application: QCoreApplication) -> list[QTimer]:
    """Return the running timers of everything that hangs from a window or the application."""
    roots: list[QObject] = [application]
    if isinstance(application, QApplication):
        roots += application.topLevelWidgets()
    own = [
        t for root in roots for t in root.findChildren(QTimer) if t.isActive() and t.thread() == QThread.currentThread()
    ]
    return [t for t in own if not t.objectName().startswith("qt_") and type(t) is QTimer]


@pytest.fixture
def shared_data() -> Path:
    """The real photos; a test that needs them is skipped where they are not."""
    folder = Path(__file__).parents[2] / "shared" / "data" / "voc_animals"
    if not folder.is_dir():
        pytest.skip("the real photos are not here")
    return folder
