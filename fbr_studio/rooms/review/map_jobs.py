"""The jobs a person asks for here: masks of all images under another threshold, CAMs that are missing."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from fbr_engine.config import TrainConfig
from fbr_engine.errors import FbrError
from fbr_studio.jobs.follow_up import maps_job, masks_job
from fbr_studio.jobs.runner import JobRunner
from fbr_studio.preferences import Preferences
from fbr_studio.state.session import Session


class MapJobs(QObject):
    """Submits them; images that are looked at come first. ``said`` carries (text, kind, remedies)."""

    said = Signal(str, str, list)

    def __init__(self, session: Session, runner: JobRunner, preferences: Preferences, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._runner, self._preferences = session, runner, preferences

    def refiner(self, of_run: str) -> str:
        """Return how a mask is refined when that is switched on; ``of_run`` is how the run's masks were."""
        chosen = of_run if of_run != "none" else self._preferences.now.refine
        return chosen if chosen != "none" else "pamr"

    def make_masks(self, run: str, threshold: float, refine: str) -> None:
        """Make all masks of a run anew."""
        spec = masks_job(run, threshold, refine, looked_at=self._looked_at)
        self._runner.submit(spec, self._session.open_project)

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
