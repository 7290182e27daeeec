"""The row of images below the canvas, and which of them it holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from fbr_engine.errors import ProjectError
from fbr_engine.project import GalleryRow, ImageFilter, Project
from fbr_engine.project.gallery import State
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.jobs.thumbnails import ThumbnailLoader
from fbr_studio.preferences import cache_folder
from fbr_studio.state.session import Session
from fbr_studio.widgets.basics import label
from fbr_studio.widgets.formatting import counted
from fbr_studio.widgets.gallery.cell import Cell
from fbr_studio.widgets.gallery.cell import State as Mark
from fbr_studio.widgets.gallery.gallery_view import GalleryView
from fbr_studio.widgets.gallery.id_order import IdOrder
from fbr_studio.widgets.theme import GRID

SHOWN: tuple[tuple[str, State], ...] = (
    ("All images", "all"),
    ("Not reviewed", "new"),
    ("Accepted", "accepted"),
    ("Rejected", "rejected"),
    ("Corrected", "corrected"),
)
_SIDE = 96


class Filmstrip(QWidget):
    """Images in the order of the project, listed behind the window. ``chosen`` carries the one the person pressed.

    ``failed`` carries the error of a list that could not be read.
    """

    chosen = Signal(int)
    failed = Signal(str)
    visible_changed = Signal(list)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._thumbnails: ThumbnailLoader | None = None
        self.view = GalleryView(self)
        self.view.orientation = "strip"
        self.view.thumbnail_side = _SIDE
        self.view.setAcceptDrops(False)
        self.view.viewport().setAcceptDrops(False)
        self.view.setAccessibleName("Filmstrip")
        self.view.set_source(StripCells(session))
        self.view.current_changed.connect(self._current_changed)
        self.view.visible_changed.connect(self.visible_changed)
        self.which = QComboBox()
        self.which.setAccessibleName("Images in the filmstrip")
        self.which.setToolTip("Which images the filmstrip holds")
        for text, state in SHOWN:
            self.which.addItem(text, state)
        self.which.activated.connect(self.reload)
        self.count = label("", "muted")
        self._order = IdOrder()
        self._must_hold: int | None = None
        self._list = LatestTask(_listed, self)
        self._list.done.connect(self._take)
        self._list.failed.connect(lambda error: self.failed.emit(str(error)))

    @property
    def busy(self) -> bool:
        """Whether the list is being read."""
        return self._list.busy

    def head(self) -> QHBoxLayout:
        """Return the chooser and the count, to be laid beside the status line."""
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.count)
        row.addWidget(self.which)
        return row

    def lay_out(self) -> None:
        """Fill itself with the strip."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.setFixedHeight(self.view.minimumSizeHint().height())

    def set_project(self, project: Project | None) -> None:
        """Show another project's images."""
        if self._thumbnails is not None:
            self.view.set_thumbnails(None)
            self._thumbnails.close()
            self._thumbnails.deleteLater()
            self._thumbnails = None
        if project is not None:
            self._thumbnails = ThumbnailLoader(_paths(project), cache_folder() / "thumbnails", parent=self)
            self.view.set_thumbnails(self._thumbnails)
        self._list.cancel()
        self._must_hold = self._session.image if project is not None else None
        self._show_ids(np.zeros(0, np.int64))
        if project is not None:
            self.reload()

    def reload(self) -> None:
        """Read which images there are; until that is done the former ones stay."""
        project = self._session.project
        state: State = self.which.currentData() or "all"
        if project is not None:
            self._list.request(project, state)

    def _take(self, answer: tuple[Project, npt.NDArray[np.int64]]) -> None:
        project, ids = answer
        if project is not self._session.project:
            return
        self._show_ids(ids)
        wanted, self._must_hold = self._must_hold, None
        if wanted is not None and wanted == self._session.image:
            self.follow(wanted, again=False)
            self._to_the_middle(wanted)

    def _show_ids(self, ids: npt.NDArray[np.int64]) -> None:
        self._order = IdOrder(ids)
        self.view.set_ids(ids)
        self.view.refresh()
        self.view.set_current(self._session.image)
        self._say_count()

    def follow(self, image: int | None, *, again: bool = True) -> None:
        """Make an image the current one here; the list is read again where it lacks it."""
        if image is not None and self._order.index(image) is None and self._session.project is not None:
            self._add_for_now(image, again)
        if image != self.view.current_id:
            self.view.set_current(image)
            self._to_the_middle(image)
        self._say_count()

    def _to_the_middle(self, image: int | None) -> None:
        """Let an image be seen between its neighbours."""
        place, bar = self._order.index(image), self.view.horizontalScrollBar()
        if place is not None:
            bar.setValue(place * bar.singleStep() - (self.view.viewport().width() - bar.singleStep()) // 2)

    def neighbour(self, image: int | None, step: int) -> int | None:
        """Return the image ``step`` places on, or None at the end."""
        place = self._order.index(image)
        target = place + step if place is not None else 0
        return self._order[target] if 0 <= target < len(self._order) else None

    def around(self, image: int | None) -> list[int]:
        """Return the images that are likely to come next: the two after, the one before."""
        found = [self.neighbour(image, step) for step in (1, -1, 2)]
        found = found if self._order.index(image) is not None else []
        return [i for i in found if i is not None]

    def after(self, image: int | None) -> list[int]:
        """Return all images behind this one and then those before it."""
        place, ids = self._order.index(image), self._order.ids.tolist()
        return ids if place is None else [*ids[place + 1 :], *ids[:place]]

    def close_down(self) -> None:
        """End the threads."""
        self._list.close()
        if self._thumbnails is not None:
            self.view.set_thumbnails(None)
            self._thumbnails.close()
            self._thumbnails = None

    def _add_for_now(self, image: int, again: bool) -> None:
        """An image another room chose is shown even if this strip's filter leaves it out."""
        if self._list.busy:
            self._must_hold = image
        elif again or self.which.currentIndex() > 0:
            self._must_hold = image
            self.which.setCurrentIndex(0)
            self.reload()

    def _say_count(self) -> None:
        place = self._order.index(self._session.image)
        total = counted(len(self._order), "image")
        self.count.setText(f"{place + 1:,} of {total}" if place is not None else total)

    def _current_changed(self, image: object) -> None:
        if isinstance(image, int) and image != self._session.image:
            self.chosen.emit(image)


class StripCells:
    """What the strip's cells say."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def cells(self, ids: Sequence[int]) -> list[Cell]:
        """Return the cells of a page of images."""
        project = self._session.project
        return [_cell(row) for row in project.gallery.cells(ids)] if project is not None else []


def _cell(row: GalleryRow) -> Cell:
    state: Mark = ""
    if row.problem:
        state = "problem"
    elif row.review == "accepted":
        state = "accepted"
    elif row.review == "rejected":
        state = "rejected"
    elif row.corrected:
        state = "corrected"
    return Cell(row.id, row.path.rsplit("/", 1)[-1], (), state, row.problem or "")


def _listed(project: Project, state: State) -> tuple[Project, npt.NDArray[np.int64]]:
    return project, project.gallery.ids(ImageFilter(state=state))


def _paths(project: Project) -> Callable[[int], Path]:
    def path_of(image: int) -> Path:
        found = project.images.by_ids([image])
        if not found:
            raise ProjectError("the image was removed from the project")
        return project.image_path(found[0].path)

    return path_of
