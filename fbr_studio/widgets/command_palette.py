"""The command palette: type a few letters of what to do, press Enter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QFontMetrics, QIcon, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from fbr_studio.widgets.basics import hairline, label
from fbr_studio.widgets.fuzzy import best
from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.overlay import Overlay
from fbr_studio.widgets.theme import GRID, small_font, theme

WIDTH = 75 * GRID
MOST_ROWS = 11
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """One line: what it does, where it belongs (muted), its key, and the deed."""

    text: str
    detail: str
    key: str
    icon: str
    act: Callable[[], object]
    enabled: bool = True


def matching(typed: str, entries: Sequence[PaletteEntry]) -> list[PaletteEntry]:
    """Return the entries ``typed`` can mean, best first: those by their text, then those only by detail and text."""
    by_text = best(typed, [entry.text for entry in entries])
    seen = set(by_text)
    by_both = [i for i in best(typed, [f"{entry.detail} {entry.text}" for entry in entries]) if i not in seen]
    return [entries[i] for i in by_text + by_both]


class CommandPalette(Overlay):
    """A search field and a list at the top of the window; it remembers nothing from one time to the next."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._entries: list[PaletteEntry] = []
        self.search = QLineEdit(self.panel)
        self.search.setPlaceholderText("What do you want to do?")
        self.search.setAccessibleName("Search all actions")
        self.search.setToolTip("Type a few letters; Up and Down choose, Enter does it, Esc closes")
        self.search.installEventFilter(self)
        self.search.textChanged.connect(self._narrow)
        self.model = _Entries(self)
        self.list = QListView(self.panel)
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Line(self))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setAccessibleName("Actions")
        self.list.entered.connect(self.list.setCurrentIndex)
        self.list.clicked.connect(lambda index: self._do(index.row()))
        self.nothing = label("Nothing is called that. Try fewer letters.", "muted")
        self.nothing.setContentsMargins(GRID, GRID, GRID, GRID)
        column = QVBoxLayout(self.panel)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.search)
        column.addWidget(hairline())
        column.addWidget(self.nothing)
        column.addWidget(self.list, 1)
        QApplication.instance().focusChanged.connect(self._focus_went)  # type: ignore[union-attr]

    def open(self, entries: Sequence[PaletteEntry]) -> None:
        """Show ``entries``, in this order until something is typed."""
        self._entries = list(entries)
        self.search.clear()
        self._narrow("")
        self.show_over(self.search)

    def shown(self) -> list[PaletteEntry]:
        """Return the entries in the list now, best first."""
        return self.model.entries

    def place(self, room: QRect) -> QRect:
        """Lie at the top, in the middle, as high as the list needs."""
        width = min(WIDTH, room.width())
        rows = min(MOST_ROWS, self.model.rowCount())
        row = self.list.sizeHintForRow(0) if rows else 0
        others = self.search.sizeHint().height() + 4 * GRID + 1
        height = others + (rows * row + 2 if rows else self.nothing.sizeHint().height())
        return QRect(room.center().x() - width // 2, room.top() + 2 * GRID, width, min(height, room.height()))

    def focusNextPrevChild(self, next: bool) -> bool:
        """Stay in the search field."""
        if self.isHidden():
            return super().focusNextPrevChild(next)
        self._step(1 if next else -1)
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move in the list with the keys of the search field."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: MOST_ROWS - 1,
            Qt.Key.Key_PageUp: 1 - MOST_ROWS,
        }
        key = Qt.Key(event.key())
        if key in steps:
            self._step(steps[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._do(self.list.currentIndex().row())
        elif key == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            return False
        return True

    def _step(self, by: int) -> None:
        rows = self.model.rowCount()
        if rows == 0:
            return
        now = self.list.currentIndex().row()
        row = (now + by) % rows if abs(by) == 1 else min(max(now + by, 0), rows - 1)
        self.list.setCurrentIndex(self.model.index(row))

    def _narrow(self, typed: str) -> None:
        self.model.show_entries(matching(typed, self._entries))
        rows = self.model.rowCount()
        self.list.setCurrentIndex(self.model.index(0))
        self.list.setVisible(rows > 0)
        self.nothing.setVisible(rows == 0)
        if self.isVisible():
            self._fit()

    def _do(self, row: int) -> None:
        if not 0 <= row < self.model.rowCount() or not self.model.entries[row].enabled:
            return
        entry = self.model.entries[row]
        self.dismiss()
        entry.act()

    def _focus_went(self, _old: QWidget | None, now: QWidget | None) -> None:
        if self.isVisible() and (now is None or not self.isAncestorOf(now)):
            self._former = None if now is not None else self._former
            self.dismiss()


class _Entries(QAbstractListModel):
    """The entries that match."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.entries: list[PaletteEntry] = []

    def show_entries(self, entries: list[PaletteEntry]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.text
        if role == Qt.ItemDataRole.UserRole:
            return entry
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (entry.text, entry.detail, entry.key) if part)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        return Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled


class _Line(QStyledItemDelegate):
    """Draws icon, text, detail and key of an entry."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, QFontMetrics(option.font).height() + 2 * GRID)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: PaletteEntry = index.data(Qt.ItemDataRole.UserRole)
        colours = theme()
        box: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, colours.selection)
        line = box.adjusted(GRID, 0, -GRID, 0)
        mode = QIcon.Mode.Normal if entry.enabled else QIcon.Mode.Disabled
        if entry.icon:
            icon(entry.icon).paint(
                painter, QRect(line.left(), box.center().y() - 9, 18, 18), Qt.AlignmentFlag.AlignCenter, mode
            )
        line.setLeft(line.left() + 18 + GRID)
        small = small_font(self.parent())  # type: ignore[arg-type]
        painter.save()
        painter.setFont(small)
        key_width = painter.fontMetrics().horizontalAdvance(entry.key)
        painter.setPen(colours.muted)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, entry.key)
        line.setRight(line.right() - key_width - (2 * GRID if entry.key else 0))
        painter.setFont(option.font)
        metrics = painter.fontMetrics()
        text = metrics.elidedText(entry.text, Qt.TextElideMode.ElideRight, line.width())
        painter.setPen(colours.text if entry.enabled else colours.muted)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, text)
        line.setLeft(line.left() + metrics.horizontalAdvance(text) + GRID + GRID // 2)
        painter.setFont(small)
        painter.setPen(colours.muted)
        detail = entry.detail if entry.enabled else f"{entry.detail} (not now)"
        detail = painter.fontMetrics().elidedText(detail, Qt.TextElideMode.ElideRight, max(0, line.width()))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, detail)
        painter.restore()
