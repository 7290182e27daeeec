"""Batches that hold almost nothing to learn from: training goes on, with finite losses and weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from fbr_engine.config import TrainConfig
from fbr_engine.hosts import Batch
from fbr_engine.losses.fbr import CropOrigin
from fbr_engine.losses.objective import all_finite
from fbr_engine.stages.trainer import Trainer

SIDE = 33
FORMS = [("cam", "verified"), ("cam+fbr", "verified"), ("cam+fbr", "paper")]
TAGS = {
    "nothing known": [[-1, -1, -1]] * 4,
    "nothing present": [[0, 0, 0]] * 4,
    "one class in all": [[1, 0, 0]] * 4,
    "one image of a class, none of another": [[1, 0, 0], [1, 0, 0], [1, 1, 0], [0, 0, 0]],
    "all in every image": [[1, 1, 1]] * 4,
    "known of one image only": [[-1, -1, -1], [1, 0, 0], [-1, -1, -1], [-1, -1, -1]],
    "a single class": [[1], [0], [1], [-1]],
    "a single class, always there": [[1]] * 4,
    "a batch of one image": [[1, 0, 1]],
    "a batch of one image, nothing known": [[-1, -1, -1]],
    "an odd rest": [[1, 0, 0], [0, 1, 0], [-1, 0, 1]],
}


def make(method: str, form: str, classes: int, **changes: object) -> Trainer:
    values = {"backbone": "tiny", "weights": "none", "crop": SIDE, "device": "cpu", "warmup": 0.0} | changes
    config = TrainConfig(method=method, form=form, **values)  # type: ignore[arg-type]
    return Trainer(config, classes, 8, 10, torch.device("cpu"), "none")


def make_batch(tags: list[list[int]], valid: Tensor | None = None) -> Batch:
    count = len(tags)
    images = torch.randn(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    origin = CropOrigin(
        image=torch.arange(count),
        box=torch.tensor([[0.0, 0.0, SIDE, SIDE]] * count),
        flipped=torch.zeros(count, dtype=torch.bool),
        epoch=0,
    )
    whole = torch.ones(count, SIDE, SIDE, dtype=torch.bool)
    return Batch(images, torch.tensor(tags, dtype=torch.int8), whole if valid is None else valid, origin)


def check(trainer: Trainer, batch: Batch) -> dict[str, float]:
    losses: dict[str, float] = {}
    for _ in range(3):
        losses = trainer.step(batch)
        assert all(value == value and abs(value) < 1e6 for value in losses.values()), losses
    tensors = [tensor for tensor in trainer.state()[0].values() if tensor.is_floating_point()]
    assert all_finite(tensors)
    return losses


@pytest.mark.parametrize(("method", "form"), FORMS)
@pytest.mark.parametrize("case", TAGS)
def test_tags(method: str, form: str, case: str) -> None:
    tags = TAGS[case]
    losses = check(make(method, form, len(tags[0])), make_batch(tags))
    known = any(value >= 0 for row in tags for value in row)
    assert (losses["classification"] > 0) == known


@pytest.mark.parametrize(("method", "form"), FORMS)
@pytest.mark.parametrize("rows", [0, 1, 20])
def test_crops_that_are_padding_mostly(method: str, form: str, rows: int) -> None:
    valid = torch.zeros(3, SIDE, SIDE, dtype=torch.bool)
    valid[1:, :rows] = True
    check(make(method, form, 2), make_batch([[1, 0], [0, 1], [1, 1]], valid))


@pytest.mark.parametrize("form", ["verified", "paper"])
@pytest.mark.parametrize("everywhere", [True, False])
def test_images_without_background_and_nothing_but_background(form: str, everywhere: bool) -> None:
    trainer = make("cam+fbr", form, 2, seed_threshold=0.01, lr_head=1e-8, lr_encoder=1e-8)
    with torch.no_grad():
        trainer.host.network.head.weight.fill_(0.01 if everywhere else -0.01)
    batch = make_batch([[1, 0], [0, 1], [1, 0]])
    assert trainer.fbr is not None
    losses = check(trainer, batch)
    assert (len(trainer.fbr.bank) == 0) == everywhere
    assert "nroi" not in losses  # no NROI to compare with, or no anchor


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_crops_of_one_colour(precision: str) -> None:
    trainer = make("cam+fbr", "verified", 2, precision=precision)
    batch = make_batch([[1, 0], [0, 1]])
    batch.images.zero_()
    check(trainer, batch)
