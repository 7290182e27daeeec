"""The strip of fixed images whose CAMs improve epoch by epoch, with a slider back to the first."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QSlider, QVBoxLayout, QWidget

from fbr_engine.project import Project
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.rooms.training.preview_pictures import Picture, PreviewPage, PreviewReader, Rgb
from fbr_studio.widgets.basics import ElidedLabel, icon_button, label
from fbr_studio.widgets.formatting import without_commands
from fbr_studio.widgets.theme import GRID, emphasised, small_font, theme

PHOTO_SIDE = 240
PICTURE_HEIGHT = 15 * GRID


class PreviewStrip(QWidget):
    """Reads in the background; shows the newest epoch until the person goes back, and then stays there."""

    opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project: Project | None = None
        self._run: str | None = None
        self._page = PreviewPage("", (), 0, ())
        self._follow = True
        self._quiet = self._awaited = False
        self._task = LatestTask(PreviewReader(PHOTO_SIDE).page, self)
        self._task.done.connect(self._show)
        self._task.failed.connect(lambda error: self._say(without_commands(str(error))))
        self._cells: list[PreviewCell] = []
        self._compose()
        self._say("")

    def _compose(self) -> None:
        self.title = _Words("CAMs of fixed images")
        self.title.setFont(emphasised(self.title.font()))
        self.epoch_text = _Words()
        self.epoch_text.setFont(small_font(self.epoch_text))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Epoch of the CAMs shown")
        self.slider.setToolTip("Go back through the epochs (Left and Right while it has the focus)")
        self.slider.setPageStep(1)
        self.slider.setMinimumWidth(5 * GRID)
        self.slider.setMaximumWidth(20 * GRID)
        self.slider.valueChanged.connect(self._slid)
        self.back = icon_button("previous", "CAMs of the epoch before", lambda: self._step(-1))
        self.forward = icon_button("next", "CAMs of the next epoch", lambda: self._step(1))
        top = QHBoxLayout()
        top.setSpacing(GRID)
        top.addWidget(self.title)
        top.addStretch(1)
        for part in (self.epoch_text, self.back, self.slider, self.forward):
            top.addWidget(part, 100 if part is self.slider else 0)
        self._row = QHBoxLayout()
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GRID)
        self._row.addStretch()
        inside = QWidget()
        inside.setLayout(self._row)
        self._area = QScrollArea()
        self._area.setWidget(inside)
        self._area.setWidgetResizable(True)
        self._area.setMinimumHeight(PICTURE_HEIGHT)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for surface in (self._area, self._area.viewport(), inside):
            surface.setAutoFillBackground(False)
        self._area.setStyleSheet("QScrollArea { background: transparent; }")
        self.quiet_note = label("", "muted", wrap=True)
        self.quiet_note.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(top)
        column.addWidget(self.quiet_note)
        column.addWidget(self._area, 1)

    # --- what is shown

    @property
    def page(self) -> PreviewPage:
        """What is shown now."""
        return self._page

    @property
    def cells(self) -> list[PreviewCell]:
        """The pictures shown now."""
        return list(self._cells)

    def show_run(self, project: Project | None, run: str | None) -> None:
        """Show a run's fixed images, from its newest epoch on."""
        if (project, run) != (self._project, self._run):
            self._follow = True
            self._project, self._run = project, run
        self.refresh()

    def refresh(self) -> None:
        """Look for what was written since."""
        if self._project is None or self._run is None:
            self._task.cancel()
            self._show(PreviewPage("", (), 0, ()))
        else:
            self._task.request(self._project, self._run, None if self._follow else self._page.epoch)

    def show_epoch(self, epoch: int) -> None:
        """Show the CAMs of one epoch; the last one is followed from then on."""
        if self._page.epochs and self._project is not None and self._run is not None:
            self._follow = epoch == self._page.epochs[-1]
            self._task.request(self._project, self._run, epoch)

    def close_down(self) -> None:
        """Read nothing any more."""
        self._task.close()

    def _step(self, by: int) -> None:
        self.slider.setValue(self.slider.value() + by)

    def _slid(self, place: int) -> None:
        if not self._quiet:
            self.show_epoch(self._page.epochs[place])

    def _show(self, page: PreviewPage) -> None:
        self._page = page
        some = bool(page.epochs)
        self._quiet = True
        self.slider.setRange(0, max(0, len(page.epochs) - 1))
        self.slider.setValue(page.epochs.index(page.epoch) if page.epoch in page.epochs else 0)
        self._quiet = False
        for part in (self.slider, self.back, self.forward, self.epoch_text):
            part.setVisible(some)
        if some:
            self.back.setEnabled(page.epoch != page.epochs[0])
            self.forward.setEnabled(page.epoch != page.epochs[-1])
            self.epoch_text.set_text(epoch_words(page.epoch, page.epochs[-1]))
        self._explain()
        self._fill(page.pictures)

    def set_awaited(self, awaited: bool) -> None:
        """Say that the CAMs are still to come, or that there are none."""
        if awaited != self._awaited:
            self._awaited = awaited
            self._explain()

    def _explain(self) -> None:
        nothing = _AWAITED if self._awaited else _NOTHING if self._run else ""
        self._say("" if self._page.epochs else nothing)

    def _say(self, text: str) -> None:
        self.quiet_note.setText(text)
        self.quiet_note.setVisible(bool(text))
        self._area.setVisible(not text)

    def _fill(self, pictures: tuple[Picture, ...]) -> None:
        while len(self._cells) > len(pictures):
            cell = self._cells.pop()
            self._row.removeWidget(cell)
            cell.hide()
            cell.deleteLater()
        while len(self._cells) < len(pictures):
            cell = PreviewCell()
            cell.opened.connect(self.opened)
            self._row.insertWidget(len(self._cells), cell)
            self._cells.append(cell)
        for cell, picture in zip(self._cells, pictures, strict=True):
            cell.show_picture(picture)
        self._fit()

    def _fit(self) -> None:
        """Let the pictures be as high as the strip, smaller if only so all of them are seen at once; else scroll."""
        height = self._area.height()
        wide = self._fit_to(height)
        if wide > self._area.width():
            height = max(PICTURE_HEIGHT, int(height * self._area.width() / wide))
            wide = self._fit_to(height)
        if wide > self._area.width():
            self._fit_to(height - self._area.horizontalScrollBar().sizeHint().height())

    def _fit_to(self, height: int) -> int:
        """Make the pictures this high, with their captions; return how wide they are together."""
        for cell in self._cells:
            cell.fit(height)
        return sum(cell.width() + GRID for cell in self._cells)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the pictures to the new height."""
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._fit)


_NOTHING = "This run has no CAMs of its epochs: they are written while a run trains, if it asks for previews."


_AWAITED = "The CAMs come after the first epoch."


class _Words(ElidedLabel):
    """Takes the room of its text, and gives it up where the strip is narrow."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)


