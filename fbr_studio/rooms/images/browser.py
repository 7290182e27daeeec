"""What the gallery shows and what an edit would change: listing, counts, current and selected images."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal

from fbr_engine.project import ImageFilter, Project
from fbr_engine.project.gallery import Order
from fbr_engine.project.paths import shown
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.jobs.thumbnails import ThumbnailLoader
from fbr_studio.preferences import Preferences, cache_folder
from fbr_studio.rooms.images.broken_files import BrokenFiles
from fbr_studio.rooms.images.image_pane import ImagePane
from fbr_studio.rooms.images.listing import Counts, Listing, count_images, list_images
from fbr_studio.rooms.images.next_untagged import next_untagged
from fbr_studio.rooms.images.project_cells import ImagePaths, ProjectCells
from fbr_studio.state.session import Session

COUNT_MS = 150
BY_TAGS = ("untagged", "tagged", "empty")
BY_REVIEW = ("accepted", "rejected", "corrected", "problem")


class ImageBrowser(QObject):
    """Keeps the gallery in step with the project. Images that no longer match stay until the list is asked for anew,
    so that nothing moves under the person's hands.
    """

    targets_changed = Signal()
    listed = Signal()

    def __init__(self, session: Session, preferences: Preferences, pane: ImagePane, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._pane = session, pane
        self.gallery = pane.gallery
        self.cells = ProjectCells(session)
        self.broken = BrokenFiles(session, self)
        self.broken.mended.connect(self.gallery.reload_thumbnails)
        self.counts = Counts()
        self._project: Project | None = None
        self._thumbnails: ThumbnailLoader | None = None
        self._list = LatestTask(_listing, self)
        self._list.done.connect(self._take_listing)
        self._list.failed.connect(lambda error: pane.report.say(str(error), "danger"))
        self._count = LatestTask(_counts, self)
        self._count.done.connect(self._take_counts)
        self._count_timer = _single_shot(self, COUNT_MS, self._ask_counts)
        self._tell_timer = _single_shot(self, 0, self.targets_changed.emit)
        self._targets: list[int] | None = None
        self._ids: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._listed: ImageFilter | None = None
        self.gallery.set_source(self.cells)
        self.gallery.thumbnail_side = preferences.now.thumbnail_side
        self.gallery.thumbnail_side_changed.connect(lambda side: preferences.set("thumbnail_side", side))
        self.gallery.current_changed.connect(self._current_changed)
        self.gallery.visible_changed.connect(session.look_at)
        self.gallery.selection_changed.connect(self._selection_changed)
        pane.bar.changed.connect(self.reload)
        pane.bar.update_asked.connect(self.reload)

    # --- the project

    def open(self, project: Project) -> None:
        """Show the images of a project."""
        self._project = project
        folder = cache_folder() / "thumbnails"
        self._thumbnails = ThumbnailLoader(ImagePaths(project), folder, parent=self)
        self.gallery.set_thumbnails(self._thumbnails)
        self.broken.open(project)
        self.broken.watch(self._thumbnails)
        self.cells.set_classes(project.classes.all())
        self._pane.show_gallery()
        self.reload()

    def close(self) -> None:
        """Let go of the project."""
        self._project = None
        self._list.cancel()
        self._count.cancel()
        for timer in (self._count_timer, self._tell_timer):
            timer.stop()
        self.broken.close()
        self._pane.bar.stop()
        self.gallery.set_thumbnails(None)
        if self._thumbnails is not None:
            self._thumbnails.close()
            self._thumbnails.deleteLater()
            self._thumbnails = None
        self._listed = None
        self._ids = np.zeros(0, np.int64)
        self.gallery.set_ids([])
        self.cells.set_predicted(None, ())
        self._tell_timer.stop()

    # --- what is shown

    @property
    def ids(self) -> npt.NDArray[np.int64]:
        """The images in the gallery, in order."""
        return self._ids

    @property
    def current(self) -> int | None:
        """The image the person looks at."""
        return self.gallery.current_id

    @property
    def targets(self) -> list[int]:
        """The images an edit changes: the selected ones, else the current one."""
        if self._targets is None:
            current = self.gallery.current_id
            self._targets = self.gallery.selected_ids() or ([] if current is None else [current])
        return self._targets

    def reload(self) -> None:
        """Ask the project again which images are shown, and all counts."""
        if self._project is not None:
            self._list.request(self._project, self._pane.bar.wanted, self._pane.bar.sorted_by)
            self.recount()

    def reload_thumbnails(self, images: Sequence[int] | None = None) -> None:
        """Look at the files of some images, or all, anew."""
        if self._thumbnails is not None:
            self._thumbnails.forget(images)
        self.gallery.reload_thumbnails(images)

    def recount(self) -> None:
        """Ask for the counts once the person pauses."""
        self._count_timer.start()

    def tags_changed(self, images: Sequence[int] | None) -> None:
        """Show tags anew on some images, or all; the list itself stays as it is."""
        self.gallery.refresh(images)
        self.recount()
        wanted = self._pane.bar.wanted
        if wanted.present or wanted.state in BY_TAGS:
            self._pane.bar.set_stale(True)

    def reviews_changed(self, images: Sequence[int] | None) -> None:
        """Show states anew on some images, or all."""
        self.gallery.refresh(images)
        self.recount()
        if self._pane.bar.wanted.state in BY_REVIEW:
            self._pane.bar.set_stale(True)

    def show_predicted(self, image: int | None, classes: Sequence[int]) -> None:
        """Show predicted tags on one image."""
        changed = self.cells.set_predicted(image, classes)
        if changed:
            self.gallery.refresh(changed)

    # --- moving

    def go_to(self, image: int | None) -> bool:
        """Make an image the current and only selected one; return whether it is in the list."""
        if image is None or not (self._ids == image).any():
            return False
        self.gallery.set_current(image)
        self.gallery.select([image])
        return True

    def step(self, by: int) -> None:
        """Go to the next (1) or previous (-1) image."""
        places = np.flatnonzero(self._ids == self.current)
        place = int(places[0]) + by if len(places) else 0
        if 0 <= place < len(self._ids):
            self.go_to(int(self._ids[place]))

    def next_untagged(self) -> bool:
        """Go to the next image nobody tagged; return whether there is one in the list."""
        project = self._project
        if project is None:
            return False

        def among(images: Sequence[int]) -> Collection[int]:
            return {row.id for row in project.gallery.cells(images) if not row.known and row.problem is None}

        def everywhere() -> npt.NDArray[np.int64]:
            broken = project.gallery.ids(ImageFilter(state="problem"))
            return np.setdiff1d(project.gallery.ids(ImageFilter(state="untagged")), broken)

        return self.go_to(next_untagged(self._ids, self.current, among, everywhere))

    def neighbours(self) -> list[int]:
        """Return the current image, the next and the previous one."""
        places = np.flatnonzero(self._ids == self.current)
        if not len(places):
            return []
        place = int(places[0])
        around = (place, place + 1, place - 1)
        return [int(self._ids[i]) for i in around if 0 <= i < len(self._ids)]

    def after_without(self, images: Sequence[int]) -> int | None:
        """Return where the person stands once these images are gone."""
        left = np.flatnonzero(~np.isin(self._ids, np.asarray(images, np.int64)))
        if not len(left):
            return None
        places = np.flatnonzero(self._ids == self.current)
        behind = left[left >= (int(places[0]) if len(places) else 0)]
        return int(self._ids[behind[0] if len(behind) else left[-1]])

    # --- answers

    def _take_listing(self, answer: tuple[Project, Listing]) -> None:
        project, listing = answer
        if project is not self._project:
            return
        first = self._listed is None
        self.broken.refresh()
        self._listed, self._ids = listing.wanted, listing.ids
        self._targets = None
        self.gallery.set_ids(listing.ids)
        if self.gallery.current_id is None or first:
            self._begin_somewhere()
        self._pane.bar.set_stale(False)
        self._show_page(project)
        self._show_numbers()
        self._tell_timer.start()
        self.listed.emit()

    def _begin_somewhere(self) -> None:
        if len(self._ids) and not self.go_to(self._session.image):
            self.go_to(int(self._ids[0]))

    def _show_page(self, project: Project) -> None:
        pane = self._pane
        if len(self._ids):
            pane.show_gallery()
        elif self._listed == ImageFilter():
            folder = shown(project.image_folder)
            pane.no_images.say("No images yet", f"Put photos into {folder}: they are found by themselves.")
            pane.show_instead(pane.no_images)
        else:
            pane.show_instead(pane.no_match)

    def _ask_counts(self) -> None:
        if self._project is not None:
            self._count.request(self._project, self._pane.bar.wanted)

    def _take_counts(self, answer: tuple[Project, Counts]) -> None:
        project, counts = answer
        if project is self._project:
            self.counts = counts
            self._pane.bar.set_counts(counts)
            self._show_numbers()

    def _show_numbers(self) -> None:
        self._pane.bar.show_numbers(len(self._ids), len(self.targets))

    def _current_changed(self, image: int | None) -> None:
        self._targets = None
        if image is not None:
            self._session.image = image
        self._tell_timer.start()

    def _selection_changed(self) -> None:
        self._targets = None
        self._show_numbers()
        self._tell_timer.start()


def _single_shot(parent: QObject, interval: int, then: object) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(interval)
    timer.timeout.connect(then)
    return timer


def _listing(project: Project, wanted: ImageFilter, order: Order) -> tuple[Project, Listing]:
    return project, list_images(project, wanted, order)


def _counts(project: Project, wanted: ImageFilter) -> tuple[Project, Counts]:
    return project, count_images(project, wanted)
