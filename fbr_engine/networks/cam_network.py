"""Backbone plus a 1x1 convolution per class: the network whose activation maps are the CAMs."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fbr_engine.networks.backbones import Backbone, build_backbone, set_batchnorm_frozen
from fbr_engine.networks.pooling import active_pooled


@dataclass(frozen=True, slots=True)
class CamOutput:
    """What the network returns, by name.

    ``features``: B x F x h x w, what the CAM is made of. ``low``: early features, B x L x H/4 x W/4.
    ``cam_logits``: B x C x h x w, signed. ``class_logits``: B x C, their mean over the image, or over its active pixels
    (see `fbr_engine.networks.pooling`).
    """

    features: Tensor
    low: Tensor
    cam_logits: Tensor
    class_logits: Tensor


class CamNetwork(nn.Module):
    """A fully convolutional classifier: global average pooling comes after the 1x1 convolution.

    Zhou et al., CVPR 2016, in the form in which pooling and classifier are swapped, so that the CAM is part of
    the forward pass and gets gradients. ``bf16``: the backbone computes in bf16; what comes out is fp32 all the same.
    """

    def __init__(self, backbone: Backbone, classes: int, frozen_batchnorm: bool) -> None:
        super().__init__()
        self.backbone = backbone
        self.frozen_batchnorm = frozen_batchnorm
        self.active_pooling = False
        self.bf16 = False
        self.head = nn.Conv2d(backbone.channels, classes, 1, bias=False)
        nn.init.normal_(self.head.weight, std=0.01)
        set_batchnorm_frozen(self.backbone, frozen_batchnorm)

    def train(self, mode: bool = True) -> CamNetwork:
        """Switch to training (or inference); frozen BatchNorm stays as it is."""
        super().train(mode)
        if self.frozen_batchnorm:
            set_batchnorm_frozen(self.backbone, True)
        return self

    def forward(self, images: Tensor) -> CamOutput:
        """Read normalised ``images``, float B x 3 x H x W."""
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.bf16):
            features = self.backbone(images)
        deep, low = features.deep.float(), features.low.float()
        logits = self.head(deep)
        return CamOutput(deep, low, logits, self._pool(logits))

    def _pool(self, cam_logits: Tensor) -> Tensor:
        if not self.active_pooling:
            return cam_logits.mean(dim=(2, 3))
        return active_pooled(cam_logits, torch.ones_like(cam_logits[:, 0], dtype=torch.bool))


def build_cam_network(name: str, output_stride: int, classes: int, frozen_batchnorm: bool) -> CamNetwork:
    """Make a CAM network over the backbone ``name`` for ``classes`` classes, with random weights."""
    return CamNetwork(build_backbone(name, output_stride), classes, frozen_batchnorm)


def normalised_cam(cam_logits: Tensor, tags: Tensor) -> Tensor:
    """Return the CAM: non-negative, each class divided by its maximum in the image, zero where not tagged.

    ``cam_logits``: B x C x h x w. ``tags``: B x C, 1 where the class is present. Result: B x C x h x w in [0, 1].
    """
    cam = F.relu(cam_logits) * tags[:, :, None, None].clamp(min=0)
    return cam / cam.amax(dim=(2, 3), keepdim=True).clamp(min=1e-5)
