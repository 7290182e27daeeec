"""What a stage says while it works: frozen dataclasses of plain values, never tensors.

A stage is a generator of these. The command line prints them, tests call ``list()`` on them and the
studio turns them into signals. ``Progress`` may be throttled by a listener; all others are milestones
and are never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    @property
    def name(self) -> str:
        """The event's name in JSON: the class name in snake case."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    def to_json(self) -> dict[str, Any]:
        """Return ``{"event": name, **fields}`` of JSON-ready values."""
        return {"event": self.name} | {f.name: _plain(getattr(self, f.name)) for f in fields(self)}


@dataclass(frozen=True, slots=True)
class Started(Event):
    """A stage begins; ``total`` counts ``unit`` that will be worked on, ``skipped`` those already done."""

    stage: str
    total: int
    unit: str
    run: str | None = None
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Progress(Event):
    """``done`` of ``total`` units are finished; ``note`` is a short figure such as the current loss."""

    stage: str
    done: int
    total: int
    unit: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class StepDone(Event):
    """One optimiser step: every named loss before weighting, and the learning rate of the head."""

    epoch: int
    step: int
    steps: int
    losses: Mapping[str, float]
    learning_rate: float


@dataclass(frozen=True, slots=True)
class EpochDone(Event):
    """One epoch is finished and its checkpoint written; losses are means over the epoch."""

    epoch: int
    epochs: int
    losses: Mapping[str, float]
    images_per_second: float
    seconds: float


@dataclass(frozen=True, slots=True)
class FileWritten(Event):
    """A result of ``image`` (its id in the folder) now lies at ``path`` (relative to the project)."""

    kind: str
    image: str
    path: str


@dataclass(frozen=True, slots=True)
class ImageSkipped(Event):
    """``image`` takes no part, and why."""

    image: str
    reason: str


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """Something the person should know; ``remedy`` says what to do about it, if anything."""

    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Result(Event):
    """The last event of every stage: its figures, ready for JSON."""

    stage: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the figures at the top level, beside ``event`` and ``stage``."""
        return {"event": "result", "stage": self.stage} | {k: _plain(v) for k, v in self.values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value
