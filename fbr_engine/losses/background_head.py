"""Loss 3: the background projection must tell where no class is active."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

BACKGROUND_CAM_SUM = 0.05


def background_target(cam: Tensor) -> Tensor:
    """Return where the normalised CAMs (B x C x h x w) sum to less than 0.05: B x h x w of 0 and 1.

    This notion of background is the head's alone; NROIs are mined where the seed's argmax is background.
    """
    return (cam.sum(dim=1) < BACKGROUND_CAM_SUM).to(cam.dtype)


def background_head_loss(head_logits: Tensor, cam: Tensor, valid: Tensor) -> Tensor:
    """Return the binary cross-entropy of the head's logits (B x 1 x h x w) against `background_target`.

    ``cam``: B x C x h x w, no gradient flows into it. ``valid``: B x h x w bool.
    """
    loss = F.binary_cross_entropy_with_logits(
        head_logits[:, 0], background_target(cam.detach()).to(head_logits.dtype), reduction="none"
    )
    weight = valid.to(loss.dtype)
    return (loss * weight).sum() / weight.sum().clamp(min=1)
