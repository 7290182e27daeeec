"""The loss that teaches boundaries from the labels of pairs of pixels.

Ahn, Cho and Kwak, CVPR 2019, equation 6: pairs of the same foreground class, of background, and of different labels are
averaged apart, since the last are few.
"""

from __future__ import annotations

from torch import Tensor

from fbr_engine.networks.affinity import pair_affinities, pair_labels

IGNORED = 255


def affinity_loss(boundary: Tensor, labels: Tensor, radius: int) -> Tensor:
    """Return the loss, a scalar, of ``boundary`` (B x h x w in [0, 1]) under seed ``labels`` (B x h x w, 0 background).

    A pair takes part when both pixels have a label other than `IGNORED`. Its affinity a costs -log a when the labels
    are the same and -log(1 - a) when they differ; a kind of pair that does not occur costs nothing.
    """
    affinity = pair_affinities(boundary, radius).clamp(1e-5, 1 - 1e-5)
    own, other = labels[:, None], pair_labels(labels, radius, IGNORED)
    known = (own != IGNORED) & (other != IGNORED)
    same, differ = known & (own == other), known & (own != other)
    joined, parted = -affinity.log(), -(1 - affinity).log()
    background, foreground = _mean(joined, same & (own == 0)), _mean(joined, same & (own != 0))
    return (background + foreground) / 4 + _mean(parted, differ) / 2


def _mean(cost: Tensor, where: Tensor) -> Tensor:
    return (cost * where).sum() / where.sum().clamp(min=1)
