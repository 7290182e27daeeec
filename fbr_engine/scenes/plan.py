"""What is in a scene, decided before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fbr_engine.scenes.names import CLASSES

OWN, ALONE, ELSEWHERE = "own", "alone", "elsewhere"
_CASES = (OWN,) * 15 + (ALONE,) * 3 + (ELSEWHERE,) * 2
_BLOCK = len(_CASES) * len(CLASSES)

SETTING = {"boat": "lake", "train": "railway", "sheep": "meadow", "bird": "sky"}
"""Where each class is at home."""

_ELSEWHERE = {
    "boat": ("dunes", "dunes", "meadow"),
    "train": ("meadow", "dunes"),
    "sheep": ("dunes",),
    "bird": ("meadow", "dunes", "dunes"),
}
_COMPANIONS: dict[str, tuple[str, ...]] = {
    "boat": ("bird",),
    "train": ("sheep", "bird", "bird"),
    "sheep": ("bird",),
    "bird": (),
}
_COMPANY = 0.2


@dataclass(frozen=True)
class Plan:
    """The subject of a scene, where it stands, how many of it, and who comes along.

    ``count`` is 0 where the background is alone.
    """

    subject: str
    case: str
    setting: str
    count: int
    companion: str | None


def plan_scene(seed: int, index: int) -> Plan:
    """Return the plan of one scene.

    Every run of 80 indices holds each class in 15 scenes at home, 3 of its home without it and 2 of it
    elsewhere, in an order that depends on the seed alone: a shorter set is the beginning of a longer one.
    """
    block, slot = divmod(index, _BLOCK)
    order = np.random.default_rng([seed, block, 1]).permutation(_BLOCK)
    kind, case = divmod(int(order[slot]), len(_CASES))
    rng = np.random.default_rng([seed, index, 2])
    return _filled_in(rng, CLASSES[kind], _CASES[case])


def _filled_in(rng: np.random.Generator, subject: str, case: str) -> Plan:
    homes = _ELSEWHERE[subject] if case == ELSEWHERE else (SETTING[subject],)
    setting = homes[int(rng.integers(len(homes)))]
    friends = _COMPANIONS[subject] if case == OWN and rng.random() < _COMPANY else ()
    friend = friends[int(rng.integers(len(friends)))] if friends else None
    most = 1 if case == ELSEWHERE or subject == "train" or friend else 3
    count = 0 if case == ALONE else int(min(most, rng.choice((1, 2, 3), p=(0.6, 0.25, 0.15))))
    return Plan(subject, case, setting, count, friend)
