"""The weighted objective: named losses in, one number out; a loss that is not finite is named."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields

import torch
from torch import Tensor

from fbr_engine.config import TrainConfig
from fbr_engine.errors import NonFiniteLossError

WEIGHT = "weight_"


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
        raise NonFiniteLossError(
            f"the loss {', '.join(broken)} is no longer a finite number; the last good checkpoint is kept; train a new "
            "run with a lower learning rate (--lr-encoder, --lr-head) or a lower weight of this loss"
        )
    total = torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()
    return total, plain
