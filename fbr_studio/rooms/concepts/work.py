"""The jobs of this room: asked for here, followed to their end, and what came of them told."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from fbr_engine.project import RunInfo
from fbr_studio.jobs.runner import Job, JobRunner, JobSpec
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.concepts.jobs import again_job, again_name, concepts_job, judged_masks_job
from fbr_studio.state.session import Session

REMAKES = ("cams", "concepts")  # stages after which other concepts are there


class ConceptsWork(QObject):
    """``found``: a run has new CAMs or concepts. ``trained`` carries the new run and the one it came from."""

    found = Signal()
    trained = Signal(str, str)
    changed = Signal()

    def __init__(self, session: Session, runner: JobRunner, preferences: Preferences, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._runner, self._preferences = session, runner, preferences
        self._again: dict[Job, str] = {}
        runner.job_ended.connect(self._ended)
        runner.queue_changed.connect(self.changed)

    def find(self, info: RunInfo, *, with_cams: bool = False) -> Job:
        """Find the concepts of a run; ``with_cams``: make its CAMs and features first."""
        return self._submit(concepts_job(info, with_cams=with_cams, looked_at=self._looked_at))

    def make_masks(self, info: RunInfo) -> Job:
        """Make the masks of a run as they follow from what is judged."""
        return self._submit(judged_masks_job(info, self._preferences.now.refine, looked_at=self._looked_at))

    def train_again(self, info: RunInfo) -> Job:
        """Train on from a run with what is judged."""
        waiting = {job.spec.run or "" for job in (self._runner.current, *self._runner.waiting) if job is not None}
        name = again_name(self._session.open_project, info, waiting)
        job = self._submit(again_job(info, name, self._preferences.now.refine, looked_at=self._looked_at))
        self._again[job] = info.name
        return job

    def works_on(self, run: str) -> bool:
        """Return whether a job that runs or waits is about this run."""
        return bool(self._jobs_of(run))

    def remakes(self, run: str) -> bool:
        """Return whether a job that runs or waits makes CAMs or concepts of this run."""
        return any(step.stage in REMAKES for job in self._jobs_of(run) for step in job.spec.steps)

    def _jobs_of(self, run: str) -> list[Job]:
        jobs = [self._runner.current, *self._runner.waiting]
        return [job for job in jobs if job is not None and run in (job.run, job.spec.run)]

    def _looked_at(self) -> tuple[int, ...]:
        """Return the images the person looks at; called from the job's thread."""
        return self._session.looked_at

    def _submit(self, spec: JobSpec) -> Job:
        return self._runner.submit(spec, self._session.open_project)

    def _ended(self, job: Job) -> None:
        base = self._again.pop(job, None)
        if base is not None and "train" in job.results and job.run:
            self.trained.emit(job.run, base)
        elif any(step.stage in REMAKES for step in job.spec.steps):
            self.found.emit()
