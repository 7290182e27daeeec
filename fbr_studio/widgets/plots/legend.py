"""The legend of the curves: a button per name with its newest value; pressing it hides and shows the curve."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from fbr_studio.widgets.forms.field_spec import plain_words
from fbr_studio.widgets.plots.series_colours import series_colour
from fbr_studio.widgets.tags.flow_layout import FlowLayout
from fbr_studio.widgets.theme import GRID, small_font, theme

_LINE = 2 * GRID


class LegendButton(QAbstractButton):
    """A short line in the curve's colour, its name, its newest value. ``pointed``: the pointer or the focus came."""

    pointed = Signal(bool)

    def __init__(self, name: str, place: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.name, self._place, self._value = name, place, ""
        self.words = plain_words(name)
        self.setText(self.words)
        self.setFont(small_font(self))
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(f"Hide or show the loss {self.words} (Space)")
        self.setAccessibleName(f"Loss {self.words}")

    def set_value(self, text: str) -> None:
        """Show the newest value."""
        if text != self._value:
            wider = len(text) > len(self._value)
            self._value = text
            if wider:
                self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Return room for line, name and value."""
        metrics = self.fontMetrics()
        width = metrics.horizontalAdvance(f"{self.words}  {self._value}")
        return QSize(_LINE + GRID + width + GRID, metrics.height() + GRID)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Say that the pointer came."""
        super().enterEvent(event)
        self.pointed.emit(True)

    def leaveEvent(self, event: QEvent) -> None:
        """Say that the pointer went."""
        super().leaveEvent(event)
        self.pointed.emit(False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Say that the focus came."""
        super().focusInEvent(event)
        self.pointed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Say that the focus went."""
        super().focusOutEvent(event)
        self.pointed.emit(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the three; a hidden curve is muted."""
        colours = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font())
        middle = self.height() // 2
        colour = series_colour(colours, self._place) if self.isChecked() else colours.line
        painter.setPen(QPen(colour, 2.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(2, middle, _LINE - 2, middle)
        text = QRect(_LINE + GRID // 2, 0, self.width() - _LINE - GRID // 2, self.height())
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setPen(colours.text if self.isChecked() else colours.muted)
        painter.drawText(text, flags, self.words)
        text.setLeft(text.left() + painter.fontMetrics().horizontalAdvance(self.words + " "))
        painter.setPen(colours.muted)
        painter.drawText(text, flags, self._value if self.isChecked() else "hidden")
        if self.hasFocus():
            painter.setPen(QPen(colours.accent, 1))
            painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 4, 4)


class Legend(QWidget):
    """The buttons of all curves, as many lines as they need. ``pointed`` carries the name pointed at, or nothing."""

    toggled = Signal(str, bool)
    pointed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._flow = FlowLayout(self, GRID)
        self._buttons: dict[str, LegendButton] = {}
        self._hidden: set[str] = set()

    def set_names(self, names: list[str]) -> None:
        """Show a button for each name, in this order; what was hidden stays so."""
        if names == list(self._buttons):
            return
        for old in self._buttons.values():
            self._flow.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._buttons = {}
        for place, name in enumerate(names):
            made = LegendButton(name, place, self)
            made.setChecked(name not in self._hidden)
            made.toggled.connect(lambda on, name=name: self._toggle(name, on))
            made.pointed.connect(lambda on, name=name: self.pointed.emit(name if on else ""))
            self._flow.addWidget(made)
            made.show()
            self._buttons[name] = made

    def set_value(self, name: str, text: str) -> None:
        """Show a name's newest value."""
        self._buttons[name].set_value(text)

    def is_shown(self, name: str) -> bool:
        """Whether the curve of this name is shown."""
        return name not in self._hidden

    @property
    def buttons(self) -> dict[str, LegendButton]:
        """The buttons by name."""
        return dict(self._buttons)

    def _toggle(self, name: str, on: bool) -> None:
        (self._hidden.discard if on else self._hidden.add)(name)
        self.toggled.emit(name, on)
