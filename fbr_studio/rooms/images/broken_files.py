"""Keeps what the project says of broken files in step with what the thumbnails meet."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from fbr_engine.data.images import read_image
from fbr_engine.errors import FbrError
from fbr_engine.project import ImageFilter, Project
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.jobs.thumbnails import ThumbnailLoader
from fbr_studio.state.session import Session

LOG = logging.getLogger(__name__)
GATHER_MS = 200
AT_ONCE = 16  # photos read whole between two writes


class BrokenFiles(QObject):
    """An image whose thumbnail fails, and a broken one whose thumbnail comes, is read whole in the background.

    A file that is missing says nothing: its drive may be unplugged. ``mended`` carries images that can be read again.
    """

    mended = Signal(list)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._project: Project | None = None
        self._broken: set[int] = set()
        self._waiting: dict[int, None] = {}
        self._task = LatestTask(_read, self)
        self._task.done.connect(self._take)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(GATHER_MS)
        self._timer.timeout.connect(self._ask)

    @property
    def busy(self) -> bool:
        """Whether files are still to be read."""
        return self._timer.isActive() or self._task.busy

    @property
    def broken(self) -> list[int]:
        """The images that take no part, as far as is known here."""
        return sorted(self._broken)

    def open(self, project: Project) -> None:
        """Follow a project."""
        self._project = project
        self.refresh()

    def close(self) -> None:
        """Let go of the project."""
        self._project = None
        self._timer.stop()
        self._task.cancel()
        self._waiting.clear()
        self._broken.clear()

    def watch(self, loader: ThumbnailLoader) -> None:
        """Hear of what a loader meets."""
        loader.failed.connect(self._failed, Qt.ConnectionType.QueuedConnection)
        loader.ready.connect(self._ready, Qt.ConnectionType.QueuedConnection)

    def refresh(self) -> None:
        """Ask the project which images are broken: a job may have found some."""
        if self._project is not None:
            self._broken = {int(i) for i in self._project.gallery.ids(ImageFilter(state="problem"))}

    def _failed(self, image: int, _: str) -> None:
        if image not in self._broken:
            self._look_at(image)

    def _ready(self, image: int) -> None:
        if image in self._broken:
            self._look_at(image)

    def _look_at(self, image: int) -> None:
        if self._project is not None:
            self._waiting[image] = None
            if not self._task.busy:
                self._timer.start()

    def _ask(self) -> None:
        if self._project is not None and self._waiting and not self._task.busy:
            images = list(self._waiting)[:AT_ONCE]
            self._task.request(self._project, images)

    def _take(self, answer: tuple[Project, list[int], Mapping[int, str | None]]) -> None:
        project, images, found = answer
        if project is not self._project:
            return
        for image in images:
            self._waiting.pop(image, None)
        if self._waiting:
            self._timer.start()
        if not found:
            return
        try:
            self._session.set_problems(found)
        except FbrError as error:  # nobody asked for this; the next job tells
            LOG.warning("broken files were not noted: %s", error)
            return
        self.refresh()
        mended = [image for image, reason in found.items() if reason is None]
        if mended:
            self.mended.emit(mended)


def _read(project: Project, images: list[int]) -> tuple[Project, list[int], dict[int, str | None]]:
    """Return what is to be kept of these images: why each is broken, None where that is no longer so."""
    found: dict[int, str | None] = {}
    for image in project.images.by_ids(images):
        path = project.image_path(image.path)
        if not project.image_folder.is_dir() or not path.is_file():
            continue
        reason = None
        try:
            read_image(path)
        except FbrError as error:
            reason = str(error)
        if bool(reason) != bool(image.problem) and path.is_file():
            found[image.id] = reason
    return project, images, found
