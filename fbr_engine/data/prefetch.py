"""Decoding ahead of the network, in threads: Pillow and OpenCV release the interpreter lock while they work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import psutil

Item = TypeVar("Item")
Loaded = TypeVar("Loaded")

_URGENT_AHEAD = 2


def reader_count() -> int:
    """Return how many threads read ahead: half of the cores, at most 8; the others are for the network."""
    return max(1, min(8, (psutil.cpu_count() or 2) // 2))


def prefetch(
    items: Iterable[Item],
    load: Callable[[Item], Loaded],
    *,
    workers: int | None = None,
    ahead: int | None = None,
    urgent: Callable[[], Item | None] | None = None,
) -> Iterator[tuple[Item, Loaded]]:
    """Yield ``(item, load(item))`` in order, with at most ``ahead`` results waiting.

    ``workers`` threads load, by default `reader_count`; ``ahead`` is twice as many unless given. ``urgent`` is asked
    between any two items, in the caller's thread: what it returns (None for nothing) comes next, before what waits;
    up to two such items are loaded ahead.

    An exception of ``load`` is raised where its item would have been yielded. Closing the iterator drops what
    has not begun and waits for what has, so no thread outlives it.
    """
    workers = max(1, reader_count() if workers is None else workers)
    ahead = 2 * workers if ahead is None else ahead
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="fbr-prefetch")
    waiting: deque[tuple[Item, Future[Loaded]]] = deque()
    first: deque[tuple[Item, Future[Loaded]]] = deque()
    source = iter(items)
    try:
        while True:
            while urgent is not None and len(first) < _URGENT_AHEAD and (item := urgent()) is not None:
                first.append((item, pool.submit(load, item)))
            for item in source:
                waiting.append((item, pool.submit(load, item)))
                if len(waiting) > ahead:
                    break
            queue = first or waiting
            if not queue:
                return
            item, future = queue.popleft()
            yield item, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
