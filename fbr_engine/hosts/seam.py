"""The host `seam`: two sizes of every image must agree, and a CAM is corrected by the pixels that look alike.

Wang et al., *Self-supervised Equivariant Attention Mechanism for Weakly Supervised Semantic Segmentation*, CVPR 2020.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from fbr_engine.config import TrainConfig
from fbr_engine.data.tensors import network_side
from fbr_engine.hosts.base import Batch, Host, HostOutput
from fbr_engine.hosts.cam import shrink_valid
from fbr_engine.losses.classification import classification_loss
from fbr_engine.losses.correction import correction_loss
from fbr_engine.losses.equivariance import equivariance_loss
from fbr_engine.losses.min_pooling import min_pooling_loss
from fbr_engine.networks.backbones import channels_of
from fbr_engine.networks.cam_network import CamNetwork, CamOutput, normalised_cam
from fbr_engine.networks.pixel_correlation import PixelCorrelation
from fbr_engine.networks.resizing import resized


@dataclass(frozen=True, slots=True)
class View:
    """One size of a batch: what the network says, and its normalised CAM, plain and ``corrected``, B x C x h x w.

    ``corrected`` is a mean of ``cam``, so below it at its peak; ``valid``: B x h x w bool.
    """

    out: CamOutput
    cam: Tensor
    corrected: Tensor
    valid: Tensor


class SeamHost(Host):
    """Two views through one network.

    The plain CAM trains the network; the correction learns beside it, from constants, and is what `infer` returns.
    """

    def __init__(self, network: CamNetwork, config: TrainConfig) -> None:
        super().__init__(network, config)
        self.config = config
        deep, low = channels_of(network.backbone)
        self.correlation = PixelCorrelation(low, deep)

    def forward(self, batch: Batch) -> HostOutput:
        """Return features and plain CAM logits of the full-size view, and the losses of both."""
        one = self._view(batch.images, batch)
        two = self._view(self._smaller(batch.images), batch)
        return HostOutput(one.out.features, one.out.cam_logits, one.valid, self.losses(one, two, batch))

    def losses(self, one: View, two: View, batch: Batch) -> dict[str, Tensor]:
        """Return the named losses of the two views of ``batch``, compared at the size of the smaller one."""
        tags, size = batch.tags, two.cam.shape[-2:]
        small = replace(one, cam=resized(one.cam, size), corrected=resized(one.corrected, size))
        pairs = ((small.cam, two.corrected), (two.cam, small.corrected))
        classification = [classification_loss(self.pool(v.out.cam_logits, v.valid), tags) for v in (one, two)]
        correction = [correction_loss(cam, _renormalised(fixed), tags, two.valid) for cam, fixed in pairs]
        empty = [min_pooling_loss(v.corrected, tags, v.valid) for v in (one, two)]
        return {
            "classification": torch.stack(classification).mean(),
            "equivariance": equivariance_loss(small.cam, two.cam, tags, two.valid),
            "correction": torch.stack(correction).mean(),
            "min_pooling": torch.stack(empty).mean(),
        }

    def infer(self, images: Tensor, tags: Tensor) -> CamOutput:
        """Return the network's output with corrected CAMs for ``cam_logits``, B x C x h x w, non-negative.

        They are means of the plain CAM's activation over pixels that look alike, so still in logits and never above its
        peak. Each class is corrected by itself: ``tags`` change nothing, and may change later. ``class_logits`` are the
        plain ones, signed.
        """
        out: CamOutput = self.network(images)
        corrected = self.correlation(images, out.low, out.features, F.relu(out.cam_logits))
        return replace(out, cam_logits=corrected)

    def _view(self, images: Tensor, batch: Batch) -> View:
        out: CamOutput = self.network(images)
        valid = shrink_valid(batch.valid, out.cam_logits)
        # Padding must not hold the maximum that the rest is divided by.
        cam = normalised_cam(out.cam_logits * valid.unsqueeze(1), batch.tags)
        corrected = self.correlation(images, out.low, out.features, cam, valid)
        return View(out, cam, corrected, valid)

    def _smaller(self, images: Tensor) -> Tensor:
        share, stride = self.config.second_view, self.config.output_stride
        height, width = (network_side(side * share, stride) for side in images.shape[-2:])
        return resized(images, (height, width)).contiguous(memory_format=torch.channels_last)


def _renormalised(corrected: Tensor) -> Tensor:
    """Return the corrected CAM with a peak of 1 per class again: averaging lowers it."""
    return corrected / corrected.amax(dim=(2, 3), keepdim=True).clamp(min=1e-5)
