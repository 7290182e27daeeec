"""Checkpoints: nested dictionaries of tensors in one safetensors file, written atomically."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from fbr_engine.errors import ReadError
from fbr_engine.formats.atomic import write_atomically


def save_checkpoint(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write ``tensors`` and the JSON-ready ``facts`` to ``path``; the old file stays whole until the new one is.

    Raises `WriteError` naming the file and the remedy.
    """
    plain = {k: v.detach().to("cpu").contiguous() for k, v in tensors.items()}
    write_atomically(path, safetensors.torch.save(plain, metadata={"facts": json.dumps(facts)}))


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return what `save_checkpoint` wrote. Raises `ReadError` when the file is missing or broken."""
    if not path.is_file():
        raise ReadError(f"{path}: the checkpoint is missing; train the run again")
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        return tensors, json.loads(metadata["facts"])
    except Exception as error:  # safetensors raises its own types for foreign bytes
        raise ReadError(f"{path}: the checkpoint is broken; train a new run") from error


def flatten_optimizer(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the optimiser's per-parameter state as flat tensors, ``index.name``; settings are not included."""
    flat: dict[str, Tensor] = {}
    for index, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            flat[f"{index}.{name}"] = value if isinstance(value, Tensor) else torch.tensor(value)
    return flat


def restore_optimizer(optimizer: torch.optim.Optimizer, flat: dict[str, Tensor]) -> None:
    """Put `flatten_optimizer`'s tensors back into an optimiser over the same parameters."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in flat.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def with_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Put ``prefix.`` before every name."""
    return {f"{prefix}.{name}": value for name, value in tensors.items()}


def take_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose name begins with ``prefix.``, without it."""
    start = f"{prefix}."
    return {name[len(start) :]: value for name, value in tensors.items() if name.startswith(start)}