def epoch_words(epoch: int, last: int) -> str:
    """Return which epoch is shown."""
    text = "before training" if epoch == 0 else f"after epoch {epoch}"
    return f"{text}, the newest" if epoch == last else text


class PreviewCell(QWidget):
    """One image with its CAM, and the names of the classes below it."""

    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.picture: Picture | None = None
        self._image = QImage()
        self.setFont(small_font(self))

    def show_picture(self, picture: Picture) -> None:
        """Show another picture."""
        self.picture = picture
        self._image = to_image(picture.rgb)
        self.setAccessibleName(f"{picture.image}: CAM of {', '.join(picture.tags) or 'nothing'}")
        told = picture.problem or f"CAM of {', '.join(picture.tags)}. Double-click to open it in Review."
        self.setToolTip(f"{picture.image}\n{told}")
        self.update()

    def fit(self, height: int) -> None:
        """Take as much room as the picture has at this height with its caption, in px."""
        picture = max(PICTURE_HEIGHT // 2, height - self._caption())
        width = picture
        if not self._image.isNull():
            width = round(self._image.width() / self._image.height() * picture)
        self.setFixedSize(QSize(max(width, 4 * GRID), picture + self._caption()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture, as large as fits, and its classes below."""
        if self.picture is None or self._image.isNull():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        room = QSize(self.width(), self.height() - self._caption())
        size = self._image.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(0, 0, size.width(), size.height())
        colours = theme()
        if self.picture.problem:
            painter.setPen(QPen(colours.line))
            painter.drawRect(place.adjusted(0, 0, -1, -1))
            painter.setPen(colours.muted)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, "cannot be read")
        else:
            painter.drawImage(place, self._image)
        painter.setPen(colours.muted)
        words = self.fontMetrics().elidedText(
            ", ".join(self.picture.tags), Qt.TextElideMode.ElideRight, max(self.width(), 24)
        )
        below = QRect(0, place.bottom() + 1, self.width(), self._caption())
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask for the image to be opened."""
        if self.picture is not None:
            self.opened.emit(self.picture.image)

    def _caption(self) -> int:
        return self.fontMetrics().height() + GRID // 2


def to_image(rgb: Rgb) -> QImage:
    """Return uint8 H x W x 3 as an image with its own memory."""
    height, width = rgb.shape[:2]
    return QImage(rgb.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
