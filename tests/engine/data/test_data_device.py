"""Which precision ``auto`` means, and whose memory ran out."""

from __future__ import annotations

import pytest
import torch

from fbr_engine.data import device as devices
from fbr_engine.data.device import pick_precision, who_ran_out
from fbr_engine.errors import DeviceError

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize("native", [True, False])
def test_auto_takes_bf16_where_it_is_native(monkeypatch: pytest.MonkeyPatch, native: bool) -> None:
    monkeypatch.setattr(devices, "_cpu_has_bf16", lambda: native)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (9, 0) if native else (7, 5))
    for place in (CPU, CUDA):
        assert pick_precision("auto", place) == ("bf16" if native else "fp32")
        assert pick_precision("fp32", place) == "fp32"
    assert pick_precision("bf16", CPU) == "bf16"
    if native:
        assert pick_precision("bf16", CUDA) == "bf16"
    else:
        with pytest.raises(DeviceError, match="--precision fp32"):
            pick_precision("bf16", CUDA)


def test_a_torch_that_cannot_tell_means_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported", raising=False)
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported", raising=False)
    assert pick_precision("auto", CPU) == "fp32"


@pytest.mark.parametrize(
    ("error", "who"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), "the GPU"),
        (RuntimeError("CUDA error: out of memory"), "the GPU"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), "the GPU"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"), "this machine"),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate"), "this machine"),
        (MemoryError(), "this machine"),
        (RuntimeError("shape mismatch"), None),
        (ValueError("out of memory"), None),
    ],
)
def test_whose_memory_ran_out(error: Exception, who: str | None) -> None:
    assert who_ran_out(error) == who
