"""Other hosts on the whole way: train, resume, CAMs, masks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from workplace import CAMS, TRAIN, Engine, Workplace, run_until

from fbr_engine.config import TrainConfig
from fbr_engine.events import Event, StepDone
from fbr_engine.networks.checkpoints import load_checkpoint
from fbr_engine.stages import train

SEAM = {"classification", "equivariance", "correction", "min_pooling"}
PPC = SEAM | {"cross_prototype", "cross_cam", "intra_view"}
FBR = {"separation", "background"}


@pytest.mark.parametrize(
    ("method", "losses"), [("seam", SEAM), ("seam+fbr", SEAM | FBR), ("ppc", PPC), ("ppc+fbr", PPC | FBR)]
)
def test_hosts_from_tags_to_masks(engine: Engine, drawn: Workplace, method: str, losses: set[str]) -> None:
    trained = engine("train", drawn.project, *TRAIN, "--method", method, "--epochs", "1", "--previews", "1")
    steps = [event["losses"] for event in trained.named("step_done")]
    assert len(steps) == 4
    assert set(steps[0]) >= losses - (PPC - SEAM)
    assert set().union(*steps) >= losses
    weights = {f"weight_{name}" for name in set().union(*steps)}
    assert not weights & TrainConfig.idle({"method": method})
    assert all(np.isfinite(list(step.values())).all() for step in steps)
    assert engine("cams", drawn.project, *CAMS).result["computed"] == 10
    assert engine("masks", drawn.project, "--device", "cpu").result["images"] == 10
    run = trained.result["run"]
    maps = np.load(drawn.project / "runs" / run / "cams" / "train_0001.png.npz")
    assert np.isfinite(maps["peak"]).all()
    assert (maps["peak"] >= 0).all()


@pytest.mark.parametrize("method", ["ppc+fbr"])
def test_a_resumed_run_ends_like_an_uninterrupted_one(drawn: Workplace, method: str) -> None:
    config = TrainConfig(
        method=method, backbone="tiny", weights="none", crop=33, batch=3, epochs=1, device="cpu", warmup=0.2, previews=0
    )
    with drawn.open(write=True) as project:
        list(train.run(project, config, "whole"))
        run_until(train.run(project, config, "parts"), third_step())
        torch.manual_seed(912)
        list(train.run(project, config, "parts", resume=True))
    whole, parts = (
        load_checkpoint(drawn.project / "runs" / n / "checkpoint.safetensors")[0] for n in ("whole", "parts")
    )
    assert whole.keys() == parts.keys()
    assert any(name.startswith("host.projection") for name in whole)
    assert any(name.startswith("host.correlation") for name in whole)
    for name in whole:
        assert torch.equal(whole[name], parts[name]), name


def third_step():  # type: ignore[no-untyped-def]
    seen = 0

    def wanted(event: Event) -> bool:
        nonlocal seen
        seen += isinstance(event, StepDone)
        return seen == 3

    return wanted
