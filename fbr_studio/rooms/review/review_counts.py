"""How many images are accepted and rejected: counted behind the window, then kept up decision by decision."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from fbr_engine.project import Project
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.state.session import Session


class ReviewCounts(QObject):
    """``changed`` carries the numbers by state, with "all"."""

    changed = Signal(dict)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._counts: dict[str, int] = {}
        self._expected: tuple[int, str, str] | None = None
        self._task = LatestTask(_count, self)
        self._task.done.connect(self._take)
        session.project_closing.connect(self._task.cancel)
        session.reviews_changed.connect(self._reviews_changed)

    @property
    def busy(self) -> bool:
        """Whether the images are being counted."""
        return self._task.busy

    def ask(self) -> None:
        """Count anew."""
        if self._session.project is None:
            self._task.cancel()
            self._show({})
        else:
            self._task.request(self._session.project)

    def expect(self, image: int, review: str) -> None:
        """One image is about to be decided on; it alone is counted then."""
        info = next(iter(self._session.open_project.images.by_ids([image])), None)
        self._expected = (image, info.review, review) if info is not None else None

    def close(self) -> None:
        """Count no more."""
        self._task.close()

    def _reviews_changed(self, images: object) -> None:
        expected, self._expected = self._expected, None
        if expected is None or images != [expected[0]] or not self._counts or self._task.busy:
            self.ask()
            return
        _, before, after = expected
        counts = dict(self._counts)
        counts[before] = counts.get(before, 0) - 1
        counts[after] = counts.get(after, 0) + 1
        self._show(counts)

    def _take(self, answer: tuple[Project, dict[str, int]]) -> None:
        project, counts = answer
        if project is self._session.project:
            self._show(counts)

    def _show(self, counts: dict[str, int]) -> None:
        self._counts = counts
        self.changed.emit(counts)


def _count(project: Project) -> tuple[Project, dict[str, int]]:
    return project, project.gallery.review_counts()
