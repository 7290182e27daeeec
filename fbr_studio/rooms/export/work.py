"""The export's job: submitted, followed to its end, and what came of it told."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from fbr_engine.config import ExportConfig
from fbr_engine.project import Project
from fbr_studio.jobs.runner import Job, JobRunner, JobSpec, stage_step


class ExportWork(QObject):
    """One export at a time: ``progressed`` while it waits and works, ``over`` at its end.

    Before that ``written`` carries the folder, ``failed`` the error, or ``cancelled`` is told.
    """

    progressed = Signal()
    written = Signal(Path)
    failed = Signal(object)
    cancelled = Signal()
    over = Signal()

    def __init__(self, runner: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = runner
        self.job: Job | None = None
        self._last: Job | None = None
        runner.queue_changed.connect(self.progressed)

    @property
    def waits_for(self) -> str:
        """The title of the job that goes before, or nothing."""
        current = self._runner.current
        return current.spec.title if current is not None and current is not self.job else ""

    def submit(self, config: ExportConfig, run: str | None, project: Project) -> None:
        """Export a run, when the jobs before have ended."""
        spec = JobSpec(f"Export to {Path(config.out).name}", [stage_step("export", config)], run)
        job = self._runner.submit(spec, project)
        self.job = self._last = job
        job.events.connect(lambda _: self.progressed.emit())
        job.state_changed.connect(self.progressed)
        job.ended.connect(lambda: self._ended(job))
        if not job.alive and job.state != "queued":
            self._ended(job)
        self.progressed.emit()

    def is_mine(self, job: Job) -> bool:
        """Return whether this is the export that was submitted last, also when it has ended."""
        return job is self._last

    def stop(self) -> None:
        """Stop the export."""
        if self.job is not None:
            self.job.stop()

    def _ended(self, job: Job) -> None:
        if job is not self.job:
            return
        self.job = None
        if job.state == "done" and "export" in job.results:
            self.written.emit(Path(str(job.results["export"].values["out"])))
        elif job.state == "failed" and job.error is not None:
            self.failed.emit(job.error)
        else:
            self.cancelled.emit()
        self.over.emit()
