"""Dense CRF: every pixel pulls every other one to its class, the more the nearer and the more alike in colour.

Kraehenbuehl and Koltun, *Efficient Inference in Fully Connected CRFs with Gaussian Edge Potentials*, NIPS 2011: mean
field (algorithm 1) with a spatial and a bilateral kernel (equation 3), Potts compatibility and symmetric normalisation.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fbr_engine.refiners.permutohedral import PermutohedralLattice

ITERATIONS = 10
USUAL_SIDE = 500  # px, the longer side of most Pascal VOC photos, which widths in the literature are given for
SPATIAL_SD, SPATIAL_WEIGHT = 3.0, 3.0
BILATERAL_SD, COLOUR_SD, BILATERAL_WEIGHT = 67.0, 8.0, 8.0
SHARPNESS = 1.0
_FLOOR = 1e-3

Kernel = Callable[[Tensor], Tensor]


def crf(
    image: Tensor,
    scores: Tensor,
    *,
    spatial_sd: float = SPATIAL_SD,
    spatial_weight: float = SPATIAL_WEIGHT,
    bilateral_sd: float = BILATERAL_SD,
    colour_sd: float = COLOUR_SD,
    bilateral_weight: float = BILATERAL_WEIGHT,
    sharpness: float = SHARPNESS,
    iterations: int = ITERATIONS,
) -> Tensor:
    """Return the class probabilities, K x H x W, that mean field finds for ``image``, 3 x H x W in [0, 1].

    ``scores``: K x H x W; negative ones count as 0. ``spatial_sd`` and ``bilateral_sd`` are in px of an image whose
    longer side is 500 px and are scaled to this one; ``colour_sd`` is in grey levels of 0..255. As in common use,
    and unlike equation 4 of the paper, a pixel's own belief is part of the message it gets.
    """
    unary = log_probabilities(scores, sharpness)
    shrink = max(image.shape[1:]) / USUAL_SIDE
    kernels = [
        (spatial_weight, normalised(spatial_kernel(image, spatial_sd * shrink), image)),
        (bilateral_weight, normalised(bilateral_kernel(image, bilateral_sd * shrink, colour_sd), image)),
    ]
    belief = unary.softmax(dim=0)
    for _ in range(iterations):
        energy = unary
        for weight, kernel in kernels:
            energy = energy + weight * kernel(belief)  # Potts: what agrees counts, the sum over the others is constant
        belief = energy.softmax(dim=0)
    return belief


def log_probabilities(scores: Tensor, sharpness: float = SHARPNESS) -> Tensor:
    """Return log p, K x H x W, with p in proportion to scores ^ ``sharpness``: the argmax stays what it is.

    A small floor keeps p above 0, so that a class may still enter where its score is 0.
    """
    return (sharpness * (scores.clamp(min=0) + _FLOOR).log()).log_softmax(dim=0)


def spatial_kernel(image: Tensor, sd: float) -> Kernel:
    """Return the sum over all pixels weighted by a Gaussian of their distance, ``sd`` px; exact, as it separates."""
    rows, columns = (_gaussian_matrix(side, sd, image) for side in image.shape[1:])
    return lambda values: rows @ values @ columns


def bilateral_kernel(image: Tensor, sd: float, colour_sd: float) -> Kernel:
    """Return the sum weighted by a Gaussian of distance (``sd`` px) and colour (``colour_sd`` grey levels of 255)."""
    height, width = image.shape[1:]
    y, x = torch.meshgrid(
        torch.arange(height, device=image.device), torch.arange(width, device=image.device), indexing="ij"
    )
    features = torch.cat([torch.stack([y, x]) / sd, image * (255 / colour_sd)])
    lattice = PermutohedralLattice(features.flatten(1).T)
    return lambda values: lattice.filter(values.flatten(1).T.contiguous()).T.reshape(values.shape)


def normalised(kernel: Kernel, image: Tensor) -> Kernel:
    """Return the kernel divided by the roots of its row and column sums, the paper's symmetric normalisation."""
    scale = kernel(torch.ones_like(image[:1])).rsqrt()
    return lambda values: scale * kernel(scale * values)


def _gaussian_matrix(side: int, sd: float, like: Tensor) -> Tensor:
    place = torch.arange(side, device=like.device, dtype=like.dtype)
    return (-0.5 * ((place[:, None] - place) / sd).square()).exp()
