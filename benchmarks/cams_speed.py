"""How much of the bare network's speed does the stage ``cams`` keep?

The stage reads photos, computes CAMs at three scales and mirrored, mines NROIs, and writes maps and features. The bare
network only runs forward over the same tensors, prepared beforehand. Both take turns, part by part, in one process;
``share`` is the stage's images/s divided by the bare network's. On a machine with other work it says little; then
``processor_share``, the same of processor time, tells how much the stage computes besides (its start included).

``--data`` is a folder with ``tags.csv`` and its images.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from common import arguments, finish
from torch import Tensor

from fbr_engine.command.tables import table
from fbr_engine.config import CamsConfig, TrainConfig
from fbr_engine.data.augment import training_side
from fbr_engine.data.device import pick_device, pick_precision
from fbr_engine.data.images import Pixels, read_image
from fbr_engine.data.tensors import resize_for_network, shrunk, to_batch
from fbr_engine.events import Result
from fbr_engine.formats.tags_csv import TagTable, load_tags_csv
from fbr_engine.networks.cam_network import CamNetwork
from fbr_engine.project import Project
from fbr_engine.project.import_tags import import_table
from fbr_engine.stages import infer_cams, train
from fbr_engine.stages.run_network import load_run_network

SHARED = Path(__file__).resolve().parents[2] / "shared"
RUN = "speed"
FIRST, PART, QUICK_PART = 8, 16, 8
LEAST_SHARE = 0.9


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "voc_animals")
    parser.add_argument("--weights", default=str(SHARED / "weights" / "mobilenet_v2.pth"))
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16"))
    parser.add_argument("--parts", type=int, default=6, help="turns of each; three with --quick")
    typed = parser.parse_args()
    if not typed.data.is_dir():
        print(f"{typed.data}: no such folder; give --data", file=sys.stderr)
        return 1
    parts, size = (3, QUICK_PART) if typed.quick else (typed.parts, PART)
    with tempfile.TemporaryDirectory() as folder, make_project(Path(folder) / "p", typed.data, parts, size) as p:
        figures = measure(p, typed, parts)
    rows = [["part", "stage, images/s", "bare network, images/s", "share", "of processor time"]]
    rows += [[str(i + 1), *(f"{v:.2f}" for v in part.values())] for i, part in enumerate(figures["parts"])]
    rows.append(["median", "", "", *(f"{figures[name]:.2f}" for name in ("share", "processor_share"))])
    print(table(rows), end="\n\n")
    finish({"quick": typed.quick} | figures, typed.json)
    return 0


def make_project(folder: Path, data: Path, parts: int, size: int) -> Project:
    """Make a project of a few photos in ``part0``, which warm up, and ``size`` each in ``part1`` and so on."""
    rows = [row for row in load_tags_csv(data / "tags.csv").rows if row.tags][: FIRST + parts * size]
    rows = [replace(row, split=f"part{0 if i < FIRST else 1 + (i - FIRST) // size}") for i, row in enumerate(rows)]
    project = Project.create(folder, data)
    import_table(project, TagTable(rows, True))
    return project


def measure(project: Project, typed: Any, parts: int) -> dict[str, Any]:
    """Return images/s of both on every part, the shares, and their medians."""
    # One step, at a learning rate that changes nothing: what counts is the network, not what it has learnt.
    training = TrainConfig(
        weights=typed.weights, split="part0", epochs=1, batch=64, previews=0, device=typed.device, lr_encoder=1e-8
    )
    follow(train.run(project, training, RUN))
    config = CamsConfig(device=typed.device, precision=typed.precision)
    follow(infer_cams.run(project, replace(config, split="part0"), RUN))
    device = pick_device(typed.device)
    run = load_run_network(project, project.runs.get(RUN), device)
    run.network.bf16 = pick_precision(typed.precision, device) == "bf16"
    side = training_side(run.config.crop)
    found = []
    for number in range(1, parts + 1):
        split = f"part{number}"
        tensors = prepared(project, split, config, side, device)
        speeds = {"bare": 0.0, "stage": 0.0}
        busy = dict(speeds)
        for which in ("bare", "stage") if number % 2 else ("stage", "bare"):
            began = time.process_time()
            speeds[which] = (
                bare_speed(run.network, tensors, device)
                if which == "bare"
                else follow(infer_cams.run(project, replace(config, split=split), RUN))["images_per_second"]
            )
            busy[which] = time.process_time() - began
        share = {"share": speeds["stage"] / speeds["bare"], "processor_share": busy["bare"] / busy["stage"]}
        found.append({name: round(value, 3) for name, value in ({"stage": 0.0, "bare": 0.0} | speeds | share).items()})
    return {
        "backbone": run.config.backbone,
        "precision": "bf16" if run.network.bf16 else "fp32",
        "threads": torch.get_num_threads(),
        "scales": config.scales,
        "images_per_part": len(tensors),
        "parts": found,
    } | medians(found)


def medians(found: list[dict[str, float]]) -> dict[str, Any]:
    """Return the medians of the parts' shares, and whether the target is reached."""
    shares = {name: round(statistics.median(part[name] for part in found), 3) for name in ("share", "processor_share")}
    return shares | {"at_least_90_percent": shares["share"] >= LEAST_SHARE}


def follow(events: Any) -> dict[str, Any]:
    """Run a stage; return its result."""
    results = [event for event in events if isinstance(event, Result)]
    return dict(results[-1].values)


def prepared(project: Project, split: str, config: CamsConfig, side: float, device: torch.device) -> list[list[Tensor]]:
    """Return, of each image, the tensors the stage gives to the network: a mirrored pair for every scale."""
    images = [image for image in project.images.iter() if image.split == split]
    photos = (shrunk(read_image(project.image_path(image.path)), side * max(config.scales)) for image in images)
    return [[pair(photo, scale * side / max(photo.shape[:2]), device) for scale in config.scales] for photo in photos]


def pair(photo: Pixels, scale: float, device: torch.device) -> Tensor:
    batch = to_batch(resize_for_network(photo, scale)[None], device)
    return torch.cat([batch, batch.flip(3)]).contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def bare_speed(network: CamNetwork, tensors: list[list[Tensor]], device: torch.device) -> float:
    """Return the images/s of the network alone."""
    network(tensors[0][0])
    began = time.perf_counter()
    for image in tensors:
        for batch in image:
            network(batch)
    if device.type == "cuda":
        torch.cuda.synchronize()
    return len(tensors) / (time.perf_counter() - began)


if __name__ == "__main__":
    raise SystemExit(main())
