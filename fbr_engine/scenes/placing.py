"""Puts figures into a place: how large, where, with which shadow or reflection."""

from __future__ import annotations

import numpy as np

from fbr_engine.scenes.bird import bird
from fbr_engine.scenes.boat import boat
from fbr_engine.scenes.canvas import Canvas
from fbr_engine.scenes.colour import WHITE, mix
from fbr_engine.scenes.figure import Figure, area, extent, paint, placed
from fbr_engine.scenes.ground import TUFT
from fbr_engine.scenes.light import Light
from fbr_engine.scenes.names import CLASSES, GRASS
from fbr_engine.scenes.oncoming import oncoming_train
from fbr_engine.scenes.plan import Plan
from fbr_engine.scenes.reflection import reflect
from fbr_engine.scenes.settings import Stage
from fbr_engine.scenes.shapes import ellipse, ribbon, stamped
from fbr_engine.scenes.sheep import sheep
from fbr_engine.scenes.train import train

Rng = np.random.Generator


def place_subjects(canvas: Canvas, light: Light, rng: Rng, plan: Plan, stage: Stage) -> None:
    """Draw the subjects of a plan, the farthest first."""
    if plan.count == 0:
        return
    if plan.subject == "train":
        _place_trains(canvas, light, rng, plan, stage)
    elif plan.subject == "bird" and plan.setting == "sky":
        place_birds(canvas, light, rng, plan.count, stage, _share(rng, 0.05, 0.24))
    else:
        _place_on_ground(canvas, light, rng, plan, stage)


def place_companion(canvas: Canvas, light: Light, rng: Rng, plan: Plan, stage: Stage) -> None:
    """Draw the class that came along: a bird in the sky or a sheep by the line."""
    if plan.companion == "bird":
        high = max(0.14, stage.horizon - 0.05)
        place_birds(canvas, light, rng, 1, Stage(0.0, high), rng.uniform(0.012, 0.03))
    elif plan.companion == "sheep":
        _place_sheep_by_the_line(canvas, light, rng, stage)


def _place_sheep_by_the_line(canvas: Canvas, light: Light, rng: Rng, stage: Stage) -> None:
    figure = sheep(rng)
    scale = _scale(canvas, figure, rng.uniform(0.03, 0.06), 0.4)
    aside = rng.uniform(0.14, 0.3)
    x = aside if rng.random() < 0.5 else 1 - aside
    y = rng.uniform(min(stage.bottom, max(stage.verge + 0.07, stage.bottom - 0.1)), stage.bottom)
    if stage.track is not None:
        x = aside if stage.track.x < stage.track.vanishing[0] else 1 - aside
        y = stage.horizon + (stage.bottom - stage.horizon) * rng.uniform(0.35, 0.6)
    elif stage.verge + 0.07 > stage.bottom:
        y, scale = stage.horizon + 0.1, scale * 0.7
    _stand(canvas, light, rng, figure, canvas.width * x, y, scale, "sheep", False)


def place_birds(canvas: Canvas, light: Light, rng: Rng, count: int, stage: Stage, share: float) -> None:
    """Draw flying birds that cover about ``share`` of the picture together, side by side."""
    order = rng.permutation(count)
    for slot in range(count):
        figure = bird(rng, flying=True)
        scale = _scale(canvas, figure, share / count, 0.92 / count if count > 1 else 0.9)
        placed_ = placed(figure, 0, 0, scale, flip=bool(rng.random() < 0.5), turn=float(rng.uniform(-0.3, 0.3)))
        left, top, right, bottom = extent(placed_)
        low, high = 0.03 - top, stage.bottom - bottom
        y = rng.uniform(low, high) if high > low else low
        x = _slot_x(rng, canvas, int(order[slot]), count, left, right)
        paint(canvas, placed(placed_, x, y, 1.0), light, CLASSES.index("bird") + 1)


def _share(rng: Rng, low: float, high: float) -> float:
    """Return a share of the picture, small ones more often than large ones."""
    return float(low * (high / low) ** rng.random())


def _scale(canvas: Canvas, figure: Figure, share: float, widest: float, highest: float = 0.86) -> float:
    """Return the scale at which the figure covers ``share`` of the picture and still fits into it."""
    left, top, right, bottom = extent(figure)
    wanted = np.sqrt(share * canvas.width * canvas.height / area(figure))
    return float(min(wanted, widest * canvas.width / (right - left), highest * canvas.height / (bottom - top)))


def _slot_x(rng: Rng, canvas: Canvas, slot: int, count: int, left: float, right: float) -> float:
    """Return x such that the figure lies in its slot of the width, and inside the picture."""
    wide = canvas.width / count
    low, high = slot * wide - left + 0.015, (slot + 1) * wide - right - 0.015
    return float(rng.uniform(low, high)) if high > low else float((low + high) / 2)


def _place_on_ground(canvas: Canvas, light: Light, rng: Rng, plan: Plan, stage: Stage) -> None:
    share, count = _share(rng, 0.07, 0.34), plan.count
    order = rng.permutation(count)
    figures = []
    for slot in range(count):
        figure = _figure(rng, plan)
        if rng.random() < 0.5:
            figure = placed(figure, 0, 0, 1.0, flip=True)
        share_here, widest = share / count * rng.uniform(0.7, 1.2), 0.94 if count == 1 else 1.1 / count
        scale = _scale(canvas, figure, share_here, widest, min(0.86, (stage.bottom - 0.03) / canvas.height))
        left, top, right, _ = extent(figure)
        x = _slot_x(rng, canvas, int(order[slot]), count, left * scale, right * scale)
        figures.append((_foot(rng, stage, -top * scale), x, scale, figure))
    for y, x, scale, figure in sorted(figures, key=lambda item: item[0]):
        _stand(canvas, light, rng, figure, x, y, scale, plan.subject, plan.setting == "lake")


