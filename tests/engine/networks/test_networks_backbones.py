"""Backbones: strides, channels, torchvision's names, and dilation that computes the same as the original."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision
from torch import Tensor, nn

from fbr_engine import config
from fbr_engine.errors import ConfigError
from fbr_engine.networks.backbones import BACKBONES, build_backbone, channels_of, set_batchnorm_frozen
from fbr_engine.networks.weights import load_weights

CHANNELS = {"mobilenet_v2": 1280, "regnet_x_800mf": 672, "resnet18": 512, "resnet34": 512, "tiny": 128}
LOW = {"mobilenet_v2": 24, "regnet_x_800mf": 64, "resnet18": 64, "resnet34": 64, "tiny": 32}
TORCHVISION = tuple(name for name in BACKBONES if name != "tiny")
SMALL = ("mobilenet_v2", "regnet_x_800mf", "resnet18")
LARGE = [pytest.param(name, marks=pytest.mark.slow) for name in TORCHVISION if name not in SMALL]
WEIGHTS = Path(__file__).resolve().parents[3].parent / "shared" / "weights" / "mobilenet_v2.pth"


def original_features(network: nn.Module, images: Tensor) -> Tensor:
    """Return the last feature map of a torchvision classifier."""
    if hasattr(network, "features"):
        features: Tensor = network.features(images)
        return features
    seen: list[Tensor] = []
    last = network.trunk_output if hasattr(network, "trunk_output") else network.layer4
    handle = last.register_forward_hook(lambda _m, _i, out: seen.append(out))
    network(images)
    handle.remove()
    return seen[0]


def made_on(name: str) -> torch.device:
    """Where nothing is computed; RegNets reckon with tensors while they are built."""
    return torch.device("cpu" if name.startswith("regnet") else "meta")


@pytest.mark.parametrize("stride", [8, 16])
@pytest.mark.parametrize("name", BACKBONES)
def test_strides_and_channels(name: str, stride: int) -> None:
    with made_on(name):
        backbone = build_backbone(name, stride).eval()
        out = backbone(torch.empty(1, 3, 65, 97))
    channels, low = CHANNELS.get(name, 2048), LOW.get(name, 256)
    assert backbone.channels == channels
    assert out.deep.shape == (1, channels, 64 // stride + 1, 96 // stride + 1)
    assert out.low.shape == (1, low, 17, 25)


@pytest.mark.parametrize("stride", [8, 16])
@pytest.mark.parametrize("name", TORCHVISION)
def test_names_are_torchvisions_without_the_classifier(name: str, stride: int) -> None:
    with made_on(name):
        original = torchvision.models.get_model(name, weights=None).state_dict()
        backbone = build_backbone(name, stride)
    expected = {k: v.shape for k, v in original.items() if not k.startswith(("classifier.", "fc."))}
    own = {k: v.shape for k, v in backbone.body.state_dict().items()}
    assert own == expected


def calibrated(network: nn.Module) -> nn.Module:
    """Let BatchNorm measure noise: with its first statistics random weights let every signal die away."""
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.momentum = None
    with torch.no_grad():
        network.train()(torch.randn(2, 3, 97, 65))
    return network.eval()


@pytest.mark.parametrize("stride", [8, 16])
@pytest.mark.parametrize("name", [*SMALL, *LARGE])
def test_dilation_fills_in_between_the_original_positions(name: str, stride: int, tmp_path: Path) -> None:
    """With the original's weights, every second (fourth) feature of the dilated network equals the original's."""
    torch.manual_seed(0)
    original = calibrated(torchvision.models.get_model(name, weights=None))
    torch.save(original.state_dict(), tmp_path / "w.pth")
    backbone = build_backbone(name, stride).eval()
    load_weights(backbone, name, str(tmp_path / "w.pth"))
    images = torch.randn(1, 3, 97, 65)
    with torch.inference_mode():
        coarse, fine = original_features(original, images), backbone(images).deep
    step = 32 // stride
    assert coarse.std() > 0.05  # there is something to compare
    torch.testing.assert_close(fine[:, :, ::step, ::step], coarse, rtol=1e-3, atol=1e-3)


def test_the_weights_on_this_disk_load_strictly() -> None:
    if not WEIGHTS.is_file():
        pytest.skip("no weights beside the repository")
    backbone = build_backbone("mobilenet_v2", 16)
    load_weights(backbone, "mobilenet_v2", str(WEIGHTS))
    state = torch.load(WEIGHTS, map_location="cpu", weights_only=True)
    for name, tensor in backbone.body.state_dict().items():
        assert torch.equal(tensor, state[name]), name


def test_the_config_offers_what_there_is() -> None:
    assert set(config.BACKBONES) == set(BACKBONES)


def test_unknown_names_and_strides() -> None:
    with pytest.raises(ConfigError, match="mobilenet_v2"):
        build_backbone("vgg", 16)
    with pytest.raises(ConfigError, match="8 or 16"):
        build_backbone("tiny", 32)


def test_channels_are_found_and_modes_are_left_alone() -> None:
    backbone = build_backbone("tiny", 16).train()
    set_batchnorm_frozen(backbone, True)
    modes = [m.training for m in backbone.modules()]
    state = {k: v.clone() for k, v in backbone.state_dict().items()}
    assert channels_of(backbone) == (128, 32)
    assert [m.training for m in backbone.modules()] == modes
    assert all(torch.equal(v, state[k]) for k, v in backbone.state_dict().items())


def test_freezing_batchnorm_and_freeing_it() -> None:
    backbone = build_backbone("tiny", 16).train()
    set_batchnorm_frozen(backbone, True)
    norms = [m for m in backbone.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms
    assert not any(m.training or p.requires_grad for m in norms for p in m.parameters())
    set_batchnorm_frozen(backbone, False)
    assert all(m.training and p.requires_grad for m in norms for p in m.parameters())
