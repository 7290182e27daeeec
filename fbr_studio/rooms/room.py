"""What a room is: a widget with its actions, told when it is entered and when the project goes."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from fbr_studio.actions import Actions
from fbr_studio.jobs.runner import Job, JobRunner
from fbr_studio.preferences import Preferences
from fbr_studio.state.session import Session


class Room(QWidget):
    """Base of the rooms. A room is made when it is first entered and lives as long as the window.

    It must cope with any project, with none, and with a change of project at any time.
    """

    asks_for = Signal(str)

    def __init__(self, session: Session, runner: JobRunner, actions: Actions, preferences: Preferences) -> None:
        super().__init__()
        self.session, self.runner, self.actions_table, self.preferences = session, runner, actions, preferences

    def entered(self) -> None:
        """Do what is due when the person comes in; subclasses override."""

    def left(self) -> None:
        """Do what is due when the person goes to another room; subclasses override."""

    def tells(self, job: Job) -> bool:
        """Return whether the room itself says why this job failed, so that nobody else has to; subclasses override."""
        return False

    def save_work(self) -> bool:
        """Write what is not on the disk yet, before the project closes; return whether all of it is there."""
        return True

    def close_down(self) -> None:
        """End threads and timers; called once, before the window goes. Subclasses override."""