def _figure(rng: Rng, plan: Plan) -> Figure:
    if plan.subject == "boat":
        return boat(rng, plan.setting == "lake")
    return sheep(rng) if plan.subject == "sheep" else bird(rng, flying=False)


def _foot(rng: Rng, stage: Stage, height: float) -> float:
    """Return y of the feet: on the ground, nearer for a larger figure, its head inside the picture."""
    depth = stage.bottom - stage.horizon
    near = min(1.0, 0.25 + height * 0.75 + rng.uniform(-0.1, 0.25))
    return max(stage.horizon + depth * max(0.12, near), height + 0.02)


def _stand(
    canvas: Canvas,
    light: Light,
    rng: Rng,
    figure: Figure,
    x: float,
    y: float,
    scale: float,
    name: str,
    afloat: bool,
) -> None:
    value = CLASSES.index(name) + 1
    left, _, right, _ = extent(figure)
    if not afloat:
        shadow = ellipse(x + (left + right) / 2 * scale + 0.03 * scale, y, (right - left) * scale * 0.46, 0.055 * scale)
        canvas.stain([shadow], light.on((34, 40, 46)), light.shadow)
    body = placed(figure, x, y, scale)
    paint(canvas, body, light, value)
    if afloat:
        reflect(canvas, y, value, light)
        _wake(canvas, light, rng, x, y, (right - left) * scale)
    elif canvas.kinds[_row(canvas, y), _column(canvas, x)] == GRASS:
        _grass_at_feet(canvas, light, rng, x, y, scale * (right - left))


def _row(canvas: Canvas, y: float) -> int:
    return int(np.clip(y / canvas.height * canvas.kinds.shape[0], 0, canvas.kinds.shape[0] - 1))


def _column(canvas: Canvas, x: float) -> int:
    return int(np.clip(x / canvas.width * canvas.kinds.shape[1], 0, canvas.kinds.shape[1] - 1))


def _wake(canvas: Canvas, light: Light, rng: Rng, x: float, y: float, wide: float) -> None:
    foam = mix(light.on(WHITE), light.horizon, 0.25)
    for _ in range(7):
        fx, half = x + rng.uniform(-0.6, 0.55) * wide, wide * rng.uniform(0.05, 0.16)
        fy = y + rng.uniform(0.002, 0.03)
        canvas.fill(ribbon([(fx - half, fy), (fx, fy - 0.003), (fx + half, fy)], 0.007, 0.002), foam)


def _grass_at_feet(canvas: Canvas, light: Light, rng: Rng, x: float, y: float, wide: float) -> None:
    """Paint blades that grow in front of the feet: they hide what is behind them."""
    for colour in ((88, 128, 60), (122, 160, 72)):
        xs, foot = x + rng.uniform(-0.5, 0.5, 12) * wide, np.full(12, y + 0.012 + 0.01 * wide)
        blades = stamped(TUFT, xs, foot, wide * rng.uniform(0.03, 0.06, 12))
        canvas.fill_many(blades, light.on(colour), kind=GRASS)


def _place_trains(canvas: Canvas, light: Light, rng: Rng, plan: Plan, stage: Stage) -> None:
    value = CLASSES.index("train") + 1
    if stage.track is not None:
        near = rng.uniform(0.5, 0.82)
        x, y, gauge = stage.track.point(near)
        wide = gauge * 1.75
        vx, vy = ((stage.track.vanishing[0] - x) / wide, (stage.track.vanishing[1] - y) / wide)
        figure = oncoming_train(rng, (vx, vy), rng.uniform(0.6, 0.85))
        canvas.stain([ellipse(x, y, wide * 0.6, wide * 0.06)], light.on((34, 40, 46)), light.shadow)
        paint(canvas, placed(figure, x, y, wide), light, value)
        return
    flip = bool(rng.random() < 0.5)
    figure = placed(train(rng), 0, 0, 1.0, flip=flip)
    left, top, right, _ = extent(figure)
    if stage.rail is None:
        scale = _scale(canvas, figure, _share(rng, 0.1, 0.3), 1.25)
        y = _foot(rng, stage, -top * scale)
    else:
        scale = min(stage.size / 0.5, 1.5 * canvas.width / (right - left))
        y = stage.rail + 0.005
    x = _train_x(rng, canvas, flip, left * scale, right * scale)
    canvas.stain([ellipse(x, y, (right - left) * scale * 0.5, 0.05 * scale)], light.on((34, 40, 46)), light.shadow)
    paint(canvas, placed(figure, x, y, scale), light, value)
    if stage.rail is None and plan.setting == "meadow":
        _grass_at_feet(canvas, light, rng, x, y, (right - left) * scale)


def _train_x(rng: Rng, canvas: Canvas, flip: bool, left: float, right: float) -> float:
    """Return x of a train's middle such that its engine is in the picture, wherever its last wagon may be."""
    ahead = canvas.width * rng.uniform(0.72, 0.97)
    if right - left < canvas.width * 0.9:
        ahead = rng.uniform(right - left + 0.02, canvas.width - 0.02)
    return float(canvas.width - ahead - left if flip else ahead - right)
