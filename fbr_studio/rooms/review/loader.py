"""Loads images behind the window: the one that is asked for, then its neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QObject, QThreadPool, Signal

from fbr_engine.project import Project
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.preferences import cache_folder
from fbr_studio.rooms.review.material import Wanted, held, load, read_ahead
from fbr_studio.rooms.review.part_cache import PartCache


class MaterialLoader(QObject):
    """``ready`` brings the `Material` asked for last (None: the image was removed); late answers are dropped."""

    ready = Signal(object)
    failed = Signal(object)

    def __init__(self, pool: QThreadPool, parent: QObject) -> None:
        super().__init__(parent)
        self.cache = PartCache(pyramids=cache_folder() / "pyramids")
        self._pool = pool
        self._now = LatestTask(load, self, pool=pool)
        self._ahead = LatestTask(read_ahead, self, pool=pool)
        self._now.done.connect(self.ready)
        self._now.failed.connect(self.failed)

    @property
    def busy(self) -> bool:
        """Whether an image is still to come."""
        return self._now.busy

    def show(self, project: Project, wanted: Wanted) -> None:
        """Ask for an image: at once if it is in memory, else soon."""
        self._ahead.cancel()
        found = held(project, self.cache, wanted)
        if found is None:
            self._now.request(project, self.cache, wanted)
        else:
            self._now.cancel()
            self.ready.emit(found)

    def read_ahead(self, project: Project, wanted: Sequence[Wanted]) -> None:
        """Read images that are likely to be asked for next, when there is nothing better to do."""
        self._ahead.request(project, self.cache, list(wanted))

    def forget(self, images: Iterable[int] | None = None, kind: str = "") -> None:
        """Drop what is out of date."""
        self.cache.drop(images, kind)

    def stop(self) -> None:
        """Drop everything and wait until no thread uses the project any more."""
        self._now.cancel()
        self._ahead.cancel()
        self._pool.waitForDone()
        self.cache.drop()
