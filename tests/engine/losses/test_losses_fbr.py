"""FBR as a whole behind the host `cam`: what each weighted term trains, and what the bank remembers.

Meant to be trained by the term alone:

    classification   encoder, CAM head
    separation       encoder, both projections
    background       encoder, background projection, background head
    untagged         encoder, CAM head
    nroi, foreground encoder, foreground projection
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from fbr_engine.config import TrainConfig
from fbr_engine.hosts import Batch, CamHost
from fbr_engine.losses.fbr import CropOrigin, Fbr
from fbr_engine.losses.objective import loss_weights
from fbr_engine.networks.cam_network import build_cam_network, normalised_cam

TRAINED = {
    "classification": {"encoder", "cam head"},
    "separation": {"encoder", "foreground projection", "background projection"},
    "background": {"encoder", "background projection", "background head"},
    "untagged": {"encoder", "cam head"},
    "nroi": {"encoder", "foreground projection"},
    "foreground": {"encoder", "foreground projection"},
}
TAGS = torch.tensor([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0]], dtype=torch.int8)


def make(form: str, **changes: object) -> tuple[CamHost, Fbr]:
    torch.manual_seed(0)
    config = TrainConfig(backbone="tiny", weights="none", form=form, projection_dims=16, **changes)  # type: ignore[arg-type]
    host = CamHost(build_cam_network("tiny", 16, TAGS.shape[1], frozen_batchnorm=False), TrainConfig())
    nn.init.normal_(host.network.head.weight)  # as after the warm-up: CAMs that reach the threshold
    return host, Fbr(host.network.backbone.channels, config, images=50)


def make_batch(tags: torch.Tensor = TAGS, side: int = 129) -> Batch:
    generator = torch.Generator().manual_seed(1)
    count = len(tags)
    valid = torch.ones(count, side, side, dtype=torch.bool)
    valid[0, :, side // 2 :] = False
    origin = CropOrigin(
        image=torch.arange(count) + 100,
        box=torch.rand(count, 4, generator=generator),
        flipped=torch.arange(count) % 2 == 0,
        epoch=3,
    )
    return Batch(torch.randn(count, 3, side, side, generator=generator), tags, valid, origin)


def compute(host: CamHost, fbr: Fbr, batch: Batch, contrast: bool = True) -> dict[str, torch.Tensor]:
    out = host(batch)
    generator = torch.Generator().manual_seed(2)
    return out.losses | fbr(
        out.features, out.cam_logits, batch.tags, out.valid, batch.origin, contrast=contrast, generator=generator
    )


def parts(host: CamHost, fbr: Fbr) -> dict[str, list[nn.Parameter]]:
    return {
        "encoder": list(host.network.backbone.parameters()),
        "cam head": list(host.network.head.parameters()),
        "foreground projection": list(fbr.projections.foreground.parameters()),
        "background projection": list(fbr.projections.background.parameters()),
        "background head": list(fbr.projections.head.parameters()),
    }


# The paper has no term against untagged activation.
@pytest.mark.parametrize(
    ("form", "term"),
    [(f, t) for f in ("verified", "paper") for t in sorted(TRAINED) if (f, t) != ("paper", "untagged")],
)
def test_each_term_trains_what_it_should_and_nothing_else(term: str, form: str) -> None:
    host, fbr = make(form)
    batch = make_batch()
    with torch.no_grad():
        compute(host, fbr, batch)  # fills the bank
    losses = compute(host, fbr, batch)
    (losses[term] * loss_weights(fbr.config)[term]).backward()  # type: ignore[no-untyped-call]
    reached = {
        name
        for name, parameters in parts(host, fbr).items()
        if any(p.grad is not None and p.grad.abs().sum() > 0 for p in parameters)
    }
    assert reached == TRAINED[term]
    if "encoder" in TRAINED[term]:
        first = next(iter(host.network.backbone.parameters()))
        assert first.grad is not None
        assert first.grad.abs().sum() > 0, "the gradient stops before the first layer"


@pytest.mark.parametrize("form", ["verified", "paper"])
def test_names_before_and_after_the_warm_up(form: str) -> None:
    host, fbr = make(form)
    early = set(compute(host, fbr, make_batch(), contrast=False))
    assert len(fbr.bank) == 0
    assert early == {"classification", "separation", "background"}
    later = {"nroi", "foreground"} | ({"untagged"} if form == "verified" else set())
    assert set(compute(host, fbr, make_batch())) == early | later
    assert len(fbr.bank) > 0


def test_mined_nrois_keep_where_they_come_from() -> None:
    host, fbr = make("verified")
    batch = make_batch()
    seen: dict[str, torch.Tensor] = {}
    fbr.projections.register_forward_hook(
        lambda _m, _i, out: seen.update(foreground=out.foreground, background=out.background)
    )
    with torch.no_grad():
        out = host(batch)
        compute(host, fbr, batch)
    cam = normalised_cam(out.cam_logits * out.valid.unsqueeze(1), batch.tags)
    background = (cam.amax(dim=1) <= fbr.config.seed_threshold) & out.valid
    entries = fbr.bank.entries()
    for row in range(len(batch.tags)):
        own = entries.image == batch.origin.image[row]
        assert 1 <= own.sum() <= fbr.config.nrois
        assert (entries.box[own] == batch.origin.box[row]).all()
        assert (entries.flipped[own] == batch.origin.flipped[row]).all()
        assert (entries.tags[own] == batch.tags[row]).all()
        assert (entries.epoch[own] == 3).all()
        masks = entries.mask[own]
        assert torch.equal(masks.sum(dim=0) == 1, background[row])
        assert torch.equal(masks.sum(dim=(1, 2)), entries.area[own])
        assert entries.area[own].sum() == background[row].sum()
        for mask, centroid, key in zip(masks, entries.centroid[own], entries.key[own], strict=True):
            torch.testing.assert_close(centroid, seen["background"][row][:, mask].mean(dim=1))
            torch.testing.assert_close(key, seen["foreground"][row][:, mask].mean(dim=1))
    assert len(entries.image.unique()) == len(batch.tags)


def test_padding_does_not_hold_the_maximum_of_a_cam() -> None:
    _, fbr = make("verified", seed_threshold=0.5)
    logits = torch.full((1, 3, 4, 4), 0.1)
    logits[0, 0, 0] = 1.0
    logits[0, 0, 3] = 100.0  # padding
    valid = torch.ones(1, 4, 4, dtype=torch.bool)
    valid[0, 3] = False
    origin = CropOrigin(torch.tensor([1]), torch.zeros(1, 4), torch.tensor([False]), 0)
    fbr(torch.randn(1, 128, 4, 4), logits, TAGS[:1], valid, origin, contrast=True)
    assert fbr.bank.entries().area.sum() == 8  # rows 1 and 2: row 0 is foreground


@pytest.mark.parametrize("form", ["verified", "paper"])
@pytest.mark.parametrize("case", ["one class", "no tags", "unknown", "padding", "all foreground"])
def test_edge_cases_are_finite_with_finite_gradients(case: str, form: str) -> None:
    host, fbr = make(form)
    tags = {"one class": [[1, 0, 0]] * 2, "unknown": [[-1, -1, -1]] * 2, "no tags": [[0, 0, 0]] * 2}.get(
        case, [[1, 1, 0]] * 2
    )
    batch = make_batch(torch.tensor(tags, dtype=torch.int8), side=65)
    if case == "padding":
        batch.valid[:] = False
    if case == "all foreground":
        host.network.head.weight.data.fill_(0.5)
        batch.images[:] = 1.0
    for _ in range(2):
        losses = compute(host, fbr, batch)
        total = torch.stack(list(losses.values())).sum()
        assert total.isfinite()
        total.backward()  # type: ignore[no-untyped-call]
    gradients = [p.grad for m in (host, fbr) for p in m.parameters() if p.grad is not None]
    assert gradients
    assert all(g.isfinite().all() for g in gradients)
    if case == "one class":
        assert "foreground" not in losses, "there is nothing to compare, and a zero would look like success"


def test_diverged_features_give_losses_that_are_no_number() -> None:
    """`weighted_sum` can then name them; nothing on the way may raise an error of its own."""
    host, fbr = make("verified")
    next(iter(host.network.backbone.parameters())).data[0, 0, 0, 0] = torch.nan
    losses = compute(host, fbr, make_batch())
    assert not losses["classification"].isfinite()


def test_a_seed_repeats_every_number() -> None:
    results = []
    for _ in range(2):
        host, fbr = make("verified")
        torch.manual_seed(5)
        results.append([compute(host, fbr, make_batch()) for _ in range(2)][-1])
    assert all(torch.equal(results[0][name], results[1][name]) for name in TRAINED)
