"""Checkpoints: whole or not at all, and exactly what was put in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from fbr_engine.errors import ReadError, WriteError
from fbr_engine.networks.checkpoints import (
    flatten_optimizer,
    load_checkpoint,
    restore_optimizer,
    save_checkpoint,
    take_prefix,
    with_prefix,
)


def tensors() -> dict[str, Tensor]:
    return {
        "a.float": torch.randn(3, 4),
        "a.channels_last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "b.bool": torch.tensor([True, False]),
        "b.int8": torch.tensor([-1, 0, 1], dtype=torch.int8),
        "b.slice": torch.arange(10)[2:7],
        "b.transposed": torch.randn(3, 4).T,
        "scalar": torch.tensor(3),
        "empty": torch.zeros(0, 4),
        "parameter": nn.Parameter(torch.randn(2)),
    }


def test_round_trip(tmp_path: Path) -> None:
    before, facts = tensors(), {"step": 3, "names": ["a", "ü"], "config": {"x": None, "y": 0.1}}
    save_checkpoint(tmp_path / "c.safetensors", before, facts)
    after, loaded = load_checkpoint(tmp_path / "c.safetensors")
    assert loaded == facts
    assert set(after) == set(before)
    for name, tensor in before.items():
        assert torch.equal(after[name], tensor), name
        assert after[name].dtype == tensor.dtype


def test_missing_cut_and_foreign_files(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    with pytest.raises(ReadError, match=r"c\.safetensors: the checkpoint is missing"):
        load_checkpoint(path)
    save_checkpoint(path, tensors(), {})
    content = path.read_bytes()
    without_facts = content.replace(b'"facts"', b'"fakts"')
    for broken in (b"", content[:5], content[:-7], b"hello" * 100, without_facts):
        path.write_bytes(broken)
        with pytest.raises(ReadError, match=r"c\.safetensors: the checkpoint is broken"):
            load_checkpoint(path)


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failure_in_the_middle_leaves_the_old_one(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, {"a": torch.ones(3)}, {"step": 1})
    before = path.read_bytes()

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if call == "fsync" else (Path, "replace")), fail)
    with pytest.raises(WriteError, match=r"c\.safetensors.*no space left"):
        save_checkpoint(path, {"a": torch.zeros(3)}, {"step": 2})
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.SGD])
def test_an_optimiser_goes_on_as_if_nothing_had_happened(kind: type[torch.optim.Optimizer], tmp_path: Path) -> None:
    options = {"lr": 0.1, "momentum": 0.9} if kind is torch.optim.SGD else {"lr": 0.1}

    def make() -> tuple[nn.Linear, torch.optim.Optimizer]:
        torch.manual_seed(0)
        model = nn.Linear(3, 2)
        return model, kind([{"params": [model.weight]}, {"params": [model.bias]}], **options)

    def step(model: nn.Linear, optimizer: torch.optim.Optimizer, seed: int) -> None:
        optimizer.zero_grad()
        model(torch.randn(4, 3, generator=torch.Generator().manual_seed(seed))).square().sum().backward()
        optimizer.step()

    model, optimizer = make()
    step(model, optimizer, 1)
    save_checkpoint(
        tmp_path / "c", with_prefix("o", flatten_optimizer(optimizer)) | with_prefix("m", model.state_dict()), {}
    )
    step(model, optimizer, 2)
    stored, _ = load_checkpoint(tmp_path / "c")
    other, other_optimizer = make()
    other.load_state_dict(take_prefix("m", stored))
    restore_optimizer(other_optimizer, take_prefix("o", stored))
    step(other, other_optimizer, 2)
    assert torch.equal(model.weight, other.weight)
    assert torch.equal(model.bias, other.bias)


def test_prefixes() -> None:
    one, two = torch.ones(1), torch.zeros(1)
    both = with_prefix("net", {"a.b": one}) | with_prefix("network", {"a": two})
    assert set(both) == {"net.a.b", "network.a"}
    assert take_prefix("net", both) == {"a.b": one}
