"""Networks that read the image, by name, at output stride 8 or 16.

To add one: write a function that returns a `Backbone` and give it a row in `BACKBONES`. Dilation must be exact: the
features at every second (fourth) position are those of the original. That leaves out networks with
squeeze-and-excitation (MobileNetV3, EfficientNet), which average over all positions. A network of the user's is named
``package.module:function`` (see `fbr_engine.networks.user_backbone`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
import torchvision
from torch import Tensor, nn

from fbr_engine.errors import ConfigError
from fbr_engine.networks.tiny import tiny_stages

PROBE = 65  # px

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Features:
    """What a backbone returns, by name.

    ``deep``: B x F x h x w, the features the CAM is made of. ``low``: B x L x H/4 x W/4 early features.
    """

    deep: Tensor
    low: Tensor


class Backbone(nn.Module):
    """A stem up to stride 4 and the rest, sharing one parameter naming with the network they come from.

    ``body`` is the original network cut to its convolutional part, so weight files fit it as they are.
    """

    def __init__(self, body: nn.Module, stages: Sequence[str], low_stage: str, channels: int) -> None:
        super().__init__()
        self.body = body
        self.channels = channels
        self._stages = tuple(stages)
        self._low_stage = low_stage

    def forward(self, images: Tensor) -> Features:
        """Read ``images``, float B x 3 x H x W, normalised as for ImageNet."""
        x, low = images, images
        for name, x in zip(self._stages, self.outputs(images), strict=True):
            if name == self._low_stage:
                low = x
        return Features(deep=x, low=low)

    def outputs(self, images: Tensor) -> Iterator[Tensor]:
        """Yield what every stage makes of ``images``, in order; the last is ``deep``."""
        x = images
        for name in self._stages:
            x = self.body.get_submodule(name)(x)
            yield x


def build_backbone(name: str, output_stride: int) -> Backbone:
    """Make the backbone ``name`` with random weights, or as the function makes it that ``module:function`` names.

    Raises `ConfigError` for an unknown name or stride, and what `make_user_backbone` raises.
    """
    if ":" in name:
        from fbr_engine.networks.user_backbone import make_user_backbone  # which wraps what it gets as a Backbone

        return make_user_backbone(name, output_stride)
    if name not in BACKBONES:
        raise ConfigError(f"backbone {name!r} is not known: choose one of {', '.join(BACKBONES)}")
    if output_stride not in (8, 16):
        raise ConfigError(f"output stride {output_stride} is not possible: choose 8 or 16")
    return BACKBONES[name](output_stride)


def channels_of(backbone: Backbone) -> tuple[int, int]:
    """Return how many channels ``backbone`` gives: deep and low, found by looking at a small image."""
    features = probed(backbone, backbone)
    return features.deep.shape[1], features.low.shape[1]


def probed(module: nn.Module, read: Callable[[Tensor], Made], side: int = PROBE) -> Made:
    """Return what ``read`` makes of an empty image of ``side`` px while ``module`` is in inference mode."""
    training = [(part, part.training) for part in module.modules()]
    first = next(module.parameters(), torch.empty(0))
    try:
        module.eval()
        with torch.no_grad():
            return read(torch.zeros(1, 3, side, side, device=first.device, dtype=first.dtype))
    finally:
        for part, flag in training:  # frozen BatchNorm need not be in the mode of the whole
            part.training = flag


def _mobilenet_v2(output_stride: int) -> Backbone:
    body = torchvision.models.mobilenet_v2(weights=None)
    blocks = list(body.features)
    _dilate(blocks, {7, 14} if output_stride == 8 else {14})
    del body.classifier
    return Backbone(body, [f"features.{i}" for i in range(len(blocks))], "features.3", 1280)


def _dilate(blocks: list[nn.Module], from_blocks: set[int]) -> None:
    """Replace the stride of the given blocks by dilation, as torchvision does for its ResNets.

    The convolution that loses its stride keeps the dilation before it; those after it double theirs, so that the
    original's features come out at every second position.
    """
    dilation = 1
    for index, block in enumerate(blocks):
        before = dilation
        if index in from_blocks:
            dilation *= 2
        for conv in block.modules():
            if not isinstance(conv, nn.Conv2d) or conv.kernel_size == (1, 1):
                continue
            own = dilation
            if index in from_blocks and conv.stride != (1, 1):
                conv.stride, own = (1, 1), before
            if dilation > 1:
                conv.dilation, conv.padding = (own, own), (own, own)


def _resnet(make: Callable[..., nn.Module], bottleneck: bool) -> Callable[[int], Backbone]:
    def build(output_stride: int) -> Backbone:
        dilated = [False, output_stride == 8, True]
        # torchvision's BasicBlock refuses dilation, so shallow ResNets are changed after they are built.
        body = make(weights=None, replace_stride_with_dilation=dilated) if bottleneck else make(weights=None)
        if not bottleneck:
            _dilate_basic(body, dilated)
        del body.fc
        stages = ["conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"]
        return Backbone(body, stages, "layer1", 2048 if bottleneck else 512)

    return build


def _dilate_basic(body: nn.Module, dilated: Sequence[bool]) -> None:
    layers = [list(body.get_submodule(f"layer{i}").children()) for i in (2, 3, 4)]
    _dilate_stages(layers, dilated)


def _dilate_stages(stages: Sequence[Sequence[nn.Module]], dilated: Sequence[bool]) -> None:
    """Replace the stride at the start of those stages, each a list of blocks, that are to be ``dilated``."""
    starts = {sum(map(len, stages[:i])) for i, flag in enumerate(dilated) if flag}
    blocks = [block for stage in stages for block in stage]
    _dilate(blocks, starts)
    for start in starts:
        for conv in blocks[start].modules():  # also that of the shortcut
            if isinstance(conv, nn.Conv2d) and conv.kernel_size == (1, 1):
                conv.stride = (1, 1)


def _regnet_x_800mf(output_stride: int) -> Backbone:
    body = torchvision.models.regnet_x_800mf(weights=None)
    stages = [list(stage.children()) for stage in body.trunk_output]
    _dilate_stages(stages, [False, False, output_stride == 8, True])
    del body.fc
    names = [f"trunk_output.{name}" for name, _ in body.trunk_output.named_children()]
    return Backbone(body, ["stem", *names], names[0], 672)


def _tiny(output_stride: int) -> Backbone:
    stages, channels = tiny_stages(output_stride)
    body = nn.Sequential(*stages)
    return Backbone(body, [str(i) for i in range(len(stages))], "1", channels)


BACKBONES: dict[str, Callable[[int], Backbone]] = {
    "mobilenet_v2": _mobilenet_v2,
    "regnet_x_800mf": _regnet_x_800mf,
    "resnet18": _resnet(torchvision.models.resnet18, bottleneck=False),
    "resnet34": _resnet(torchvision.models.resnet34, bottleneck=False),
    "resnet50": _resnet(torchvision.models.resnet50, bottleneck=True),
    "resnet101": _resnet(torchvision.models.resnet101, bottleneck=True),
    "resnext50_32x4d": _resnet(torchvision.models.resnext50_32x4d, bottleneck=True),
    "wide_resnet50_2": _resnet(torchvision.models.wide_resnet50_2, bottleneck=True),
    "tiny": _tiny,
}


def set_batchnorm_frozen(module: nn.Module, frozen: bool) -> None:
    """Freeze (or free) the statistics and the affine part of every BatchNorm below ``module``."""
    for child in module.modules():
        if isinstance(child, nn.modules.batchnorm._BatchNorm):
            child.train(not frozen and module.training)
            for parameter in child.parameters():
                parameter.requires_grad_(not frozen)
