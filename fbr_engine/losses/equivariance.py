"""SEAM's equivariant regularisation: the CAM of a smaller image is the smaller CAM of the image.

Wang et al., *Self-supervised Equivariant Attention Mechanism for Weakly Supervised Semantic Segmentation*, CVPR 2020.
"""

from __future__ import annotations

from torch import Tensor


def equivariance_loss(one: Tensor, other: Tensor, tags: Tensor, valid: Tensor) -> Tensor:
    """Return the mean absolute difference of two normalised CAMs over the tagged classes' valid pixels.

    ``one``, ``other``: B x C x h x w in [0, 1], of the same view; both get gradients. ``tags``: B x C, 1 where present.
    ``valid``: B x h x w bool, False on padding. Unlike the authors' mean over all classes this one does not depend on
    how many classes a project has; it is about ten times theirs on VOC, and so weighs a tenth. Zero, with a gradient
    of zero, where nothing is tagged.
    """
    weight = ((tags == 1)[:, :, None, None] & valid.unsqueeze(1)).to(one.dtype)
    return ((one - other).abs() * weight).sum() / weight.sum().clamp(min=1)
