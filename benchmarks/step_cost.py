"""What does FBR add to a training step? ``cam`` and ``cam+fbr`` in turn, on the same random photos.

    python benchmarks/step_cost.py [--device cpu|cuda] [--weights FILE] [--quick] [--json FILE]

A step is the trainer's own: forward, losses, backward, optimiser. ``fbr`` is timed after the warm-up, when its contrast
takes part, and with a full bank. Also measured: the contrast step alone within it, the bare network forward and
backward, and on a GPU the peak of memory. With ``--weights`` BatchNorm is frozen, as in training; random weights keep
training it, or there were no CAMs to make seeds of.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from common import arguments, finish
from torch import Tensor

from fbr_engine.command.tables import table
from fbr_engine.config import TrainConfig
from fbr_engine.data.device import pick_precision
from fbr_engine.hosts import Batch
from fbr_engine.losses.fbr import CropOrigin, Fbr
from fbr_engine.losses.nroi_bank import NroiBatch
from fbr_engine.stages.trainer import Trainer

CLASSES, IMAGES, STEPS = 20, 1000, 1000
MOST_SHARE = 0.15
CONTRAST = {"nroi", "foreground"}


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--weights", default="none", help="MobileNetV2's weights; random ones, if not given")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"))
    parser.add_argument("--repeats", type=int, default=9)
    typed = parser.parse_args()
    device = torch.device(typed.device)
    config = TrainConfig(warmup=0.0, weights=typed.weights, precision=pick_precision(typed.precision, device))
    if typed.quick:
        config = replace(config, batch=4, crop=97)
    trainers = {
        method: Trainer(replace(config, method=method), CLASSES, IMAGES, STEPS, device, typed.weights)
        for method in ("cam", "cam+fbr")
    }
    batch = make_batch(config, device)
    missing = CONTRAST - set(trainers["cam+fbr"].step(batch))
    if missing:
        print(f"the contrast takes no part (no {', '.join(sorted(missing))}): there are no seeds", file=sys.stderr)
        return 1
    clock = Clock(device)
    fbr = trainers["cam+fbr"].fbr
    fill_bank(fbr)
    watch_contrast(fbr, clock)
    steps: dict[str, Callable[[], object]] = {name: bind(t, batch) for name, t in trainers.items()}
    steps["network alone"] = lambda: forward_backward(trainers["cam"], batch)
    figures = measure(steps, clock, 2 if typed.quick else typed.repeats, len(batch.images))
    show(figures)
    about = {"device": typed.device, "precision": config.precision, "pretrained": typed.weights != "none"}
    finish(about | {"quick": typed.quick, "bank": len(fbr.bank) if fbr else 0} | figures, typed.json)
    return 0


class Clock:
    """Times functions to their end, on a GPU too."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.inside: list[float] = []

    def time(self, function: Callable[[], object]) -> float:
        self._wait()
        began = time.perf_counter()
        function()
        self._wait()
        return time.perf_counter() - began

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def fill_bank(fbr: Fbr | None) -> None:
    """Fill the bank with the NROIs it holds, as if they came from images with other tags."""
    if fbr is None:
        raise ValueError("the method has no FBR")
    held, count = fbr.bank.entries(), fbr.bank.capacity
    generator = torch.Generator().manual_seed(1)
    rows = torch.randint(len(held), (count,), generator=generator).to(held.image.device)
    columns: dict[str, Tensor] = {name: getattr(held, name)[rows] for name in NroiBatch.__slots__}
    tags = torch.rand(count, CLASSES, generator=generator).topk(2, dim=1).indices
    columns["tags"] = torch.zeros(count, CLASSES, dtype=torch.int8).scatter(1, tags, 1).to(rows.device)
    fbr.bank.add(NroiBatch(**columns))


