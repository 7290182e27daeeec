"""Refiners: fit soft masks to the image, one file each, and the table of those that need nothing learnt first.

A refiner takes (image float 3 x H x W in [0, 1], scores K x H x W) and returns scores of the same shape. What is learnt
on a run is in the table of `fbr_engine.stages.refine`.
"""

from __future__ import annotations

from fbr_engine.refiners.base import Refiner
from fbr_engine.refiners.crf import crf
from fbr_engine.refiners.pamr import pamr

REFINERS: dict[str, Refiner] = {"pamr": Refiner(pamr), "crf": Refiner(crf)}
