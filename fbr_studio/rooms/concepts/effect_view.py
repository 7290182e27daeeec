"""The centre: what an answer changes in the masks, before and after, on the images that change most."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from fbr_studio.rooms.concepts import wording
from fbr_studio.rooms.concepts.effect_work import Shown, ShownImages, ShownPair
from fbr_studio.rooms.concepts.model import ConceptsModel
from fbr_studio.widgets.basics import button, hairline, label
from fbr_studio.widgets.formatting import count, counted
from fbr_studio.widgets.tags.key_button import KeyButton
from fbr_studio.widgets.theme import GRID, small_font, theme

GAP = GRID
SCROLLBAR = 12  # px, as in the style sheet
TITLES = ("Before", "After, changes outlined")
TALLEST = 40 * GRID  # px of a picture: a portrait must not fill the room


class EffectView(QWidget):
    """Listens to the model. ``image_wanted`` carries the number of the image whose pair was pressed."""

    image_wanted = Signal(int)

    def __init__(self, model: ConceptsModel, actions: Sequence[QAction] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.sentence = label("", "title", wrap=True)
        self.because = label("", "muted", wrap=True)
        self.before, self.after = label("Before", "muted"), label("After", "muted")
        self.back = button("Back to the effect", lambda: model.preview(None), "", "Show what the last answer changes")
        self.pairs: list[PairRow] = []
        self._buttons = [KeyButton(action, primary=action is actions[-1]) for action in actions]
        self._lay_out()
        model.effect_ready.connect(self.show_effect)
        model.images_ready.connect(self.show_images)
        model.no_effect.connect(self.show_none)
        model.loaded.connect(self._loaded)
        self._loaded()

    def show_effect(self, shown: Shown) -> None:
        """Show what an answer changes."""
        look, effect = shown.look, shown.effect
        named = self._model.class_name(look.class_id)
        words = wording.verdict_words(look.verdict, named)
        self.because.setText(f"Your last answer: {words}" if look.given else f"If you answer: {words}")
        self.sentence.setText(wording.effect_sentence(named, effect.images, shown.share))
        self._show_pairs(shown.pairs)
        self.back.hide()

    def show_images(self, shown: ShownImages) -> None:
        """Show images a person asked for, each beside its mask."""
        there, asked = len(shown.pairs), len(shown.wanted.images)
        of_all = f"{there} of {counted(asked, 'image')}" if there < asked else counted(there, "image")
        self.sentence.setText(f"{of_all}, worst first")
        self.because.setText("As the masks would be with what is judged now")
        self._show_pairs(shown.pairs, ("Photo", "Mask"))
        self.back.show()
        self.area.verticalScrollBar().setValue(0)

    def show_none(self, reason: str) -> None:
        """Say why no effect can be shown."""
        self.sentence.setText("")
        self.because.setText(reason)
        self._show_pairs(())
        self.back.hide()

    def _loaded(self) -> None:
        self.sentence.setText("")
        data = self._model.data
        reading = (
            f"Reading the CAMs and features of {count(len(data.set.image_ids))} images, once"
            if data is not None
            else ""
        )
        self.because.setText(reading)
        self._show_pairs(())
        self.back.hide()

    def _show_pairs(self, pairs: Sequence[ShownPair], titles: tuple[str, str] = TITLES) -> None:
        for word, title in zip((self.before, self.after), titles, strict=True):
            word.setText(title)
        for row, pair in zip(self.pairs, pairs, strict=False):
            row.show_pair(pair)
        for pair in pairs[len(self.pairs) :]:
            row = PairRow()
            row.show_pair(pair)
            row.image_wanted.connect(self.image_wanted)
            self._column.insertWidget(len(self.pairs), row)
            self.pairs.append(row)
        for row in self.pairs[len(pairs) :]:
            row.setParent(None)
            row.deleteLater()
        del self.pairs[len(pairs) :]
        for word in (self.before, self.after):
            word.setVisible(bool(pairs))
        self._fit()

    def _fit(self) -> None:
        """Make the rows as high as their pictures are at this width."""
        width = self.area.viewport().width() - 4 * GRID
        for row in self.pairs:
            row.setFixedHeight(row.height_for(width))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the width of the area."""
        if event.type() == QEvent.Type.Resize and watched is self.area.viewport():
            self._fit()
        return super().eventFilter(watched, event)

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(GRID // 2)
        words.addWidget(self.sentence)
        words.addWidget(self.because)
        head = QHBoxLayout()
        head.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, GRID)
        head.addLayout(words, 1)
        head.addWidget(self.back, 0, Qt.AlignmentFlag.AlignTop)
        over = QHBoxLayout()
        over.setContentsMargins(2 * GRID, 0, 2 * GRID + SCROLLBAR, GRID // 2)
        over.setSpacing(GAP)
        over.addWidget(self.before, 1)
        over.addWidget(self.after, 1)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(2 * GRID, 0, 2 * GRID, 2 * GRID)
        self._column.setSpacing(GRID)
        self._column.addStretch()
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(inside)
        self.area.viewport().installEventFilter(self)
        foot = QHBoxLayout()
        foot.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        foot.addStretch()
        for made in self._buttons:
            made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            foot.addWidget(made)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(over)
        column.addWidget(self.area, 1)
        if self._buttons:
            column.addWidget(hairline())
            column.addLayout(foot)


class PairRow(QAbstractButton):
    """One image before and after, with its name and how much of it changes; a press opens it."""

    image_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pair: ShownPair | None = None
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: self.image_wanted.emit(self.pair.image_id) if self.pair is not None else None)

    @property
    def caption(self) -> str:
        """What stands below the pictures."""
        if self.pair is None:
            return ""
        return self.pair.name + (
            f" · {100 * self.pair.changed:.1f} % of its pixels change" if self.pair.changed else ""
        )

    def show_pair(self, pair: ShownPair) -> None:
        """Show another image."""
        self.pair = pair
        self.setAccessibleName(self.caption)
        self.setToolTip(f"{pair.name}: open it in Review")
        self.update()

    def height_for(self, width: int) -> int:
        """Return the height that pictures and caption take at a width, in px."""
        return self._picture_height(width) + self.fontMetrics().height() + GRID // 2

    def sizeHint(self) -> QSize:
        """Return the size at the present width."""
        return QSize(40 * GRID, self.height_for(self.width()))

    def changeEvent(self, event: QEvent) -> None:
        """Follow theme and font."""
        super().changeEvent(event)
        self.update()

    def _picture_height(self, width: int) -> int:
        if self.pair is None:
            return 0
        image, wide = self.pair.before, max(1, (width - GAP) // 2)
        return min(TALLEST, round(wide * image.height() / max(1, image.width())))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw both pictures and the caption, and a frame where the focus is."""
        if self.pair is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        wide, high = (self.width() - GAP) // 2, self._picture_height(self.width())
        for place, image in enumerate((self.pair.before, self.pair.after)):
            box = QRect(place * (wide + GAP), 0, wide, high)
            painter.fillRect(box, theme().canvas)
            painter.drawImage(_fitted(image, box), image)
            if self.hasFocus():
                painter.setPen(QPen(theme().accent, 2))
                painter.drawRect(box.adjusted(1, 1, -1, -1))
        painter.setFont(small_font(self))
        painter.setPen(theme().muted)
        below = QRect(0, high, self.width(), self.height() - high)
        text = painter.fontMetrics().elidedText(self.caption, Qt.TextElideMode.ElideMiddle, below.width())
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.end()


def _fitted(image: QImage, box: QRect) -> QRect:
    """Return where the whole image goes in a box, its shape kept."""
    found = QRect(box.topLeft(), image.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio))
    found.moveCenter(box.center())
    return found
