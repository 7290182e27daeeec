"""What every host takes and gives.

A host turns a batch into features, CAM logits and its own named losses. FBR takes features, CAM logits and tags and
returns more named losses; it knows nothing else of the host.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from fbr_engine.config import TrainConfig
from fbr_engine.losses.fbr import CropOrigin
from fbr_engine.losses.judged import Judged
from fbr_engine.networks.background_channel import BackgroundChannel
from fbr_engine.networks.cam_network import CamNetwork, CamOutput
from fbr_engine.networks.pooling import active_pooled, pooled


@dataclass(frozen=True, slots=True)
class Batch:
    """One training batch.

    ``images``: B x 3 x S x S, normalised. ``tags``: B x C int8, 1 present, 0 absent, -1 unknown.
    ``valid``: B x S x S bool, False where a crop reaches past its image.
    ``labels``: B x S x S int64, what an earlier run's masks say: 0 background, 1 + class, 255 unknown; None unless the
    host uses them. ``saliency``: B x S x S float in [0, 1], NaN where there is no map; None without ``--saliency``.
    ``judged``: what judgements say; None where they say nothing of any of the images.
    ``progress``: the share of the training that is done, in [0, 1).
    """

    images: Tensor
    tags: Tensor
    valid: Tensor
    origin: CropOrigin
    labels: Tensor | None = None
    saliency: Tensor | None = None
    judged: Judged | None = None
    progress: float = 1.0


@dataclass(frozen=True, slots=True)
class HostOutput:
    """``features``: B x F x h x w. ``cam_logits``: B x C x h x w. ``valid``: B x h x w bool. ``losses`` by name.

    ``untold_logits``: ``cam_logits`` as they are without being told the tags; None where they are not told any.
    """

    features: Tensor
    cam_logits: Tensor
    valid: Tensor
    losses: dict[str, Tensor]
    untold_logits: Tensor | None = None


class Host(nn.Module, ABC):
    """Base of the hosts: how a CAM network learns from a batch, and how it is asked afterwards.

    ``uses_labels``: whether it learns from the masks of an earlier run (``--seeds-from``). ``own_background``: whether
    its CAM logits are relative to a background logit of its own, so that 0 is as likely as background. ``told_tags``:
    whether its CAMs depend on the tags that `infer` is given, and so are out of date when these change.
    """

    uses_labels: ClassVar[bool] = False
    told_tags: ClassVar[bool] = False
    own_background: ClassVar[bool] = False

    def __init__(self, network: CamNetwork, config: TrainConfig) -> None:
        super().__init__()
        self.network = network
        network.active_pooling = self.active_pooling = bool(config.saliency)

    def make_background(self) -> BackgroundChannel:
        """Return the background channel that the saliency loss needs beside this host's CAM logits."""
        return BackgroundChannel(None if self.own_background else self.network.backbone.channels)

    @abstractmethod
    def forward(self, batch: Batch) -> HostOutput:
        """Compute one training batch."""

    def pool(self, cam_logits: Tensor, valid: Tensor) -> Tensor:
        """Return one logit per class, B x C, over the pixels of B x C x h x w that are ``valid``, B x h x w bool.

        The mean; with saliency maps that of the active pixels, as EPS has it.
        """
        return active_pooled(cam_logits, valid) if self.active_pooling else pooled(cam_logits, valid)

    def infer(self, images: Tensor, tags: Tensor) -> CamOutput:
        """Return what the CAMs of ``images``, B x 3 x H x W, are made of; ``tags``: B x C, 1, 0, -1 unknown.

        The CAM is the ReLU of ``cam_logits``. Hosts that correct it, or that are told the tags, override this.
        """
        out: CamOutput = self.network(images)
        return out
