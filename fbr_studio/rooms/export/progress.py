"""The export under way: a bar, how far it is, and the button that cancels it."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QToolButton, QVBoxLayout, QWidget

from fbr_studio.jobs.runner import Job
from fbr_studio.widgets import formatting
from fbr_studio.widgets.basics import action_button, label
from fbr_studio.widgets.theme import GRID


class ExportProgress(QWidget):
    """Takes the place of the button while its job waits or runs."""

    def __init__(self, cancel: QAction) -> None:
        super().__init__()
        self.text = label("", "muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the export")
        self.cancel_button: QToolButton = action_button(cancel, text=True)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.text, 1)
        row.addWidget(self.cancel_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.bar)
        column.addLayout(row)

    def show_job(self, job: Job, before: str) -> None:
        """Show how far a job is; ``before`` is the title of the job it waits for."""
        figures = job.figures
        self.bar.setMaximum(max(1, figures.total))
        self.bar.setValue(figures.done)
        self.text.setText(progress_text(job.state, figures.done, figures.total, figures.seconds_left, before))


def progress_text(state: str, done: int, total: int, seconds_left: float | None, before: str) -> str:
    """Return how far an export is, in words."""
    if state == "queued":
        return f"Waits for: {before}" if before else "Waits for its turn"
    if state == "stopping":
        return "Stopping. Nothing is left behind."
    if total == 0:
        return "Starting"
    parts = [formatting.of_total(done, total, "images"), formatting.time_left(seconds_left)]
    if state == "paused":
        parts[1] = "paused"
    elif done >= total:
        parts[1] = "putting the files in place"
    return ", ".join(part for part in parts if part)
