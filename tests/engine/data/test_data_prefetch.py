"""Prefetching: in order, bounded, honest about exceptions, and no thread outlives it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from fbr_engine.data.prefetch import prefetch


def running() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("fbr-prefetch")]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert running() == []


def test_order_is_kept_whatever_takes_longest() -> None:
    def load(item: int) -> int:
        time.sleep(0.002 * (item % 4 == 0))
        return item * 10

    assert list(prefetch(range(30), load, workers=4, ahead=6)) == [(i, i * 10) for i in range(30)]


def test_nothing_to_load() -> None:
    assert list(prefetch([], int, workers=2, ahead=2)) == []


@pytest.mark.parametrize("ahead", [0, 1, 5])
def test_look_ahead_is_bounded(ahead: int) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    for number, _ in prefetch(items(), lambda n: n, workers=3, ahead=ahead):
        assert len(taken) - (number + 1) <= ahead
        if number == 20:
            break


def test_an_exception_comes_where_its_item_would_have() -> None:
    def load(item: int) -> int:
        if item == 3:
            raise ValueError("item 3")
        return item

    loader = prefetch(range(10), load, workers=4, ahead=8)
    assert [next(loader) for _ in range(3)] == [(0, 0), (1, 1), (2, 2)]
    with pytest.raises(ValueError, match="item 3"):
        next(loader)


def test_loading_runs_in_parallel_and_items_are_made_by_the_caller() -> None:
    barrier, makers = threading.Barrier(3, timeout=20), set()

    def items() -> Iterator[int]:
        for number in range(3):
            makers.add(threading.get_ident())
            yield number

    assert [i for i, _ in prefetch(items(), lambda n: barrier.wait(), workers=3, ahead=3)] == [0, 1, 2]
    assert makers == {threading.get_ident()}


def test_closing_drops_what_has_not_begun_and_waits_for_the_rest() -> None:
    begun, ended = [], []

    def load(item: int) -> int:
        begun.append(item)
        time.sleep(0.05 if item else 0)
        ended.append(item)
        return item

    loader = prefetch(range(100), load, workers=2, ahead=20)
    next(loader)
    loader.close()
    assert running() == []
    assert sorted(begun) == sorted(ended)
    assert len(begun) < 8
