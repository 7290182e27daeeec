"""The host AMN: a second stage that learns from the masks of an earlier run, pixel by pixel.

Lee, Kim and Shim, "Threshold Matters in WSSS: Manipulating the Activation for the Accurate Object Localization",
CVPR 2022.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fbr_engine.config import TrainConfig
from fbr_engine.hosts.base import Batch, Host, HostOutput
from fbr_engine.hosts.cam import shrink_valid
from fbr_engine.losses.classification import classification_loss
from fbr_engine.losses.pixel import label_counts, pixel_loss
from fbr_engine.networks.cam_network import CamNetwork, CamOutput

# Those of DeepLab v2's head (Chen et al., TPAMI 2018) at stride 8; at stride 16 half of them reach as far.
ATROUS_RATES = {8: (6, 12, 18, 24), 16: (3, 6, 9, 12)}
LABEL_STRIDE = 4


class AtrousHead(nn.Module):
    """The sum of dilated 3x3 convolutions of several rates: F x h x w to K x h x w."""

    def __init__(self, channels: int, outputs: int, rates: tuple[int, ...]) -> None:
        super().__init__()
        self.convs = nn.ModuleList(_dilated(channels, outputs, rate) for rate in rates)

    def forward(self, features: Tensor) -> Tensor:
        """Read B x F x h x w."""
        return torch.stack([conv(features) for conv in self.convs]).sum(dim=0)


def _dilated(channels: int, outputs: int, rate: int) -> nn.Conv2d:
    conv = nn.Conv2d(channels, outputs, 3, padding=rate, dilation=rate, bias=False)
    nn.init.normal_(conv.weight, std=0.01)
    return conv


class AmnHost(Host):
    """A segmenter with C + 1 outputs over features that the tags have gated, and a plain CAM head beside it.

    While it trains, the CAM logits are those of the classes minus that of the background: positive where a class beats
    it. In inference the CAM is how likely a class is against the background; cut where both are alike it would lose
    what smoothed labels leave unsure. The plain head learns from the tags alone and predicts them; it sees the features
    before they are gated.
    """

    uses_labels: ClassVar[bool] = True
    told_tags: ClassVar[bool] = True
    own_background: ClassVar[bool] = True

    def __init__(self, network: CamNetwork, config: TrainConfig) -> None:
        super().__init__(network, config)
        channels, classes = network.head.in_channels, network.head.out_channels
        # The push against untagged classes begins when the contrasts do.
        self.untold_from = config.warmup if config.verifies else math.inf
        self.tag_gate = nn.Linear(classes, channels, bias=False)
        nn.init.zeros_(self.tag_gate.weight)
        self.segmenter = AtrousHead(channels, 1 + classes, ATROUS_RATES[config.output_stride])
        self.segmenter.to(memory_format=torch.channels_last)

    def forward(self, batch: Batch) -> HostOutput:
        """Return features and CAM logits with the losses ``classification`` and ``pixel``.

        With FBR, after the warm-up, also the CAM logits under a neutral gate: a loss on absent classes would else be
        met by the gate alone.
        """
        if batch.labels is None:
            raise ValueError("the host amn learns from labels, and this batch has none")
        out = self.network(batch.images)
        logits = self._segment(out.features, batch.tags)
        valid = shrink_valid(batch.valid, out.cam_logits)
        height, width = (((side - 1) // LABEL_STRIDE) + 1 for side in batch.labels.shape[-2:])
        counts = label_counts(batch.labels, logits.shape[1] - 1, (height, width))
        fine = F.interpolate(logits, size=(height, width), mode="bilinear", align_corners=True)
        losses = {
            "classification": classification_loss(self.pool(out.cam_logits, valid), batch.tags),
            "pixel": pixel_loss(fine, counts),
        }
        untold = _against_background(self.segmenter(out.features)) if batch.progress >= self.untold_from else None
        return HostOutput(out.features, _against_background(logits), valid, losses, untold)

    def infer(self, images: Tensor, tags: Tensor) -> CamOutput:
        """Return the CAMs under ``tags``, as probabilities in 0..1 in place of ``cam_logits``.

        ``class_logits`` are the plain head's, which is not told the tags.
        """
        out: CamOutput = self.network(images)
        logits = self._segment(out.features, tags)
        return replace(out, cam_logits=_against_background(logits).sigmoid())

    def _segment(self, features: Tensor, tags: Tensor) -> Tensor:
        """Return B x (1 + C) x h x w logits, background first.

        The gate is 1 plus a linear map of the tags: 1 present, -1 absent, and 0, which is neutral, unknown.
        """
        signed = torch.where(tags < 0, 0, 2 * tags - 1).to(features.dtype)
        gate: Tensor = 1 + self.tag_gate(signed)
        logits: Tensor = self.segmenter(features * gate[:, :, None, None])
        return logits


def _against_background(logits: Tensor) -> Tensor:
    """Return how much the logits of the C classes are above that of the background: B x C x h x w."""
    return logits[:, 1:] - logits[:, :1]
