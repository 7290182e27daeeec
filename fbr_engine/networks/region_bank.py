"""The CAM verified by regions: every pixel is set against foreground regions and NROIs of the whole training set.

A CAM is a halo around the most telling part of an object. The features below it know better: in them, a pixel of
grass in a sheep's halo lies nearer to the grass of images without sheep than to any sheep. The read-out is the
InfoNCE of the pixel-to-NROI contrast turned into a posterior,

    p(c | x) = F_c(x) / (F_c(x) + ODDS N_c(x)),   F_c, N_c: means of exp(cos(x, region) / TEMPERATURE)

over the foreground regions of class c and over the NROIs that are negatives for it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor

from fbr_engine.config import USUAL_ODDS

TEMPERATURE = 0.05
# Two pixels of background for each of an object: what is equally like both is rather background.
ODDS = USUAL_ODDS
VERIFIED = 0.3
# Likenesses held at once: large views against thousands of regions would fill gigabytes.
MOST_VALUES = 2**22


@dataclass(frozen=True, slots=True)
class RegionBank:
    """Regions of the training set in a comparison space of D dimensions, as unit vectors.

    ``mean``: F and ``basis``: F x D, the space: centred features along their principal directions, each divided by the
    root of its standard deviation. ``foreground``: M x D centroids of confident pixels; ``foreground_class``: M x C, 1
    for its class. ``nrois``: N x D; ``negative``: N x C, 1 where the NROI is a negative for the class.
    """

    mean: Tensor
    basis: Tensor
    foreground: Tensor
    foreground_class: Tensor
    nrois: Tensor
    negative: Tensor

    def tensors(self) -> dict[str, Tensor]:
        """Return all of it by name, for a file."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def to(self, device: torch.device) -> RegionBank:
        """Return the bank on ``device``."""
        return RegionBank(**{name: tensor.to(device) for name, tensor in self.tensors().items()})

    @property
    def known(self) -> Tensor:
        """C bool: classes with regions on both sides; the CAM of the others stays as it is."""
        return (self.foreground_class.sum(dim=0) > 0) & (self.negative.sum(dim=0) > 0)

    def embed(self, features: Tensor) -> Tensor:
        """Return ``features``, B x F x h x w, in the comparison space: B x h*w x D unit vectors."""
        return embedded(features, self.mean, self.basis)

    def posterior(self, features: Tensor, odds: float = ODDS) -> Tensor:
        """Return p(c | x) of each pixel of ``features``, B x F x h x w: B x C x h x w in [0, 1].

        ``odds``: pixels of background for each of an object, before anything is seen.
        """
        height, width = features.shape[-2:]
        points = self.embed(features)
        p = posterior(points, self.foreground, self.foreground_class, self.nrois, self.negative, odds)
        return p.transpose(1, 2).reshape(len(features), -1, height, width)


def embedded(features: Tensor, mean: Tensor, basis: Tensor) -> Tensor:
    """Return ``features``, B x F x h x w, as unit vectors of the space of ``mean`` and ``basis``: B x h*w x D."""
    return F.normalize((features.flatten(2).transpose(1, 2) - mean) @ basis, dim=2)


def posterior(
    points: Tensor,
    foreground: Tensor,
    foreground_class: Tensor,
    nrois: Tensor,
    negative: Tensor,
    odds: float = ODDS,
) -> Tensor:
    """Return p(c | x) of unit vectors ``points``, ... x D: ... x C. The rest is as in `RegionBank`.

    Without regions on one side of a class its value says nothing; see `RegionBank.known`.
    """
    ours = _mean_likeness(points, foreground, foreground_class)
    theirs = _mean_likeness(points, nrois, negative)
    return _against(ours, theirs, odds)


def _mean_likeness(points: Tensor, regions: Tensor, weight: Tensor) -> Tensor:
    rows = max(1, MOST_VALUES // max(1, len(regions)))
    blocks = torch.split(points.flatten(0, -2), rows)
    parts = [_likeness(some, regions) @ weight for some in blocks]
    total = torch.cat(parts).reshape(*points.shape[:-1], weight.shape[1])
    return total / weight.sum(dim=0).clamp(min=1)


def _likeness(points: Tensor, regions: Tensor) -> Tensor:
    # cos - 1 keeps the exponent below 0; the common factor cancels out.
    return ((points @ regions.T - 1) / TEMPERATURE).exp()


def _against(ours: Tensor, theirs: Tensor, odds: float) -> Tensor:
    return ours / (ours + odds * theirs).clamp(min=torch.finfo(ours.dtype).tiny)


def negatives_among(
    nrois: Tensor,
    nroi_image: Tensor,
    tags: Tensor,
    foreground: Tensor,
    foreground_class: Tensor,
    foreground_image: Tensor,
) -> Tensor:
    """Return which NROIs (N x D) are negatives for which class: N x C of 0 and 1.

    ``tags``: N x C int8 of the images the NROIs come from (1, 0, -1 unknown). NROIs of images known not to show the
    class are safe. Of the others, which may hold a missed part of the object, those are taken that are clearly
    background next to the safe ones and the foreground of *other* images (``nroi_image``: N, ``foreground_image``: M).
    """
    safe = (tags == 0).to(nrois.dtype)
    others = (nroi_image[:, None] != foreground_image[None]).to(nrois.dtype)
    ours = (_likeness(nrois, foreground) * others) @ foreground_class / (others @ foreground_class).clamp(min=1)
    apart = (nroi_image[:, None] != nroi_image[None]).to(nrois.dtype)
    theirs = (_likeness(nrois, nrois) * apart) @ safe / (apart @ safe).clamp(min=1)
    p = _against(ours, theirs, ODDS)
    # Where nothing is safe, as when every image shows the class, all NROIs must do.
    verified = (p < VERIFIED) | (safe.sum(dim=0) == 0)
    return torch.where(tags == 0, 1.0, verified.to(nrois.dtype))
