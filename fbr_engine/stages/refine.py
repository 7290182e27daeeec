"""Refiners by name, in the order they are applied, with those that are learnt on a run before they can refine."""

from __future__ import annotations

from collections.abc import Generator
from importlib import import_module
from typing import Protocol, cast

import torch

from fbr_engine.events import Event
from fbr_engine.project import Project, RunInfo
from fbr_engine.refinement import refine_chain
from fbr_engine.refiners import REFINERS
from fbr_engine.refiners.base import Refiner, chained

LEARNT = {"walk": "fbr_engine.stages.affinity"}


class Learnt(Protocol):
    """What a module of `LEARNT` has."""

    def prepare(
        self, project: Project, info: RunInfo, threshold: float, device: torch.device
    ) -> Generator[Event, None, Refiner]:
        """Learn what is not there or does not fit the run's CAMs at ``threshold`` (0..1); return the refiner."""

    def load(self, project: Project, info: RunInfo, device: torch.device) -> Refiner:
        """Return what was learnt. Raises `ProjectError` with the remedy when nothing was."""


def prepare_refiner(
    project: Project, info: RunInfo, refine: str, threshold: float, device: torch.device
) -> Generator[Event, None, Refiner | None]:
    """Return the refiner that ``refine`` names (a chain counts as one), learning first what it needs; None for none.

    Raises `ConfigError` for a name that is not known.
    """
    refiners = []
    for name in refine_chain(refine):
        if name in LEARNT:
            refiners.append((yield from _learnt(name).prepare(project, info, threshold, device)))
        else:
            refiners.append(REFINERS[name])
    return chained(refiners) if refiners else None


def load_refiner(project: Project, info: RunInfo, refine: str, device: torch.device) -> Refiner | None:
    """Return the refiner that ``refine`` names, or None for none; nothing is learnt.

    Raises `ConfigError` for a name that is not known, and `ProjectError` for what the run has not learnt yet.
    """
    chain = refine_chain(refine)
    refiners = [_learnt(n).load(project, info, device) if n in LEARNT else REFINERS[n] for n in chain]
    return chained(refiners) if refiners else None


def _learnt(name: str) -> Learnt:
    return cast("Learnt", import_module(LEARNT[name]))
