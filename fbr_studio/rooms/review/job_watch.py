"""What a job writes, told to the room at a pace a window can follow."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from fbr_engine.events import Event, FileWritten
from fbr_studio.jobs.runner import Job, JobRunner

PACE_MS = 200
_KINDS = ("cams", "masks")


class JobWatch(QObject):
    """``written(run, images)`` gathers the images (their ids in the folder) of which CAMs or masks are new."""

    written = Signal(str, list)
    ended = Signal(str)
    began = Signal()

    def __init__(self, runner: JobRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = runner
        self._closed = False
        self._new: dict[str, dict[str, None]] = {}
        self._timer = QTimer(self, singleShot=True, interval=PACE_MS)
        self._timer.timeout.connect(self._tell)
        runner.job_started.connect(self._follow)
        runner.job_ended.connect(self._ended)
        if runner.current is not None:
            self._follow(runner.current)

    @property
    def run(self) -> str:
        """The run a job works on now, or nothing."""
        job = self._runner.current
        return (job.run or "") if job is not None else ""

    def close(self) -> None:
        """End the timer."""
        self._closed = True
        self._timer.stop()
        self._new.clear()

    def _follow(self, job: Job) -> None:
        job.events.connect(lambda events: self._heard(job, events))
        self.began.emit()

    def _heard(self, job: Job, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, FileWritten) and event.kind in _KINDS and job.run:
                self._new.setdefault(job.run, {})[event.image] = None
        if self._new and not self._closed and not self._timer.isActive():
            self._timer.start()

    def _tell(self) -> None:
        new, self._new = self._new, {}
        for run, images in new.items():
            self.written.emit(run, list(images))

    def _ended(self, job: Job) -> None:
        self._timer.stop()
        self._tell()
        self.ended.emit(job.run or "")
