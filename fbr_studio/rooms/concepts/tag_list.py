"""The doubtful tags as a list: a thumbnail, the doubt in words, the image's name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QImage, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from fbr_engine.stages.tag_check import Doubt
from fbr_studio.widgets.gallery.state_marks import draw_broken
from fbr_studio.widgets.theme import GRID, emphasised, small_font, theme

Index = QModelIndex | QPersistentModelIndex
THUMBNAIL = 8 * GRID  # px


def doubt_words(doubt: Doubt, class_name: str) -> str:
    """Return a doubt as a sentence."""
    if doubt.kind == "missing":
        return f"looks like {class_name}, not tagged {class_name}"
    return f"tagged {class_name}, no sign of it"


class DoubtList(QAbstractListModel):
    """Rows are doubts, most doubtful first; ``class_name`` tells a class's name by its id."""

    def __init__(self, class_name: Callable[[int], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._class_name = class_name
        self.rows: list[Doubt] = []
        self.names: dict[int, str] = {}
        self.thumbnails: dict[int, QImage] = {}
        self.broken: set[int] = set()

    def show_rows(self, rows: list[Doubt], names: dict[int, str]) -> None:
        """Show these doubts; ``names`` are the images', by number."""
        self.beginResetModel()
        self.rows, self.names = list(rows), names
        self.endResetModel()

    def take(self, row: int) -> Doubt:
        """Remove a row and return its doubt."""
        self.beginRemoveRows(QModelIndex(), row, row)
        found = self.rows.pop(row)
        self.endRemoveRows()
        return found

    def put(self, row: int, doubt: Doubt) -> None:
        """Put a doubt back where it was."""
        self.beginInsertRows(QModelIndex(), row, row)
        self.rows.insert(row, doubt)
        self.endInsertRows()

    def show_thumbnail(self, image: int, pixels: QImage | None) -> None:
        """Show a thumbnail, or that there is none."""
        if pixels is None:
            self.broken.add(image)
        else:
            self.thumbnails[image] = pixels
        for row, doubt in enumerate(self.rows):
            if doubt.image_id == image:
                self.dataChanged.emit(self.index(row), self.index(row))

    def words(self, doubt: Doubt) -> str:
        """Return a doubt as a sentence."""
        return doubt_words(doubt, self._class_name(doubt.class_id))

    def name(self, doubt: Doubt) -> str:
        """Return the image's name without its folders."""
        return PurePosixPath(self.names.get(doubt.image_id, "")).name

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many doubts there are."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a doubt in words."""
        if not 0 <= index.row() < len(self.rows):
            return None
        doubt = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.words(doubt)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{self.names.get(doubt.image_id, '')}: {self.words(doubt)}, score {doubt.score:.1f}"
        return None


class DoubtRow(QStyledItemDelegate):
    """Draws a row."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the size of every row."""
        return QSize(30 * GRID, THUMBNAIL + GRID)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the thumbnail and two lines."""
        shown = index.model()
        if not isinstance(shown, DoubtList) or not 0 <= index.row() < len(shown.rows):
            return
        doubt, colours = shown.rows[index.row()], theme()
        box: QRect = option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, colours.selection)
        painter.setPen(QPen(colours.line, 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        self._draw_thumbnail(painter, QRect(box.x() + GRID, box.y() + GRID // 2, THUMBNAIL, THUMBNAIL), doubt, shown)
        left = box.adjusted(THUMBNAIL + 2 * GRID + GRID // 2, GRID, -2 * GRID, -GRID)
        strong, small = emphasised(self._view.font()), small_font(self._view)
        painter.setFont(strong)
        painter.setPen(colours.text)
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
        painter.drawText(left, flags, shown.words(doubt))
        painter.setFont(small)
        painter.setPen(colours.muted)
        metrics = QFontMetrics(small)
        score = f"score {doubt.score:.1f}"
        last = QRect(left.x(), left.bottom() - metrics.height(), left.width(), metrics.height())
        painter.drawText(last, int(Qt.AlignmentFlag.AlignRight), score)
        room = last.width() - metrics.horizontalAdvance(score) - GRID
        name = metrics.elidedText(shown.name(doubt), Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(last, int(Qt.AlignmentFlag.AlignLeft), name)
        painter.restore()

    def _draw_thumbnail(self, painter: QPainter, box: QRect, doubt: Doubt, shown: DoubtList) -> None:
        painter.fillRect(box, theme().canvas)
        image = shown.thumbnails.get(doubt.image_id)
        if image is None or image.isNull():
            if doubt.image_id in shown.broken:
                draw_broken(painter, QPointF(box.center()))
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        side = min(image.width(), image.height())
        part = QRect((image.width() - side) // 2, (image.height() - side) // 2, side, side)
        painter.drawImage(box, image, part)


class DoubtView(QListView):
    """Shows the rows; leaves keys to `TagCheck`, but those that scroll."""

    def __init__(self, rows: DoubtList) -> None:
        super().__init__()
        self.setModel(rows)
        self.setItemDelegate(DoubtRow(self))
        self.setAccessibleName("Doubtful tags")
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(30 * GRID)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Scroll by page, to the first and the last."""
        scrolls = (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End)
        if event.key() in scrolls:
            super().keyPressEvent(event)
        else:
            event.ignore()
