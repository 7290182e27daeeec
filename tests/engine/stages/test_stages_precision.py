"""bf16 in the network only: losses, CAMs and weights stay fp32, and a run goes on in the precision it began in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from workplace import CAMS, Engine, Workplace, run_until

from fbr_engine.config import TrainConfig
from fbr_engine.data import device as devices
from fbr_engine.events import StepDone
from fbr_engine.networks.cam_network import build_cam_network
from fbr_engine.networks.checkpoints import load_checkpoint
from fbr_engine.project import load_arrays
from fbr_engine.stages import train

CONFIG = TrainConfig(
    method="cam+fbr", backbone="tiny", weights="none", crop=33, batch=3, epochs=2, device="cpu", warmup=0.2, previews=0
)


def test_what_comes_out_of_the_network_is_fp32_and_close() -> None:
    torch.manual_seed(0)
    network = build_cam_network("tiny", 16, 3, frozen_batchnorm=False).eval()
    images = torch.randn(2, 3, 65, 65)
    plain = network(images)
    network.bf16 = True
    rounded = network(images)
    for name in ("features", "low", "cam_logits", "class_logits"):
        ours, theirs = getattr(rounded, name), getattr(plain, name)
        assert ours.dtype == torch.float32
        assert not torch.equal(ours, theirs)
        assert (ours - theirs).norm() < 0.02 * theirs.norm()
    rounded.class_logits.sum().backward()
    assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in network.parameters())


def test_auto_is_settled_when_the_run_begins_and_resumed_as_it_was(
    drawn: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with drawn.open(write=True) as project:
        for name, native in (("a", True), ("b", False)):
            monkeypatch.setattr(devices, "_cpu_has_bf16", lambda native=native: native)
            run_until(train.run(project, CONFIG, name), lambda e: isinstance(e, StepDone))
            monkeypatch.setattr(devices, "_cpu_has_bf16", lambda native=native: not native)
            list(train.run(project, CONFIG, name, resume=True))
            wanted = "bf16" if native else "fp32"
            assert project.runs.get(name).config["precision"] == wanted
            list(train.run(project, replace(CONFIG, precision=wanted), f"{name}-whole"))
    for name in ("a", "b"):
        ours, theirs = (weights(drawn, run) for run in (name, f"{name}-whole"))
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert not torch.equal(weights(drawn, "a")["network.head.weight"], weights(drawn, "b")["network.head.weight"])


def weights(place: Workplace, run: str) -> dict[str, torch.Tensor]:
    return load_checkpoint(place.project / "runs" / run / "checkpoint.safetensors")[0]


def test_a_run_of_an_earlier_version_goes_on_in_fp32(drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        config = replace(CONFIG, precision="fp32", epochs=1)
        list(train.run(project, config, "whole"))
        run_until(train.run(project, config, "a"), lambda e: isinstance(e, StepDone))
        info = project.runs.get("a")
        project.runs.update(info.id, config={k: v for k, v in info.config.items() if k != "precision"})
        list(train.run(project, CONFIG, "a", resume=True))
    ours, theirs = weights(drawn, "a"), weights(drawn, "whole")
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_resuming_accepts_auto_and_refuses_another(engine: Engine, drawn: Workplace) -> None:
    with drawn.open(write=True) as project:
        config = replace(CONFIG, precision="fp32", epochs=1)
        run_until(train.run(project, config, "a"), lambda e: isinstance(e, StepDone))
    error = engine("train", drawn.project, "--resume", "--precision", "bf16").error
    assert "run a was begun with another --precision" in error
    assert engine("train", drawn.project, "--resume", "--precision", "auto").status == 0


def test_a_gpu_that_cannot_go_on_says_what_resuming_accepts(
    engine: Engine, drawn: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with drawn.open(write=True) as project:
        run_until(train.run(project, replace(CONFIG, precision="bf16"), "a"), lambda e: isinstance(e, StepDone))
    with monkeypatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: True)
        patch.setattr(torch.cuda, "get_device_capability", lambda: (7, 5))
        error = engine("train", drawn.project, "--resume", "--device", "cuda").error
        assert "resume it with --device cpu, or train a new run with --precision fp32" in error
        assert "use --precision fp32" not in error
        assert "use --precision fp32" in engine("train", drawn.project, "--precision", "bf16", "--device", "cuda").error
    assert engine("train", drawn.project, "--resume", "--device", "cpu").status == 0


def test_cams_in_either_precision_are_alike_and_not_made_twice(engine: Engine, trained: Workplace) -> None:
    def logits() -> np.ndarray:
        files = sorted((trained.project / "runs" / "fbr" / "cams").rglob("*.npz"))
        return np.stack([load_arrays(path)["logits"] for path in files])

    found = {}
    for precision in ("fp32", "bf16"):
        with trained.open(write=True) as project:
            project.maps.forget(project.runs.get("fbr").id, "cams")
        assert engine("cams", trained.project, *CAMS, "--precision", precision).result["computed"] == 10
        found[precision] = logits()
    assert engine("cams", trained.project, *CAMS, "--precision", "fp32").result["computed"] == 0
    assert not np.array_equal(found["fp32"], found["bf16"])
    assert np.abs(found["fp32"] - found["bf16"]).max() < 0.02 * np.abs(found["fp32"]).max()
