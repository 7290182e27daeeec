"""Times of day: the colours of the sky, and the tint of whatever stands under it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fbr_engine.scenes.colour import Colour, jittered, mix, times


@dataclass(frozen=True)
class Light:
    """One time of day.

    ``tint`` multiplies the colours of ground and objects; ``sun_height`` is the share of the sky below
    the sun; ``clouds`` is the colour of a cloud's lit side; ``lamps`` says that windows shine.
    """

    zenith: Colour
    horizon: Colour
    sun: Colour
    tint: Colour
    clouds: Colour
    sun_height: float
    shadow: float = 0.30
    lamps: bool = False

    def on(self, colour: Colour, distance: float = 0.0) -> Colour:
        """Return the colour as seen under this light through ``distance`` (0..1) of haze."""
        return mix(times(colour, self.tint), self.horizon, distance)


_TIMES: tuple[tuple[float, Light], ...] = (
    (0.30, Light((82, 160, 222), (200, 230, 242), (255, 250, 224), (1, 1, 1), (252, 252, 250), 0.85)),
    (
        0.15,
        Light((138, 188, 226), (254, 228, 200), (255, 240, 200), (1.02, 0.97, 0.92), (255, 244, 232), 0.35),
    ),
    (
        0.20,
        Light((92, 158, 210), (250, 232, 198), (255, 240, 190), (1.04, 0.98, 0.87), (255, 246, 226), 0.55),
    ),
    (0.14, Light((92, 98, 158), (253, 170, 112), (255, 224, 150), (1.0, 0.86, 0.80), (252, 190, 160), 0.16)),
    (
        0.07,
        Light(
            (50, 60, 112),
            (204, 150, 164),
            (255, 206, 170),
            (0.62, 0.62, 0.80),
            (150, 132, 168),
            0.08,
            0.2,
            True,
        ),
    ),
    (
        0.11,
        Light((160, 174, 186), (216, 222, 224), (236, 238, 236), (0.87, 0.91, 0.94), (236, 238, 240), 0.7, 0.12),
    ),
    (
        0.03,
        Light((20, 30, 66), (70, 94, 134), (236, 238, 214), (0.42, 0.50, 0.72), (74, 88, 124), 0.75, 0.2, True),
    ),
)


def choose_light(rng: np.random.Generator) -> Light:
    """Return a time of day with slightly varied sky colours."""
    weights = np.array([weight for weight, _ in _TIMES])
    light = _TIMES[int(rng.choice(len(_TIMES), p=weights / weights.sum()))][1]
    return Light(
        jittered(rng, light.zenith, 0.02, 0.08),
        jittered(rng, light.horizon, 0.01, 0.04),
        light.sun,
        light.tint,
        light.clouds,
        light.sun_height,
        light.shadow,
        light.lamps,
    )
