"""Which NROIs may be negatives, and which anchors are dropped, against plain loops."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from fbr_engine.losses.nroi_contrast import candidates, draw_any_nrois, draw_nrois, nearer_to_nroi
from fbr_engine.losses.own_keys import Negatives


def similarity(a: Tensor, b: Tensor) -> float:
    return F.cosine_similarity(a[None], b[None]).item()


def allowed(keys: Tensor, tags: Tensor, prototype: Tensor, index: int) -> set[int]:
    """Return the rows that are safe, or verified against every safe one."""
    safe = [m for m in range(len(keys)) if tags[m, index] == 0]
    rows = set(safe)
    for m in range(len(keys)):
        nearest = max((similarity(keys[m], keys[s]) for s in safe), default=-2.0)
        if nearest > similarity(keys[m], prototype):
            rows.add(m)
    return rows


def bank(seed: int, count: int = 24) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    keys = torch.randn(count, 5, generator=generator)
    tags = torch.randint(-1, 2, (count, 3), generator=generator, dtype=torch.int8)
    return keys, tags, torch.randn(3, 5, generator=generator)


def rows_of(drawn: Tensor, keys: Tensor) -> list[int]:
    return [(keys == row).all(dim=1).nonzero().item() for row in drawn]  # type: ignore[misc]


@pytest.mark.parametrize("seed", range(4))
def test_only_safe_or_verified_ones_and_all_of_them_evenly(seed: int) -> None:
    keys, tags, prototypes = bank(seed)
    drawn = draw_nrois(keys, tags, prototypes, 4000, torch.Generator().manual_seed(seed))
    assert drawn.present.all()
    for index in range(3):
        counts = torch.bincount(torch.tensor(rows_of(drawn.rows[index], keys)), minlength=len(keys))
        expected = allowed(keys, tags, prototypes[index], index)
        assert set(counts.nonzero()[:, 0].tolist()) == expected
        mean = 4000 / len(expected)
        assert all(abs(counts[m].item() - mean) < 5 * mean**0.5 for m in expected)


def test_a_missed_part_of_the_object_is_never_drawn() -> None:
    prototype = torch.tensor([[1.0, 0, 0]])
    keys = torch.tensor([[0.9, 0.1, 0], [0, 1.0, 0], [0, 0.9, 0.2], [0, 0, 1.0]])
    tags = torch.tensor([[1], [0], [1], [1]], dtype=torch.int8)  # part, rails elsewhere, rails here, something else
    drawn = draw_nrois(keys, tags, prototype, 500, torch.Generator().manual_seed(0))
    assert set(rows_of(drawn.rows[0], keys)) == {1, 2}


@pytest.mark.parametrize("tag", [1, -1])
def test_without_a_safe_one_the_class_is_left_out(tag: int) -> None:
    keys, _, prototypes = bank(0)
    tags = torch.full((len(keys), 3), tag, dtype=torch.int8)
    tags[:, 1] = 0
    assert draw_nrois(keys, tags, prototypes, 8, None).present.tolist() == [False, True, False]


def test_the_paper_draws_from_the_whole_bank() -> None:
    keys, _, _ = bank(1)
    drawn = draw_any_nrois(keys, 2, 2000, torch.Generator().manual_seed(0))
    assert drawn.present.tolist() == [True, True]
    for rows in drawn.rows:
        assert set(rows_of(rows, keys)) == set(range(len(keys)))


@pytest.mark.parametrize("total", [1, 32, 33, 1000])
def test_a_large_bank_is_sampled(total: int) -> None:
    rows = candidates(total, 8, None, torch.device("cpu"))
    assert rows.tolist() == list(range(total)) if total <= 32 else len(rows) == 32
    assert rows.min() >= 0
    assert rows.max() < total


def test_the_same_generator_draws_the_same() -> None:
    keys, tags, prototypes = bank(2)
    for draw in (
        lambda g: draw_nrois(keys, tags, prototypes, 32, g),
        lambda g: draw_any_nrois(keys, 2, 32, g),
    ):
        first, second = (draw(torch.Generator().manual_seed(5)) for _ in range(2))
        assert torch.equal(first.rows, second.rows)


@pytest.mark.parametrize("seed", range(4))
def test_nearer_to_nroi_equals_the_loop(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    anchors = torch.randn(20, 4, generator=generator)
    classes = torch.randint(0, 3, (20,), generator=generator)
    prototypes = torch.randn(3, 4, generator=generator)
    rows = torch.randn(3, 3, 4, generator=generator)
    negatives = Negatives(rows, torch.tensor([True, False, True]))
    expected = []
    for anchor, c in zip(anchors, classes.tolist(), strict=True):
        nearest = max((similarity(anchor, n) for n in (rows[c] if c != 1 else [])), default=-2.0)
        expected.append(nearest > similarity(anchor, prototypes[c]))
    assert nearer_to_nroi(anchors, prototypes, classes, negatives).tolist() == expected
    assert any(expected)
    assert not all(expected)


def test_no_anchors() -> None:
    nothing = nearer_to_nroi(
        torch.zeros(0, 4),
        torch.randn(3, 4),
        torch.zeros(0, dtype=torch.int64),
        Negatives(torch.randn(3, 2, 4), torch.ones(3).bool()),
    )
    assert nothing.shape == (0,)
