"""What the desktop does for the window: show a folder, take a text."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication


def open_folder(path: Path) -> bool:
    """Show a folder (that of a file) in the desktop's file manager; return whether the desktop took it.

    Names that are no UTF-8 arrive byte by byte.
    """
    folder = path if path.is_dir() else path.parent
    return QDesktopServices.openUrl(QUrl.fromEncoded(folder.absolute().as_uri().encode()))


def copy_text(text: str) -> None:
    """Put a text on the clipboard."""
    QGuiApplication.clipboard().setText(text)
