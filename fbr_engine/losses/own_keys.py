"""Each class has keys of its own: how alike every anchor is to those of its class."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

ANCHORS_PER_BLOCK = 64


@dataclass(frozen=True, slots=True)
class Negatives:
    """What the anchors of each class are set against.

    ``rows``: C x N x D without gradient. ``present``: C bool, False for a class that has none; its rows mean nothing.
    """

    rows: Tensor
    present: Tensor


def similarities_to_own(anchors: Tensor, anchor_class: Tensor, keys: Tensor) -> Tensor:
    """Return the inner products of each anchor with all keys of its own class: A x N.

    ``anchors``: A x D. ``anchor_class``: A int64. ``keys``: C x N x D. Anchors are sorted by class. On a CPU there is
    then one product for each class. Elsewhere they are put into blocks of one class each and all are multiplied at
    once: little is computed in vain however uneven the classes are, and nothing waits for a GPU.
    """
    multiply = _class_by_class if anchors.device.type == "cpu" else _all_at_once
    return multiply(anchors, anchor_class, keys)


def _class_by_class(anchors: Tensor, anchor_class: Tensor, keys: Tensor) -> Tensor:
    order = anchor_class.argsort(stable=True)
    parts = anchors.index_select(0, order).split_with_sizes(class_counts(anchor_class, len(keys)).tolist())
    products = torch.cat([part @ own.T for part, own in zip(parts, keys.unbind(), strict=True)])
    return torch.empty_like(products).index_copy(0, order, products)


def _all_at_once(anchors: Tensor, anchor_class: Tensor, keys: Tensor) -> Tensor:
    place, block_class = _blocks(anchor_class, len(keys))
    blocks = anchors.new_zeros(len(block_class) * ANCHORS_PER_BLOCK, anchors.shape[1]).index_copy(0, place, anchors)
    products = torch.bmm(
        blocks.view(-1, ANCHORS_PER_BLOCK, anchors.shape[1]), keys.index_select(0, block_class).transpose(1, 2)
    )
    return products.flatten(0, 1).index_select(0, place)


def _blocks(anchor_class: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Return each anchor's row in the blocks (A int64), and each block's class (T int64)."""
    counts = class_counts(anchor_class, classes)
    blocks = (counts + ANCHORS_PER_BLOCK - 1) // ANCHORS_PER_BLOCK
    ends = blocks.cumsum(0)
    # An upper limit that is known without looking at the counts; the last blocks may be empty.
    total = len(anchor_class) // ANCHORS_PER_BLOCK + classes
    block_class = torch.searchsorted(ends, torch.arange(total, device=counts.device), right=True)
    by_class = anchor_class.argsort(stable=True)
    sorted_class = anchor_class[by_class]
    rank = torch.arange(len(anchor_class), device=counts.device) - (counts.cumsum(0) - counts)[sorted_class]
    place = torch.empty_like(by_class)
    place[by_class] = (ends - blocks)[sorted_class] * ANCHORS_PER_BLOCK + rank
    return place, block_class.clamp(max=classes - 1)


def class_counts(item_class: Tensor, classes: int) -> Tensor:
    """Count the items of each class, C int64. Unlike `torch.bincount` it does not wait for a GPU; -1 is not counted."""
    counts = torch.zeros(classes + 1, dtype=torch.int64, device=item_class.device)
    return counts.scatter_add_(0, item_class + 1, torch.ones_like(item_class))[1:]
