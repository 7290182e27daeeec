"""Any module as a backbone: what is read of it, in which sizes, and what is said of one that does not fit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from fbr_engine.errors import ConfigError
from fbr_engine.networks import Backbone, wrap_backbone
from fbr_engine.networks.boundary import side_features


class Net(nn.Module):
    """Stem, trunk and a classifier for images of one size only."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 4, 1), nn.ReLU())
        self.trunk = nn.Sequential(nn.Conv2d(8, 12, 3, 2, 1), nn.BatchNorm2d(12), nn.ReLU(), nn.Conv2d(12, 20, 3, 2, 1))
        self.flat = nn.Flatten()
        self.fc = nn.Linear(20 * 3 * 3, 5)
        self.unused = nn.Conv2d(1, 1, 1)
        self.classified = 0

    def forward(self, images: Tensor) -> Any:
        deep = self.trunk(self.stem(images))
        self.classified += 1
        return self.fc(self.flat(deep))


class Odd(nn.Module):
    """Returns a pair on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair()
        self.pool = nn.AdaptiveAvgPool2d(7)
        self.last = nn.Conv2d(3, 4, 1)

    def forward(self, images: Tensor) -> Tensor:
        first, _ = self.pair(images)
        out: Tensor = self.last(self.pool(first))
        return out


class Pair(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x


def test_deep_and_low_features_of_any_size() -> None:
    net = Net()
    backbone = wrap_backbone(net, deep="trunk", low="stem")
    assert isinstance(backbone, Backbone)
    assert backbone.channels == 20
    assert net.training
    for height, width in ((65, 97), (33, 33), (40, 70)):
        images = torch.randn(2, 3, height, width)
        out = backbone.eval()(images)
        torch.testing.assert_close(out.low, net.stem(images))
        torch.testing.assert_close(out.deep, net.trunk(out.low))
    assert net.classified == 0  # what comes behind the trunk is not computed
    assert [tuple(f.shape[1:]) for f in side_features(backbone, torch.zeros(1, 3, 65, 65))] == [(8, 17, 17), (20, 5, 5)]


def test_parameters_keep_their_names_and_get_gradients() -> None:
    net = Net()
    backbone = wrap_backbone(net, "trunk", "stem")
    assert backbone.body.state_dict().keys() == net.state_dict().keys()
    backbone(torch.randn(2, 3, 65, 65)).deep.square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in net.stem.parameters())
    assert net.trunk[3].weight.grad is not None
    assert not net._forward_hooks
    assert not net.trunk._forward_hooks


def test_a_module_that_returns_its_features_and_nested_names() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.Sequential(nn.Conv2d(4, 6, 3, 2, 1), nn.ReLU()))
    out = wrap_backbone(net, deep="1.1", low="0")(torch.randn(1, 3, 33, 33))
    assert (out.low.shape, out.deep.shape) == ((1, 4, 17, 17), (1, 6, 9, 9))
    assert (out.deep >= 0).all()


@pytest.mark.parametrize(
    ("net", "deep", "low", "says"),
    [
        (Net(), "layer9", "stem", "Net has no sub-module 'layer9': give deep= one of stem, trunk, flat"),
        (Net(), "trunk", "", "Net has no sub-module '': give low="),
        (Net(), "flat", "stem", "'flat' of Net returns a tensor of 2 dimensions but a B x F x h x w"),
        (Odd(), "pair", "pair", "'pair' of Odd returns a tuple but"),
        (Odd(), "last", "pool", "'pool' of Odd returns maps of .7, 7. for images of 65 and of 129 px"),
        (Net(), "unused", "stem", "Net cannot read an image of 65 px .RuntimeError: .*must take B x 3 x H x W"),
        (Net(), "stem", "trunk", "'trunk' of Net is not called by its forward, or only behind 'stem'"),
        (nn.Sequential(nn.Conv2d(4, 4, 1)), "0", "0", "Sequential cannot read an image of 65 px"),
    ],
)
def test_what_does_not_fit_is_named(net: nn.Module, deep: str, low: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        wrap_backbone(net, deep, low)
