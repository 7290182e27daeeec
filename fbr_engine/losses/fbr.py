"""FBR as one module that plugs into any host: features, CAM logits and tags in; named losses out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from fbr_engine.config import TrainConfig
from fbr_engine.losses.background_head import background_head_loss
from fbr_engine.losses.foreground_contrast import draw_foreground
from fbr_engine.losses.info_nce import info_nce
from fbr_engine.losses.judged import judged_tags
from fbr_engine.losses.kmeans import batched_kmeans
from fbr_engine.losses.nroi_bank import NroiBank, NroiBatch
from fbr_engine.losses.nroi_contrast import candidates, draw_any_nrois, draw_nrois, nearer_to_nroi
from fbr_engine.losses.own_keys import Negatives
from fbr_engine.losses.prototypes import class_prototypes
from fbr_engine.losses.seeds import seed_labels, uncertain_pixels
from fbr_engine.losses.separation import separation_loss
from fbr_engine.losses.untagged import untagged_activation_loss
from fbr_engine.networks.cam_network import normalised_cam
from fbr_engine.networks.projections import FbrProjections, Projected

TERMS = ("separation", "background", "untagged", "nroi", "foreground")


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
        untold_logits: Tensor | None = None,
        forced: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Return the named losses of one batch, and remember its NROIs once ``contrast`` has begun.

        A contrast without anchors or negatives in this batch is left out.

        ``features``: B x F x h x w. ``cam_logits``: B x C x h x w. ``tags``: B x C int8 (1, 0, -1 unknown).
        ``valid``: B x h x w bool, False on padding. Before ``contrast`` the CAMs mean too little to mine NROIs.
        ``untold_logits``: the CAM logits of a host that is told the tags, as they are without. ``forced``: what was
        judged, B x C x h x w: 1 part of the object, -1 background for the class, else 0.
        """
        projected: Projected = self.projections(features)
        # Neither padding nor what was judged to be background may hold the maximum that the rest is divided by.
        counts = valid.unsqueeze(1) if forced is None else valid.unsqueeze(1) & (forced >= 0)
        cam = normalised_cam(cam_logits.detach() * counts, tags)
        losses = {
            "separation": separation_loss(projected.foreground, projected.background, valid, self.verified),
            "background": background_head_loss(projected.head_logits, cam, valid),
        }
        if contrast:
            seed = seed_labels(cam, self.config.seed_threshold)
            sure = None if forced is None else (forced > 0) & (tags == 1)[:, :, None, None] & valid.unsqueeze(1)
            if sure is not None:
                seed = torch.where(sure.any(dim=1), (cam + 2 * sure).argmax(dim=1) + 1, seed)
            if self.verified:
                untold = cam_logits if untold_logits is None else untold_logits
                losses["untagged"] = untagged_activation_loss(untold, tags, (seed == 0) & valid)
            losses |= self.contrast_losses(projected, cam, seed, tags, valid, origin, generator, forced)
        return losses

    def contrast_losses(
        self,
        projected: Projected,
        cam: Tensor,
        seed: Tensor,
        tags: Tensor,
        valid: Tensor,
        origin: CropOrigin,
        generator: torch.Generator | None,
        forced: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Remember the batch's NROIs and return the two contrast terms, or as many of them as have what they need.

        ``cam``: B x C x h x w in [0, 1]. ``seed``: B x h x w as from `seed_labels`, which holds what is forced to be
        part of an object; that is an anchor without a check. The rest is as in `forward`.
        """
        self.bank.add(self.mine(projected, seed, tags, valid, origin, generator, forced))
        told = None if forced is None else (forced > 0).any(dim=1)
        cam, seed, classes = _present_classes(cam, seed)
        if len(classes) == 0:
            return {}
        flat = projected.foreground.permute(0, 2, 3, 1).flatten(0, 2)
        label = seed.flatten() - 1
        prototypes, _ = class_prototypes(projected.foreground, cam)
        chosen = uncertain_pixels(cam, seed)
        if told is not None:
            chosen = chosen | (told & (seed > 0))
        place = chosen.flatten().nonzero()[:, 0]
        anchors, anchor_class = flat.index_select(0, place), label[place]
        negatives = {"foreground": draw_foreground(flat, label, prototypes, self.config.negatives, generator)}
        if len(self.bank) > 0:
            negatives["nroi"] = nrois = self._draw(prototypes, classes, generator)
            if self.verified:
                good = ~nearer_to_nroi(anchors, prototypes, anchor_class, nrois)
                if told is not None:
                    good |= told.flatten()[place]
                keep = good.nonzero()[:, 0]
                anchors, anchor_class = anchors.index_select(0, keep), anchor_class[keep]
        return {
            name: info_nce(anchors, anchor_class, prototypes, negatives[name], self.config.temperature)
            for name in _meet(anchor_class, negatives)
        }

    def _draw(self, prototypes: Tensor, classes: Tensor, generator: torch.Generator | None) -> Negatives:
        bank, count = self.bank.entries(), self.config.negatives
        if not self.verified:
            return draw_any_nrois(bank.centroid, len(classes), count, generator)
        rows = candidates(len(bank), count, generator, classes.device)
        return draw_nrois(bank.key[rows], bank.tags[rows][:, classes], prototypes, count, generator)

    @torch.no_grad()
    def mine(
        self,
        projected: Projected,
        seed: Tensor,
        tags: Tensor,
        valid: Tensor,
        origin: CropOrigin,
        generator: torch.Generator | None = None,
        forced: Tensor | None = None,
    ) -> NroiBatch:
        """Gather the batch's NROIs: k-means over the background-projected features of each image's background.

        ``seed``: B x h x w, 0 where background. Result: at most B * K NROIs with their provenance. One of which more
        than half was judged to be background for a class (``forced``) is a negative for it like one of an image
        without it.
        """
        batch, height, width = seed.shape
        points = projected.background.flatten(2).transpose(1, 2)
        mask = ((seed == 0) & valid).flatten(1)
        clusters = batched_kmeans(points, mask, self.config.nrois, generator=generator)
        kept = clusters.sizes > 0
        image, index = kept.nonzero(as_tuple=True)
        members = clusters.members(points.dtype)
        keys = torch.bmm(members, projected.foreground.flatten(2).transpose(1, 2))
        nroi_tags = tags[image].to(torch.int8)
        if forced is not None:
            nroi_tags = judged_tags(tags.to(torch.int8), members, forced.flatten(2))[image, index]
        return NroiBatch(
            centroid=clusters.centroids[image, index],
            key=keys[image, index] / clusters.sizes[image, index, None],
            tags=nroi_tags,
            image=origin.image[image],
            epoch=torch.full_like(image, origin.epoch, dtype=torch.int32),
            area=clusters.sizes[image, index].int(),
            mask=members.view(batch, self.config.nrois, height, width)[image, index].bool(),
            box=origin.box[image],
            flipped=origin.flipped[image],
        )


def _present_classes(cam: Tensor, seed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return CAMs and seed of the classes that are active somewhere in the batch, numbered anew, and those classes."""
    classes = cam.amax(dim=(0, 2, 3)).nonzero()[:, 0]
    label = torch.zeros(cam.shape[1] + 1, dtype=torch.int64, device=cam.device)
    label[classes + 1] = torch.arange(1, len(classes) + 1, device=cam.device)
    return cam[:, classes], label[seed], classes


def _meet(anchor_class: Tensor, negatives: dict[str, Negatives]) -> list[str]:
    """Name the terms in which any anchor has a negative: one without is left out, a zero would look like success."""
    meets = torch.stack([n.present[anchor_class].any() for n in negatives.values()]).tolist()
    return [name for name, meet in zip(negatives, meets, strict=True) if meet]
