"""A matrix of painted cells with numbers: a table that keys walk through and that says each cell in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from fbr_studio.drawing.colours import contrast_text
from fbr_studio.widgets.theme import GRID, small_font, theme

Index = QModelIndex | QPersistentModelIndex
_DISPLAY, _TIP = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole
_HEIGHT_LETTERS = 12
_PLAIN = (
    "QTableCornerButton::section, QHeaderView, QHeaderView::section { background: transparent; border: none; }"
    "QHeaderView::section { padding: 0 4px; }"
)


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """R x C ``values`` between 0 and 1 give the ground of a cell; ``words`` its number, ``tip`` its sentence.

    A cell whose number is empty cannot be chosen.
    """

    rows: list[str]
    columns: list[str]
    values: npt.NDArray[np.float64]
    words: Callable[[int, int], str]
    tip: Callable[[int, int], str]
    row_tips: list[str] = field(default_factory=list)
    column_tips: list[str] = field(default_factory=list)


EMPTY = Matrix([], [], np.zeros((0, 0)), lambda row, column: "", lambda row, column: "")


class MatrixTable(QTableView):
    """``cell_chosen`` carries row and column, ``column_chosen`` a column: by click, or Enter and Space."""

    cell_chosen = Signal(int, int)
    column_chosen = Signal(int)

    def __init__(self, name: str, cell: int = 4 * GRID, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cells = _Cells(self)
        self._cell = cell
        self.setModel(self._cells)
        self.setItemDelegate(_CellPainter(self))
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setStyleSheet(_PLAIN)
        self.setFont(small_font(self))
        self._across = _TurnedHeader(self)
        self.setHorizontalHeader(self._across)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setMinimumSectionSize(2 * GRID)
            header.setDefaultSectionSize(cell)
            header.setHighlightSections(False)
            header.setFont(small_font(self))
        self.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._across.setSectionsClickable(True)
        self._across.sectionClicked.connect(self.column_chosen)
        self.clicked.connect(self._choose)

    @property
    def matrix(self) -> Matrix:
        """What is shown."""
        return self._cells.matrix

    def show_matrix(self, matrix: Matrix) -> None:
        """Show a matrix; the cell with the focus stays if it can."""
        place = self.currentIndex().row(), self.currentIndex().column()
        self._cells.show(matrix)
        self._across.fit(matrix.columns)
        metrics = QFontMetrics(self.verticalHeader().font())
        widest = max((metrics.horizontalAdvance(text) for text in matrix.rows), default=0)
        self.verticalHeader().setFixedWidth(min(widest, 10 * GRID) + 2 * GRID)
        high = self._across.sizeHint().height() + len(matrix.rows) * self._cell
        self.setFixedHeight(high + self.horizontalScrollBar().sizeHint().height() + 2)
        if 0 <= place[0] < len(matrix.rows) and 0 <= place[1] < len(matrix.columns):
            self.setCurrentIndex(self._cells.index(*place))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose by Enter and Space; letters are the room's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self.currentIndex())
        elif event.text().isalnum():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow dark and light."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.viewport().update()

    def _choose(self, index: Index) -> None:
        if index.isValid() and index.data():
            self.cell_chosen.emit(index.row(), index.column())


class _Cells(QAbstractTableModel):
    """A matrix as Qt's item model."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.matrix = EMPTY

    def show(self, matrix: Matrix) -> None:
        """Show another one."""
        self.beginResetModel()
        self.matrix = matrix
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self.matrix.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(self.matrix.columns)

    def data(self, index: Index, role: int = _DISPLAY) -> object:
        """Return a cell's number, sentence or ground."""
        row, column = index.row(), index.column()
        if role == _DISPLAY:
            return self.matrix.words(row, column)
        if role in (_TIP, Qt.ItemDataRole.AccessibleTextRole):
            return self.matrix.tip(row, column)
        if role == Qt.ItemDataRole.UserRole:
            return float(self.matrix.values[row, column])
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> object:
        """Return the name of a row or column, and its tooltip."""
        across = orientation == Qt.Orientation.Horizontal
        names = self.matrix.columns if across else self.matrix.rows
        tips = self.matrix.column_tips if across else self.matrix.row_tips
        if section >= len(names):
            return None
        if role == _DISPLAY:
            return names[section]
        if role == _TIP:
            return tips[section] if section < len(tips) else names[section]
        return None


class _CellPainter(QStyledItemDelegate):
    """Paints a cell: the higher its value the more of the accent, its number in a colour that reads on it."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a cell."""
        colours = theme()
        box: QRect = option.rect.adjusted(1, 1, -1, -1)
        value = float(index.data(Qt.ItemDataRole.UserRole) or 0.0)
        words = str(index.data() or "")
        painter.save()
        ground = _blend(colours.window, colours.accent, 0.12 + 0.88 * value) if words else colours.panel
        if words:
            painter.fillRect(box, ground)
        painter.setPen(QColor(*contrast_text((ground.red(), ground.green(), ground.blue()))))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), words)
        state = option.state
        if state & (QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_Selected):
            painter.setPen(QPen(colours.text, 2))
            painter.drawRect(box.adjusted(1, 1, -1, -1))
        elif state & QStyle.StateFlag.State_MouseOver and words:
            painter.setPen(QPen(colours.text, 1))
            painter.drawRect(box.adjusted(0, 0, -1, -1))
        painter.restore()


class _TurnedHeader(QHeaderView):
    """Column names turned upwards, so that narrow columns can have long ones."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._height = 6 * GRID

    def fit(self, names: list[str]) -> None:
        """Be as high as the longest name, within limits."""
        metrics = QFontMetrics(self.font())
        widest = max((metrics.horizontalAdvance(name) for name in names), default=0)
        self._height = min(widest, metrics.averageCharWidth() * _HEIGHT_LETTERS) + GRID
        self.setFixedHeight(self._height)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return the height of the turned names."""
        return QSize(super().sizeHint().width(), self._height)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803 - Qt passes it by name
        """Draw one name from below upwards."""
        name = str(self.model().headerData(logicalIndex, Qt.Orientation.Horizontal) or "")
        painter.save()
        painter.setFont(self.font())
        painter.setPen(theme().muted)
        painter.translate(rect.left(), rect.bottom())
        painter.rotate(-90)
        room = QRect(GRID // 2, 0, rect.height() - GRID // 2, rect.width())
        fitted = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), fitted)
        painter.restore()


def _blend(first: QColor, second: QColor, share: float) -> QColor:
    """Return a colour between two."""
    kept = 1 - share
    return QColor(
        round(first.red() * kept + second.red() * share),
        round(first.green() * kept + second.green() * share),
        round(first.blue() * kept + second.blue() * share),
    )
