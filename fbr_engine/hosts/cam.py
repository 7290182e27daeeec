"""The baseline host: encoder, 1x1 convolution, global average pooling, tags."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from fbr_engine.hosts.base import Batch, Host, HostOutput
from fbr_engine.losses.classification import classification_loss
from fbr_engine.networks.pooling import pooled

__all__ = ["CamHost", "pooled", "shrink_valid"]


class CamHost(Host):
    """Plain CAM (Zhou et al., CVPR 2016). Pooling leaves padding out."""

    def forward(self, batch: Batch) -> HostOutput:
        """Return features and CAM logits with the loss ``classification``."""
        out = self.network(batch.images)
        valid = shrink_valid(batch.valid, out.cam_logits)
        loss = classification_loss(self.pool(out.cam_logits, valid), batch.tags)
        return HostOutput(out.features, out.cam_logits, valid, {"classification": loss})


def shrink_valid(valid: Tensor, like: Tensor) -> Tensor:
    """Return B x S x S bool at the resolution of ``like``: valid where at least half of the patch is."""
    height, width = like.shape[-2:]
    return F.adaptive_avg_pool2d(valid.float().unsqueeze(1), (height, width))[:, 0] >= 0.5
