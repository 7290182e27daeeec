"""The background channel: what beats it, and a host that has a background of its own."""

from __future__ import annotations

import torch

from fbr_engine.networks.background_channel import BackgroundChannel
from fbr_engine.networks.cam_network import CamOutput


def make_output() -> CamOutput:
    generator = torch.Generator().manual_seed(0)
    features, cam_logits = torch.randn(2, 8, 3, 4, generator=generator), torch.randn(2, 5, 3, 4, generator=generator)
    return CamOutput(features, features, cam_logits, cam_logits.mean(dim=(2, 3)))


def test_the_cam_is_how_likely_a_class_is_against_the_background() -> None:
    channel, out = BackgroundChannel(8), make_output()
    with torch.no_grad():
        corrected = channel.corrected(out)
        logit = channel(out.features, out.cam_logits)
    assert logit.shape == (2, 1, 3, 4)
    pairs = torch.stack([out.cam_logits, logit.expand_as(out.cam_logits)]).softmax(dim=0)
    torch.testing.assert_close(corrected.cam_logits, pairs[0])
    assert torch.equal(corrected.class_logits, out.class_logits)


def test_a_host_with_its_own_background_gets_no_weights() -> None:
    channel, out = BackgroundChannel(None), make_output()
    assert not list(channel.parameters())
    assert (channel(out.features, out.cam_logits) == 0).all()
    torch.testing.assert_close(channel.corrected(out).cam_logits, out.cam_logits)
