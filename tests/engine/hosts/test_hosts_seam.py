"""The host `seam`: two views, padding, where its gradients go, and what it returns when it is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from fbr_engine.config import TrainConfig
from fbr_engine.hosts import HOST_TABLE, Batch, SeamHost
from fbr_engine.losses.fbr import CropOrigin
from fbr_engine.networks.cam_network import build_cam_network

OWN = {"equivariance", "correction", "min_pooling"}


def make_host(seed: int = 0) -> SeamHost:
    torch.manual_seed(seed)
    config = TrainConfig(method="seam", output_stride=8)
    host = HOST_TABLE["seam"](build_cam_network("tiny", 8, 3, frozen_batchnorm=False), config)
    assert isinstance(host, SeamHost)
    return host


def make_batch(side: int = 65) -> Batch:
    valid = torch.ones(2, side, side, dtype=torch.bool)
    valid[1, :, side // 2 :] = False
    origin = CropOrigin(torch.arange(2), torch.zeros(2, 4), torch.zeros(2, dtype=torch.bool), 0)
    images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    return Batch(images, torch.tensor([[1, 0, -1], [0, 1, 1]], dtype=torch.int8), valid, origin)


def grads(host: SeamHost, loss: Tensor) -> dict[str, bool]:
    host.zero_grad(set_to_none=True)
    loss.backward(retain_graph=True)  # type: ignore[no-untyped-call]
    parts = {"backbone": host.network.backbone, "head": host.network.head, "correlation": host.correlation}
    return {name: any(p.grad is not None and bool(p.grad.any()) for p in m.parameters()) for name, m in parts.items()}


def test_output_is_that_of_the_first_view() -> None:
    host, batch = make_host().eval(), make_batch()
    with torch.no_grad():
        out, plain = host(batch), host.network(batch.images)
    assert set(out.losses) == OWN | {"classification"}
    torch.testing.assert_close(out.features, plain.features)
    torch.testing.assert_close(out.cam_logits, plain.cam_logits)
    assert out.valid.shape == (2, 9, 9)
    assert all(loss.isfinite() for loss in out.losses.values())


def test_each_loss_teaches_what_it_is_meant_to() -> None:
    host = make_host()
    losses = host(make_batch()).losses
    network = {"backbone": True, "head": True, "correlation": False}
    assert grads(host, losses["classification"]) == network
    assert grads(host, losses["equivariance"]) == network
    assert grads(host, losses["correction"]) == network | {"correlation": True}
    assert grads(host, losses["min_pooling"]) == {"backbone": False, "head": False, "correlation": True}


def test_the_second_view_is_smaller_and_never_too_small() -> None:
    host = make_host()
    assert host._smaller(torch.zeros(1, 3, 225, 161)).shape == (1, 3, 113, 81)
    assert host._smaller(torch.zeros(1, 3, 33, 9)).shape == (1, 3, 17, 9)


def test_what_lies_in_the_padding_holds_no_maximum() -> None:
    host, batch = make_host().eval(), make_batch()
    with torch.no_grad():
        view = host._view(batch.images, batch)
    assert view.cam[1, :, ~view.valid[1]].eq(0).all()
    assert view.cam[1, 1:].amax(dim=(1, 2)).sub(1).abs().max() < 1e-4 or not view.out.cam_logits[1, 1:].gt(0).any()


def test_images_without_tags_teach_nothing_of_their_own() -> None:
    host, batch = make_host(), make_batch()
    losses = host(replace(batch, tags=torch.full_like(batch.tags, -1))).losses
    assert all(losses[name].item() == 0 for name in OWN)
    assert losses["classification"].item() == 0
    sum(losses.values()).backward()


@pytest.mark.parametrize("size", [(33, 33), (65, 129), (97, 50)])
def test_infer_corrects_in_logits_and_needs_no_tags(size: tuple[int, int]) -> None:
    host = make_host().eval()
    images = torch.randn(1, 3, *size)
    unknown = torch.full((1, 3), -1, dtype=torch.int8)
    with torch.inference_mode():
        plain, out = host.network(images), host.infer(images, unknown)
        told = host.infer(images, torch.ones_like(unknown))
    assert out.cam_logits.shape == plain.cam_logits.shape
    assert torch.equal(out.class_logits, plain.class_logits)
    assert torch.equal(out.features, plain.features)
    assert torch.equal(out.cam_logits, told.cam_logits)
    peak, plain_peak = (x.cam_logits.clamp(min=0).amax(dim=(2, 3)) for x in (out, plain))
    assert (out.cam_logits >= 0).all()
    assert (peak <= plain_peak + 1e-6).all()
    assert ((peak > 0) == (plain_peak > 0)).all()


def test_images_of_a_batch_do_not_touch_each_other() -> None:
    host = make_host().eval()
    images, tags = torch.randn(2, 3, 65, 65), torch.zeros(2, 3, dtype=torch.int8)
    with torch.inference_mode():
        both = host.infer(images, tags).cam_logits
        torch.testing.assert_close(host.infer(images[1:], tags[1:]).cam_logits, both[1:], rtol=1e-4, atol=1e-6)
