"""Where to compute, and what to say when it does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from fbr_engine.errors import DeviceError


def pick_device(name: str) -> torch.device:
    """Return the device for ``auto``, ``cpu`` or ``cuda``. Raises `DeviceError` when there is no such device."""
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise DeviceError("no CUDA device was found: use --device cpu, or see fbr-engine doctor")
    return torch.device("cuda" if available and name != "cpu" else "cpu")


@contextmanager
def memory_advice(remedy: str) -> Iterator[None]:
    """Turn running out of memory inside the block into a `DeviceError` that says ``remedy``."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise DeviceError(f"the GPU ran out of memory: {remedy}") from error
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "can't allocate memory" not in str(error):
            raise
        raise DeviceError(f"this machine ran out of memory: {remedy}") from error
