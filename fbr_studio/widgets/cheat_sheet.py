"""The cheat sheet: every key, room by room, on one page over the window."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from fbr_studio.widgets.basics import hairline, icon_button, label
from fbr_studio.widgets.overlay import Overlay
from fbr_studio.widgets.theme import GRID, small_font, theme

COLUMN = 40 * GRID
Section = tuple[str, Sequence[tuple[str, str]]]


class CheatSheet(Overlay):
    """Keys and what they do, in as many columns as fit; Esc, ``?`` or a click puts it away."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._sections: list[Section] = []
        self._columns = 0
        head = QHBoxLayout()
        head.addWidget(label("Keys", "title"))
        head.addStretch()
        head.addWidget(icon_button("close", "Close (Esc)", self.dismiss))
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName("Keys, room by room")
        column = QVBoxLayout(self.panel)
        column.setContentsMargins(3 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addLayout(head)
        column.addWidget(hairline())
        column.addWidget(self._scroll, 1)

    def open(self, sections: Sequence[Section]) -> None:
        """Show (room, [(keys, action)]); rooms without keys are left out."""
        self._sections = [section for section in sections if section[1]]
        self._columns = 0
        self.show_over(self._scroll)

    def place(self, room: QRect) -> QRect:
        """Lie in the middle, as large as the keys need."""
        chrome = 5 * GRID + self._scroll.verticalScrollBar().sizeHint().width()
        fits = max(1, min((room.width() - chrome) // COLUMN, len(self._sections), 4))
        self._lay_out(fits)
        page = self._scroll.widget()
        wanted = page.sizeHint() if page is not None else QSize(COLUMN, COLUMN)
        width = min(fits * COLUMN + chrome, room.width())
        height = min(wanted.height() + 10 * GRID, room.height())
        return QRect(room.center().x() - width // 2, room.center().y() - height // 2, width, height)

    def closes(self, event: QKeyEvent) -> bool:
        """Esc and the key that opened it."""
        return super().closes(event) or event.text() == "?"

    def mousePressEvent(self, event) -> None:  # type: ignore[no-untyped-def]
        """Close on any click that no button took."""
        self.dismiss()
        event.accept()

    def changeEvent(self, event: QEvent) -> None:
        """Measure again in another font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._columns = 0

    def _lay_out(self, count: int) -> None:
        if count == self._columns:
            return
        self._columns = count
        page = QWidget()
        page.setProperty("kind", "panel")
        row = QHBoxLayout(page)
        row.setContentsMargins(0, GRID, 0, GRID)
        row.setSpacing(4 * GRID)
        # A title with its air is about as high as two lines of keys.
        for part in balanced([len(keys) + 2 for _, keys in self._sections], count):
            stack = QVBoxLayout()
            stack.setSpacing(3 * GRID)
            for i in part:
                stack.addLayout(_section(*self._sections[i]))
            stack.addStretch()
            row.addLayout(stack, 1)
        self._scroll.setWidget(page)


class KeyCap(QWidget):
    """The keys of one action, drawn like keys; alternatives are apart by a slash."""

    def __init__(self, keys: str) -> None:
        super().__init__()
        self._keys = [key for key in keys.split(" / ") if key]
        self.setFont(small_font(self))
        self.setAccessibleName(keys)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the size of all caps."""
        metrics = QFontMetrics(self.font())
        width = sum(self._width(metrics, key) + GRID // 2 for key in self._keys)
        return QSize(width, metrics.height() + GRID // 2 + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw each cap."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, metrics, left = theme(), QFontMetrics(self.font()), 0
        for key in self._keys:
            box = QRect(left, 0, self._width(metrics, key) - 1, self.height() - 1)
            painter.setPen(colours.line)
            painter.setBrush(colours.raised)
            painter.drawRoundedRect(box, 3, 3)
            painter.setPen(colours.text)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, key)
            left += self._width(metrics, key) + GRID // 2

    @staticmethod
    def _width(metrics: QFontMetrics, key: str) -> int:
        return max(metrics.horizontalAdvance(key) + 12, metrics.height() + 4)


def balanced(heights: Sequence[int], count: int) -> list[list[int]]:
    """Return the indices of ``heights`` in at most ``count`` columns, in order, the highest as low as can be."""
    if not heights:
        return []
    for limit in range(max(heights), sum(heights) + 1):
        columns: list[list[int]] = [[]]
        used = 0
        for i, height in enumerate(heights):
            if used + height > limit:
                columns.append([])
                used = 0
            columns[-1].append(i)
            used += height
        if len(columns) <= count:
            return columns
    return [list(range(len(heights)))]


def _section(title: str, keys: Sequence[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(GRID + GRID // 2)
    grid.setVerticalSpacing(GRID // 2)
    grid.setColumnMinimumWidth(0, 11 * GRID)
    grid.setColumnStretch(1, 1)
    grid.addWidget(label(title, "title"), 0, 0, 1, 2)
    grid.setRowMinimumHeight(0, 3 * GRID)
    for line, (key, text) in enumerate(keys, start=1):
        grid.addWidget(KeyCap(key), line, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        said: QLabel = label(text, wrap=True)
        grid.addWidget(said, line, 1)
    return grid
