"""Notices photos that came into the folder while the project was closed, or is open."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from fbr_engine.project import Project
from fbr_engine.project.new_photos import find_new
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.state.session import Session

EVERY_SECONDS = 30.0


class NewPhotos(QObject):
    """Looks in the background, at most every `EVERY_SECONDS`; photos that were declined are not told of again."""

    found = Signal(list)
    failed = Signal(object)

    def __init__(
        self, session: Session, parent: QObject | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(parent)
        self._session, self._clock = session, clock
        self._last: float | None = None
        self._declined: frozenset[str] = frozenset()
        self._asked = False
        self.asked = False  # whether what is told now was asked for by the person
        self._task = LatestTask(_find, self)
        self._task.done.connect(self._tell)
        self._task.failed.connect(self.failed)

    def look(self, *, now: bool = False) -> None:
        """Look if it is time; with ``now`` at once, also for those that were declined, and say if there are none."""
        project = self._session.project
        if project is None:
            return
        if now:
            self._declined = frozenset()
        elif self._last is not None and self._clock() - self._last < EVERY_SECONDS:
            return
        self._asked = self._asked or now
        self._last = self._clock()
        self._task.request(project)

    def look_soon(self) -> None:
        """Look the next time although it is not yet time."""
        self._last = None
        self.look()

    def decline(self, paths: list[str]) -> None:
        """Do not tell of these again while the project is open."""
        self._declined |= frozenset(paths)

    def forget(self) -> None:
        """Begin anew: another project."""
        self._task.cancel()
        self._last, self._declined, self._asked = None, frozenset(), False

    def _tell(self, result: tuple[Project, list[str]]) -> None:
        project, paths = result
        if project is not self._session.project:
            return
        self.asked, self._asked = self._asked, False
        asked = self.asked
        if self._session.told_of_unlisted and not asked:
            self._session.told_of_unlisted = False
            self.decline(paths)
        new = [path for path in paths if path not in self._declined]
        if new or asked:
            self.found.emit(new)


def _find(project: Project) -> tuple[Project, list[str]]:
    return project, find_new(project)
