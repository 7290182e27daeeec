"""What was judged inside FBR: seeds, NROIs and anchors."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from fbr_engine.config import TrainConfig
from fbr_engine.losses import fbr as fbr_module
from fbr_engine.losses.fbr import CropOrigin, Fbr

SIDE = 6
TAGS = torch.tensor([[1, 0], [1, 1]], dtype=torch.int8)


def make(**changes: Any) -> Fbr:
    torch.manual_seed(0)
    values = {"projection_dims": 4, "nrois": 3, "negatives": 16} | changes
    return Fbr(8, TrainConfig(**values), images=4)


def inputs() -> tuple[Tensor, Tensor, Tensor, CropOrigin]:
    generator = torch.Generator().manual_seed(4)
    features = torch.randn(2, 8, SIDE, SIDE, generator=generator)
    logits = torch.rand(2, 2, SIDE, SIDE, generator=generator)
    logits[:, :, :, 3:] *= 0.3
    origin = CropOrigin(torch.tensor([7, 8]), torch.zeros(2, 4), torch.zeros(2, dtype=torch.bool), 0)
    return features, logits, torch.ones(2, SIDE, SIDE, dtype=torch.bool), origin


def compute(fbr: Fbr, forced: Tensor | None) -> dict[str, Tensor]:
    features, logits, valid, origin = inputs()
    return fbr(
        features, logits, TAGS, valid, origin, contrast=True, generator=torch.Generator().manual_seed(1), forced=forced
    )


@pytest.mark.parametrize("form", ["verified", "paper"])
def test_nothing_forced_changes_nothing(form: str) -> None:
    plain = compute(make(form=form), None)
    told = compute(make(form=form), torch.zeros(2, 2, SIDE, SIDE, dtype=torch.int8))
    assert plain.keys() == told.keys()
    assert all(torch.equal(plain[name], told[name]) for name in plain)


def test_forced_background_leaves_the_seed_and_becomes_a_sure_negative() -> None:
    fbr = make()
    forced = torch.zeros(2, 2, SIDE, SIDE, dtype=torch.int8)
    forced[0, 0] = -1
    compute(fbr, forced)
    entries = fbr.bank.entries()
    first = entries.image == 7
    # All of the first image is background of class 0 now, though it is tagged, so all of it is mined.
    assert int(entries.area[first].sum()) == SIDE * SIDE
    assert (entries.tags[first] == torch.tensor([0, 0])).all()
    assert (entries.tags[~first] == torch.tensor([1, 1])).all()
    assert int(entries.area[~first].sum()) < SIDE * SIDE


def test_less_than_half_judged_does_not_make_an_nroi_a_sure_negative() -> None:
    fbr = make(nrois=1)
    features, _, valid, origin = inputs()
    forced = torch.zeros(2, 2, SIDE, SIDE, dtype=torch.int8)
    forced[0, 0, :2] = -1
    seed = torch.zeros(2, SIDE, SIDE, dtype=torch.int64)
    mined = fbr.mine(fbr.projections(features), seed, TAGS, valid, origin, None, forced)
    assert mined.tags.tolist() == [[1, 0], [1, 1]]
    forced[0, 0, :4] = -1
    mined = fbr.mine(fbr.projections(features), seed, TAGS, valid, origin, None, forced)
    assert mined.tags.tolist() == [[0, 0], [1, 1]]


def test_forced_objects_leave_the_nrois_and_are_anchors_without_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Tensor, Tensor]] = []
    info_nce = fbr_module.info_nce

    def spy(anchors: Tensor, anchor_class: Tensor, *rest: Any) -> Tensor:
        seen.append((anchors, anchor_class))
        return info_nce(anchors, anchor_class, *rest)

    def all_doubtful(anchors: Tensor, *rest: Any) -> Tensor:
        return torch.ones(len(anchors), dtype=torch.bool)

    monkeypatch.setattr(fbr_module, "info_nce", spy)
    monkeypatch.setattr(fbr_module, "nearer_to_nroi", all_doubtful)
    fbr = make(seed_threshold=0.9)
    forced = torch.zeros(2, 2, SIDE, SIDE, dtype=torch.int8)
    forced[1, 1, 4:, 3:] = 1
    forced[0, 1, 0, 0] = 1  # a class this image is not tagged with
    compute(fbr, forced)
    features, *_ = inputs()
    told = fbr.projections(features).foreground[1, :, 4:, 3:].flatten(1).T
    assert seen
    for anchors, anchor_class in seen:
        assert torch.allclose(anchors, told)
        assert (anchor_class == 1).all()
    entries = fbr.bank.entries()
    assert not entries.mask[entries.image == 8][:, 4:, 3:].any()
