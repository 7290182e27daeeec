"""Where to compute, with which numbers, and what to say when it does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from fbr_engine.errors import DeviceError

_ALLOCATION = ("can't allocate memory", "not enough memory", "out of memory", "ALLOC_FAILED")


def pick_device(name: str) -> torch.device:
    """Return the device for ``auto``, ``cpu`` or ``cuda``. Raises `DeviceError` when there is no such device."""
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise DeviceError("no CUDA device was found: use --device cpu, or see fbr-engine doctor")
    return torch.device("cuda" if available and name != "cpu" else "cpu")


def pick_precision(name: str, device: torch.device, remedy: str = "use --precision fp32, or --device cpu") -> str:
    """Return ``fp32`` or ``bf16`` for these or ``auto``, which takes bf16 where the device multiplies in it natively.

    A processor without it computes in bf16 too, if told to, only slowly. Raises `DeviceError` with the ``remedy`` for a
    GPU that cannot.
    """
    native = _cuda_has_bf16() if device.type == "cuda" else _cpu_has_bf16()
    if name == "bf16" and not native and device.type == "cuda":
        raise DeviceError(f"this GPU cannot compute in bf16: {remedy}")
    return name if name != "auto" else "bf16" if native else "fp32"


def _cuda_has_bf16() -> bool:
    return torch.cuda.get_device_capability() >= (8, 0)


def _cpu_has_bf16() -> bool:
    """Return whether the processor has AVX512-BF16 or AMX."""
    checks = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("avx512_bf16", "amx_tile"))
    return any(bool(check()) for check in checks if check is not None)


def who_ran_out(error: BaseException) -> str | None:
    """Return whose memory ran out, ``the GPU`` or ``this machine``; None when the error is another."""
    if isinstance(error, torch.OutOfMemoryError):
        return "the GPU"
    if isinstance(error, RuntimeError) and any(words in str(error) for words in _ALLOCATION):
        return "the GPU" if "CUDA" in str(error) or "CUBLAS" in str(error) else "this machine"
    return "this machine" if isinstance(error, MemoryError) else None


def free_memory() -> None:
    """Give back what the GPU's allocator holds and nobody uses."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@contextmanager
def memory_advice(remedy: str) -> Iterator[None]:
    """Turn running out of memory inside the block into a `DeviceError` that says ``remedy``."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        who = who_ran_out(error)
        if who is None:
            raise
        free_memory()
        raise DeviceError(f"{who} ran out of memory: {remedy}") from error
