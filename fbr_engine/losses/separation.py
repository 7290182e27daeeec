"""Loss 2: foreground and background projections of one pixel must differ."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def separation_loss(foreground: Tensor, background: Tensor, valid: Tensor, orthogonal: bool = False) -> Tensor:
    """Return the mean cosine similarity of the two projections of each valid pixel.

    ``foreground``, ``background``: B x D x h x w. ``valid``: B x h x w bool, False where the crop is padding.
    With ``orthogonal`` the absolute value is taken: projections without ReLU could otherwise win by pointing
    in opposite directions, which ties the two spaces together instead of parting them.
    """
    cosine = F.cosine_similarity(foreground, background, dim=1)
    if orthogonal:
        cosine = cosine.abs()
    weight = valid.to(cosine.dtype)
    return (cosine * weight).sum() / weight.sum().clamp(min=1)
