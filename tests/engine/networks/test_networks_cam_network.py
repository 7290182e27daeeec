"""The CAM network, frozen BatchNorm, and the normalised CAM against a loop."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from fbr_engine.networks.cam_network import build_cam_network, normalised_cam
from fbr_engine.networks.projections import FbrProjections


def test_named_outputs() -> None:
    network = build_cam_network("tiny", 8, 4, frozen_batchnorm=False).eval()
    out = network(torch.randn(2, 3, 65, 33))
    assert out.features.shape == (2, 128, 9, 5)
    assert out.low.shape == (2, 32, 17, 9)
    assert out.cam_logits.shape == (2, 4, 9, 5)
    torch.testing.assert_close(out.class_logits, out.cam_logits.mean(dim=(2, 3)))
    # Pooling and the 1x1 convolution can be swapped: it is the classifier of the original CAM.
    pooled = out.features.mean(dim=(2, 3)) @ network.head.weight[:, :, 0, 0].T
    torch.testing.assert_close(out.class_logits, pooled, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("frozen", [True, False])
def test_batchnorm_stays_frozen_through_train(frozen: bool) -> None:
    network = build_cam_network("tiny", 16, 3, frozen_batchnorm=frozen)
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    before = {k: v.clone() for k, v in network.state_dict().items() if "running" in k or "num_batches" in k}
    nn.Sequential(network).train()
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], 0.1)
    network(torch.randn(4, 3, 33, 33)).class_logits.square().sum().backward()
    optimizer.step()
    assert all(m.training != frozen for m in norms)
    assert all((p.grad is None) == frozen for m in norms for p in m.parameters())
    changed = any(not torch.equal(network.state_dict()[k], v) for k, v in before.items())
    assert changed != frozen
    assert network.head.weight.grad is not None
    network.eval()
    network.train()
    assert all(m.training != frozen for m in norms)


@pytest.mark.parametrize("shape", [(3, 4, 5, 6), (2, 2, 1, 1)])
def test_normalised_cam_equals_the_loop(shape: tuple[int, int, int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(shape, generator=generator)
    logits[0, 0] = -1.0  # nowhere positive
    tags = torch.randint(-1, 2, shape[:2], generator=generator, dtype=torch.int8)
    tags[0] = 1
    cam = normalised_cam(logits, tags)
    for b in range(shape[0]):
        for c in range(shape[1]):
            top = max(max(row) for row in logits[b, c].tolist())
            for y in range(shape[2]):
                for x in range(shape[3]):
                    value = max(0.0, logits[b, c, y, x].item())
                    expected = value / top if tags[b, c] == 1 and top > 0 else 0.0
                    assert cam[b, c, y, x].item() == pytest.approx(expected, abs=1e-6)


def test_only_a_projection_with_relu_is_non_negative() -> None:
    features = torch.randn(2, 8, 4, 4)
    for relu in (True, False):
        out = FbrProjections(8, 5, relu=relu)(features)
        assert out.foreground.shape == out.background.shape == (2, 5, 4, 4)
        assert out.head_logits.shape == (2, 1, 4, 4)
        assert bool((out.foreground >= 0).all() and (out.background >= 0).all()) == relu
