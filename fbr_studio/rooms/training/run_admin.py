"""What is done with runs that stand: choose, compare, rename, delete."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from fbr_engine.errors import FbrError
from fbr_engine.project import RunInfo
from fbr_studio.rooms.training.shown_runs import ShownRuns
from fbr_studio.rooms.training.training_jobs import TrainingJobs
from fbr_studio.state.session import Session
from fbr_studio.widgets.formatting import without_commands


class RunAdmin(QObject):
    """``shown_changed``: others are shown. ``renamed(old, new)``, ``deleting`` and ``changed`` around a change.

    ``failed`` carries the error of a change that was refused, ``refused(old, reason)`` why a name was.
    """

    shown_changed = Signal()
    renamed = Signal(str, str)
    deleting = Signal()
    changed = Signal()
    refused = Signal(str, str)
    failed = Signal(object)

    def __init__(self, session: Session, jobs: TrainingJobs, shown: ShownRuns, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._shown = session, jobs, shown

    def with_run(self, name: str, act: Callable[[RunInfo], object]) -> None:
        """Do something with a run, if there still is one of that name."""
        info = self._session.project.runs.find(name) if self._session.project is not None else None
        if info is not None:
            act(info)

    def choose(self, name: str) -> None:
        """Show a run."""
        if self._shown.choose(name):
            self.shown_changed.emit()

    def compare(self, name: str, on: bool) -> None:
        """Compare with a run, or no longer."""
        self._shown.compare(name, on)
        self.shown_changed.emit()

    def rename(self, old: str, new: str) -> None:
        """Give a run another name, or tell why not."""
        try:
            self._session.rename_run(old, new)
        except FbrError as error:
            self.refused.emit(old, without_commands(str(error)))
            return
        self._jobs.renamed(self._session.open_project, old, new)
        self.renamed.emit(old, new)
        self.changed.emit()

    def delete(self, name: str) -> None:
        """Delete a run and all it made."""
        self.deleting.emit()
        try:
            self._session.delete_run(name)
        except FbrError as error:
            self.failed.emit(error)
        self._shown.gone(name)
        self.changed.emit()
