"""Pooling over the active pixels against a loop over them."""

from __future__ import annotations

import pytest
import torch

from fbr_engine.networks.cam_network import build_cam_network
from fbr_engine.networks.pooling import active_pooled


def test_active_pooling_equals_a_loop_over_pixels_above_a_tenth_of_the_maximum() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 4, 5, 6, generator=generator)
    logits[0, 0] = -logits[0, 0].abs()
    valid = torch.rand(3, 5, 6, generator=generator) < 0.6
    valid[2] = False
    for b in range(3):
        for c in range(4):
            inside = [logits[b, c, y, x].item() for y in range(5) for x in range(6) if valid[b, y, x]]
            peak = max(inside, default=0.0)
            active = [value for value in inside if value > 0.1 * peak] if peak > 0 else inside
            expected = sum(active) / len(active) if active else 0.0
            assert active_pooled(logits, valid)[b, c].item() == pytest.approx(expected, abs=1e-6)


def test_gradient_goes_to_active_pixels_only() -> None:
    logits = torch.tensor([[[[4.0, 0.3, -1.0, 2.0]]]], requires_grad=True)
    active_pooled(logits, torch.ones(1, 1, 4, dtype=torch.bool)).sum().backward()
    assert logits.grad is not None
    assert logits.grad[0, 0, 0].tolist() == [0.5, 0, 0, 0.5]


def test_a_network_pools_as_it_is_told() -> None:
    network = build_cam_network("tiny", 16, 2, frozen_batchnorm=False).eval()
    images = torch.randn(2, 3, 65, 65, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(network(images).class_logits, network(images).cam_logits.mean(dim=(2, 3)))
        network.active_pooling = True
        out = network(images)
    everywhere = torch.ones(2, 5, 5, dtype=torch.bool)
    torch.testing.assert_close(out.class_logits, active_pooled(out.cam_logits, everywhere))
    assert (out.class_logits >= out.cam_logits.mean(dim=(2, 3)) - 1e-6).all()
