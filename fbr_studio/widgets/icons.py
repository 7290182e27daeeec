"""The window's icons: SVG files drawn for this project, tinted with the palette."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from fbr_engine.assets_path import assets_folder
from fbr_studio.widgets.theme import theme


@cache
def icon(name: str) -> QIcon:
    """Return the icon ``assets/icons/<name>.svg``; it follows the palette, also when that changes later.

    Raises `FileNotFoundError` for a name that is not there: a mistake of the program, not of the person. The icons
    live as long as the program: one that Python's garbage collector takes apart, engine and all, ends the process.
    """
    return QIcon(_TintedEngine((assets_folder() / "icons" / f"{name}.svg").read_text("utf-8")))


def app_icon() -> QIcon:
    """Return the application's own icon, in its own colours."""
    return QIcon(str(assets_folder() / "icons" / "fbr-studio.svg"))


def icon_names() -> list[str]:
    """Return the names `icon` knows."""
    return sorted(path.stem for path in (assets_folder() / "icons").glob("*.svg") if path.stem != "fbr-studio")


class _TintedEngine(QIconEngine):
    """Draws an SVG with ``currentColor`` in the colour the palette has at that moment."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self._text = source

    def paint(self, painter: QPainter, rect, mode: QIcon.Mode, state: QIcon.State) -> None:  # type: ignore[no-untyped-def]
        """Draw into ``rect``."""
        renderer = QSvgRenderer(QByteArray(self._text.replace("currentColor", _tint(mode, state).name()).encode()))
        renderer.render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Return the icon at ``size``."""
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, pixmap.rect(), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        """Return an engine of the same icon."""
        return _TintedEngine(self._text)


def _tint(mode: QIcon.Mode, state: QIcon.State) -> QColor:
    colours = theme()
    if mode == QIcon.Mode.Disabled:
        return colours.line
    if state == QIcon.State.On:
        return colours.accent
    return colours.text
