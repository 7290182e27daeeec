"""What to do about an error of a job: a table of errors and the buttons that mend them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fbr_engine.config import TrainConfig
from fbr_engine.config_fields import option_of
from fbr_engine.errors import (
    DeviceError,
    FbrError,
    NonFiniteLossError,
    ProjectError,
    WeightsError,
    WriteError,
)
from fbr_studio.rooms.training.recipes import SMALL_NETWORK, small_network

Goal = Literal["start", "images", "weights", "runs"]


@dataclass(frozen=True, slots=True)
class Remedy:
    """A button: its text, the fields it changes, and where it leads then.

    ``start``: train with the changes; ``images``: go to that room; ``weights``: look for a file; ``runs``: to the list.
    """

    caption: str
    goal: Goal = "start"
    changes: Mapping[str, Any] = field(default_factory=dict)


Make = Callable[[FbrError, TrainConfig], list[Remedy]]


@dataclass(frozen=True, slots=True)
class Rule:
    """An error's class, what its message says (a pattern), and the remedies for a training that met it."""

    error: type[FbrError]
    says: str
    make: Make

    def fits(self, error: FbrError) -> bool:
        """Return whether the rule is about this error."""
        return isinstance(error, self.error) and re.search(self.says, str(error), re.IGNORECASE) is not None


def remedies_for(error: FbrError, config: TrainConfig | None) -> list[Remedy]:
    """Return the remedies for an error of a job; ``config``: what was trained, None for another stage."""
    tried = config or TrainConfig()
    for rule in RULES:
        if rule.fits(error):
            found = rule.make(error, tried)
            return found if config is not None else [remedy for remedy in found if remedy.goal != "start"]
    return []


def _less_memory(error: FbrError, config: TrainConfig) -> list[Remedy]:
    """Offer the largest batch that was found to fit, half of it where nobody looked, and a smaller crop."""
    found = []
    known = error.largest_batch if isinstance(error, DeviceError) else None
    batch = config.batch // 2 if known is None else min(known, config.batch)
    if batch > 0:
        found.append(Remedy(f"Start with batch {batch}", changes={"batch": batch}))
    crop = max(_low("crop"), (config.crop // 2 // 32) * 32 + 1)
    if crop < config.crop:
        found.append(Remedy(f"Start with crop {crop} px", changes={"crop": crop}))
    return found


def _other_weights(_: FbrError, config: TrainConfig) -> list[Remedy]:
    found = [Remedy("Choose a weights file", "weights")]
    if any(getattr(config, name) != value for name, value in SMALL_NETWORK.items()):
        found.insert(0, Remedy("Start with the small network", changes=small_network(config)))
    return found


def _slower(_: FbrError, config: TrainConfig) -> list[Remedy]:
    halved = {name: max(_low(name), getattr(config, name) / 2) for name in ("lr_encoder", "lr_head")}
    return [Remedy("Start with half the learning rates", changes=halved)]


def _low(name: str) -> Any:
    return option_of(TrainConfig.__dataclass_fields__[name]).low


def _on_the_cpu(*_: object) -> list[Remedy]:
    return [Remedy("Start on the CPU", changes={"device": "cpu"})]


def _to_images(*_: object) -> list[Remedy]:
    return [Remedy("Go to Images", "images")]


def _delete_runs(*_: object) -> list[Remedy]:
    return [Remedy("See what the runs take", "runs")]


RULES: tuple[Rule, ...] = (
    Rule(DeviceError, "out of memory", _less_memory),
    Rule(DeviceError, "no CUDA device", _on_the_cpu),
    Rule(WeightsError, "", _other_weights),
    Rule(NonFiniteLossError, "", _slower),
    Rule(WriteError, "space", _delete_runs),
    Rule(ProjectError, r"has tags|tag some|no class to learn|can be read", _to_images),
    Rule(FbrError, "the memory of this machine ran out", _less_memory),
)
