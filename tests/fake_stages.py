"""Stages that only say what real ones say, at the pace of the test: no torch, no files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fbr_engine.errors import FbrError
from fbr_engine.events import EpochDone, Event, FileWritten, Progress, Result, Started, StepDone

MOST_SECONDS = 10.0


@dataclass
class Pace:
    """Holds a stage between two events: `allow` lets some through, `open_up` all of them."""

    _tickets: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _open: threading.Event = field(default_factory=threading.Event)

    def allow(self, events: int = 1) -> None:
        """Let so many events through."""
        for _ in range(events):
            self._tickets.release()

    def open_up(self) -> None:
        """Let everything through from now on."""
        self._open.set()
        self._tickets.release()

    def wait(self) -> None:
        """Called by the stage before each event."""
        if not self._open.is_set():
            assert self._tickets.acquire(timeout=MOST_SECONDS), "the test let no more events through"


@dataclass
class FakeStage:
    """A generator of given events; ``closed`` is set when it was ended early, ``threads`` says where it ran."""

    events: Sequence[Event]
    pace: Pace | None = None
    fails: BaseException | None = None
    closed: bool = False
    calls: list[tuple[Any, str | None]] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)

    def __call__(self, project: Any, run: str | None) -> Iterator[Event]:
        """Return the generator, as the function behind a `Step` does."""
        self.calls.append((project, run))
        return self._work()

    def _work(self) -> Iterator[Event]:
        self.threads.add(threading.current_thread().name)
        try:
            for event in self.events:
                if self.pace is not None:
                    self.pace.wait()
                yield event
            if self.fails is not None:
                raise self.fails
        except GeneratorExit:
            self.closed = True
            raise


def training_events(
    run: str = "fbr", epochs: int = 2, steps: int = 3, loss: Callable[[int], float] = lambda step: 1 / (1 + step)
) -> list[Event]:
    """Return what a training says."""
    total = epochs * steps
    made: list[Event] = [Started("train", total, "steps", run)]
    for epoch in range(1, epochs + 1):
        for step in range(1, steps + 1):
            done = (epoch - 1) * steps + step
            made.append(StepDone(epoch, step, steps, {"classification": loss(done), "nroi": 4.0}, 1e-3))
            made.append(Progress("train", done, total, "steps", f"epoch {epoch}/{epochs}"))
        made.append(EpochDone(epoch, epochs, {"classification": loss(epoch * steps)}, 40.0, 1.0))
    return [*made, Result("train", {"run": run})]


def map_events(stage: str, images: Sequence[str], run: str = "fbr") -> list[Event]:
    """Return what the stages ``cams`` and ``masks`` say."""
    made: list[Event] = [Started(stage, len(images), "images", run)]
    for done, image in enumerate(images, start=1):
        made.append(FileWritten(stage, image, f"runs/{run}/{stage}/{image}.npz"))
        made.append(Progress(stage, done, len(images), "images"))
    return [*made, Result(stage, {"run": run})]


def failing(message: str, kind: type[FbrError] = FbrError) -> FakeStage:
    """Return a stage that begins and fails."""
    return FakeStage([Started("train", 1, "steps", "fbr")], fails=kind(message))
