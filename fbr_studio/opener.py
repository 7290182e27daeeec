"""Opening projects for the window: folders are read in the background, a running job is asked about first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QThreadPool, Signal

from fbr_engine.errors import FbrError
from fbr_studio.jobs.opening import NewProject, Opened, advice, find_or_make, make_project, unpack_demo, wanted_by
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.preferences import Preferences, data_folder
from fbr_studio.state.session import Session


class Opener(QObject):
    """Takes the person from a path to an open project, or to a message that says why not.

    ``may_leave`` is asked before the present project is closed.
    """

    busy_changed = Signal(str)
    failed = Signal(object, str)
    opened = Signal(object)

    def __init__(
        self,
        session: Session,
        preferences: Preferences,
        may_leave: Callable[[], bool],
        pool: QThreadPool,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._preferences, self._may_leave = session, preferences, may_leave
        self._wanted: NewProject | None = None
        self._task = LatestTask(_find, self, pool=pool)
        self._task.done.connect(self._adopt)
        self._task.failed.connect(self._tell)

    @property
    def wanted(self) -> NewProject | None:
        """The project that is being made, or could not be made."""
        return self._wanted

    def close(self) -> None:
        """Open nothing more: the window closes."""
        self._task.close()

    def open_path(self, path: Path) -> None:
        """Open a project, or a folder of photos, whose project is made if need be."""
        self._wanted = wanted_by(path)
        self._request(f"Opening {path.name} ...", find_or_make, path)

    def open_new(self, wanted: NewProject) -> None:
        """Make a project and open it."""
        self._wanted = wanted
        self._request(f"Reading {wanted.images.name} ...", make_project, wanted)

    def open_demo(self, *, reset: bool = False) -> None:
        """Open the person's copy of the demo; ``reset`` makes it anew."""
        folder = data_folder()
        project = self._session.project
        if reset and project is not None and project.folder.is_relative_to(folder):
            if not self._may_leave():
                return
            self._session.close()
        self._wanted = None
        self._request("Opening the demo ...", lambda: unpack_demo(folder, reset=reset))

    def _request(self, text: str, work: Callable[..., Opened], *args: object) -> None:
        self.busy_changed.emit(text)
        self._task.request(work, *args)

    def _adopt(self, found: Opened) -> None:
        self.busy_changed.emit("")
        if not self._is_open(found.folder) and not self._may_leave():
            return
        try:
            self._session.open(found.folder)
        except FbrError as error:
            self._tell(error)
            return
        self._wanted = None
        self._preferences.remember(found.folder)
        self.opened.emit(found)

    def _is_open(self, folder: Path) -> bool:
        """Return whether it is the project that is open: then nothing is left, and its job goes on."""
        project = self._session.project
        return project is not None and project.folder == folder.absolute()

    def _tell(self, error: FbrError) -> None:
        self.busy_changed.emit("")
        self.failed.emit(error, advice(error, self._wanted))


def _find(work: Callable[..., Opened], *args: object) -> Opened:
    return work(*args)
