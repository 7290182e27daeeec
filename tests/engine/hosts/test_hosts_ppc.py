"""The host `ppc`: when its contrasts begin, whom they teach, and which pixels have a say."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from fbr_engine.config import TrainConfig
from fbr_engine.hosts import HOST_TABLE, Batch, PpcHost
from fbr_engine.losses.fbr import CropOrigin
from fbr_engine.networks.cam_network import build_cam_network

CONTRASTS = {"cross_prototype", "cross_cam", "intra_view"}


@pytest.fixture
def host() -> PpcHost:
    torch.manual_seed(0)
    config = TrainConfig(method="ppc", warmup=0.25)
    made = HOST_TABLE["ppc"](build_cam_network("tiny", 8, 3, frozen_batchnorm=False), config)
    assert isinstance(made, PpcHost)
    return made


@pytest.fixture
def batch() -> Batch:
    valid = torch.ones(3, 65, 65, dtype=torch.bool)
    valid[1, :, 32:] = False
    origin = CropOrigin(torch.arange(3), torch.zeros(3, 4), torch.zeros(3, dtype=torch.bool), 0)
    images = torch.randn(3, 3, 65, 65, generator=torch.Generator().manual_seed(0))
    return Batch(images, torch.tensor([[1, 0, 1], [0, 1, 0], [1, 1, -1]], dtype=torch.int8), valid, origin)


def taught(host: PpcHost, loss: Tensor) -> tuple[bool, bool, bool]:
    host.zero_grad(set_to_none=True)
    loss.backward(retain_graph=True)  # type: ignore[no-untyped-call]
    parts = (host.network.backbone, host.projection, host.network.head)
    found = [any(p.grad is not None and bool(p.grad.any()) for p in part.parameters()) for part in parts]
    return found[0], found[1], found[2]


def test_contrasts_begin_after_the_warm_up(host: PpcHost, batch: Batch) -> None:
    before = host(replace(batch, progress=0.2)).losses
    after = host(replace(batch, progress=0.25)).losses
    assert set(after) - set(before) == CONTRASTS
    assert set(host(batch).losses) == set(after)
    assert all(loss.isfinite() and loss > 0 for loss in after.values())


def test_contrasts_teach_encoder_and_projection_but_not_the_classifier(host: PpcHost, batch: Batch) -> None:
    losses = host(batch).losses
    for name in CONTRASTS:
        assert taught(host, losses[name]) == (True, True, False), name
    assert taught(host, losses["classification"]) == (True, False, True)


def test_pixels_that_say_nothing(host: PpcHost, batch: Batch) -> None:
    cam = torch.zeros(3, 3, 9, 9)
    cam[2, 0, :3] = 1.0
    valid = torch.ones(3, 9, 9, dtype=torch.bool)
    valid[1, :, 4:] = False
    labels = host._labels(cam, valid, batch.tags).view(3, 9, 9)
    assert (labels[0] == 0).all()
    assert (labels[1, :, :4] == 0).all()
    assert (labels[1, :, 4:] == -1).all()
    # What image 2 shows besides class 0 is not known in full, so nothing of it is background.
    assert (labels[2, :3] == 1).all()
    assert (labels[2, 3:] == -1).all()


def test_training_with_the_contrast_alone_parts_the_classes(host: PpcHost, batch: Batch) -> None:
    optimizer = torch.optim.SGD(host.parameters(), 0.1)
    values = []
    for _ in range(4):
        losses = host(batch).losses
        total = losses["cross_prototype"] + losses["cross_cam"]
        values.append(total.item())
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    assert values[-1] < values[0]


def test_a_batch_without_objects_or_tags(host: PpcHost, batch: Batch) -> None:
    for value in (0, -1):
        losses = host(replace(batch, tags=torch.full_like(batch.tags, value))).losses
        assert all(loss.isfinite() for loss in losses.values())
        assert all(losses[name].item() == pytest.approx(0, abs=1e-5) for name in CONTRASTS)


def test_images_of_unknown_tags_have_no_say_in_what_background_looks_like(host: PpcHost, batch: Batch) -> None:
    def background(tags: list[list[int]], shown: slice) -> Tensor:
        told = torch.tensor(tags, dtype=torch.int8)
        part = Batch(batch.images[shown], told, batch.valid[shown], batch.origin)
        view = host.eval()._view(part.images, part)
        return host._side(view, part).prototypes[0]

    alone = background([[1, 0, 1]], slice(0, 1))
    together = background([[1, 0, 1], [0, -1, 0]], slice(0, 2))
    torch.testing.assert_close(alone, together)
