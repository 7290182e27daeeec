"""The saliency loss against a plain loop; its gradient reaches the CAM logits and the background's."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fbr_engine.losses.saliency import predicted_saliency, saliency_loss, shrink_saliency, valid_classes


def slow_loss(cam_logits: Tensor, background: Tensor, tags: Tensor, target: Tensor) -> float:
    """``target``: B x h x w, NaN where unknown."""
    batch, classes, height, width = cam_logits.shape
    errors = []
    for b in range(batch):
        probability: dict[tuple[int, int, int], float] = {}
        for y in range(height):
            for x in range(width):
                logits = [cam_logits[b, c, y, x].item() for c in range(classes)] + [background[b, 0, y, x].item()]
                total = sum(math.exp(value) for value in logits)
                for c in range(classes + 1):
                    probability[c, y, x] = math.exp(logits[c]) / total
        places = [(y, x) for y in range(height) for x in range(width) if not math.isnan(target[b, y, x].item())]
        valid = []
        for c in range(classes):
            held = [p for p in places if probability[c, p[0], p[1]] > 0.5]
            salient = [p for p in held if target[b, p[0], p[1]].item() > 0.5]
            valid.append(len(held) == 0 or len(salient) / len(held) > 0.4)
        for y, x in places:
            here = [probability[c, y, x] for c in range(classes + 1)]
            tagged = [c for c in range(classes) if tags[b, c] == 1]
            good = sum(here[c] for c in tagged if valid[c])
            bad = sum(here[c] for c in tagged if not valid[c])
            predicted = 0.5 * good + 0.5 * (1 - here[classes] - bad)
            errors.append((predicted - target[b, y, x].item()) ** 2)
    return sum(errors) / len(errors) if errors else 0.0


def example(seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    cam_logits = 3 * torch.randn(3, 4, 5, 6, generator=generator)
    background = 2 * torch.randn(3, 1, 5, 6, generator=generator)
    tags = torch.tensor([[1, 0, 1, -1], [0, 1, 0, 0], [0, 0, 0, -1]], dtype=torch.int8)
    target = torch.rand(3, 5, 6, generator=generator)
    target[1, :2] = torch.nan
    return cam_logits, background, tags, target


@pytest.mark.parametrize("seed", range(4))
def test_equals_a_plain_loop(seed: int) -> None:
    cam_logits, background, tags, target = example(seed)
    valid = torch.ones(3, 5, 6, dtype=torch.bool)
    valid[0, :, 4:] = False
    # The map has the resolution of the features, so shrinking it changes nothing.
    loss = saliency_loss(cam_logits, background, tags, target, valid)
    expected = slow_loss(cam_logits, background, tags, target.masked_fill(~valid, torch.nan))
    assert loss.item() == pytest.approx(expected, abs=1e-6)


def test_a_class_beside_what_is_salient_is_not_valid() -> None:
    probabilities = torch.zeros(1, 3, 2, 5)
    probabilities[0, 0, 0] = 0.9  # holds five pixels, two of them salient
    probabilities[0, 1, 1] = 0.9  # holds five, three of them salient
    tags = torch.tensor([[1, 1, 1]], dtype=torch.int8)
    saliency = torch.zeros(1, 2, 5)
    saliency[0, 0, :2] = 1
    saliency[0, 1, :3] = 1
    assert valid_classes(probabilities, tags, saliency).tolist() == [[False, True, True]]
    assert valid_classes(probabilities, 0 * tags, saliency).tolist() == [[False, False, False]]
    # Of the first, two of the three pixels of known saliency are salient.
    saliency[0, 0, 3:] = torch.nan
    assert valid_classes(probabilities, tags, saliency).tolist() == [[True, True, True]]


def test_prediction_is_certain_where_the_logits_are() -> None:
    tags = torch.tensor([[1, 0]], dtype=torch.int8)
    background = torch.tensor([[[[-20.0, 20.0]]]])
    cam_logits = torch.tensor([[[[20.0, -20.0]], [[-20.0, -20.0]]]])
    salient_left = torch.tensor([[[1.0, 0.0]]])
    predicted = predicted_saliency(cam_logits, background, tags, salient_left)
    torch.testing.assert_close(predicted, salient_left)
    # Where nothing is salient the class is not valid, and predicts nothing.
    predicted = predicted_saliency(cam_logits, background, tags, torch.zeros(1, 1, 2))
    torch.testing.assert_close(predicted, torch.zeros(1, 1, 2))


def test_gradient_reaches_the_cam_and_the_background_on_known_pixels_only() -> None:
    cam_logits, background, tags, target = example()
    cam_logits.requires_grad_()
    background.requires_grad_()
    target[2] = torch.nan
    saliency_loss(cam_logits, background, tags, target, torch.ones(3, 5, 6, dtype=torch.bool)).backward()
    for gradient in (cam_logits.grad, background.grad):
        assert gradient is not None
        assert gradient.isfinite().all()
        assert gradient[0].abs().sum() > 0
        assert (gradient[1, :, :2] == 0).all()
        assert (gradient[1, :, 2:] != 0).any()
        assert (gradient[2] == 0).all()


def test_the_loss_teaches_a_class_to_cover_what_is_salient() -> None:
    cam_logits = torch.zeros(1, 2, 4, 4, requires_grad=True)
    background = torch.zeros(1, 1, 4, 4, requires_grad=True)
    saliency = torch.zeros(1, 4, 4)
    saliency[0, 1:3, 1:3] = 1
    tags = torch.tensor([[1, 0]], dtype=torch.int8)
    optimizer = torch.optim.Adam([cam_logits, background], lr=0.4)
    for _ in range(60):
        optimizer.zero_grad()
        saliency_loss(cam_logits, background, tags, saliency, torch.ones(1, 4, 4, dtype=torch.bool)).backward()
        optimizer.step()
    beats = cam_logits - background > 0
    assert torch.equal(beats[0, 0], saliency[0] > 0)
    assert not beats[0, 1].any()


def test_nothing_known_is_a_zero_without_a_gradient() -> None:
    cam_logits, background, tags, target = example()
    cam_logits.requires_grad_()
    loss = saliency_loss(cam_logits, background, tags, target * torch.nan, torch.ones(3, 5, 6, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0
    assert cam_logits.grad is not None
    assert (cam_logits.grad == 0).all()


def test_shrinking_averages_what_is_known() -> None:
    saliency = torch.zeros(1, 4, 8)
    saliency[0, :, :2] = 1
    saliency[0, :2, 4:] = torch.nan
    saliency[0, 2:, 4:] = 0.5
    saliency[0, 2, 6] = torch.nan
    shrunk = shrink_saliency(saliency, torch.zeros(1, 1, 1, 2))
    torch.testing.assert_close(shrunk[0, 0, 0], torch.tensor(0.5))
    assert shrunk[0, 0, 1].isnan(), "less than half of the patch is known"
    saliency[0, 2, 6] = 0.5
    torch.testing.assert_close(shrink_saliency(saliency, torch.zeros(1, 1, 1, 2))[0, 0], torch.tensor([0.5, 0.5]))
