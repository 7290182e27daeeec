"""One scene: picture, exact mask, map of the background, tags."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fbr_engine.scenes.canvas import Canvas, Image
from fbr_engine.scenes.light import choose_light
from fbr_engine.scenes.names import CLASSES
from fbr_engine.scenes.placing import place_companion, place_subjects
from fbr_engine.scenes.plan import plan_scene
from fbr_engine.scenes.settings import SETTINGS
from fbr_engine.scenes.texture import add_texture

SIDE = 192
"""Default height and width of a scene in pixels."""


@dataclass(frozen=True)
class Scene:
    """A drawn scene.

    ``image`` uint8 (H, W, 3) RGB; ``mask`` uint8 (H, W), 0 background and 1 + the index into CLASSES where
    an object covers at least half of a pixel; ``background`` uint8 (H, W), index into BACKGROUNDS, and 255
    at object pixels; ``tags`` the classes that the mask holds, in the order of CLASSES.
    """

    image: Image
    mask: Image
    background: Image
    tags: tuple[str, ...]


def draw_scene(seed: int, index: int, side: int | tuple[int, int] = SIDE) -> Scene:
    """Draw scene ``index`` of the set that ``seed`` names; ``side`` is a length or (height, width) in pixels.

    The same arguments give the same bytes; another size gives the same composition.
    """
    height, width = (side, side) if isinstance(side, int) else side
    plan = plan_scene(seed, index)
    canvas = Canvas(height, width)
    light = choose_light(np.random.default_rng([seed, index, 3]))
    stage = SETTINGS[plan.setting](canvas, light, np.random.default_rng([seed, index, 4]))
    rng = np.random.default_rng([seed, index, 5])
    if plan.companion == "sheep":
        place_companion(canvas, light, rng, plan, stage)
    place_subjects(canvas, light, rng, plan, stage)
    if plan.companion == "bird":
        place_companion(canvas, light, rng, plan, stage)
    image, mask, background = canvas.finish()
    image = add_texture(image, background, np.random.default_rng([seed, index, 6]))
    present = np.bincount(mask.ravel(), minlength=len(CLASSES) + 1)[1:]
    tags = tuple(name for name, pixels in zip(CLASSES, present, strict=True) if pixels)
    return Scene(image, mask, background, tags)
