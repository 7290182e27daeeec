"""Ours: what judgements say is taught at the CAM itself, where no projection can absorb it.

The *normalised* CAM is drawn to 1 where the judged seed shows a class and to 0 where it does not. Supervising the
logits ruins the map, because its maximum grows faster than its body (docs/method.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

UNSURE = 255
MOSTLY = 0.5
LOWEST_PEAK = 0.5  # of the mean peak of the class in the batch: a crop without the object has no peak to go by


@dataclass(frozen=True, slots=True)
class Judged:
    """What judgements say of a batch of crops, on a lattice whose corners lie on theirs.

    ``seeds``: B x P x P int64, 0 background, 1 + class, 255 unsure. ``forced``: B x C x P x P int8, 1 part of the
    object, -1 background for the class, 0 nobody said.
    """

    seeds: Tensor
    forced: Tensor

    def forced_at(self, height: int, width: int) -> Tensor:
        """Return ``forced`` at the nearest points of another lattice: B x C x height x width."""
        rows, columns = (
            torch.linspace(0, n - 1, m, device=self.forced.device).round().long()
            for n, m in zip(self.forced.shape[-2:], (height, width), strict=True)
        )
        return self.forced[:, :, rows][:, :, :, columns]

    def targets(self, tags: Tensor) -> tuple[Tensor, Tensor]:
        """Return where each class shall and shall not be: two of B x C x P x P bool, both False where nobody can say.

        What is forced goes before the seed; only present ``tags`` (B x C: 1, 0, -1) take part.
        """
        present = (tags == 1)[:, :, None, None]
        number = torch.arange(1, tags.shape[1] + 1, device=tags.device)[:, None, None]
        seed = self.seeds.unsqueeze(1)
        sure = (seed != UNSURE) & (self.forced == 0)
        there = (sure & (seed == number)) | (self.forced > 0)
        absent = (sure & (seed != number)) | (self.forced < 0)
        return there & present, absent & present


def judged_tags(tags: Tensor, members: Tensor, forced: Tensor) -> Tensor:
    """Return the tags of NROIs: those of their images, and 0 for classes that an NROI was judged to be background for.

    ``tags``: B x C. ``members``: B x K x P of 0 and 1, the pixels of each. ``forced``: B x C x P as in `Judged`. An
    NROI was judged if more than half of its pixels were. Result: B x K x C.
    """
    background = torch.bmm(members, (forced < 0).transpose(1, 2).to(members.dtype))
    mostly = background > MOSTLY * members.sum(dim=2, keepdim=True)
    return tags.unsqueeze(1).masked_fill(mostly, 0)


def judged_loss(cam_logits: Tensor, tags: Tensor, judged: Judged) -> Tensor:
    """Return the mean squared error of the normalised CAM where a class shall be, plus that where it shall not be.

    ``cam_logits``: B x C x h x w. ``tags``: B x C. The maximum that a CAM is divided by gets no gradient. Zero, with a
    gradient of zero, where nothing is judged.
    """
    there, absent = judged.targets(tags)
    cam = F.interpolate(_normalised(cam_logits, tags), there.shape[-2:], mode="bilinear", align_corners=True)
    missing = (1 - cam).clamp(min=0).square()
    return _mean(missing, there) + _mean(cam.square(), absent)


def _normalised(cam_logits: Tensor, tags: Tensor) -> Tensor:
    cam = F.relu(cam_logits)
    peak = cam.detach().amax(dim=(2, 3))
    present = (tags == 1).to(peak.dtype)
    usual = (peak * present).sum(dim=0) / present.sum(dim=0).clamp(min=1)
    return cam / peak.maximum(LOWEST_PEAK * usual).clamp(min=1e-5)[:, :, None, None]


def _mean(error: Tensor, where: Tensor) -> Tensor:
    weight = where.to(error.dtype)
    return (error * weight).sum() / weight.sum().clamp(min=1)
