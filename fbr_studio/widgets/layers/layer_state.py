"""What the list of layers is told: which layers there are, and how each one stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LayerDescription:
    """One layer: its ``id``, what people call it, a sentence about it, and the keys of its eye and its solo."""

    id: str
    title: str
    help: str
    eye_key: str = ""
    solo_key: str = ""


@dataclass(frozen=True, slots=True)
class LayerState:
    """How a layer stands: ``visible`` is its eye, ``opacity`` in 0..1, ``there`` whether it has anything to show.

    ``note`` is a word or two beside its name, such as "under mine".
    """

    visible: bool = True
    opacity: float = 1.0
    solo: bool = False
    there: bool = True
    note: str = ""
