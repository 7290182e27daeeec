"""The NROI bank: a first-in-first-out memory of background regions that knows where each came from."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class NroiBatch:
    """M NROIs with their provenance; also the bank's columns.

    ``centroid``: M x D, mean of the background projection. ``key``: M x D, mean of the *foreground* projection over
    the same pixels, so that it can be compared with anchors. ``tags``: M x C int8, the tags of its image (-1 unknown),
    0 also for classes that it was judged to be background for. ``image``: M int64 id. ``epoch``: M int32. ``area``: M
    int32, pixels at feature resolution. ``mask``: M x h x w bool, those pixels in the training crop. ``box``: M x 4
    float, the crop's x, y, width, height in the image. ``flipped``: M bool, whether the crop was mirrored.
    """

    centroid: Tensor
    key: Tensor
    tags: Tensor
    image: Tensor
    epoch: Tensor
    area: Tensor
    mask: Tensor
    box: Tensor
    flipped: Tensor

    def __len__(self) -> int:
        return len(self.image)


class NroiBank:
    """FIFO of at most ``capacity`` NROIs, kept as one ring of tensors per column on the training device."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._columns: dict[str, Tensor] = {}
        self._next = 0
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, nrois: NroiBatch) -> None:
        """Remember ``nrois``, forgetting the oldest when full."""
        count = len(nrois)
        if count == 0:
            return
        if not self._columns:
            self._allocate(nrois)
        rows = (self._next + torch.arange(count, device=nrois.image.device)) % self.capacity
        last = slice(max(0, count - self.capacity), None)
        for name, column in self._columns.items():
            column[rows[last]] = getattr(nrois, name).detach()[last].to(column.dtype)
        self._next = (self._next + count) % self.capacity
        self._size = min(self.capacity, self._size + count)

    def entries(self) -> NroiBatch:
        """Return all that is remembered, as views, in no particular order."""
        return NroiBatch(**{name: column[: self._size] for name, column in self._columns.items()})

    def state_dict(self) -> dict[str, Tensor]:
        """Return the bank as tensors, for a checkpoint."""
        position = torch.tensor([self._next, self._size, self.capacity])
        return {"position": position} | {name: column[: self._size] for name, column in self._columns.items()}

    def load_state_dict(self, state: dict[str, Tensor], device: torch.device) -> None:
        """Restore what `state_dict` returned, on ``device``."""
        self._next, self._size, self.capacity = (int(v) for v in state["position"])
        self._columns = {}
        if self._size == 0:
            return
        filled = NroiBatch(**{f.name: state[f.name].to(device) for f in fields(NroiBatch)})
        self._allocate(filled)
        for name, column in self._columns.items():
            column[: self._size] = getattr(filled, name)

    def _allocate(self, like: NroiBatch) -> None:
        for f in fields(NroiBatch):
            example: Tensor = getattr(like, f.name)
            self._columns[f.name] = example.new_zeros((self.capacity, *example.shape[1:])).detach()
