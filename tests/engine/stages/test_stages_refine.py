"""Refiners by name, and those that are learnt on a run first: a stand-in for one takes the place of ``walk``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from workplace import Workplace

from fbr_engine.config import MasksConfig
from fbr_engine.errors import ConfigError, ProjectError
from fbr_engine.events import Notice, Result
from fbr_engine.formats.indexed_png import load_indexed_png
from fbr_engine.refiners import REFINERS
from fbr_engine.refiners.base import Refiner
from fbr_engine.stages import make_pseudo_masks, refine
from fbr_engine.stages.refined_mask import refined_mask

CPU = torch.device("cpu")


class Learnt(ModuleType):
    """Learns to mirror scores; ``digest`` is what it says it was learnt from, empty for nothing yet."""

    digest = ""
    asked: Any = None

    def prepare(self, project: object, info: object, threshold: float, device: torch.device) -> Iterator[object]:
        self.asked = (threshold, device)
        yield Notice("learning")
        self.digest = self.digest or "first"
        return self.load(project, info, device)

    def load(self, project: object, info: object, device: torch.device) -> Refiner:
        if not self.digest:
            raise ProjectError("nothing learnt yet: make the masks")
        return Refiner(lambda image, scores: scores.flip(2), self.digest)


@pytest.fixture
def learnt(monkeypatch: pytest.MonkeyPatch) -> Learnt:
    module = Learnt("learnt_stand_in")
    monkeypatch.setitem(sys.modules, "learnt_stand_in", module)
    monkeypatch.setitem(refine.LEARNT, "walk", "learnt_stand_in")
    return module


def masks(project: Any, text: str) -> list[Any]:
    return list(make_pseudo_masks.run(project, MasksConfig(threshold="0.35", refine=text, device="cpu"), "fbr"))


def test_none_is_no_refiner_and_a_plain_one_needs_no_run() -> None:
    nothing: Any = None
    assert refine.load_refiner(nothing, nothing, "none", CPU) is None
    image, scores = torch.rand(3, 5, 6), torch.rand(2, 5, 6)
    made = refine.load_refiner(nothing, nothing, "crf", CPU)
    assert made is not None
    assert torch.equal(made(image, scores), REFINERS["crf"](image, scores))
    with pytest.raises(ConfigError, match="pamr, crf, walk"):
        refine.load_refiner(nothing, nothing, "magic", CPU)


def test_what_is_learnt_is_learnt_where_it_stands_in_the_chain(learnt: Learnt) -> None:
    nothing: Any = None
    with pytest.raises(ProjectError, match="nothing learnt yet"):
        refine.load_refiner(nothing, nothing, "walk,crf", CPU)
    steps = refine.prepare_refiner(nothing, nothing, "walk,crf", 0.25, CPU)
    assert next(steps) == Notice("learning")
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert learnt.asked == (0.25, CPU)
    assert end.value.value.digest == "first"
    image, scores = torch.rand(3, 5, 6), torch.rand(2, 5, 6)
    assert torch.equal(end.value.value(image, scores), REFINERS["crf"](image, scores.flip(2)))


def test_the_stage_learns_and_the_single_mask_uses_it(trained: Workplace, learnt: Learnt) -> None:
    with trained.open(write=True) as project:
        info = project.runs.get("fbr")
        image, location, _ = next(iter(project.maps.done(info.id, "masks")))
        with pytest.raises(ProjectError, match="nothing learnt yet"):
            refined_mask(project, info, image, 0.35, "walk", device="cpu")
        events = masks(project, "walk")
        assert Notice("learning") in events
        assert events[-1].values["refine"] == "walk"
        written = load_indexed_png(project.path_of(location))
        assert np.array_equal(refined_mask(project, info, image, 0.35, "walk", device="cpu"), written)


def test_masks_are_made_again_when_something_else_was_learnt(trained: Workplace, learnt: Learnt) -> None:
    def computed(text: str) -> int:
        (result,) = [event for event in masks(project, text) if isinstance(event, Result)]
        return int(result.values["computed"])

    with trained.open(write=True) as project:
        assert [computed("walk"), computed("walk")] == [10, 0]
        learnt.digest = "second"
        assert [computed("walk"), computed("walk")] == [10, 0]
        assert [computed("walk,pamr"), computed("pamr,walk"), computed("pamr,walk")] == [10, 10, 0]
        assert [computed("pamr"), computed("none")] == [10, 10]
