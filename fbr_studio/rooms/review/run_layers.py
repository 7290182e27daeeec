"""CAM, NROI and mask of one run on a canvas; changes only what differs from what it shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fbr_engine.stages.stored_cams import StoredMaps
from fbr_studio.drawing.colours import cam_table, class_table, nroi_table
from fbr_studio.rooms.review.cam_values import heat, nroi_labels
from fbr_studio.rooms.review.changes import Changes
from fbr_studio.rooms.review.material import Labels, RunLook
from fbr_studio.rooms.review.viewer_state import CAM, MASK, NROI, Shown
from fbr_studio.widgets.canvas import HeatLayer, LabelLayer
from fbr_studio.widgets.canvas.layers import Side

_STRONG = 1.6  # how much stronger the NROI under the pointer is
_FAINT = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class RunContent:
    """What one side shows of a run."""

    look: RunLook
    mask: Labels | None


class RunLayers:
    """Layers that are not seen are not made until they are."""

    def __init__(self, side: str) -> None:
        self.cam = HeatLayer(f"cam {side}")
        self.nroi = LabelLayer(f"nroi {side}")
        self.mask = LabelLayer(f"mask {side}")
        self._changes = Changes()
        self._nroi_count, self._nroi_opacity = 0, 0.5

    def forget(self) -> None:
        """Let go of everything."""
        self._changes.forget()
        self.cam.set_values(None)
        self.nroi.set_labels(None)
        self.mask.set_labels(None)

    def apply(self, shown: Shown, run: RunContent | None, tagged: frozenset[int], place: Side) -> None:
        """Show a run, or nothing, on the side of the curtain that ``place`` names."""
        differs, maps = self._changes.differs, run.look.maps if run else None
        cam, nroi, mask = (shown.layer(name) for name in (CAM, NROI, MASK))
        if differs("place", place):
            for layer in (self.cam, self.nroi, self.mask):
                layer.side = place
        if cam.visible and differs("cam", (maps, shown.cam_class, tagged)):
            self.cam.set_values(None if maps is None else heat(maps, shown.cam_class, tagged), cam_table())
        if nroi.visible:
            self._show_nroi(maps, nroi.opacity)
        if mask.visible:
            self._show_mask(run.mask if run else None, mask.opacity)
        if differs("seen", (cam, nroi, mask, run is None)):
            self.cam.visible = cam.visible and run is not None
            self.cam.opacity = cam.opacity
            self.nroi.visible = nroi.visible and run is not None and nroi.opacity > 0
            self.mask.visible = mask.visible and run is not None and mask.opacity > 0

    def highlight_nroi(self, number: int | None) -> None:
        """Let one NROI stand out, counted from 1, or none."""
        if self.nroi.visible and self._changes.differs("lit", number):
            self._colour_nroi(number)

    def _show_nroi(self, maps: StoredMaps | None, opacity: float) -> None:
        self._nroi_opacity = opacity
        if self._changes.differs("nroi", maps):
            self._nroi_count = 0 if maps is None else len(maps.nroi_sizes)
            labels = None if maps is None else nroi_labels(maps)
            self.nroi.set_labels(labels, nroi_table(self._nroi_count, opacity))
        if self._changes.differs("nroi opacity", opacity):
            self._colour_nroi(None)

    def _show_mask(self, mask: Labels | None, opacity: float) -> None:
        if self._changes.differs("mask", mask):
            self.mask.set_labels(mask)
        if self._changes.differs("mask opacity", opacity):
            fill(self.mask, opacity)

    def _colour_nroi(self, number: int | None) -> None:
        count, opacity = self._nroi_count, self._nroi_opacity
        table = nroi_table(count, opacity)
        if number is not None and number <= count:
            table[number, 3] = min(255, round(255 * opacity * _STRONG))
            others = np.arange(1, count + 1) != number
            table[1 : count + 1, 3] = np.where(others, table[1 : count + 1, 3] * _FAINT, table[1 : count + 1, 3])
        self.nroi.set_table(table)


def fill(layer: LabelLayer, opacity: float) -> None:
    """Let the fill be as strong as the slider says; the outline stays."""
    layer.set_table(class_table(max(opacity, 0.004)))
