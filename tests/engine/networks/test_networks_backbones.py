"""Backbones: strides, channels, torchvision's names, and dilation that computes the same as the original."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision
from torch import Tensor, nn

from fbr_engine.errors import ConfigError
from fbr_engine.networks.backbones import BACKBONES, build_backbone, set_batchnorm_frozen
from fbr_engine.networks.weights import load_weights

CHANNELS = {"mobilenet_v2": 1280, "resnet18": 512, "resnet50": 2048, "resnet101": 2048, "tiny": 128}
LOW = {"mobilenet_v2": 24, "resnet18": 64, "resnet50": 256, "resnet101": 256, "tiny": 32}
TORCHVISION = ("mobilenet_v2", "resnet18", "resnet50", "resnet101")
WEIGHTS = Path(__file__).resolve().parents[3].parent / "shared" / "weights" / "mobilenet_v2.pth"


def original_features(network: nn.Module, images: Tensor) -> Tensor:
    """Return the last feature map of a torchvision classifier."""
    if hasattr(network, "features"):
        features: Tensor = network.features(images)
        return features
    seen: list[Tensor] = []
    handle = network.layer4.register_forward_hook(lambda _m, _i, out: seen.append(out))
    network(images)
    handle.remove()
    return seen[0]


@pytest.mark.parametrize("stride", [8, 16])
@pytest.mark.parametrize("name", BACKBONES)
def test_strides_and_channels(name: str, stride: int) -> None:
    with torch.device("meta"):
        backbone = build_backbone(name, stride).eval()
        out = backbone(torch.empty(1, 3, 65, 97))
    assert backbone.channels == CHANNELS[name]
    assert out.deep.shape == (1, CHANNELS[name], 64 // stride + 1, 96 // stride + 1)
    assert out.low.shape == (1, LOW[name], 17, 25)


@pytest.mark.parametrize("stride", [8, 16])
@pytest.mark.parametrize("name", TORCHVISION)
def test_names_are_torchvisions_without_the_classifier(name: str, stride: int) -> None:
    with torch.device("meta"):
        original = torchvision.models.get_model(name, weights=None).state_dict()
        backbone = build_backbone(name, stride)
    expected = {k: v.shape for k, v in original.items() if not k.startswith(("classifier.", "fc."))}
    own = {k: v.shape for k, v in backbone.body.state_dict().items()}
    assert own == expected


@pytest.mark.parametrize("stride", [8, 16])
@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18", pytest.param("resnet50", marks=pytest.mark.slow)])
def test_dilation_fills_in_between_the_original_positions(name: str, stride: int, tmp_path: Path) -> None:
    """With the original's weights, every second (fourth) feature of the dilated network equals the original's."""
    torch.manual_seed(0)
    original = torchvision.models.get_model(name, weights=None).eval()
    torch.save(original.state_dict(), tmp_path / "w.pth")
    backbone = build_backbone(name, stride).eval()
    load_weights(backbone, name, str(tmp_path / "w.pth"))
    images = torch.randn(1, 3, 97, 65)
    with torch.inference_mode():
        coarse, fine = original_features(original, images), backbone(images).deep
    step = 32 // stride
    torch.testing.assert_close(fine[:, :, ::step, ::step], coarse, rtol=1e-3, atol=1e-3)


def test_the_weights_on_this_disk_load_strictly() -> None:
    if not WEIGHTS.is_file():
        pytest.skip("no weights beside the repository")
    backbone = build_backbone("mobilenet_v2", 16)
    load_weights(backbone, "mobilenet_v2", str(WEIGHTS))
    state = torch.load(WEIGHTS, map_location="cpu", weights_only=True)
    for name, tensor in backbone.body.state_dict().items():
        assert torch.equal(tensor, state[name]), name


def test_unknown_names_and_strides() -> None:
    with pytest.raises(ConfigError, match="mobilenet_v2"):
        build_backbone("vgg", 16)
    with pytest.raises(ConfigError, match="8 or 16"):
        build_backbone("tiny", 32)


def test_freezing_batchnorm_and_freeing_it() -> None:
    backbone = build_backbone("tiny", 16).train()
    set_batchnorm_frozen(backbone, True)
    norms = [m for m in backbone.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms
    assert not any(m.training or p.requires_grad for m in norms for p in m.parameters())
    set_batchnorm_frozen(backbone, False)
    assert all(m.training and p.requires_grad for m in norms for p in m.parameters())
