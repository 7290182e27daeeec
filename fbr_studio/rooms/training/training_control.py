"""Starts, rests and stops trainings; what stands in the way is said in the room."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from fbr_engine.config import TrainConfig
from fbr_engine.errors import ConfigError
from fbr_engine.project import RunInfo
from fbr_studio.jobs.runner import Job, JobRunner
from fbr_studio.rooms.training.form_panel import FormPanel
from fbr_studio.rooms.training.training_jobs import TrainingJobs
from fbr_studio.state.session import Session
from fbr_studio.widgets.formatting import without_commands
from fbr_studio.widgets.message_strip import MessageStrip


class TrainingControl(QObject):
    """``submitted`` carries whether the job that was asked for runs already. ``images_asked``: tags are missing."""

    submitted = Signal(bool)
    images_asked = Signal()

    def __init__(
        self,
        session: Session,
        runner: JobRunner,
        jobs: TrainingJobs,
        panel: FormPanel,
        messages: MessageStrip,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._runner, self._jobs = session, runner, jobs
        self._panel, self._messages = panel, messages

    def start(self) -> None:
        """Train with what the form says; what is wrong there is shown beside its field."""
        if self._session.project is None:
            return
        try:
            config = self._panel.config()
        except ConfigError as error:
            self._messages.say(without_commands(str(error)), "danger")
            return
        if problem := self._panel.check_name():
            self._messages.say(problem, "danger")
            return
        if self._panel.outlook.obstacle:
            remedies = [("Go to Images", self.images_asked.emit)] if self._panel.outlook.lacks_tags else []
            self._messages.say(self._panel.outlook.obstacle, "warning", *remedies)
            return
        self._train(config, self._panel.name.text().strip() or None)

    def train_again(self, config: TrainConfig, name: str) -> None:
        """Train once more after a failure; under the same name, if no run got it."""
        project = self._session.project
        free = project is not None and bool(name) and project.runs.find(name) is None
        self._train(config, name if free else None)

    def resume(self, info: RunInfo) -> None:
        """Go on with a run that was stopped or has failed."""
        self._messages.hide()
        before = self._runner.current
        self._tell(self._jobs.resume(info), before)

    def make_maps(self, info: RunInfo) -> None:
        """Make a run's CAMs and masks."""
        before = self._runner.current
        self._tell(self._jobs.make_maps(info), before)

    def pause(self) -> None:
        """Rest, or go on."""
        job = self._jobs.job
        if job is not None and job.state == "paused":
            job.go_on()
        elif job is not None:
            job.pause()

    def stop(self) -> None:
        """End the training; its work is kept."""
        if self._jobs.job is not None:
            self._jobs.job.stop()

    def _train(self, config: TrainConfig, name: str | None) -> None:
        self._messages.hide()
        before = self._runner.current
        job = self._jobs.train(config, name)
        self._panel.name.clear()
        self._tell(job, before)

    def _tell(self, job: Job, before: Job | None) -> None:
        waits = job.state == "queued" and before is not None
        if waits and before is not None:
            self._messages.say(
                f"{job.spec.title} waits until {before.spec.title} has ended, and begins by itself.",
                "info",
                ("Do not wait for it", job.stop),
            )
        self.submitted.emit(not waits and job is self._jobs.job)
