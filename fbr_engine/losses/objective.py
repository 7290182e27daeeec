"""The weighted objective: named losses in, one number out; a loss that is not finite is named."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields

import torch
from torch import Tensor

from fbr_engine.config import TrainConfig
from fbr_engine.errors import NonFiniteLossError

WEIGHT = "weight_"
REMEDY = (
    "the last good checkpoint is kept; train a new run with a lower learning rate (--lr-encoder, --lr-head) or a lower "
    "weight of this loss"
)


def loss_weights(config: TrainConfig) -> dict[str, float]:
    """Return the weight of each named loss: the field ``weight_<name>`` of the config, 1 for ``classification``."""
    named = {f.name.removeprefix(WEIGHT): getattr(config, f.name) for f in fields(config) if f.name.startswith(WEIGHT)}
    del named["decay"]
    return {"classification": 1.0} | named


def weighted_sum(losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> tuple[Tensor, dict[str, float]]:
    """Return the weighted sum and every loss as a plain number.

    Raises `NonFiniteLossError` naming the losses that are NaN or infinite, `KeyError` for one without a weight.
    """
    values = torch.stack([loss.detach().float() for loss in losses.values()]).tolist()
    plain = dict(zip(losses, values, strict=True))
    broken = [name for name, value in plain.items() if not math.isfinite(value)]
    if broken:
        raise NonFiniteLossError(f"the loss {', '.join(broken)} is no longer a finite number; {REMEDY}")
    total = torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()
    return total, plain


def all_finite(tensors: Sequence[Tensor]) -> bool:
    """Return whether every value is a finite number: one fused pass and one wait for the device."""
    filled = [t.detach() for t in tensors if t.numel()]
    if not filled:
        return True
    largest = torch._foreach_norm(filled, math.inf)
    return bool(torch.stack([norm.float() for norm in largest]).isfinite().all())


def non_finite_gradients(
    losses: Mapping[str, Tensor], weights: Mapping[str, float], parameters: Sequence[Tensor]
) -> list[str]:
    """Return the losses whose own gradient, weighted, is not finite; each is sent backwards alone."""
    return [
        name
        for name, loss in losses.items()
        if loss.requires_grad and not all_finite(_gradients(weights[name] * loss, parameters))
    ]


def _gradients(loss: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    found = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    return [gradient for gradient in found if gradient is not None]
