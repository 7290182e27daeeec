"""Losses that become NaN, memory that runs out, devices that are not there."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from workplace import TRAIN, Engine, Workplace

from fbr_engine.hosts.cam import CamHost
from fbr_engine.stages.cam_inference import CamInference
from fbr_engine.stages.trainer import Trainer

ONCE = (*TRAIN, "--method", "cam", "--epochs", "2")


def test_a_loss_that_becomes_nan_is_named_and_the_last_good_checkpoint_kept(
    engine: Engine, drawn: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, calls = CamHost.forward, 0

    def forward(self: CamHost, batch: Any) -> Any:
        nonlocal calls
        calls += 1
        out = plain(self, batch)
        if calls == 6:
            out.losses["classification"] = out.losses["classification"] * float("nan")
        return out

    monkeypatch.setattr(CamHost, "forward", forward)
    done = engine("train", drawn.project, *ONCE)
    assert "run cam, step 5: the loss classification is no longer a finite number" in done.error
    with drawn.open() as project:
        run = project.runs.latest()
    assert (run.status, run.figures["steps"]) == ("failed", 4)
    assert engine("cams", drawn.project, "--scales", "1", "--device", "cpu").status == 0
    assert engine("train", drawn.project, "--resume").result["steps"] == 8


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "the GPU ran out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "this machine ran out of memory"),
        (MemoryError(), "this machine ran out of memory"),
    ],
    ids=["gpu", "cpu", "python"],
)
def test_running_out_of_memory_says_what_helps(
    engine: Engine, trained: Workplace, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(Trainer, "step", fail)
    message = engine("train", trained.project, *ONCE, "--batch", "8").error
    assert said in message
    assert "the largest batch that fits is 4: use --batch 4" in message  # of the first, of five
    with trained.open() as project:
        assert project.runs.latest().status == "failed"
    monkeypatch.setattr(CamInference, "__call__", fail)
    message = engine("cams", trained.project, "--run", "fbr", "--scales", "0.5", "--device", "cpu").error
    assert "leave out large --scales, or leave out train_0001.png" in message


@pytest.mark.parametrize("arguments", [("train", *ONCE), ("cams", "--scales", "0.5"), ("masks", "--threshold", "0.6")])
def test_cuda_where_there_is_none(
    engine: Engine, trained: Workplace, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    done = engine(arguments[0], trained.project, *arguments[1:], "--device", "cuda")
    assert "no CUDA device was found: use --device cpu" in done.error
    assert [run["name"] for run in engine("info", trained.project).result["runs"]] == ["fbr"]


def test_an_unknown_error_is_one_line_too(engine: Engine, drawn: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr(Trainer, "step", fail)
    status, _, err = engine.text("train", drawn.project, *ONCE, "--json")
    assert status == 1
    assert err.count("\n") == 1
    assert "two lines (unexpected ZeroDivisionError; set FBR_TRACEBACK=1" in err
    monkeypatch.setenv("FBR_TRACEBACK", "1")
    assert "Traceback" in engine.text("train", drawn.project, *ONCE, "--json")[2]
