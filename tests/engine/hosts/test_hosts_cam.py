"""The host `cam`: pooling that leaves padding out, and the names it returns."""

from __future__ import annotations

import pytest
import torch

from fbr_engine.config import TrainConfig
from fbr_engine.hosts import HOST_TABLE, Batch, CamHost
from fbr_engine.hosts.cam import pooled, shrink_valid
from fbr_engine.losses.fbr import CropOrigin
from fbr_engine.networks.cam_network import build_cam_network


def make_batch(side: int = 65) -> Batch:
    valid = torch.ones(2, side, side, dtype=torch.bool)
    valid[1, :, side // 2 :] = False
    origin = CropOrigin(torch.arange(2), torch.zeros(2, 4), torch.zeros(2, dtype=torch.bool), 0)
    images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    return Batch(images, torch.tensor([[1, 0, -1], [0, 1, 1]], dtype=torch.int8), valid, origin)


def test_pooling_equals_a_loop_over_valid_pixels() -> None:
    logits = torch.randn(2, 3, 4, 5)
    valid = torch.rand(2, 4, 5) < 0.5
    valid[1] = False
    for b in range(2):
        for c in range(3):
            values = [logits[b, c, y, x].item() for y in range(4) for x in range(5) if valid[b, y, x]]
            expected = sum(values) / len(values) if values else 0.0
            assert pooled(logits, valid)[b, c].item() == pytest.approx(expected, abs=1e-6)


def test_valid_shrinks_to_where_half_of_the_patch_is() -> None:
    valid = torch.zeros(1, 64, 64, dtype=torch.bool)
    valid[:, :, :24] = True
    shrunk = shrink_valid(valid, torch.zeros(1, 2, 4, 4))
    assert shrunk[0, 0].tolist() == [True, True, False, False]
    valid[:, :, 23] = False
    assert shrink_valid(valid, torch.zeros(1, 2, 4, 4))[0, 0].tolist() == [True, False, False, False]


@pytest.mark.parametrize("side", [33, 225, 321])
@pytest.mark.parametrize("stride", [8, 16])
def test_all_valid_stays_all_valid(side: int, stride: int) -> None:
    size = (side - 1) // stride + 1
    assert shrink_valid(torch.ones(1, side, side, dtype=torch.bool), torch.zeros(1, 2, size, size)).all()


def test_output_is_named_and_padding_does_not_move_the_loss() -> None:
    host = HOST_TABLE["cam"](build_cam_network("tiny", 16, 3, frozen_batchnorm=False), TrainConfig()).eval()
    assert isinstance(host, CamHost)
    batch = make_batch()
    with torch.no_grad():
        out = host(batch)
    assert set(out.losses) == {"classification"}
    assert out.features.shape == (2, 128, 5, 5)
    assert out.cam_logits.shape == (2, 3, 5, 5)
    assert out.valid.shape == (2, 5, 5)
    torch.testing.assert_close(out.cam_logits, host.network.head(out.features))
