"""Offers a run that became ready while the person was at work; nothing moves until they ask for it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from fbr_engine.project import RunInfo
from fbr_studio.rooms.review.run_choice import RunChoice
from fbr_studio.state.session import Session
from fbr_studio.widgets.message_strip import MessageStrip


class NewRun(QObject):
    """Speaks in its own strip until the run is on the screen or gone. ``compare`` shows two runs."""

    def __init__(
        self, strip: MessageStrip, session: Session, choice: RunChoice, compare: Callable[[], object], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._strip, self._session, self._choice, self._compare = strip, session, choice, compare
        self._offered: int | None = None
        session.run_ready.connect(self.offer)
        session.run_changed.connect(self.look)
        session.compare_run_changed.connect(self.look)
        session.runs_changed.connect(self.look)
        session.project_changed.connect(self.look)

    def offer(self, name: str) -> None:
        """Say that a run is ready."""
        found = self._session.project.runs.find(name) if self._session.project is not None else None
        if found is None:
            return
        self._offered = found.id
        self._say(found)

    def look(self) -> None:
        """Be quiet once the run is shown, compared with, or gone; follow its name."""
        if self._offered is None:
            return
        run = self._run()
        if run is None or run.name in (self._session.run, self._session.compare_run):
            self._offered = None
            self._strip.hide()
        elif not self._strip.isHidden() and not self._strip.text.startswith(f"{run.name} is"):
            self._say(run)

    def _say(self, run: RunInfo) -> None:
        self._strip.say(f"{run.name} is ready.", "good", ("Show it", self._show), ("Compare", self._side_by_side))

    def _run(self) -> RunInfo | None:
        project = self._session.project
        runs = project.runs.all() if project is not None else []
        return next((run for run in runs if run.id == self._offered), None)

    def _show(self) -> None:
        run = self._run()
        if run is not None:
            self._session.show_new_run(run.name)
            self._choice.show()

    def _side_by_side(self) -> None:
        run = self._run()
        if run is not None:
            self._choice.compare(run.name)
            self._compare()
