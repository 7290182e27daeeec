"""The host `ppc`: SEAM whose pixels are also set against class prototypes, within a view and across the two.

Du et al., *Weakly Supervised Semantic Segmentation by Pixel-to-Prototype Contrast*, CVPR 2022.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from fbr_engine.config import TrainConfig
from fbr_engine.hosts.base import Batch
from fbr_engine.hosts.seam import SeamHost, View
from fbr_engine.losses.correction import with_background
from fbr_engine.losses.pixel_prototype import (
    hard_pixels,
    has_prototype,
    pixel_prototype_loss,
    semi_hard_prototypes,
    similarities,
)
from fbr_engine.losses.prototypes import class_prototypes
from fbr_engine.losses.seeds import seed_labels
from fbr_engine.networks.cam_network import CamNetwork, normalised_cam
from fbr_engine.networks.resizing import resized

DIMS = 128


@dataclass(frozen=True, slots=True)
class _Side:
    """One view's part: ``pixels`` P x D and their pseudo ``labels`` P (0 background, 1 + class, -1: nothing is said).

    ``cam``: B x C x h x w, corrected and normalised. ``valid``: B x h x w. ``prototypes``: (1 + C) x D, the first that
    of the background, and ``present``, which of them exist.
    """

    pixels: Tensor
    labels: Tensor
    cam: Tensor
    valid: Tensor
    prototypes: Tensor
    present: Tensor


class PpcHost(SeamHost):
    """SEAM plus three contrasts, which begin after the warm-up, when the CAMs mean something.

    ``cross_prototype``: pixels and labels of one view, prototypes of the other. ``cross_cam``: pixels and prototypes
    of one view, labels of the other. ``intra_view``: all of one view, hard pixels against semi-hard prototypes.
    """

    def __init__(self, network: CamNetwork, config: TrainConfig) -> None:
        super().__init__(network, config)
        self.projection = nn.Conv2d(network.backbone.channels, DIMS, 1, bias=False)

    def losses(self, one: View, two: View, batch: Batch) -> dict[str, Tensor]:
        """Return SEAM's losses and, once ``batch.progress`` is past the warm-up, the contrasts."""
        losses = super().losses(one, two, batch)
        if batch.progress < self.config.warmup:
            return losses
        sides = [self._side(view, batch) for view in (one, two)]
        terms = [self._contrasts(*pair, batch.tags) for pair in ((sides[0], sides[1]), (sides[1], sides[0]))]
        return losses | {name: (terms[0][name] + terms[1][name]) / 2 for name in terms[0]}

    def _side(self, view: View, batch: Batch) -> _Side:
        projected = F.relu(self.projection(view.out.features))
        cam = normalised_cam(view.corrected.detach(), batch.tags)
        known = with_background(cam) * view.valid.unsqueeze(1)
        # A class of unknown tag may be what such an image shows: it has no say in what background looks like.
        known[(batch.tags < 0).any(dim=1), 0] = 0
        prototypes, present = class_prototypes(projected, known)
        pixels = projected.permute(0, 2, 3, 1).flatten(0, 2)
        labels = self._labels(cam, view.valid, batch.tags)
        return _Side(pixels, labels, cam, view.valid, prototypes, present)

    def _labels(self, cam: Tensor, valid: Tensor, tags: Tensor) -> Tensor:
        label = seed_labels(cam, self.config.seed_threshold)
        # Where a tag is unknown its class may well be in what the seed takes for background.
        silent = (label == 0) & (tags < 0).any(dim=1)[:, None, None]
        return label.masked_fill(silent | ~valid, -1).flatten()

    def _contrasts(self, own: _Side, other: _Side, tags: Tensor) -> dict[str, Tensor]:
        told = self._labels(resized(other.cam, own.cam.shape[-2:]), own.valid, tags)
        similarity = similarities(own.pixels.detach(), own.prototypes)
        hard = hard_pixels(similarity, own.labels.where(has_prototype(own.labels, own.present), -1))
        negatives = semi_hard_prototypes(similarity, own.labels, own.present)
        return {
            "cross_prototype": pixel_prototype_loss(own.pixels, own.labels, other.prototypes, other.present),
            "cross_cam": pixel_prototype_loss(own.pixels, told, own.prototypes, own.present),
            "intra_view": pixel_prototype_loss(
                own.pixels, own.labels.where(hard, -1), own.prototypes, own.present, negatives
            ),
        }
