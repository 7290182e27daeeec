"""The jobs a person asks for here: masks of all images under another threshold, CAMs that are missing."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from fbr_engine.config import TrainConfig
from fbr_engine.errors import FbrError
from fbr_studio.jobs.follow_up import maps_job, masks_job
from fbr_studio.jobs.runner import Job, JobRunner
from fbr_studio.preferences import Preferences
from fbr_studio.state.session import Session
from fbr_studio.widgets.formatting import counted


class MapJobs(QObject):
    """Submits them; images that are looked at come first. ``said`` carries (text, kind, remedies)."""

    said = Signal(str, str, list)

    def __init__(self, session: Session, runner: JobRunner, preferences: Preferences, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._runner, self._preferences = session, runner, preferences
        self._asked: list[tuple[Job, str]] = []

    def make_masks(self, run: str, threshold: float, refine: str) -> None:
        """Make all masks of a run anew, and say so."""
        project = self._session.open_project
        found = project.runs.find(run)
        spec = masks_job(run, threshold, refine, looked_at=self._looked_at)
        job = self._runner.submit(spec, project)
        if found is None or job is None:
            return
        text = f"Masks of {run} are made anew at {threshold:.2f}"
        images = counted(project.maps.count_done(found.id, "cams"), "image")
        waits = ", after the job that runs now" if job.state == "queued" else ""
        self.said.emit(f"{text}: {images}{waits}.", "info", [])
        self._asked.append((job, text))
        job.ended.connect(self._one_ended)

    def _one_ended(self) -> None:
        ended = [asked for asked in self._asked if asked[0].state in ("done", "stopped", "failed")]
        self._asked = [asked for asked in self._asked if asked not in ended]
        for job, text in ended:
            self._say_end(job, text)

    def _say_end(self, job: Job, text: str) -> None:
        if self._session.project is None:
            return
        if job.state == "done":
            self.said.emit(f"{text}: done.", "good", [])
        elif job.state == "stopped":
            self.said.emit(f"{text}: stopped. Those made before stay.", "info", [])
        else:  # the window says why
            self.said.emit(f"{text}: this was not finished.", "danger", [])

    def make_maps(self, run: str) -> None:
        """Make the CAMs and masks that a run lacks."""
        try:
            training = TrainConfig.from_json(self._session.open_project.runs.get(run).config)
            spec = maps_job(run, training, looked_at=self._looked_at, refine=self._preferences.now.refine)
        except FbrError as error:
            self.said.emit(str(error), "danger", [])
            return
        self._runner.submit(spec, self._session.open_project)

    def _looked_at(self) -> tuple[int, ...]:
        """Return the images in sight; called from the job's thread."""
        return self._session.looked_at
