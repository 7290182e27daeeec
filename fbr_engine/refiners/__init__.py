"""Refiners: fit soft masks to the image, one file each, and the table that names them.

A refiner takes (image float 3 x H x W in [0, 1], scores K x H x W) and returns scores of the same shape.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from fbr_engine.refiners.pamr import pamr

REFINERS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"pamr": pamr}
