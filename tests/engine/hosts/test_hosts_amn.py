"""The host `amn`: what it learns from, what it is told, and what its CAM means."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from fbr_engine.config import HOSTS, MASK_HOSTS, TrainConfig
from fbr_engine.hosts import HOST_TABLE, AmnHost, Batch
from fbr_engine.hosts.amn import AtrousHead
from fbr_engine.losses.fbr import CropOrigin, Fbr
from fbr_engine.losses.pixel import label_counts, pixel_loss
from fbr_engine.networks.cam_network import build_cam_network

TAGS = torch.tensor([[1, 0, -1], [0, 1, 1]], dtype=torch.int8)


def make_batch(side: int = 65) -> Batch:
    generator = torch.Generator().manual_seed(0)
    labels = torch.full((2, side, side), 255)
    labels[0, :, :30] = 1
    labels[0, :, 30:] = 0
    labels[1, 20:40] = 3
    origin = CropOrigin(torch.arange(2), torch.zeros(2, 4), torch.zeros(2, dtype=torch.bool), 0)
    images = torch.randn(2, 3, side, side, generator=generator)
    return Batch(images, TAGS, torch.ones(2, side, side, dtype=torch.bool), origin, labels=labels)


def make_host(stride: int = 16, method: str = "amn", form: str = "verified") -> AmnHost:
    torch.manual_seed(0)
    network = build_cam_network("tiny", stride, 3, frozen_batchnorm=False)
    return AmnHost(network, TrainConfig(method=method, form=form, backbone="tiny", output_stride=stride)).eval()


def gradients(host: AmnHost, loss: Tensor) -> set[str]:
    host.zero_grad(set_to_none=True)
    loss.backward(retain_graph=True)  # type: ignore[no-untyped-call]
    return {name for name, p in host.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}


def test_hosts_that_learn_from_masks_are_the_ones_the_config_names() -> None:
    assert set(HOST_TABLE) == set(HOSTS)
    for name in HOSTS:
        host = HOST_TABLE[name](build_cam_network("tiny", 16, 3, frozen_batchnorm=False), TrainConfig(method=name))
        assert host.uses_labels == (name in MASK_HOSTS)


@pytest.mark.parametrize("stride", [8, 16])
def test_output_is_named(stride: int) -> None:
    host, batch = make_host(stride), make_batch()
    out = host(batch)
    size = 64 // stride + 1
    assert set(out.losses) == {"classification", "pixel"}
    assert out.features.shape == (2, 128, size, size)
    assert out.cam_logits.shape == (2, 3, size, size)
    assert out.valid.all()


def test_each_loss_trains_its_part_and_the_encoder() -> None:
    host = make_host()
    out = host(make_batch())
    by_tags = gradients(host, out.losses["classification"])
    assert "network.head.weight" in by_tags
    assert not any(name.startswith(("segmenter", "tag_gate")) for name in by_tags)
    by_labels = gradients(host, out.losses["pixel"])
    assert {"tag_gate.weight", "segmenter.convs.0.weight", "segmenter.convs.3.weight"} <= by_labels
    assert "network.head.weight" not in by_labels
    for reached in (by_tags, by_labels):
        assert any(name.startswith("network.backbone") for name in reached)


def test_the_cam_is_how_likely_a_class_is_against_the_background() -> None:
    host, batch = make_host(), make_batch()
    with torch.no_grad():
        out = host.infer(batch.images, TAGS)
        features = host.network(batch.images).features
        logits = host.segmenter(features)  # the gate is 1 at first, whatever the tags
        training = host(batch)
    pair = torch.stack([logits[:, 1:], logits[:, :1].expand_as(logits[:, 1:])])
    torch.testing.assert_close(out.cam_logits, pair.softmax(dim=0)[0])
    torch.testing.assert_close(out.features, features)
    torch.testing.assert_close(out.class_logits, host.network.head(features).mean(dim=(2, 3)))
    torch.testing.assert_close(training.cam_logits, logits[:, 1:] - logits[:, :1])
    assert torch.equal(training.cam_logits > 0, out.cam_logits > 0.5)


def test_the_pixel_loss_judges_logits_at_a_quarter_of_the_crop() -> None:
    host, batch = make_host(), make_batch()
    assert batch.labels is not None
    with torch.no_grad():
        logits = host.segmenter(host.network(batch.images).features)
        fine = torch.nn.functional.interpolate(logits, size=(17, 17), mode="bilinear", align_corners=True)
        expected = pixel_loss(fine, label_counts(batch.labels, 3, (17, 17)))
        torch.testing.assert_close(host(batch).losses["pixel"], expected)


def test_tags_gate_the_features_and_unknown_ones_do_not() -> None:
    host, batch = make_host(), make_batch()
    with torch.no_grad():
        host.tag_gate.weight.normal_(generator=torch.Generator().manual_seed(1))
        unknown = host.infer(batch.images, torch.full_like(TAGS, -1))
        plain = host.segmenter(unknown.features)
        torch.testing.assert_close(unknown.cam_logits, (plain[:, 1:] - plain[:, :1]).sigmoid())
        told = host.infer(batch.images, TAGS)
        gate = 1 + host.tag_gate.weight[:, 0] - host.tag_gate.weight[:, 1]
        expected = host.segmenter(told.features[:1] * gate[None, :, None, None])
        torch.testing.assert_close(
            told.cam_logits[:1], (expected[:, 1:] - expected[:, :1]).sigmoid(), rtol=1e-4, atol=1e-4
        )
        torch.testing.assert_close(told.class_logits, unknown.class_logits)


def test_an_image_without_labels_teaches_by_its_tags_alone() -> None:
    host, batch = make_host(), make_batch()
    none = host(replace(batch, labels=torch.full_like(batch.labels, 255)))  # type: ignore[arg-type]
    assert none.losses["pixel"].item() == 0
    assert none.losses["classification"].item() > 0
    with pytest.raises(ValueError, match="learns from labels"):
        host(replace(batch, labels=None))


def test_the_atrous_head_sees_far_in_steps_of_its_rates() -> None:
    head = AtrousHead(1, 1, (2, 5))
    point = torch.zeros(1, 1, 15, 15, requires_grad=True)
    head(point)[0, 0, 7, 7].backward()
    assert point.grad is not None
    seen = {(y - 7, x - 7) for _, _, y, x in point.grad.nonzero().tolist()}
    assert seen == {(a * r, b * r) for r in (2, 5) for a in (-1, 0, 1) for b in (-1, 0, 1)}


@pytest.mark.parametrize("name", HOSTS)
def test_hosts_whose_cams_follow_the_tags_say_so(name: str) -> None:
    torch.manual_seed(0)
    host = HOST_TABLE[name](build_cam_network("tiny", 16, 3, frozen_batchnorm=False), TrainConfig(method=name)).eval()
    images = make_batch().images
    with torch.no_grad():
        for parameter in host.parameters():
            parameter.normal_(std=0.05)
        one, other = (host.infer(images, tags).cam_logits for tags in (TAGS, 1 - TAGS.clamp(min=0)))
    assert torch.equal(one, other) != host.told_tags


def test_the_untagged_push_cannot_be_met_by_the_gate_that_knows_the_tags() -> None:
    host, batch = make_host(method="amn+fbr"), make_batch()
    with torch.no_grad():
        host.tag_gate.weight.normal_(generator=torch.Generator().manual_seed(1))
    out = host(batch)
    assert out.untold_logits is not None
    plain = host.segmenter(out.features)
    torch.testing.assert_close(out.untold_logits, plain[:, 1:] - plain[:, :1])
    fbr = Fbr(host.network.backbone.channels, TrainConfig(method="amn+fbr", backbone="tiny"), images=2)
    given = (out.features, out.cam_logits, batch.tags, out.valid, batch.origin)
    losses = fbr(*given, contrast=True, untold_logits=out.untold_logits)
    reached = gradients(host, losses["untagged"])
    assert "tag_gate.weight" not in reached
    assert {"segmenter.convs.0.weight", "segmenter.convs.3.weight"} <= reached
    assert any(name.startswith("network.backbone") for name in reached)


@pytest.mark.parametrize(("method", "form"), [("amn", "verified"), ("amn+fbr", "paper")])
def test_without_that_push_nothing_is_computed_for_it(method: str, form: str) -> None:
    assert make_host(method=method, form=form)(make_batch()).untold_logits is None


def test_it_begins_after_the_warm_up() -> None:
    host, batch = make_host(method="amn+fbr"), make_batch()
    found = [host(replace(batch, progress=progress)).untold_logits is not None for progress in (0.0, 0.24, 0.25, 0.9)]
    assert found == [False, False, True, True]
