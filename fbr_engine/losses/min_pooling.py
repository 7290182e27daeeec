"""SEAM's adaptive min pooling: somewhere in the image there is nothing, so the CAM must be low there.

Wang et al., *Self-supervised Equivariant Attention Mechanism for Weakly Supervised Semantic Segmentation*, CVPR 2020.
"""

from __future__ import annotations

from torch import Tensor

from fbr_engine.losses.hardest import mean_of_highest

EMPTY_SHARE = 0.25


def min_pooling_loss(cam: Tensor, tags: Tensor, valid: Tensor) -> Tensor:
    """Return the mean activation of the least activated quarter of each image's valid pixels.

    ``cam``: B x C x h x w, non-negative; a pixel counts with its highest tagged class. ``tags``: B x C, 1 where
    present; images without any are left out. ``valid``: B x h x w bool, False on padding.
    """
    present = tags == 1
    highest = (cam * present[:, :, None, None]).amax(dim=1).flatten(1)
    taking_part = valid.flatten(1) & present.any(dim=1, keepdim=True)
    return -mean_of_highest(-highest, taking_part, EMPTY_SHARE)
