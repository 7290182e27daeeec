"""A job that failed: what happened, in the room, with the buttons that mend it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from fbr_engine.config import TrainConfig
from fbr_engine.errors import ConfigError
from fbr_studio.jobs.runner import Job
from fbr_studio.rooms.training.form_panel import FormPanel
from fbr_studio.rooms.training.remedies import Remedy, remedies_for
from fbr_studio.widgets.formatting import without_commands
from fbr_studio.widgets.message_strip import MessageStrip

MOST_BUTTONS = 2


class Trouble(QObject):
    """Puts a remedy's changes into the form, so that the person sees them, and asks for what it leads to."""

    train_asked = Signal(object, str)
    images_asked = Signal()
    runs_asked = Signal()

    def __init__(self, messages: MessageStrip, panel: FormPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._messages, self._panel = messages, panel
        self._told: Job | None = None

    def tell(self, job: Job, config: TrainConfig | None) -> None:
        """Say why a job failed, if it did; ``config``: what it was to train, None if it did not train."""
        if job.error is None:
            return
        self._told = job
        found = remedies_for(job.error, config)[:MOST_BUTTONS]
        buttons = [(remedy.caption, self._act(remedy, config, job.spec.run or "")) for remedy in found]
        self._messages.say(without_commands(str(job.error)), "danger", *buttons)

    def has_told(self, job: Job) -> bool:
        """Return whether this job's error is the one that was told last."""
        return job is self._told

    def _act(self, remedy: Remedy, config: TrainConfig | None, name: str) -> Callable[[], object]:
        def act() -> None:
            if remedy.goal == "images":
                self.images_asked.emit()
            elif remedy.goal == "runs":
                self.runs_asked.emit()
            elif config is not None:
                self._mend(remedy, config, name)

        return act

    def _mend(self, remedy: Remedy, config: TrainConfig, name: str) -> None:
        self._panel.form.set_config(config)
        self._panel.form.set_values(remedy.changes)
        if remedy.goal == "weights" and not self._panel.choose_weights():
            return
        try:
            self.train_asked.emit(self._panel.config(), name)
        except ConfigError as error:
            self._messages.say(without_commands(str(error)), "danger")
