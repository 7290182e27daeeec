"""What one cell of the gallery shows, and where the gallery gets it from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

State = Literal["", "untagged", "tagged", "empty", "accepted", "rejected", "problem", "corrected"]

STATE_TEXTS: dict[str, str] = {
    "untagged": "not tagged yet",
    "tagged": "tagged",
    "empty": "confirmed empty",
    "accepted": "mask accepted",
    "rejected": "mask rejected",
    "problem": "problem",
    "corrected": "mask corrected by hand",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One tag of an image; ``colour`` is its class's red, green, blue in 0..255."""

    text: str
    colour: tuple[int, int, int]
    kind: Literal["present", "predicted"] = "present"


@dataclass(frozen=True, slots=True)
class Cell:
    """One image: its name, its tags, its state, and what its tooltip says besides."""

    id: int
    name: str
    chips: tuple[Chip, ...] = ()
    state: State = ""
    tip: str = ""


class CellSource(Protocol):
    """Tells what cells show. Asked in the GUI thread for a page of ids at a time, so it must be quick."""

    def cells(self, ids: Sequence[int]) -> list[Cell]:
        """Return the cells of ``ids``; the order does not matter, unknown ids may be left out."""


class ThumbnailSource(Protocol):
    """Loads thumbnails behind the window.

    ``ready`` is a signal ``(int, QImage)``, ``failed`` one of ``(int, str)`` with a short reason.
    """

    ready: Any
    failed: Any

    def request(self, ids: Sequence[int], side: int) -> None:
        """Load these, most wanted first, with ``side`` px for the longer side. Replaces the request before."""


def describe(cell: Cell, problem: str = "") -> list[str]:
    """Return what the cell says in words: name, state, tags, its tip, and why its thumbnail is missing."""
    present = ", ".join(chip.text for chip in cell.chips if chip.kind == "present")
    predicted = ", ".join(chip.text for chip in cell.chips if chip.kind == "predicted")
    lines = [cell.name, STATE_TEXTS.get(cell.state, "")]
    lines += [f"Tags: {present}" if present else "", f"Predicted: {predicted}" if predicted else ""]
    lines += [cell.tip, f"No thumbnail: {problem}" if problem else ""]
    return [line for line in lines if line]
