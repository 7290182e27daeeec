"""What every host takes and gives.

A host turns a batch into features, CAM logits and its own named losses. FBR takes features, CAM logits and tags and
returns more named losses; it knows nothing else of the host.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn

from fbr_engine.losses.fbr import CropOrigin
from fbr_engine.networks.cam_network import CamNetwork


@dataclass(frozen=True, slots=True)
class Batch:
    """One training batch.

    ``images``: B x 3 x S x S, normalised. ``tags``: B x C int8, 1 present, 0 absent, -1 unknown.
    ``valid``: B x S x S bool, False where a crop reaches past its image.
    """

    images: Tensor
    tags: Tensor
    valid: Tensor
    origin: CropOrigin


@dataclass(frozen=True, slots=True)
class HostOutput:
    """``features``: B x F x h x w. ``cam_logits``: B x C x h x w. ``valid``: B x h x w bool. ``losses`` by name."""

    features: Tensor
    cam_logits: Tensor
    valid: Tensor
    losses: dict[str, Tensor]


class Host(nn.Module, ABC):
    """Base of the hosts; ``network`` is what inference uses."""

    def __init__(self, network: CamNetwork) -> None:
        super().__init__()
        self.network = network

    @abstractmethod
    def forward(self, batch: Batch) -> HostOutput:
        """Compute one training batch."""
