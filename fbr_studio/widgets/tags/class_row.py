"""One class in the tag editor: its key, its colour and name, what is known of it, and its menu."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from fbr_studio.widgets.basics import icon_button
from fbr_studio.widgets.tags.inline_field import InlineField
from fbr_studio.widgets.tags.tag_summary import TagSummary, TagValue, after_click
from fbr_studio.widgets.tags.value_painter import BOX, WORDS, draw_value
from fbr_studio.widgets.theme import GRID, small_font, theme

_KEY = 18  # px, the side of the key's cap
_SWATCH = 12
_MENU = 28


@dataclass(frozen=True, slots=True)
class ClassItem:
    """A class: ``colour`` is its red, green, blue in 0..255, ``key`` its number key (0: none)."""

    id: int
    name: str
    colour: tuple[int, int, int]
    key: int = 0
    learnt: bool = True


class ClassRow(QAbstractButton):
    """A click or Space changes what is known; the button at its end opens the menu of the class."""

    value_asked = Signal(int, int)
    menu_asked = Signal(int, QPoint)
    renamed = Signal(int, str)

    def __init__(self, item: ClassItem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.item = item
        self.summary = TagSummary()
        self.predicted: float | None = None
        self._field: InlineField | None = None
        self._menu = icon_button("more", f"Rename, merge or delete {item.name}", self._ask_menu)
        self._menu.setParent(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.clicked.connect(lambda: self.value_asked.emit(item.id, int(after_click(self.value))))
        self._describe()

    @property
    def value(self) -> TagValue:
        """What is known of the class in the images that are looked at."""
        return self.summary.value

    def show_tags(self, summary: TagSummary, predicted: float | None = None) -> None:
        """Show what is known, and the probability a run gives the class where nothing is."""
        if (summary, predicted) != (self.summary, self.predicted):
            self.summary, self.predicted = summary, predicted
            self._describe()
            self.update()

    def edit_name(self) -> None:
        """Let the person write another name in place."""
        self._end_editing()
        field = InlineField("Name of the class", self)
        field.setText(self.item.name)
        field.setGeometry(self._name_area().adjusted(-4, 2, self._value_width(), -2))
        field.selectAll()
        field.entered.connect(self._take_name)
        field.cancelled.connect(self._end_editing)
        field.editingFinished.connect(self._end_editing)
        field.show()
        field.setFocus()
        self._field = field

    def _take_name(self, name: str) -> None:
        self._end_editing()
        if name and name != self.item.name:
            self.renamed.emit(self.item.id, name)

    def _end_editing(self) -> None:
        field, self._field = self._field, None
        if field is not None:
            field.blockSignals(True)
            field.hide()
            field.deleteLater()
            self.setFocus()

    def _ask_menu(self) -> None:
        self.menu_asked.emit(self.item.id, self._menu.mapToGlobal(self._menu.rect().bottomLeft()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the same menu by the right button or the menu key."""
        self.menu_asked.emit(self.item.id, event.globalPos())

    def _describe(self) -> None:
        s, item = self.summary, self.item
        words = WORDS[self.value]
        if self.value == TagValue.MIXED:
            words = f"present in {s.present}, absent in {s.absent}, unknown in {s.unknown} of {s.total} images"
        if self._shows_prediction:
            words += f"; the run predicts it with {round(100 * (self.predicted or 0))} %"
        self.setAccessibleName(f"{item.name}: {words}")
        keys = f"\n{item.key}: present or unknown. Shift+{item.key}: absent." if item.key else ""
        kept = "" if item.learnt else "\nThis class is kept but not learnt."
        self.setToolTip(f"{item.name}: {words}\nClick to change.{keys}{kept}")

    @property
    def _shows_prediction(self) -> bool:
        return self.predicted is not None and self.value == TagValue.UNKNOWN

    # --- drawing

    def sizeHint(self) -> QSize:
        """Return one line with some air."""
        return QSize(28 * GRID, max(QFontMetrics(self.font()).height(), BOX) + GRID + 4)

    def minimumSizeHint(self) -> QSize:
        """Return the same height and room for a few letters."""
        return QSize(20 * GRID, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the menu's button at the end."""
        super().resizeEvent(event)
        self._menu.setGeometry(self.width() - _MENU, 0, _MENU, self.height())
        if self._field is not None:
            self._field.setGeometry(self._name_area().adjusted(-4, 2, self._value_width(), -2))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the row."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme()
        if self.underMouse() or self.isDown():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.selection if self.isDown() else colours.raised)
            painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        if self.hasFocus():
            painter.setPen(QPen(colours.accent, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        self._draw_key(painter)
        self._draw_name(painter)
        area = QRect(self.width() - _MENU - self._value_width(), 0, self._value_width(), self.height())
        painter.setFont(small_font(self))
        if self._shows_prediction:
            self._draw_prediction(painter, area)
        else:
            draw_value(painter, area, self.value)

    def _draw_key(self, painter: QPainter) -> None:
        if not self.item.key:
            return
        cap = QRectF(GRID - 3.5, (self.height() - _KEY) // 2 + 0.5, _KEY - 1, _KEY - 1)
        painter.setPen(QPen(theme().line, 1))
        painter.setBrush(theme().window)
        painter.drawRoundedRect(cap, 3, 3)
        painter.setFont(small_font(self))
        painter.setPen(theme().muted)
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, str(self.item.key))

    def _draw_name(self, painter: QPainter) -> None:
        area = self._name_area()
        swatch = QRectF(area.x() - GRID - _SWATCH, (self.height() - _SWATCH) // 2, _SWATCH, _SWATCH)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*self.item.colour))
        painter.drawRoundedRect(swatch, 2, 2)
        painter.setFont(self.font())
        painter.setPen(theme().text if self.item.learnt else theme().muted)
        text = QFontMetrics(self.font()).elidedText(self.item.name, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _draw_prediction(self, painter: QPainter, area: QRect) -> None:
        text = f"{round(100 * (self.predicted or 0))} %"
        metrics = QFontMetrics(painter.font())
        height = metrics.height() + 4
        chip = QRectF(area.x() + 0.5, (self.height() - height) // 2 + 0.5, area.width() - GRID, height - 1)
        likely = (self.predicted or 0) >= 0.5
        painter.setPen(QPen(theme().accent if likely else theme().muted, 1, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(chip, 3, 3)
        painter.setPen(theme().text if likely else theme().muted)
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, f"likely {text}" if likely else text)

    def _name_area(self) -> QRect:
        left = GRID - 4 + _KEY + GRID + _SWATCH + GRID
        return QRect(left, 0, max(16, self.width() - left - self._value_width() - _MENU - GRID), self.height())

    def _value_width(self) -> int:
        return BOX + GRID + QFontMetrics(small_font(self)).horizontalAdvance("unknown") + GRID
