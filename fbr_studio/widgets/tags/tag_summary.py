"""What is known of each class over one image or many, and which key belongs to which class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

KEYS = 9


class TagValue(IntEnum):
    """What is known of a class; ``MIXED`` where several images differ."""

    UNKNOWN = -1
    ABSENT = 0
    PRESENT = 1
    MIXED = 2


@dataclass(frozen=True, slots=True)
class TagSummary:
    """In how many images one class is present, absent, unknown."""

    present: int = 0
    absent: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        """How many images were looked at."""
        return self.present + self.absent + self.unknown

    @property
    def value(self) -> TagValue:
        """What all of the images agree on; unknown where there are none."""
        if not self.total:
            return TagValue.UNKNOWN
        counts = {TagValue.PRESENT: self.present, TagValue.ABSENT: self.absent, TagValue.UNKNOWN: self.unknown}
        return next((value for value, count in counts.items() if count == self.total), TagValue.MIXED)


def summarise(known: npt.NDArray[np.int8]) -> list[TagSummary]:
    """Return one summary per class of ``known``, N images x C classes of 1 present, 0 absent, -1 unknown."""
    present, absent = (known == 1).sum(axis=0), (known == 0).sum(axis=0)
    return [TagSummary(int(p), int(a), len(known) - int(p) - int(a)) for p, a in zip(present, absent, strict=True)]


def after_click(value: TagValue) -> TagValue:
    """Return what a click makes of a value: unknown, present, absent and round again; mixed becomes present."""
    return {TagValue.PRESENT: TagValue.ABSENT, TagValue.ABSENT: TagValue.UNKNOWN}.get(value, TagValue.PRESENT)


def after_key(value: TagValue, *, absent: bool = False) -> TagValue:
    """Return what the class's key makes of a value: present, or unknown if it was; with ``absent``, absent instead."""
    wanted = TagValue.ABSENT if absent else TagValue.PRESENT
    return TagValue.UNKNOWN if value == wanted else wanted


def class_keys(class_ids: Sequence[int]) -> dict[int, int]:
    """Return the number key, 1 to 9, of the first nine classes by their ids."""
    return {class_id: number for number, class_id in enumerate(class_ids[:KEYS], start=1)}
