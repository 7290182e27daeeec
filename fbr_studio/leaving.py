"""Leaving a project: a running job is asked about and stopped, what is not saved is saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QMessageBox, QWidget

from fbr_studio.jobs.runner import JobRunner
from fbr_studio.rooms.room import Room

STOP_SECONDS = 60.0
Ask = Callable[[str, str, str], bool]
STILL_RUNNING = "The job has not ended yet: wait until it has, then close again."
NOT_SAVED = "Your last changes could not be saved: see the message in this room."


def ask_in_dialog(parent: QWidget, title: str, sentence: str, yes: str) -> bool:
    """Ask before work is interrupted or replaced; the one dialog of the window."""
    box = QMessageBox(parent)
    box.setWindowTitle("FBR Studio")
    box.setText(title)
    box.setInformativeText(sentence)
    agreed = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole))
    box.exec()
    return box.clickedButton() is agreed


def stop_jobs(runner: JobRunner, ask: Ask) -> str | None:
    """Stop what runs, if the person agrees; return why it goes on ("" when they said no), or None when all ended."""
    job = runner.current
    sentence = "It is stopped, its work is kept, and it can go on later."
    if job is not None and not ask(f"{job.spec.title} is running", sentence, "Stop and close"):
        return ""
    return None if runner.stop_all(STOP_SECONDS) else STILL_RUNNING


def save_all(rooms: Mapping[str, Room]) -> list[str]:
    """Save what is not saved; return the names of the rooms that could not."""
    return [name for name, room in rooms.items() if not room.save_work()]
