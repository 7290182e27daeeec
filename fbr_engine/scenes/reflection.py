"""What stands in water is seen in it once more, upside down and broken by ripples."""

from __future__ import annotations

import numpy as np

from fbr_engine.scenes.canvas import SAMPLES, Canvas
from fbr_engine.scenes.light import Light
from fbr_engine.scenes.names import WATER


def reflect(canvas: Canvas, y: float, value: int, light: Light) -> None:
    """Mirror the object of a mask value that floats at ``y`` into the water below it."""
    rows = canvas.kinds.shape[0]
    line = int(y * canvas.unit * SAMPLES)
    depth = min(rows - line, line, int(0.3 * canvas.unit * SAMPLES))
    if depth < 2:
        return
    source = line - 1 - (np.arange(depth) * 1.5).astype(int)
    source = np.maximum(source, 0)
    left, right = _span(canvas, value)
    shift = _ripples(canvas, depth)
    columns = np.clip(np.arange(left, right)[None] + shift[:, None], 0, canvas.kinds.shape[1] - 1)
    shown = canvas.objects[source[:, None], columns] == value
    below = slice(line, line + depth), slice(left, right)
    shown &= (canvas.kinds[below] == WATER) & (canvas.objects[below] == 0)
    r, c = np.nonzero(shown)
    mirrored = canvas.pixels[source[r], columns[r, c]].astype(np.float32)
    strength = (0.5 - 0.38 * r / depth)[:, None]
    water = canvas.pixels[line + r, left + c].astype(np.float32)
    mirrored = mirrored * 0.82 + np.asarray(light.zenith, np.float32) * 0.08
    canvas.pixels[line + r, left + c] = (water + (mirrored - water) * strength).astype(np.uint8)


def _span(canvas: Canvas, value: int) -> tuple[int, int]:
    """Return the columns in which an object lies, and a little more on either side."""
    taken = np.flatnonzero((canvas.objects == value).any(axis=0))
    margin = int(0.05 * canvas.unit * SAMPLES)
    return max(0, int(taken[0]) - margin), min(canvas.kinds.shape[1], int(taken[-1]) + margin)


def _ripples(canvas: Canvas, depth: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return by how many samples each row of a reflection is displaced."""
    down = np.arange(depth) / (canvas.unit * SAMPLES)
    waves = np.sin(down * 190) * (0.004 + 0.05 * down) + np.sin(down * 83 + 1) * 0.05 * down
    return np.rint(waves * canvas.unit * SAMPLES).astype(np.int64)