def watch_contrast(fbr: Fbr | None, clock: Clock) -> None:
    """Note how long each forward of the contrast step takes."""
    if fbr is None:
        raise ValueError("the method has no FBR")
    original = fbr.contrast_losses

    def timed(*inputs: Any) -> dict[str, Tensor]:
        losses: dict[str, Tensor] = {}
        clock.inside.append(clock.time(lambda: losses.update(original(*inputs))))
        return losses

    fbr.contrast_losses = timed  # type: ignore[method-assign]


def make_batch(config: TrainConfig, device: torch.device) -> Batch:
    """Return random photos with two tags each."""
    generator = torch.Generator().manual_seed(0)
    count, side = config.batch, config.crop
    tags = torch.zeros(count, CLASSES, dtype=torch.int8)
    for image in range(count):
        tags[image, torch.randperm(CLASSES, generator=generator)[:2]] = 1
    coarse = torch.randn(count, 3, side // 8, side // 8, generator=generator)
    images = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bilinear")
    origin = CropOrigin(
        torch.arange(count, device=device),
        torch.zeros(count, 4, device=device),
        torch.zeros(count, dtype=torch.bool, device=device),
        0,
    )
    valid = torch.ones(count, side, side, dtype=torch.bool, device=device)
    return Batch(images.to(device), tags.to(device), valid, origin)


def bind(trainer: Trainer, batch: Batch) -> Callable[[], object]:
    return lambda: trainer.step(batch)


def forward_backward(trainer: Trainer, batch: Batch) -> None:
    """Run the network alone, without a loss of ours or an optimiser."""
    trainer.host.train()
    trainer.host.network(batch.images).class_logits.sum().backward()
    trainer.optimizer.zero_grad(set_to_none=True)


def measure(steps: dict[str, Callable[[], object]], clock: Clock, repeats: int, images: int) -> dict[str, Any]:
    """Take all steps in turn after two turns that do not count; return medians, shares and memory."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    busy: dict[str, list[float]] = {name: [] for name in steps}
    memory: dict[str, float] = {}
    for turn in range(repeats + 2):
        for name, step in steps.items():
            if clock.device.type == "cuda":
                torch.cuda.reset_peak_memory_stats(clock.device)
            began = time.process_time()
            taken = clock.time(step)
            if turn > 1:
                seconds[name].append(taken)
                busy[name].append(time.process_time() - began)
            if clock.device.type == "cuda":
                memory[name] = round(torch.cuda.max_memory_allocated(clock.device) / 2**20, 1)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    processor = {name: statistics.median(values) for name, values in busy.items()}
    added = median["cam+fbr"] / median["cam"] - 1
    return {
        "milliseconds": {name: round(1000 * value, 1) for name, value in median.items()},
        "images_per_second": {name: round(images / value, 2) for name, value in median.items()},
        "fbr_adds": round(added, 3),
        "fbr_adds_processor": round(processor["cam+fbr"] / processor["cam"] - 1, 3),
        "at_most_15_percent": added <= MOST_SHARE,
        "processor_milliseconds": {name: round(1000 * value, 1) for name, value in processor.items()},
        "contrast_forward_milliseconds": round(1000 * statistics.median(clock.inside[2:]), 1),
        "contrast_forward_share": round(statistics.median(clock.inside[2:]) / median["cam+fbr"], 3),
        "peak_mib": memory,
        "repeats": repeats,
        "threads": torch.get_num_threads(),
    }


def show(figures: dict[str, Any]) -> None:
    """Print the table and the shares."""
    rows = [["step", "ms, median", "images/s", "peak MiB"]]
    for name, value in figures["milliseconds"].items():
        rows.append(
            [name, str(value), str(figures["images_per_second"][name]), str(figures["peak_mib"].get(name, "-"))]
        )
    print(table(rows))
    print(
        f"fbr adds {100 * figures['fbr_adds']:.1f} % (at most 15: {figures['at_most_15_percent']}), "
        f"of processor time {100 * figures['fbr_adds_processor']:.1f} %"
    )
    share = 100 * figures["contrast_forward_share"]
    print(f"contrast, forward: {figures['contrast_forward_milliseconds']} ms, {share:.1f} % of the step")


if __name__ == "__main__":
    raise SystemExit(main())
