"""Gaussian sums over points in a few dimensions, in time linear in their number: the permutohedral lattice.

Adams, Baek and Davis, *Fast High-Dimensional Filtering Using the Permutohedral Lattice*, Eurographics 2010. Every point
gives its value to the corners of the simplex it lies in (splat), neighbouring corners mix along each axis of the
lattice (blur), and every point gathers from its corners (slice).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

_MIX = (0.5, 1.0, 0.5)


class PermutohedralLattice:
    """The lattice of N points in d dimensions, built once and used for any number of values.

    ``features``: N x d, in units of the Gaussian's standard deviation, on any device; d is small (5 for position and
    colour). Only corners of simplices with a point in them are kept, so weight that is blurred beyond them is lost:
    sums come out a few per cent low where points are sparse. Raises `ValueError` when the points lie so far apart that
    corners cannot be numbered (more than 2^63 cells in the box around them).
    """

    def __init__(self, features: Tensor) -> None:
        self.dims = features.shape[1]
        anchors, rank, shares = _simplices(features.double().T)
        codes, steps = _codes(anchors, rank)
        corners, vertex = torch.unique(codes.flatten(), return_inverse=True)  # of corner k of point n at k * N + n
        points = features.shape[0]
        self._count = len(corners)
        self._slice_index = vertex.view(-1, points).T.contiguous()
        self._slice_weight = (shares.T * _scale(self.dims)).to(features.dtype).contiguous()
        order = vertex.argsort(stable=True)
        self._splat_index = order % points
        self._splat_weight = shares.flatten()[order].to(features.dtype)
        counts = vertex.bincount(minlength=self._count)
        self._splat_offset = counts.cumsum(0) - counts
        self._blur_index = [_neighbours(corners, step) for step in steps]
        self._blur_weight = features.new_tensor(_MIX).expand(self._count + 1, 3).contiguous()

    def filter(self, values: Tensor) -> Tensor:
        """Return for each point the sum over all points of exp(-|distance|^2 / 2) times their values, N x K.

        ``values``: N x K. A point counts itself. Sums over points that lie dense and even come out right; a single
        pair may be off by a third.
        """
        table = F.embedding_bag(
            self._splat_index, values, self._splat_offset, mode="sum", per_sample_weights=self._splat_weight
        )
        table = torch.cat([table, table.new_zeros(1, values.shape[1])])  # what corners that are not there hold
        for index in self._blur_index:
            table = F.embedding_bag(index, table, mode="sum", per_sample_weights=self._blur_weight)
        return F.embedding_bag(self._slice_index, table, mode="sum", per_sample_weights=self._slice_weight)


def _scale(dims: int) -> float:
    """Return what makes evenly spread values sum to what they would under the Gaussian.

    A corner speaks for a cell of volume 1.5^(d/2) / sqrt(d + 1), and each of the d + 1 blurs doubles what there is.
    """
    cell = 1.5 ** (dims / 2) / math.sqrt(dims + 1)
    return float((2 * math.pi) ** (dims / 2) / (cell * 2 ** (dims + 1)))


def _simplices(features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return where points, d x N, lie in the lattice: three tensors of d + 1 x N.

    The nearest lattice point whose coordinates are multiples of d + 1 (int64), the rank of each coordinate's distance
    to it (0 is the largest), and the barycentric coordinates by the corner's remainder 0..d.
    """
    dims = len(features)
    elevated = _elevation(dims).to(features.device) @ features
    anchors = (elevated / (dims + 1)).round()
    excess = anchors.sum(dim=0).long()  # the rounding left the plane by this much
    rank = (elevated / (dims + 1) - anchors).argsort(dim=0, descending=True, stable=True).argsort(dim=0) + excess
    turn = (rank < 0).long() - (rank > dims).long()
    anchors, rank = anchors.long() + turn, rank + turn * (dims + 1)
    offset = elevated / (dims + 1) - anchors
    falling = torch.empty_like(offset).scatter_(0, rank, offset)
    rising = falling.flip(0)
    shares = torch.cat([1 + rising[:1] - rising[-1:], rising[1:] - rising[:-1]])
    return anchors * (dims + 1), rank, shares


def _elevation(dims: int) -> Tensor:
    """Return the d + 1 x d matrix that lays points into the plane of coordinates with sum 0.

    Its columns are orthogonal; their length makes the blur, together with splat and slice, as wide as a Gaussian of
    standard deviation 1.
    """
    number = torch.arange(1, dims + 1, dtype=torch.float64)
    rows = torch.arange(dims + 1)[:, None]
    columns = torch.where(rows < number, 1.0, torch.where(rows == number, -number, 0.0))
    return columns * ((dims + 1) * math.sqrt(2 / 3) / (number * (number + 1)).sqrt())


def _codes(anchors: Tensor, rank: Tensor) -> tuple[Tensor, list[int]]:
    """Return a number for each of the d + 1 corners of each point, d + 1 x N, and what a step along an axis adds to it.

    A corner's first d coordinates are the digits of its number; the digits have room for neighbours on all sides.
    """
    dims = len(anchors) - 1
    low, high = anchors[:-1].amin(dim=1) - 2 * dims, anchors[:-1].amax(dim=1) + 2 * dims
    strides = [1]
    for size in (high - low + 1).tolist():
        strides.append(strides[-1] * size)
    if strides.pop() >= 2**63:
        raise ValueError("the points lie too far apart for a lattice: use a larger standard deviation")
    stride = torch.tensor(strides, device=anchors.device)[:, None]
    base = ((anchors[:-1] - low[:, None]) * stride).sum(dim=0)
    codes = []
    for remainder in range(dims + 1):
        coordinate = remainder - (dims + 1) * (rank[:-1] > dims - remainder).long()
        codes.append(base + (coordinate * stride).sum(dim=0))
    total = sum(strides)
    return torch.stack(codes), [total - (dims + 1) * s for s in (*strides, 0)]


def _neighbours(corners: Tensor, step: int) -> Tensor:
    """Return M + 1 x 3 places of the corner before, the corner itself and the one after; M where there is none."""
    count = len(corners)
    here = torch.arange(count, device=corners.device)
    columns = []
    for wanted in (corners - step, corners, corners + step):
        place = torch.searchsorted(corners, wanted).clamp(max=count - 1)
        columns.append(torch.where(corners[place] == wanted, place, count))
    columns[1] = here
    table = torch.stack(columns, dim=1)
    return torch.cat([table, torch.full_like(table[:1], count)])
