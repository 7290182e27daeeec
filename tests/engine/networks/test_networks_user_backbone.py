"""A function of the user's as backbone: found, called, understood, or named with what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from fbr_engine.config import TrainConfig
from fbr_engine.errors import ConfigError, WeightsError
from fbr_engine.networks.backbones import build_backbone, channels_of
from fbr_engine.networks.weights import load_weights

SOURCE = """
import torch
from torch import nn
from fbr_engine.networks import wrap_backbone

def net(stride):
    return nn.Sequential(nn.Conv2d(3, 6, 3, 4, 1), nn.Conv2d(6, 9, 3, stride // 4, 1))

def wrapped(stride):
    return wrap_backbone(net(stride), deep="1", low="0")

def names(stride):
    return net(stride), "1", "0"

def plain(stride):
    return net(stride)

def number(stride):
    return 7

def broken(stride):
    raise ValueError("no such thing")

class Nets:
    @staticmethod
    def make(stride):
        return wrapped(stride)
"""


@pytest.fixture(autouse=True)
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "users_nets.py").write_text(SOURCE)
    (tmp_path / "users_broken.py").write_text("import torch_of_tomorrow\n")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize("function", ["wrapped", "names", "Nets.make"])
@pytest.mark.parametrize("stride", [8, 16])
def test_what_a_function_may_return(function: str, stride: int) -> None:
    backbone = build_backbone(f"users_nets:{function}", stride)
    assert channels_of(backbone) == (9, 6)
    assert backbone(torch.zeros(1, 3, 65, 65)).deep.shape == (1, 9, 64 // stride + 1, 64 // stride + 1)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("no_such_pkg.nets:make", "no_such_pkg.nets cannot be imported .*No module named.*PYTHONPATH"),
        ("users_broken:make", "users_broken cannot be imported .*torch_of_tomorrow"),
        ("users_nets:make", "users_nets .*users_nets.py.* has no function make"),
        ("users_nets:broken", "called with the output stride 16 it raised ValueError: no such thing"),
        ("users_nets:number", "it returned a int; return wrap_backbone"),
        ("users_nets:plain", "Sequential has no sub-module 'layer4': give deep= one of 0, 1"),
    ],
)
def test_what_is_wrong_is_named(name: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        build_backbone(name, 16)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a:b", "my.nets.small:make", "pkg.mod:Class.make"])
def test_the_config_takes_a_function_without_importing_it(name: str) -> None:
    config = TrainConfig(backbone=name, weights="none")
    assert TrainConfig.from_json(config.to_json()).backbone == name


@pytest.mark.parametrize("name", ["vgg", "a.b", ":f", "a:", "a b:c", "a:b:c", "1a:b", "../a:b", "a:b()"])
def test_the_config_refuses_other_forms(name: str) -> None:
    with pytest.raises(ConfigError, match=re.escape("or package.module:function")):
        TrainConfig(backbone=name, weights="none")


@pytest.mark.parametrize("weights", ["imagenet", "drawn"])
def test_such_a_backbone_has_no_weights_to_download(weights: str) -> None:
    with pytest.raises(ConfigError, match=f"weights is {weights} but the backbone is a:b: give none"):
        TrainConfig(backbone="a:b", weights=weights)
    with pytest.raises(WeightsError, match="no ImageNet weights for the backbone users_nets:wrapped"):
        load_weights(build_backbone("users_nets:wrapped", 16), "users_nets:wrapped", "imagenet")


def test_weights_from_a_file_fit_with_and_without_a_classifier(tmp_path: Path) -> None:
    backbone = build_backbone("users_nets:wrapped", 16)
    state = {k: torch.full_like(v, 0.5) for k, v in backbone.body.state_dict().items()}
    torch.save(state | {"fc.weight": torch.zeros(3)}, tmp_path / "w.pth")
    load_weights(backbone, "users_nets:wrapped", str(tmp_path / "w.pth"))
    assert all((v == 0.5).all() for v in backbone.body.state_dict().values())
