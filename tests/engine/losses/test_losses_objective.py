"""The weighted sum, and the error that names a loss which is no number."""

from __future__ import annotations

import pytest
import torch

from fbr_engine.config import TrainConfig
from fbr_engine.errors import NonFiniteLossError
from fbr_engine.losses.objective import all_finite, loss_weights, non_finite_gradients, weighted_sum


def test_the_sum_and_the_plain_values() -> None:
    total, plain = weighted_sum({"a": torch.tensor(2.0), "b": torch.tensor(3.0)}, {"a": 1.0, "b": 0.5, "c": 9.0})
    assert total.item() == 3.5
    assert plain == {"a": 2.0, "b": 3.0}


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_a_broken_loss_is_named(bad: float) -> None:
    losses = {"classification": torch.tensor(1.0), "nroi": torch.tensor(bad)}
    with pytest.raises(NonFiniteLossError, match=r"the loss nroi is .*--lr-encoder"):
        weighted_sum(losses, {"classification": 1.0, "nroi": 0.0})


def test_a_loss_without_a_weight_is_an_error() -> None:
    with pytest.raises(KeyError):
        weighted_sum({"strange": torch.tensor(1.0)}, loss_weights(TrainConfig()))


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_one_value_that_is_not_finite_is_found_anywhere(bad: float) -> None:
    tensors = [torch.full((3, 4), 1e38), torch.zeros(0), torch.ones(5)]
    assert all_finite(tensors)
    assert all_finite([])
    assert all_finite([torch.zeros(0)])
    tensors[2][3] = bad
    assert not all_finite(tensors)


def test_the_losses_with_broken_gradients_are_named() -> None:
    weight, unused = torch.ones(3, requires_grad=True), torch.ones(2, requires_grad=True)
    losses = {
        "classification": weight.sum(),
        "nroi": (weight * 0).sum().sqrt(),
        "foreground": torch.tensor(1.0),
    }
    weights = dict.fromkeys(losses, 1.0)
    assert non_finite_gradients(losses, weights, [weight, unused]) == ["nroi"]
    assert weight.grad is None
