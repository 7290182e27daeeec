"""Draws one concept of the board: four crops, its name and verdict, its numbers, its suspicion as a bar."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QCompleter, QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from fbr_engine.concepts.facts import Concept
from fbr_studio.rooms.concepts.concept_list import ID_ROLE, ConceptList
from fbr_studio.rooms.concepts.concept_order import leading_class, suspicion_of
from fbr_studio.rooms.concepts.concept_words import shares_line, spread_line, verdict_line, verdict_of
from fbr_studio.rooms.concepts.crops import CropStore
from fbr_studio.rooms.concepts.family_marks import draw_mark
from fbr_studio.widgets.gallery.state_marks import draw_broken
from fbr_studio.widgets.icons import icon
from fbr_studio.widgets.theme import GRID, emphasised, small_font, theme

Index = QModelIndex | QPersistentModelIndex
CROPS = 4
PAD = GRID
GAP = 3  # px between crops
MARK = 10  # px
_ICONS = {"background": "background", "object": "accept", "mixed": "more", "skip": "next"}


class ConceptCard(QStyledItemDelegate):
    """Cards of ``width`` px; their height follows from it and the font."""

    def __init__(self, view: QWidget, store: CropStore, names: Sequence[str]) -> None:
        super().__init__(view)
        self._store, self._names = store, list(names)
        self.width = 36 * GRID
        self._set_font(view.font())

    def _set_font(self, font: QFont) -> None:
        self._strong = emphasised(font)
        self._line = QFontMetrics(self._strong).height() + GRID // 2

    @property
    def crop_side(self) -> int:
        """The side of a crop in px."""
        return (self.width - 2 * PAD - (CROPS - 1) * GAP - GRID) // CROPS

    @property
    def size(self) -> QSize:
        """A card's size in px."""
        return QSize(self.width, GRID + 2 * PAD + self.crop_side + GRID // 2 + 4 * self._line)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the size of every card."""
        return self.size

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a card."""
        shown = index.model()
        if not isinstance(shown, ConceptList):
            return
        fact = shown.fact(index)
        if fact is None:
            return
        painter.save()
        box: QRect = option.rect.adjusted(GRID // 2, GRID // 2, -GRID // 2, -GRID // 2)
        state = option.state
        self._draw_ground(painter, box, state)
        inside = box.adjusted(PAD, PAD, -PAD, -PAD)
        self._draw_crops(painter, inside, fact)
        self._draw_words(painter, inside, fact, shown)
        painter.restore()

    def _draw_ground(self, painter: QPainter, box: QRect, state: QStyle.StateFlag) -> None:
        colours = theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.setBrush(colours.selection if selected else colours.panel)
        focused = bool(state & QStyle.StateFlag.State_HasFocus)
        painter.setPen(QPen(colours.accent if selected or focused else colours.line, 2 if focused else 1))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _draw_crops(self, painter: QPainter, inside: QRect, fact: Concept) -> None:
        side, ratio = self.crop_side, painter.device().devicePixelRatioF()
        crops = self._store.typical(fact.id, CROPS)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for place in range(CROPS):
            box = QRect(inside.x() + place * (side + GAP), inside.y(), side, side)
            painter.fillRect(box, theme().canvas)
            if place >= len(crops):
                continue
            picture = self._store.picture(crops[place], round(side * ratio))
            if picture is not None:
                painter.drawImage(box, picture)
            elif self._store.reason(crops[place], round(side * ratio)):
                draw_broken(painter, QPointF(box.center()))

    def _draw_words(self, painter: QPainter, inside: QRect, fact: Concept, shown: ConceptList) -> None:
        colours, model = theme(), shown.concepts
        row = QRect(inside.x(), inside.y() + self.crop_side + GRID // 2, inside.width(), self._line)
        right = self._draw_verdict(painter, row, verdict_of(model, fact), verdict_line(model, fact))
        ids = model.data.set.class_ids.tolist() if model.data is not None else []
        draw_mark(painter, QPointF(row.x() + MARK / 2, row.center().y() + 1), MARK, fact.family, ids)
        painter.setFont(self._strong)
        painter.setPen(colours.text)
        left = row.adjusted(MARK + GRID - 2, 0, -right, 0)
        _write(painter, left, model.concept_name(fact.id))
        painter.setFont(_small(self.parent()))
        painter.setPen(colours.muted)
        row.translate(0, self._line)
        _write(painter, row, shares_line(model, fact))
        row.translate(0, self._line)
        self._draw_suspicion(painter, row, fact)
        painter.setPen(colours.muted)
        row.translate(0, self._line)
        _write(painter, row, spread_line(fact))

    def _draw_verdict(self, painter: QPainter, row: QRect, verdict: str, words: str) -> int:
        """Draw it at the right end; return how much room it takes."""
        if not words:
            return 0
        painter.setFont(_small(self.parent()))
        metrics = painter.fontMetrics()
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, row.width() // 2)
        wide = metrics.horizontalAdvance(words)
        painter.setPen(theme().text)
        painter.drawText(row, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), words)
        side = 2 * GRID
        place = QRect(row.right() - wide - side - 3, row.center().y() - side // 2 + 1, side, side)
        icon(_ICONS.get(verdict, "info")).paint(painter, place)
        return wide + side + GRID

    def _draw_suspicion(self, painter: QPainter, row: QRect, fact: Concept) -> None:
        if not leading_class(fact):
            _write(painter, row, "no suspicion: no class looks at it")
            return
        value = suspicion_of(fact)
        metrics, colours = painter.fontMetrics(), theme()
        label, number = "suspicion", f"{100 * value:.0f} %"
        _write(painter, row, label)
        painter.setPen(colours.text)
        painter.drawText(row, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), number)
        left = row.x() + metrics.horizontalAdvance(label) + GRID
        right = row.right() - metrics.horizontalAdvance("100 %") - GRID
        bar = QRectF(left, row.center().y() - 2, max(0, right - left), 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.raised if not colours.dark else colours.line)
        painter.drawRoundedRect(bar, 3, 3)
        bar.setWidth(max(6.0, bar.width() * value))
        painter.setBrush(colours.warning)
        painter.drawRoundedRect(bar, 3, 3)

    # --- renaming in place

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """Return a field that completes the starter names."""
        field = _NameField(parent)
        completer = QCompleter(self._names, field)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        field.setCompleter(completer)
        return field

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Begin with the name it has."""
        if isinstance(editor, QLineEdit):
            editor.setText(str(index.data(Qt.ItemDataRole.EditRole) or ""))
            editor.setPlaceholderText(str(index.data() or ""))
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QObject, index: Index) -> None:
        """Keep the name."""
        if isinstance(editor, QLineEdit) and isinstance(model, ConceptList):
            model.setData(index, editor.text())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        """Put the field where the name is."""
        box: QRect = option.rect.adjusted(PAD, PAD, -PAD, -PAD)
        height = max(self._line, editor.sizeHint().height())
        middle = box.y() + GRID + self.crop_side + self._line // 2
        editor.setGeometry(box.x(), middle - height // 2, box.width(), height)


class _NameField(QLineEdit):
    """Keeps all its keys from the room's shortcuts."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Name of the concept")

    def event(self, event: QEvent) -> bool:
        """Take Enter, Escape and letters before a shortcut gets them."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep Enter, which takes the name, from the board, where it opens a concept."""
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()


def concept_at(index: Index) -> int:
    """Return the number of a row's concept, 0 for none."""
    return int(index.data(ID_ROLE) or 0)


def _small(view: QObject | None) -> QFont:
    return small_font(view) if isinstance(view, QWidget) else QFont()


def _write(painter: QPainter, row: QRect, text: str) -> None:
    fitted = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, row.width())
    painter.drawText(row, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), fitted)
