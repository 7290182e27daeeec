"""Which run is looked at and which it is compared with."""

from __future__ import annotations

from PySide6.QtCore import QObject

from fbr_studio.rooms.review.run_chooser import RunChooser
from fbr_studio.state.session import Session


class RunChoice(QObject):
    """Brings the session and the two lists together; a run is never compared with itself."""

    def __init__(self, session: Session, chooser: RunChooser, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._chooser = session, chooser
        chooser.run_chosen.connect(self.choose)
        chooser.compare_chosen.connect(self.compare)

    def show(self) -> bool:
        """Show the project's runs; return whether there are any."""
        project = self._session.project
        runs = project.runs.all() if project is not None else []
        self._chooser.show_runs(runs, self._session.run, self._session.compare_run)
        return bool(runs)

    def choose(self, name: str) -> None:
        """Look at a run."""
        if name == self._session.compare_run:
            self._session.compare_run = self._session.run
        self._session.run = name
        self.show()

    def compare(self, name: str) -> None:
        """Compare with a run."""
        if name == self._session.run:
            self._session.run = self._session.compare_run
        self._session.compare_run = name
        self.show()

    def swap(self) -> None:
        """Exchange the two."""
        run, other = self._session.run, self._session.compare_run
        if other is not None:
            self._session.run, self._session.compare_run = other, run
            self.show()
