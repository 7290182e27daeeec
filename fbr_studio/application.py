"""The application: look, log, hooks, the window; everything that exists once in a process."""

from __future__ import annotations

import logging
import platform
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QImageReader
from PySide6.QtWidgets import QApplication

from fbr_engine import __version__
from fbr_studio.jobs.gentle import prepare_process
from fbr_studio.logs import install_hooks, start_log
from fbr_studio.main_window import MainWindow
from fbr_studio.preferences import NAME, Preferences, log_file
from fbr_studio.widgets.icons import app_icon
from fbr_studio.widgets.theme import apply_theme

LOG = logging.getLogger(__name__)
MAX_IMAGE_MB = 1024
PRELOAD_MS = 300


def make_application(preferences: Preferences) -> QApplication:
    """Return the application with the look the person prefers."""
    QGuiApplication.setDesktopFileName(NAME)
    found = QApplication.instance()
    application = found if isinstance(found, QApplication) else QApplication([NAME])
    application.setApplicationName(NAME)
    application.setApplicationDisplayName("FBR Studio")
    application.setApplicationVersion(__version__)
    application.setWindowIcon(app_icon())
    # The engine's reader checks for decompression bombs before Qt sees a picture.
    QImageReader.setAllocationLimit(MAX_IMAGE_MB)
    apply_theme(application, preferences.now.appearance)
    return application


def run(path: Path | None, *, demo: bool = False, reset: bool = False) -> int:
    """Show the window until the person closes it; return the exit status."""
    start_log(log_file())
    LOG.info("FBR Studio %s, Python %s, %s", __version__, platform.python_version(), platform.platform())
    preferences = Preferences()
    application = make_application(preferences)
    prepare_process()
    window = MainWindow(preferences)
    undo = install_hooks(window.tell_fault)
    scheme = QGuiApplication.styleHints()
    scheme.colorSchemeChanged.connect(lambda: apply_theme(application, preferences.now.appearance))
    window.show()
    QTimer.singleShot(PRELOAD_MS, window, preload)
    if demo:
        window.opening.open_demo(reset=reset)
    elif path is not None:
        window.opening.open_path(path)
    closing = _close_on_interrupt(window)
    status = application.exec()
    closing.stop()
    undo()
    LOG.info("closed")
    return status


def preload() -> None:
    """Import what the Training room needs while the person looks at the first frame; it takes a third of a second."""
    import pyqtgraph

    LOG.debug("pyqtgraph %s", pyqtgraph.__version__)


def _close_on_interrupt(window: MainWindow) -> QTimer:
    """Let Ctrl+C in the terminal close the window; Python sees the signal only between two of its own lines.

    Those may be lines in the middle of a write: the window closes when what it does now is done.
    """

    def close(*_: object) -> None:
        QTimer.singleShot(0, window, window.close_without_asking)

    signal.signal(signal.SIGINT, close)
    if sys.platform != "win32":
        signal.signal(signal.SIGTERM, close)
    ticking = QTimer()
    ticking.timeout.connect(lambda: None)
    ticking.start(200)
    return ticking
