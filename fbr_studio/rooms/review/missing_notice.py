"""Says over the canvas what the image lacks, with the button that helps."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from fbr_studio.rooms.review.desk import ReviewDesk
from fbr_studio.rooms.review.job_watch import JobWatch
from fbr_studio.rooms.review.notices import REMEDY_TEXTS, Missing, what_is_missing
from fbr_studio.widgets.message_strip import MessageStrip


class MissingNotice(QObject):
    """``room_asked`` carries a room's name, ``maps_asked`` the run that lacks CAMs. Put away, it stays away."""

    room_asked = Signal(str)
    maps_asked = Signal(str)

    def __init__(self, strip: MessageStrip, desk: ReviewDesk, jobs: JobWatch, parent: QObject) -> None:
        super().__init__(parent)
        self._strip, self._desk, self._jobs = strip, desk, jobs
        self._missing: Missing | None = None

    def clear(self) -> None:
        """Say nothing, and all of it again the next time."""
        self._missing = None
        self._strip.hide()

    def look_again(self) -> None:
        """Say it even if it was put away: something has been done about it."""
        self._missing = None
        self.look()

    def look(self) -> None:
        """Say what is missing now, if that is something else."""
        desk = self._desk
        runs = [run for run in (desk.run, desk.compare if desk.shown.comparing else None) if run is not None]
        learnt = frozenset(c.id for c in desk.classes if c.learnt)
        missing = what_is_missing(desk.material, runs, learnt, self._jobs.run)
        if missing == self._missing:
            return
        self._missing = missing
        if missing is None:
            self._strip.hide()
            return
        remedies = [(REMEDY_TEXTS[missing.remedy], self._remedy)] if missing.remedy else []
        self._strip.say(missing.text, "info", *remedies)

    def _remedy(self) -> None:
        missing, self._missing = self._missing, None
        if missing is None:
            return
        if missing.remedy in ("images", "training"):
            self.room_asked.emit(missing.remedy)
        elif missing.remedy == "maps":
            self.maps_asked.emit(missing.run)
