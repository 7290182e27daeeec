"""Where a canvas looks, to be given to another one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ViewState:
    """The image point in the middle of the view, and device pixels per image pixel."""

    centre_x: float
    centre_y: float
    zoom: float
