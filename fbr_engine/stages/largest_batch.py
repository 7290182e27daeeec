"""After memory ran out: the largest part of the batch that fits."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import fields, replace
from typing import TypeVar

import torch
from torch import Tensor

from fbr_engine.data.device import free_memory, who_ran_out
from fbr_engine.errors import NonFiniteLossError
from fbr_engine.hosts import Batch
from fbr_engine.stages.trainer import Trainer

REFINEMENTS = 3  # bisections upwards, once a half fits
Columns = TypeVar("Columns")


def largest_batch(trainer: Trainer, batch: Batch) -> int:
    """Return how many images of ``batch`` fit, found by computing gradients of parts of it; 0 if not even one does.

    The batch as a whole is known not to fit. No weight changes, but random numbers are drawn and the bank is added to:
    the trainer is not to be used or saved after this.
    """
    _free(trainer)
    return largest(len(batch.images), lambda count: _fits(trainer, first_images(batch, count)))


def largest(size: int, fits: Callable[[int], bool]) -> int:
    """Return the largest count found below ``size`` that ``fits``: by halving, then a few bisections upwards."""
    low, high = size // 2, size
    while low and not fits(low):
        low, high = low // 2, low
    for _ in range(REFINEMENTS if low else 0):
        middle = (low + high) // 2
        if middle == low:
            break
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def first_images(columns: Columns, count: int) -> Columns:
    """Return the first ``count`` images of a batch, or of a part of it: every tensor is cut."""
    cut = {f.name: _cut(getattr(columns, f.name), count) for f in fields(columns)}  # type: ignore[arg-type]
    return replace(columns, **cut)  # type: ignore[type-var]


def _cut(value: object, count: int) -> object:
    if isinstance(value, Tensor):
        return value[:count]
    return first_images(value, count) if hasattr(value, "__dataclass_fields__") else value


def _fits(trainer: Trainer, batch: Batch) -> bool:
    fitted = True
    reserve: list[Tensor] = []
    try:
        # The optimiser takes its memory at its first step, which a part of a batch must leave room for.
        if not trainer.optimizer.state:
            reserve.extend(torch.zeros_like(p) for p in _parameters(trainer) for _ in range(2))
        trainer.backward(batch)
    except (MemoryError, RuntimeError) as error:
        if who_ran_out(error) is None:
            raise
        fitted = False
    except NonFiniteLossError:
        pass  # it was computed, so it fits
    # Not above: the error's traceback holds on to what the step had allocated.
    reserve.clear()
    _free(trainer)
    return fitted


def _free(trainer: Trainer) -> None:
    trainer.optimizer.zero_grad(set_to_none=True)
    gc.collect()
    free_memory()


def _parameters(trainer: Trainer) -> list[Tensor]:
    return [p for group in trainer.optimizer.param_groups for p in group["params"]]
