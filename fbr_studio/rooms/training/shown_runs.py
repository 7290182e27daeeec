"""Which run the room shows, and which it is compared with: the one that trains until another is chosen."""

from __future__ import annotations

from fbr_engine.project import RunInfo
from fbr_studio.rooms.training.training_jobs import TrainingJobs
from fbr_studio.state.session import Session


class ShownRuns:
    """``watching``: the training that runs is shown. ``comparing``: the person asked to compare in this room."""

    def __init__(self, session: Session, jobs: TrainingJobs) -> None:
        self._session, self._jobs = session, jobs
        self.watching = self.comparing = False

    def reset(self) -> None:
        """Another project: show what the session says."""
        self.watching = self.comparing = False

    @property
    def name(self) -> str | None:
        """The run that is shown; None while a training has not made its run yet, or there is none."""
        live = self._jobs.live
        return live.run if self.watching and live is not None else self._session.run

    @property
    def info(self) -> RunInfo | None:
        """The run that is shown."""
        name, project = self.name, self._session.project
        return project.runs.find(name) if project is not None and name else None

    @property
    def other(self) -> RunInfo | None:
        """The run it is compared with."""
        other = self._session.compare_info() if self.comparing else None
        return other if other is not None and other.name != self.name else None

    def choose(self, name: str) -> bool:
        """Show a run; return whether the session says so already, so that no signal of it will come."""
        live = self._jobs.live
        self.watching = self._jobs.alive and live is not None and live.run == name
        if self.comparing and self._session.compare_run == name:
            self.comparing = False
        if self.watching or self._session.run == name:
            return True
        self._session.run = name
        return False

    def session_changed(self) -> None:
        """Another run was chosen somewhere: go there, unless a training is being watched."""
        live = self._jobs.live
        if not self._jobs.alive or live is None or self._session.run != live.run:
            self.watching = self.watching and self._jobs.training

    def compare(self, name: str, on: bool) -> None:
        """Compare with a run, or no longer."""
        self.comparing = on
        if on:
            self._session.compare_run = name

    def job_ended(self) -> None:
        """A training that ended before it made a run has nothing to show."""
        live = self._jobs.live
        if live is None or live.run is None:
            self.watching = False

    def gone(self, name: str) -> None:
        """A run was deleted."""
        live = self._jobs.live
        if live is not None and live.run == name:
            self.watching = False
