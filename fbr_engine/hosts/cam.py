"""The baseline host: encoder, 1x1 convolution, global average pooling, tags."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from fbr_engine.hosts.base import Batch, Host, HostOutput
from fbr_engine.losses.classification import classification_loss


class CamHost(Host):
    """Plain CAM (Zhou et al., CVPR 2016). Pooling leaves padding out."""

    def forward(self, batch: Batch) -> HostOutput:
        """Return features and CAM logits with the loss ``classification``."""
        out = self.network(batch.images)
        valid = shrink_valid(batch.valid, out.cam_logits)
        loss = classification_loss(pooled(out.cam_logits, valid), batch.tags)
        return HostOutput(out.features, out.cam_logits, valid, {"classification": loss})


def shrink_valid(valid: Tensor, like: Tensor) -> Tensor:
    """Return B x S x S bool at the resolution of ``like``: valid where at least half of the patch is."""
    height, width = like.shape[-2:]
    return F.adaptive_avg_pool2d(valid.float().unsqueeze(1), (height, width))[:, 0] >= 0.5


def pooled(cam_logits: Tensor, valid: Tensor) -> Tensor:
    """Return the mean of B x C x h x w logits over the valid pixels: B x C."""
    weight = valid.unsqueeze(1).to(cam_logits.dtype)
    return (cam_logits * weight).sum(dim=(2, 3)) / weight.sum(dim=(2, 3)).clamp(min=1)
