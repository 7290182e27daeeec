"""The names that the values of a scene's mask and of its background map stand for."""

from __future__ import annotations

CLASSES: tuple[str, ...] = ("boat", "train", "sheep", "bird")
"""Object classes; a mask holds 1 + the index into this tuple, and 0 where no object is."""

BACKGROUNDS: tuple[str, ...] = (
    "other",
    "sky",
    "hills",
    "trees",
    "houses",
    "field",
    "sand",
    "grass",
    "water",
    "rails",
)
"""Kinds of background; a background map holds the index into this tuple, and OBJECT at object pixels."""

OBJECT = 255
"""Value of a background map where an object hides what lies behind it."""

MASK_NAMES: dict[int, str] = {0: "background", **{i + 1: name for i, name in enumerate(CLASSES)}}
"""Value of a mask -> name."""

BACKGROUND_NAMES: dict[int, str] = {**dict(enumerate(BACKGROUNDS)), OBJECT: "object"}
"""Value of a background map -> name."""

OTHER, SKY, HILLS, TREES, HOUSES, FIELD, SAND, GRASS, WATER, RAILS = range(len(BACKGROUNDS))
