"""The background channel that the saliency loss adds to a host's CAMs."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor, nn

from fbr_engine.networks.cam_network import CamOutput


class BackgroundChannel(nn.Module):
    """A 1x1 convolution over the features whose output is the background's logit.

    ``channels`` is None for a host whose CAM logits are relative to a background of its own: then the logit is 0.
    """

    def __init__(self, channels: int | None) -> None:
        super().__init__()
        self.conv = None if channels is None else nn.Conv2d(channels, 1, 1)
        if self.conv is not None:
            nn.init.normal_(self.conv.weight, std=0.01)

    def forward(self, features: Tensor, cam_logits: Tensor) -> Tensor:
        """Return the logit, B x 1 x h x w, of ``features``, B x F x h x w; ``cam_logits``: B x C x h x w."""
        if self.conv is None:
            return cam_logits.new_zeros(cam_logits[:, :1].shape)
        logit: Tensor = self.conv(features)
        return logit

    def corrected(self, out: CamOutput) -> CamOutput:
        """Return ``out`` with how likely each class is against the background, 0..1, in place of its CAM logits.

        A host with a background of its own has done so already.
        """
        if self.conv is None:
            return out
        return replace(out, cam_logits=(out.cam_logits - self(out.features, out.cam_logits)).sigmoid())
