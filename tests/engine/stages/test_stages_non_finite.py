"""Losses, gradients and weights that are no longer finite: named, nothing changed, nothing saved."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from workplace import TRAIN, Engine, Workplace

from fbr_engine.errors import NonFiniteLossError
from fbr_engine.hosts.cam import CamHost
from fbr_engine.losses import fbr
from fbr_engine.networks.checkpoints import load_checkpoint
from fbr_engine.stages.trainer import Trainer

ONCE = (*TRAIN, "--epochs", "2")


def with_broken_gradient(loss: Tensor) -> Tensor:
    """Return ``loss``, whose gradient is no number: the root's slope at zero times zero."""
    return loss + (loss * 0).sqrt()


def break_classification(monkeypatch: pytest.MonkeyPatch, from_call: int) -> None:
    plain, calls = CamHost.forward, 0

    def forward(self: CamHost, batch: Any) -> Any:
        nonlocal calls
        calls += 1
        out = plain(self, batch)
        if calls >= from_call:
            out.losses["classification"] = with_broken_gradient(out.losses["classification"])
        return out

    monkeypatch.setattr(CamHost, "forward", forward)


def test_a_gradient_is_caught_before_the_step_and_its_loss_named(
    engine: Engine, drawn: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        break_classification(patch, 6)
        error = engine("train", drawn.project, *ONCE, "--method", "cam").error
    assert "run cam, step 5: the gradient of the loss classification is no longer finite" in error
    assert "the last good checkpoint is kept" in error
    path = drawn.project / "runs" / "cam" / "checkpoint.safetensors"
    tensors, facts = load_checkpoint(path)
    assert facts["step"] == 4
    assert all(t.isfinite().all() for t in tensors.values() if t.is_floating_point())
    with drawn.open() as project:
        assert project.runs.latest().status == "failed"
    assert engine("train", drawn.project, "--resume").result["steps"] == 8


def test_only_the_culprit_is_named(engine: Engine, drawn: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = fbr.background_head_loss
    monkeypatch.setattr(fbr, "background_head_loss", lambda *args: with_broken_gradient(plain(*args)))
    error = engine("train", drawn.project, *ONCE, "--method", "fbr").error
    assert "the gradient of the loss background is no longer finite" in error


def test_weights_and_optimiser_are_as_before(engine: Engine, drawn: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    before: dict[str, Tensor] = {}
    caught: list[Trainer] = []
    plain = Trainer.step

    def step(self: Trainer, batch: Any) -> dict[str, float]:
        before.update({k: v.clone() for k, v in self.state()[0].items() if k.startswith(("network", "optim"))})
        try:
            return plain(self, batch)
        except NonFiniteLossError:
            caught.append(self)
            raise

    monkeypatch.setattr(Trainer, "step", step)
    break_classification(monkeypatch, 3)
    assert engine("train", drawn.project, *ONCE, "--method", "cam").status == 1
    after = caught[0].state()[0]
    frozen = [name for name in before if "running" not in name and "num_batches" not in name]
    assert len(frozen) > 20
    assert all(torch.equal(before[name], after[name]) for name in frozen)


def test_a_checkpoint_never_holds_what_is_not_finite(
    engine: Engine, drawn: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Trainer.step

    def step(self: Trainer, batch: Any) -> dict[str, float]:
        losses = plain(self, batch)
        if self.step_count == 6:
            next(iter(self.optimizer.state.values()))["exp_avg_sq"].fill_(float("inf"))
        return losses

    monkeypatch.setattr(Trainer, "step", step)
    error = engine("train", drawn.project, *ONCE, "--method", "cam").error
    assert "run cam, step 8: the weights are no longer finite" in error
    assert load_checkpoint(drawn.project / "runs" / "cam" / "checkpoint.safetensors")[1]["step"] == 4
