"""What a training says, as figures and curves: follows events, knows no widget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fbr_engine.config import TrainConfig
from fbr_engine.events import EpochDone, Event, ImageSkipped, Notice, Started, StepDone
from fbr_studio.widgets import formatting
from fbr_studio.widgets.plots.series import Curves


@dataclass
class LiveTraining:
    """One job's training. ``run`` is None until it has begun; ``images`` is how many an epoch has (0: not known)."""

    config: TrainConfig
    run: str | None = None
    images: int = 0
    device: str = ""
    epoch: int = 0
    epochs: int = 0
    steps_per_epoch: int = 0
    total_loss: float | None = None
    learning_rate: float | None = None
    images_per_second: float | None = None
    curves: Curves = field(default_factory=Curves)
    notices: list[str] = field(default_factory=list)

    def follow(self, event: Event) -> None:
        """Take one event in."""
        if isinstance(event, StepDone):
            self._step(event)
        elif isinstance(event, EpochDone):
            self.images_per_second = event.images_per_second
            self.epochs = event.epochs
            self.curves.end_epoch(event.epoch * self.steps_per_epoch)
        elif isinstance(event, Started) and event.stage == "train":
            self.run = event.run
            self.epochs = self.epochs or self.config.epochs
            self.curves.cut(event.skipped)
        elif isinstance(event, ImageSkipped):
            self.notices.append(f"{event.image}: {event.reason}")
        elif isinstance(event, Notice):
            told = f"{event.message}: {event.remedy}" if event.remedy else event.message
            self.notices.append(formatting.without_commands(told))

    def _step(self, event: StepDone) -> None:
        self.epoch, self.steps_per_epoch = event.epoch, event.steps
        self.learning_rate = event.learning_rate
        self.total_loss = total_loss(event.losses, self.config)
        self.curves.steps = event.steps
        self.curves.add((event.epoch - 1) * event.steps + event.step, event.losses)

    def rate(self, steps_per_second: float | None) -> float | None:
        """Return images a second, from the job's steps a second while an epoch lasts."""
        if steps_per_second is not None and self.images and self.steps_per_epoch:
            return steps_per_second * self.images / self.steps_per_epoch
        return self.images_per_second

    def figures(self, steps_per_second: float | None = None, seconds_left: float | None = None) -> list[str]:
        """Return the figures of the line above the curves, each with its unit."""
        parts = [
            f"epoch {max(1, self.epoch)} of {self.epochs}" if self.epochs else "",
            formatting.rate(self.rate(steps_per_second), "images"),
            formatting.time_left(seconds_left),
            device_words(self.device),
            f"loss {self.total_loss:.3g}" if self.total_loss is not None else "",
            f"learning rate {self.learning_rate:.2g}" if self.learning_rate is not None else "",
        ]
        return [part for part in parts if part]


def total_loss(losses: Mapping[str, float], config: TrainConfig) -> float:
    """Return the weighted sum that is minimised; a loss without a weight of its own counts once."""
    return sum(value * getattr(config, f"weight_{name}", 1.0) for name, value in losses.items())


def device_words(device: str) -> str:
    """Return a device as people call it."""
    if device.startswith("cuda"):
        return "GPU"
    return device.upper() if device == "cpu" else device
