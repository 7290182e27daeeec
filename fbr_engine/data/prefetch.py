"""Decoding ahead of the network, in threads: Pillow and OpenCV release the interpreter lock while they work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Loaded = TypeVar("Loaded")


def prefetch(
    items: Iterable[Item], load: Callable[[Item], Loaded], *, workers: int, ahead: int
) -> Iterator[tuple[Item, Loaded]]:
    """Yield ``(item, load(item))`` in order, with at most ``ahead`` results waiting.

    An exception of ``load`` is raised where its item would have been yielded. Closing the iterator drops what
    has not begun and waits for what has, so no thread outlives it.
    """
    pool = ThreadPoolExecutor(max_workers=max(1, workers), thread_name_prefix="fbr-prefetch")
    waiting: deque[tuple[Item, Future[Loaded]]] = deque()
    source = iter(items)
    try:
        while True:
            for item in source:
                waiting.append((item, pool.submit(load, item)))
                if len(waiting) > ahead:
                    break
            if not waiting:
                return
            item, future = waiting.popleft()
            yield item, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
