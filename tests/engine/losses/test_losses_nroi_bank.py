"""The bank forgets the oldest first and keeps every column of what it remembers."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch

from fbr_engine.losses.nroi_bank import NroiBank, NroiBatch


def nrois(first: int, count: int) -> NroiBatch:
    """Return NROIs whose every column tells their number."""
    number = torch.arange(first, first + count)
    mask = torch.zeros(count, 3, 4, dtype=torch.bool)
    mask.view(count, 12)[torch.arange(count), number % 12] = True
    return NroiBatch(
        centroid=number[:, None] + torch.tensor([0.25, 0.5]),
        key=-number[:, None].float().repeat(1, 2),
        tags=(number[:, None] % 3 - 1).repeat(1, 5).to(torch.int8),
        image=number + 10**12,
        epoch=(number // 2).int(),
        area=(number + 1).int(),
        mask=mask,
        box=number[:, None] + torch.tensor([-1.5, 0.0, 2.25, 3.0]),
        flipped=number % 2 == 1,
    )


def numbers(bank: NroiBank) -> list[int]:
    """Return which NROIs are remembered, after checking that no column was mixed up."""
    if len(bank) == 0:
        return []
    entries = bank.entries()
    found = (entries.image - 10**12).tolist()
    assert len(entries) == len(bank) == len(set(found))
    for row, number in enumerate(found):
        expected = nrois(number, 1)
        for f in fields(NroiBatch):
            assert torch.equal(getattr(entries, f.name)[row], getattr(expected, f.name)[0]), f.name
    return sorted(found)


@pytest.mark.parametrize("sizes", [[3], [4, 4], [3, 5, 2], [10], [7, 25, 1], [1] * 23, [0, 5, 0, 8]])
def test_the_newest_are_remembered(sizes: list[int]) -> None:
    bank, first = NroiBank(10), 0
    for size in sizes:
        bank.add(nrois(first, size))
        first += size
        assert numbers(bank) == list(range(max(0, first - 10), first))


@pytest.mark.parametrize("count", [0, 4, 10, 13, 27])
def test_state_dict_round_trip(count: int) -> None:
    bank = NroiBank(10)
    for number in range(count):
        bank.add(nrois(number, 1))
    state = {name: tensor.clone() for name, tensor in bank.state_dict().items()}
    other = NroiBank(3)
    other.add(nrois(90, 2))
    other.load_state_dict(state, torch.device("cpu"))
    assert other.capacity == 10
    assert numbers(other) == numbers(bank)
    for restored in (bank, other):
        restored.add(nrois(count, 6))
    assert numbers(other) == numbers(bank)


def test_what_is_added_is_copied_without_its_graph() -> None:
    bank, batch = NroiBank(4), nrois(0, 2)
    batch.centroid.requires_grad_()
    bank.add(batch)
    with torch.no_grad():
        batch.centroid.zero_()
    assert not bank.entries().centroid.requires_grad
    assert bank.entries().centroid.any()


def test_an_empty_bank_says_so() -> None:
    bank = NroiBank(4)
    bank.add(nrois(0, 0))
    assert len(bank) == 0
