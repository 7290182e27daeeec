"""FBR as one module that plugs into any host: features, CAM logits and tags in; named losses out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fbr_engine.config import TrainConfig
from fbr_engine.losses.background_head import background_head_loss
from fbr_engine.losses.foreground_contrast import draw_foreground
from fbr_engine.losses.info_nce import info_nce
from fbr_engine.losses.kmeans import batched_kmeans
from fbr_engine.losses.nroi_bank import NroiBank, NroiBatch
from fbr_engine.losses.nroi_contrast import draw_any_nrois, draw_nrois, nearer_to_nroi
from fbr_engine.losses.prototypes import class_prototypes
from fbr_engine.losses.seeds import seed_labels, uncertain_pixels
from fbr_engine.losses.separation import separation_loss
from fbr_engine.losses.untagged import untagged_activation_loss
from fbr_engine.networks.cam_network import normalised_cam
from fbr_engine.networks.projections import FbrProjections, Projected


@dataclass(frozen=True, slots=True)
class CropOrigin:
    """Where each crop of a batch comes from: ``image`` B int64 ids, ``box`` B x 4, ``flipped`` B bool, ``epoch``."""

    image: Tensor
    box: Tensor
    flipped: Tensor
    epoch: int


class Fbr(nn.Module):
    """Projections, background head, NROI bank and the losses 2 to 5 of the method, plus the untagged push.

    In the form ``paper`` the losses are the paper's to the letter. In the form ``verified`` anchors and NROIs meet in
    one space, anchors that resemble an NROI more than their prototype are dropped, and NROIs from images that show
    the class must be verified (see docs/architecture.md and ADR 0005).
    """

    def __init__(self, channels: int, config: TrainConfig, images: int) -> None:
        super().__init__()
        self.config = config
        self.verified = config.form == "verified"
        self.projections = FbrProjections(channels, config.projection_dims, relu=not self.verified)
        self.bank = NroiBank(min(config.bank, max(config.nrois, config.nrois * images)))

    def forward(
        self,
        features: Tensor,
        cam_logits: Tensor,
        tags: Tensor,
        valid: Tensor,
        origin: CropOrigin,
        *,
        contrast: bool,
        generator: torch.Generator | None = None,
    ) -> dict[str, Tensor]:
        """Return the named losses of one batch, and remember its NROIs once ``contrast`` has begun.

        A contrast without anchors or negatives in this batch is left out.

        ``features``: B x F x h x w. ``cam_logits``: B x C x h x w. ``tags``: B x C int8 (1, 0, -1 unknown).
        ``valid``: B x h x w bool, False on padding. Before ``contrast`` the CAMs mean too little to mine NROIs.
        """
        projected: Projected = self.projections(features)
        # Padding must not hold the maximum that the rest is divided by.
        cam = normalised_cam(cam_logits.detach() * valid.unsqueeze(1), tags)
        losses = {
            "separation": separation_loss(projected.foreground, projected.background, valid, self.verified),
            "background": background_head_loss(projected.head_logits, cam, valid),
        }
        if contrast:
            seed = seed_labels(cam, self.config.seed_threshold)
            if self.verified:
                losses["untagged"] = untagged_activation_loss(cam_logits, tags, (seed == 0) & valid)
            losses |= self._contrast(projected, cam, seed, tags, valid, origin, generator)
        return losses

    def _contrast(
        self,
        projected: Projected,
        cam: Tensor,
        seed: Tensor,
        tags: Tensor,
        valid: Tensor,
        origin: CropOrigin,
        generator: torch.Generator | None,
    ) -> dict[str, Tensor]:
        self.bank.add(self.mine(projected, seed, tags, valid, origin, generator))
        prototypes, present = class_prototypes(projected.foreground, cam)
        flat = projected.foreground.permute(0, 2, 3, 1).flatten(0, 2)
        label = seed.flatten()
        place = uncertain_pixels(cam, seed).flatten()
        anchors, anchor_class = flat[place], label[place] - 1
        classes: list[int] = present.nonzero()[:, 0].tolist()
        nrois = self._draw(prototypes, classes, generator)
        if self.verified:
            keep = ~nearer_to_nroi(anchors, prototypes, anchor_class, nrois)
            anchors, anchor_class = anchors[keep], anchor_class[keep]
        inside = label > 0
        others = draw_foreground(flat[inside], label[inside] - 1, prototypes, classes, self.config.negatives, generator)
        return {
            name: info_nce(anchors, anchor_class, prototypes, negatives, self.config.temperature)
            for name, negatives in (("nroi", nrois), ("foreground", others))
            if _meet(anchor_class, negatives)
        }

    def _draw(self, prototypes: Tensor, classes: list[int], generator: torch.Generator | None) -> dict[int, Tensor]:
        if len(self.bank) == 0:
            return {}
        bank, count = self.bank.entries(), self.config.negatives
        if self.verified:
            return draw_nrois(bank.key, bank.tags, prototypes, classes, count, generator)
        return draw_any_nrois(bank.centroid, classes, count, generator)

    @torch.no_grad()
    def mine(
        self,
        projected: Projected,
        seed: Tensor,
        tags: Tensor,
        valid: Tensor,
        origin: CropOrigin,
        generator: torch.Generator | None = None,
    ) -> NroiBatch:
        """Gather the batch's NROIs: k-means over the background-projected features of each image's background.

        ``seed``: B x h x w, 0 where background. Result: at most B * K NROIs with their provenance.
        """
        batch, height, width = seed.shape
        points = projected.background.permute(0, 2, 3, 1).flatten(1, 2)
        mask = ((seed == 0) & valid).flatten(1)
        clusters = batched_kmeans(points, mask, self.config.nrois, generator=generator)
        kept = clusters.sizes > 0
        image, index = kept.nonzero(as_tuple=True)
        members = F.one_hot(clusters.assignment + 1, self.config.nrois + 1)[:, :, 1:].transpose(1, 2)
        keys = torch.bmm(members.to(points.dtype), projected.foreground.permute(0, 2, 3, 1).flatten(1, 2))
        return NroiBatch(
            centroid=clusters.centroids[image, index],
            key=keys[image, index] / clusters.sizes[image, index, None],
            tags=tags[image].to(torch.int8),
            image=origin.image[image],
            epoch=torch.full_like(image, origin.epoch, dtype=torch.int32),
            area=clusters.sizes[image, index].int(),
            mask=members.view(batch, self.config.nrois, height, width)[image, index].bool(),
            box=origin.box[image],
            flipped=origin.flipped[image],
        )


def _meet(anchor_class: Tensor, negatives: dict[int, Tensor]) -> bool:
    """Whether any anchor has a negative: a term without is left out, since a zero would look like success."""
    return bool(torch.isin(anchor_class, torch.tensor(list(negatives), device=anchor_class.device)).any())
