"""The run's mask under another threshold: quick and coarse while the slider moves, whole and refined when it rests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal

from fbr_engine.errors import FbrError
from fbr_engine.project import ImageInfo, Project, RunInfo
from fbr_engine.refinement import NONE
from fbr_engine.stages.pseudo_mask import pseudo_mask
from fbr_engine.stages.stored_cams import StoredCam
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.rooms.review.material import Labels, fitted

COARSE_SIDE = 1024
WHOLE_SIDE = 4096
REST_MS = 400


@dataclass(frozen=True, slots=True, eq=False)
class MaskWish:
    """The mask that is wanted: of these CAMs, at ``size`` (height, width), under ``threshold`` and ``refine``."""

    image: ImageInfo
    run: RunInfo
    cam: StoredCam
    size: tuple[int, int]
    threshold: float
    refine: str


@dataclass(frozen=True, slots=True, eq=False)
class LiveMask:
    """What came of a wish. ``coarse`` while a better one is still to come; ``problem``: why it is not refined."""

    wish: MaskWish
    labels: Labels
    coarse: bool
    problem: FbrError | None = None


def coarse_mask(wish: MaskWish, side: int = COARSE_SIDE) -> LiveMask:
    """Return the mask without refinement, made at ``side`` px at most and brought to the wanted size."""
    shrink = min(1.0, side / max(wish.size))
    small = (max(1, round(wish.size[0] * shrink)), max(1, round(wish.size[1] * shrink)))
    if len(wish.cam.cam) == 0:
        small = (1, 1)
    labels = fitted(pseudo_mask(wish.cam, wish.threshold, small), wish.size)
    return LiveMask(wish, labels, coarse=shrink < 1 or wish.refine != NONE)


def rested_mask(project: Project, wish: MaskWish) -> LiveMask:
    """Return the mask as stage ``masks`` would write it, or unrefined with the problem; imports torch to refine."""
    if wish.refine == NONE or len(wish.cam.cam) == 0:
        return LiveMask(wish, coarse_mask(wish, WHOLE_SIDE).labels, coarse=False)
    from fbr_engine.stages.refined_mask import refined_mask
    from fbr_studio.jobs.gentle import take_cores

    take_cores(low_priority=False)
    try:
        labels = refined_mask(project, wish.run, wish.image, wish.threshold, wish.refine, device="cpu")
    except FbrError as error:
        return LiveMask(wish, coarse_mask(wish, WHOLE_SIDE).labels, coarse=False, problem=error)
    return LiveMask(wish, fitted(labels, wish.size), coarse=False)


class LiveMasks(QObject):
    """Makes masks behind the window; only the latest wish is answered.

    ``may_import`` tells whether a stall of half a second would do no harm now: nobody is painting.
    """

    made = Signal(object)
    failed = Signal(object)

    def __init__(self, pool: QThreadPool, may_import: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._may_import = may_import
        self._project: Project | None = None
        self._wish: MaskWish | None = None
        self._coarse = LatestTask(coarse_mask, self, pool=pool)
        self._rested = LatestTask(rested_mask, self, pool=pool)
        self._coarse.done.connect(self._hand_on)
        self._rested.done.connect(self._hand_on)
        self._coarse.failed.connect(self.failed)
        self._rested.failed.connect(self.failed)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._refine)

    @property
    def busy(self) -> bool:
        """Whether a better mask is still to come."""
        return self._coarse.busy or self._rested.busy or self._rest.isActive()

    def wish(self, project: Project, wish: MaskWish) -> None:
        """Ask for a mask; `made` brings a coarse one soon and the whole one when the wishes rest."""
        self._project, self._wish = project, wish
        self._rested.cancel()
        self._coarse.request(wish)
        self._rest.start()

    def cancel(self) -> None:
        """Wish for nothing."""
        self._wish = self._project = None
        self._rest.stop()
        self._coarse.cancel()
        self._rested.cancel()

    def _refine(self) -> None:
        if self._wish is None:
            return
        if self._wish.refine != NONE and not self._may_import():
            self._rest.start()
            return
        self._rested.request(self._project, self._wish)

    def _hand_on(self, made: LiveMask | None) -> None:
        if made is not None and made.wish is self._wish:
            self.made.emit(made)
            if made.problem is not None:
                self.failed.emit(made.problem)
