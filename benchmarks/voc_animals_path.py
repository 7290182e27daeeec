"""How good are the seeds and masks of the whole path on real photos, for ``cam`` and ``fbr``?

Trains each method on the split ``train`` from tags alone, computes multi-scale CAMs of all images, makes masks with the
``auto`` threshold (which looks at no mask), unrefined and refined by PAMR, and compares them with the true masks of
``train`` and ``val``. A run that was stopped goes on where it was: give the same ``--work``.

``--data`` is a folder with ``tags.csv``, its images, and ``SegmentationClass`` with the true masks.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import arguments, finish

from fbr_engine.command.console import TextListener
from fbr_engine.command.tables import percent, table
from fbr_engine.config import CamsConfig, EvaluateConfig, MasksConfig, TrainConfig
from fbr_engine.events import EpochDone, Event, Result
from fbr_engine.formats.tags_csv import TagTable, load_tags_csv
from fbr_engine.project import Project
from fbr_engine.project.import_tags import import_table
from fbr_engine.stages import evaluate, infer_cams, make_pseudo_masks, train

SHARED = Path(__file__).resolve().parents[2] / "shared"
CLASSES = ("cat", "cow", "dog", "horse", "sheep", "person")
METHODS = {"cam": "cam", "fbr": "cam+fbr"}


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "voc_animals")
    parser.add_argument("--weights", default=str(SHARED / "weights" / "mobilenet_v2.pth"))
    parser.add_argument("--work", type=Path, help="folder of the project; give it again to go on")
    parser.add_argument("--methods", default="cam,fbr", help="any of cam,fbr")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=TrainConfig().epochs)
    typed = parser.parse_args()
    if not typed.data.is_dir():
        print(f"{typed.data}: no such folder; give --data", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as temporary:
        work = typed.work or Path(temporary) / "project"
        with open_project(work, typed.data, typed.quick) as project:
            names = typed.methods.split(",")
            figures = {name: measure(project, name, typed, typed.data / "SegmentationClass") for name in names}
    show(figures)
    finish({"seed": typed.seed, "epochs": typed.epochs, "quick": typed.quick, "methods": figures}, typed.json)
    return 0


def open_project(work: Path, data: Path, quick: bool) -> Project:
    """Make the project, or open the one that was begun."""
    if (work / "project.sqlite").is_file():
        return Project.open(work, write=True)
    listed = load_tags_csv(data / "tags.csv")
    rows = listed.rows
    if quick:
        rows = [r for r in rows if r.split == "train"][:48] + [r for r in rows if r.split == "val"][:16]
    project = Project.create(work, data)
    import_table(project, TagTable(rows, listed.has_split), CLASSES)
    return project


def measure(project: Project, name: str, typed: Any, truth: Path) -> dict[str, Any]:
    """Take one method through the path; return its figures for seeds and refined masks, and how long it took."""
    run = f"{name}-seed{typed.seed}"
    known = {info.name: info.status for info in project.runs.all()}
    config = TrainConfig(
        method=METHODS[name],
        weights=typed.weights,
        split="train",
        seed=typed.seed,
        epochs=1 if typed.quick else typed.epochs,
    )
    times: dict[str, Any] = {}
    if known.get(run) != "done":
        times["train_images_per_second"] = follow_training(train.run(project, config, run, resume=run in known))
    cams = follow(infer_cams.run(project, CamsConfig(scales=(1.0,) if typed.quick else CamsConfig().scales), run))
    times["cams_images_per_second"] = cams["images_per_second"]
    figures: dict[str, Any] = {"run": run}
    for refine in ("none", "pamr"):
        began = time.monotonic()
        masks = follow(make_pseudo_masks.run(project, MasksConfig(refine=refine), run))
        times[f"masks_{refine}_seconds"] = round(time.monotonic() - began, 1)
        values = follow(evaluate.run(project, EvaluateConfig(masks=str(truth)), run))
        figures[refine] = {"threshold": masks["threshold"]} | {s: values["splits"][s] for s in ("train", "val")}
    return figures | {"speed": times}


def follow(events: Any) -> dict[str, Any]:
    """Show a stage on standard error; return its result."""
    listen = TextListener(sys.stderr, sys.stderr, "")
    last: Event | None = None
    with listen:
        for last in events:
            listen(last)
    return dict(last.values) if isinstance(last, Result) else {}


def follow_training(events: Any) -> float:
    """Show a training; return the mean speed of its epochs in images/s."""
    speeds: list[float] = []

    def noted() -> Any:
        for event in events:
            if isinstance(event, EpochDone):
                speeds.append(event.images_per_second)
            yield event

    follow(noted())
    return round(sum(speeds) / max(1, len(speeds)), 2)


def show(figures: dict[str, Any]) -> None:
    """Print one table of mIoU and one of IoU per class on val."""
    rows = [["mIoU %", "threshold", "seeds train", "seeds val", "pamr train", "pamr val"]]
    for name, values in figures.items():
        seeds, refined = values["none"], values["pamr"]
        cells = [percent(m[split]["miou"]) for m in (seeds, refined) for split in ("train", "val")]
        rows.append([name, f"{seeds['threshold']:.3f}", *cells])
    print(table(rows), end="\n\n")
    columns = {
        f"{name} {refine}": values[refine]["val"]["iou"]
        for name, values in figures.items()
        for refine in ("none", "pamr")
    }
    first = next(iter(columns.values()))
    print(
        table([["IoU % on val", *columns], *([c, *(percent(v[c]) for v in columns.values())] for c in first)]),
        end="\n\n",
    )


if __name__ == "__main__":
    raise SystemExit(main())
