"""The drawn demo scenes: objects, the backgrounds that come along with them, and the exact truth."""

from __future__ import annotations

from fbr_engine.scenes.names import BACKGROUND_NAMES, BACKGROUNDS, CLASSES, MASK_NAMES, OBJECT
from fbr_engine.scenes.scene import SIDE, Scene, draw_scene
from fbr_engine.scenes.writing import (
    BACKGROUND_MAPS,
    IMAGES,
    MASKS,
    TAGS,
    load_background_names,
    write_scenes,
)

__all__ = [
    "BACKGROUNDS",
    "BACKGROUND_MAPS",
    "BACKGROUND_NAMES",
    "CLASSES",
    "IMAGES",
    "MASKS",
    "MASK_NAMES",
    "OBJECT",
    "SIDE",
    "TAGS",
    "Scene",
    "draw_scene",
    "load_background_names",
    "write_scenes",
]
