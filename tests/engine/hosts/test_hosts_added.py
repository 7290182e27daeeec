"""What docs/architecture.md says of adding a loss, a host and a backbone works as it stands there."""

from __future__ import annotations

import re
import sys
from dataclasses import make_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from workplace import CAMS, Engine, Workplace

from fbr_engine.config import TrainConfig
from fbr_engine.config_fields import option
from fbr_engine.hosts import HOST_TABLE, Batch
from fbr_engine.losses.fbr import CropOrigin
from fbr_engine.stages.trainer import Trainer

DOCS = Path(__file__).parents[3] / "docs" / "architecture.md"


def block(file: str) -> str:
    """Return the documented Python that belongs into ``file``."""
    found: list[str] = re.findall(rf"```python\n# {re.escape(file)}\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert len(found) == 1
    return found[0]


def documented(name: str, file: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType(name)
    exec(compile(block(file), file, "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, name, module)
    return module


def documented_config() -> type[TrainConfig]:
    """Return a `TrainConfig` with the documented field."""
    names: dict[str, Any] = {"option": option}
    exec(compile(block("fbr_engine/config.py"), "config.py", "exec", dont_inherit=True), names)
    added = [(name, kind, names[name]) for name, kind in names["__annotations__"].items()]
    return make_dataclass("Config", added, bases=(TrainConfig,), frozen=True)


def make_batch() -> Batch:
    origin = CropOrigin(torch.arange(3), torch.zeros(3, 4), torch.zeros(3, dtype=torch.bool), 0)
    images = torch.randn(3, 3, 65, 65, generator=torch.Generator().manual_seed(0))
    tags = torch.tensor([[1, 0], [0, 1], [1, 1]], dtype=torch.int8)
    return Batch(images, tags, torch.ones(3, 65, 65, dtype=torch.bool), origin)


@pytest.mark.parametrize("method", ["cam", "cam+fbr"])
def test_the_documented_host_and_loss_train(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    documented("fbr_engine.losses.sharpness", "fbr_engine/losses/sharpness.py", monkeypatch)
    host = documented("fbr_engine.hosts.sharp", "fbr_engine/hosts/sharp.py", monkeypatch)
    monkeypatch.setitem(HOST_TABLE, "cam", host.SharpHost)
    made = {}
    for weight in (0.0, 5.0):
        config = documented_config()(
            method=method, backbone="tiny", weights="none", crop=65, device="cpu", warmup=0, weight_sharpness=weight
        )
        trainer = Trainer(config, 2, 3, 4, torch.device("cpu"), "none")
        losses = trainer.step(make_batch())
        assert losses["sharpness"] > 0
        assert ("separation" in losses) == (method == "cam+fbr")
        made[weight] = trainer.host.state_dict()
    changed = [name for name in made[0.0] if not torch.equal(made[0.0][name], made[5.0][name])]
    assert any(name.startswith("network.backbone") for name in changed)


def test_the_documented_backbone_goes_the_whole_way(
    engine: Engine, drawn: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--backbone", "my_nets:small", "--weights", "none", "--crop", "33", "--batch", "5", "--device", "cpu")
    refused = engine("train", drawn.project, *options).error
    assert "backbone my_nets:small: the module my_nets cannot be imported" in refused
    (tmp_path / "my_nets.py").write_text(block("my_nets.py"), "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert engine("train", drawn.project, *options, "--epochs", "1", "--method", "seam+fbr").status == 0
    assert engine("cams", drawn.project, *CAMS).result["computed"] == 10
    assert engine("masks", drawn.project, "--device", "cpu").result["images"] == 10
    monkeypatch.delitem(sys.modules, "my_nets")


def test_the_command_says_which_backbones_there_are(engine: Engine, drawn: Workplace) -> None:
    status, _, err = engine.text("train", drawn.project, "--backbone", "my_nets:small")
    assert status == 2
    assert "weights is imagenet but the backbone is my_nets:small: give none" in err
    status, _, err = engine.text("train", drawn.project, "--backbone", "vgg")
    assert (status, "resnet18" in err, "or package.module:function" in err) == (2, True, True)
