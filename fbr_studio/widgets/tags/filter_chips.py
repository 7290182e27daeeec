"""Tags with their counts, which are filters at the same time: what is pressed must be in the image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QScrollArea, QSizePolicy, QWidget

from fbr_studio.widgets.formatting import count, counted
from fbr_studio.widgets.tags.class_row import ClassItem
from fbr_studio.widgets.tags.flow_layout import FlowLayout
from fbr_studio.widgets.theme import GRID, small_font, theme

_SWATCH = 10
_GAP = 6
_WIDEST = 22 * GRID
MOST_LINES = 2


class FilterChip(QAbstractButton):
    """One class and how many images have it."""

    def __init__(self, item: ClassItem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.item = item
        self.images = 0
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFont(small_font(self))
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.toggled.connect(lambda: self._describe())
        self._describe()

    def set_images(self, images: int) -> None:
        """Show another count."""
        if images != self.images:
            self.images = images
            self._describe()
            self.updateGeometry()
            self.update()

    def _describe(self) -> None:
        images = counted(self.images, "image")
        self.setAccessibleName(f"{self.item.name}, {images}")
        does = "Click to show all again." if self.isChecked() else f"Click to show only images with {self.item.name}."
        self.setToolTip(f"{self.item.name}: {images}\n{does}")

    def sizeHint(self) -> QSize:
        """Return the size around swatch, name and count."""
        metrics = QFontMetrics(self.font())
        name, number = metrics.horizontalAdvance(self.item.name), metrics.horizontalAdvance(count(self.images))
        width = GRID + _SWATCH + _GAP + name + 2 + _GAP + number + GRID
        return QSize(min(_WIDEST, width), metrics.height() + GRID)

    def minimumSizeHint(self) -> QSize:
        """Return the same: chips are not squeezed."""
        return self.sizeHint()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the chip; a pressed one has a frame, a fill and a tick."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme()
        edge = colours.accent if self.isChecked() or self.hasFocus() else colours.line
        painter.setPen(QPen(edge, 1))
        fill = colours.selection if self.isChecked() else colours.raised if self.underMouse() else colours.panel
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        self._draw_swatch(painter)
        metrics = QFontMetrics(self.font())
        number = count(self.images)
        left = GRID + _SWATCH + _GAP
        room = self.width() - left - GRID - _GAP - metrics.horizontalAdvance(number)
        name = metrics.elidedText(self.item.name, Qt.TextElideMode.ElideRight, max(room, 8))
        area = self.rect().adjusted(left, 0, -GRID, 0)
        painter.setPen(colours.text if self.images or self.isChecked() else colours.muted)
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        painter.setPen(colours.text if self.isChecked() else colours.muted)
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, number)

    def _draw_swatch(self, painter: QPainter) -> None:
        box = QRectF(GRID, (self.height() - _SWATCH) // 2, _SWATCH, _SWATCH)
        if self.isChecked():
            middle = box.center()
            painter.setPen(QPen(theme().text, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPolyline([middle + QPointF(-4, 0), middle + QPointF(-1, 3), middle + QPointF(4, -3)])
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*self.item.colour))
        painter.drawRoundedRect(box, 2, 2)


class FilterChips(QScrollArea):
    """All chips, in up to `MOST_LINES` lines; more of them scroll."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Filter by tag")
        inside = QWidget()
        inside.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)
        self._flow = FlowLayout(inside)
        self.setWidget(inside)
        self._chips: dict[int, FilterChip] = {}
        self._fit()

    @property
    def chips(self) -> list[FilterChip]:
        """The chips in their order."""
        return list(self._chips.values())

    def chip(self, class_id: int) -> FilterChip:
        """Return the chip of a class. Raises `KeyError`."""
        return self._chips[class_id]

    @property
    def pressed(self) -> tuple[int, ...]:
        """The ids of the classes that must be in the image."""
        return tuple(class_id for class_id, chip in self._chips.items() if chip.isChecked())

    def set_classes(self, items: Sequence[ClassItem]) -> bool:
        """Show these classes; those that stay keep their state. Return whether a pressed one left."""
        if [chip.item for chip in self._chips.values()] == list(items):
            return False
        pressed, counts = set(self.pressed), {i: chip.images for i, chip in self._chips.items()}
        for chip in self._chips.values():
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._chips = {item.id: self._made(item, item.id in pressed, counts.get(item.id, 0)) for item in items}
        self._fit()
        return bool(pressed.difference(self._chips))

    def set_counts(self, counts: Mapping[int, int]) -> None:
        """Show in how many images each class is."""
        for class_id, chip in self._chips.items():
            chip.set_images(counts.get(class_id, 0))
        self._fit()

    def press(self, class_ids: Sequence[int]) -> None:
        """Press exactly these, without saying so."""
        for class_id, chip in self._chips.items():
            chip.blockSignals(True)
            chip.setChecked(class_id in class_ids)
            chip.blockSignals(False)
            chip.update()

    def _made(self, item: ClassItem, pressed: bool, images: int) -> FilterChip:
        chip = FilterChip(item, self.widget())
        chip.setChecked(pressed)
        chip.set_images(images)
        chip.toggled.connect(lambda: self.changed.emit())
        self._flow.addWidget(chip)
        chip.show()
        return chip

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take the height the chips need at this width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        line = max((chip.sizeHint().height() for chip in self._chips.values()), default=0)
        most = MOST_LINES * (line + 4) - 4 if line else 0
        self.setFixedHeight(max(0, min(most, self._flow.heightForWidth(self.viewport().width()))))
        self.setVisible(bool(self._chips))
