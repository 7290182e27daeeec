"""Small parts every room is made of: hairlines, labels of the two sizes, buttons with an action behind them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.theme import emphasised, small_font


def hairline(vertical: bool = False) -> QFrame:
    """Return a one-pixel line."""
    line = QFrame()
    line.setProperty("kind", "line")
    if vertical:
        line.setFixedWidth(1)
    else:
        line.setFixedHeight(1)
    return line


def label(text: str = "", kind: str = "", *, wrap: bool = False) -> QLabel:
    """Return a label; ``kind`` is ``muted`` (small), ``title``, ``warning``, ``danger``, ``good`` or nothing."""
    found = QLabel(text)
    found.setTextFormat(Qt.TextFormat.PlainText)
    found.setWordWrap(wrap)
    if kind:
        found.setProperty("kind", kind)
    if kind == "muted":
        found.setFont(small_font(found))
    if kind == "title":
        found.setFont(emphasised(found.font()))
    return found


def set_kind(widget: QWidget, kind: str) -> None:
    """Change a widget's ``kind`` so that the style sheet sees it."""
    widget.setProperty("kind", kind)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def button(text: str, clicked: Callable[[], object] | None = None, kind: str = "", tip: str = "") -> QPushButton:
    """Return a push button that Enter and Space press."""
    found = QPushButton(text)
    found.setAutoDefault(False)
    if kind:
        found.setProperty("kind", kind)
    if tip:
        found.setToolTip(tip)
    if clicked is not None:
        found.clicked.connect(lambda: clicked())
    return found


def icon_button(name: str, tip: str, clicked: Callable[[], object] | None = None) -> QToolButton:
    """Return a flat button with an icon; ``tip`` is also its accessible name."""
    found = QToolButton()
    found.setProperty("kind", "quiet")
    found.setIcon(icon(name))
    found.setIconSize(QSize(18, 18))
    found.setToolTip(tip)
    found.setAccessibleName(tip)
    found.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if clicked is not None:
        found.clicked.connect(lambda: clicked())
    return found


def action_button(action: QAction, *, text: bool = False) -> QToolButton:
    """Return a flat button for an action; its tooltip carries the key (see `fbr_studio.actions`)."""
    found = QToolButton()
    found.setProperty("kind", "quiet")
    found.setDefaultAction(action)
    found.setIconSize(QSize(18, 18))
    found.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    found.setAccessibleName(action.text())
    if text:
        found.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return found


class Picture(QWidget):
    """An icon as a part of a layout; drawn anew when the look changes, which a pixmap in a label is not."""

    def __init__(self, name: str, side: int) -> None:
        super().__init__()
        self._icon = icon(name)
        self.setFixedSize(side, side)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_name(self, name: str) -> None:
        """Show another icon."""
        self._icon = icon(name)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the icon in the palette's present colours."""
        painter = QPainter(self)
        self._icon.paint(painter, self.rect())
        painter.end()


class ElidedLabel(QWidget):
    """One line of text that is cut in the middle where there is no room; the tooltip has all of it."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_text(text)

    @property
    def text(self) -> str:
        """The whole text."""
        return self._text

    def set_text(self, text: str) -> None:
        """Show another text."""
        self._text = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the whole text."""
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self._text) + 4, metrics.height() + 4)

    def minimumSizeHint(self) -> QSize:
        """Return one line of a few letters."""
        return QSize(24, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what fits."""
        painter = QPainter(self)
        text = QFontMetrics(self.font()).elidedText(self._text, Qt.TextElideMode.ElideMiddle, self.width())
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
