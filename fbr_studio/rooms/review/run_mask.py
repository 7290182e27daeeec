"""The run's mask as it is shown: the stored one, or one that is made behind the window under another threshold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThreadPool, Signal

from fbr_engine.project import Project
from fbr_studio.rooms.review.live_mask import LiveMask, LiveMasks, MaskWish
from fbr_studio.rooms.review.material import Labels, Material, RunLook
from fbr_studio.rooms.review.viewer_state import Shown


def mask_wish(material: Material | None, look: RunLook | None, shown: Shown, threshold: float) -> MaskWish | None:
    """Return the mask that must be made, or None where the stored one does."""
    if material is None or material.photo is None or look is None:
        return None
    if shown.threshold is None and look.mask is not None:
        return None
    cam = look.cam(material.tagged)
    if cam is None or look.maps is None or not set(material.tags).intersection(look.maps.class_ids.tolist()):
        return None
    refine = shown.refine if shown.threshold is not None else "none"
    return MaskWish(material.image, look.run, cam, material.photo.size, threshold, refine)


class RunMask(QObject):
    """``made``: `labels` are others now. ``failed`` carries the error. Nobody may paint while torch is imported."""

    made = Signal()
    failed = Signal(object)

    def __init__(self, pool: QThreadPool, may_import: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._masks = LiveMasks(pool, may_import, self)
        self._masks.made.connect(self._take)
        self._masks.failed.connect(self.failed)
        self._live: LiveMask | None = None
        self._wished: tuple[Any, ...] | None = None

    @property
    def busy(self) -> bool:
        """Whether a better mask is still being made."""
        return self._masks.busy

    def labels(self, image: int, look: RunLook) -> Labels | None:
        """Return the run's mask of an image as it is shown, H x W; None if there is none yet."""
        live = self._live
        fits = live is not None and (live.wish.image.id, live.wish.run.id) == (image, look.run.id)
        return live.labels if self._wished is not None and live is not None and fits else look.mask

    def ask(self, project: Project | None, wish: MaskWish | None, look: RunLook | None) -> None:
        """Make what is wished for, if it is not what was made of this ``look`` last; None: the stored mask does."""
        if wish is None:
            if self._wished is not None:
                self._masks.cancel()
            self._wished = self._live = None
            return
        key = (wish.image.id, wish.run.id, round(wish.threshold, 4), wish.refine, look, tuple(wish.cam.class_ids))
        if key != self._wished and project is not None:
            self._wished = key
            self._masks.wish(project, wish)

    def forget(self) -> None:
        """Make the next mask anew, whatever was made before."""
        self._wished = None

    def stop(self) -> None:
        """Make nothing more, and forget what was made."""
        self._masks.cancel()
        self._wished = self._live = None

    def _take(self, made: LiveMask) -> None:
        self._live = made
        self.made.emit()
