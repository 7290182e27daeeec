"""Refiners one after the other."""

from __future__ import annotations

import torch
from torch import Tensor

from fbr_engine.refinement import REFINERS as NAMES
from fbr_engine.refiners import REFINERS
from fbr_engine.refiners.base import Refiner, chained
from fbr_engine.stages.refine import LEARNT


def test_every_name_has_one_refiner() -> None:
    assert set(REFINERS) | set(LEARNT) == set(NAMES)
    assert not set(REFINERS) & set(LEARNT)
    assert all(refiner.digest == "" for refiner in REFINERS.values())


def test_scores_go_through_in_order() -> None:
    def double(image: Tensor, scores: Tensor) -> Tensor:
        return 2 * scores

    def add(image: Tensor, scores: Tensor) -> Tensor:
        return scores + image[:1]

    image, scores = torch.ones(3, 2, 2), torch.ones(2, 2, 2)
    assert chained([Refiner(double), Refiner(add)])(image, scores)[0, 0, 0] == 3
    assert chained([Refiner(add), Refiner(double)])(image, scores)[0, 0, 0] == 4


def test_a_chain_says_what_its_links_were_learnt_from() -> None:
    plain, learnt = REFINERS["pamr"], Refiner(REFINERS["crf"].function, "abc")
    assert chained([plain]).digest == ""
    assert chained([learnt, plain]).digest == "abc"
    assert chained([learnt, Refiner(plain.function, "d")]).digest == "abc d"


def test_pamr_then_crf_is_both() -> None:
    generator = torch.Generator().manual_seed(0)
    image, scores = torch.rand(3, 12, 10, generator=generator), torch.rand(3, 12, 10, generator=generator)
    both = chained([REFINERS["pamr"], REFINERS["crf"]])(image, scores)
    torch.testing.assert_close(both, REFINERS["crf"](image, REFINERS["pamr"](image, scores)))
