"""How good are seeds and refined masks on real photos: every host with and without FBR, and FBR without each term?

Each row of the table is a training on the tags of the split ``train`` alone, CAMs of all images, and masks, which are
then compared with the true masks of ``train`` and ``val``. Two thresholds: ``auto``, which sees no mask, and the best
one on ``train``. ``cam`` and ``cam+fbr`` are trained under three seeds, the latter also for another epoch on its own
refined seeds (``again``); the others under one.

What is finished is appended to ``--results`` row by row: a benchmark that was stopped goes on where it was, given the
same ``--work`` and ``--results``. ``--data`` is a folder with ``tags.csv``, its images, and the true masks in
``SegmentationClass``; ``--table`` writes the rows as Markdown.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, finish, machine
from voc_animals_table import markdown

from fbr_engine.command.console import TextListener
from fbr_engine.config import CamsConfig, EvaluateConfig, MasksConfig, TrainConfig
from fbr_engine.events import Event, Result
from fbr_engine.formats.tags_csv import TagTable, load_tags_csv
from fbr_engine.losses.fbr import TERMS
from fbr_engine.project import Project
from fbr_engine.project.import_tags import import_table
from fbr_engine.stages import evaluate, infer_cams, make_pseudo_masks, train
from fbr_engine.stages.confusion import confusion_counts, iou_per_class, mean_iou
from fbr_engine.stages.mask_folder import MaskFolder
from fbr_engine.stages.pseudo_mask import pseudo_mask
from fbr_engine.stages.stored_cams import KIND as CAMS
from fbr_engine.stages.stored_cams import cam_record

SHARED = Path(__file__).resolve().parents[2] / "shared"
CLASSES = ("cat", "cow", "dog", "horse", "sheep", "person")
TRUTH = "SegmentationClass"
THRESHOLDS = tuple(round(0.1 + 0.04 * step, 2) for step in range(16))
SEEDS = (0, 1, 2)
REFINED = "pamr"


@dataclass(frozen=True)
class Row:
    """One training: its own name, the method, the seed, and what of training and CAMs differs from the defaults."""

    name: str
    method: str
    seed: int = 0
    changes: dict[str, Any] = field(default_factory=dict)
    cams: dict[str, Any] = field(default_factory=dict)

    @property
    def run(self) -> str:
        return f"{self.name.replace('+', '-').replace(' ', '_')}-seed{self.seed}"


def all_rows() -> list[Row]:
    """Return the rows in the order in which they are worth having."""
    rows = [Row(method, method, seed) for seed in SEEDS for method in ("cam", "cam+fbr")]
    again = [{"start_from": row.run, "epochs": 1} for row in rows if row.method == "cam+fbr"]
    rows += [Row("cam+fbr again", "cam+fbr", seed, changes) for seed, changes in enumerate(again)]
    second = {"seeds_from": rows[0].run}
    rows += [Row(m, m, 0, second if m.startswith("amn") else {}) for m in ("amn", "amn+fbr", "seam", "seam+fbr")]
    rows += [Row("no regions", "cam+fbr", 0, cams={"verify": False}), Row("paper", "cam+fbr", 0, {"form": "paper"})]
    rows += [Row(f"no {term}", "cam+fbr", 0, {f"weight_{term}": 0.0}) for term in ablated_terms()]
    return [*rows, Row("ppc", "ppc"), Row("ppc+fbr", "ppc+fbr")]


def ablated_terms() -> list[str]:
    """Return the terms of FBR that have a weight by default."""
    return [term for term in TERMS if getattr(TrainConfig(), f"weight_{term}") > 0]


def main() -> int:
    typed = options()
    if not typed.data.is_dir():
        print(f"{typed.data}: no such folder; give --data", file=sys.stderr)
        return 1
    rows = [row for row in all_rows() if not typed.rows or row.name in typed.rows.split(",")]
    rows = [row for row in rows if str(row.seed) in typed.seeds.split(",")]
    with tempfile.TemporaryDirectory() as temporary:
        work = typed.work or Path(temporary) / "project"
        with open_project(work, typed.data, typed.quick) as project:
            done = finished(typed.results)
            for row in rows[:2] if typed.quick else rows:
                if row.run not in done:
                    done[row.run] = measured(project, row, typed)
                    append(typed.results, done[row.run])
    wanted = [done[row.run] for row in rows if row.run in done]
    text = markdown(wanted)
    print(text)
    if typed.table:
        typed.table.write_text(text, encoding="utf-8")
    finish({"quick": typed.quick, "epochs": typed.epochs, "rows": wanted}, typed.json)
    return 0


def options() -> argparse.Namespace:
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "voc_animals")
    parser.add_argument("--weights", default=str(SHARED / "weights" / "mobilenet_v2.pth"))
    parser.add_argument("--work", type=Path, help="folder of the project; give it again to go on")
    parser.add_argument("--results", type=Path, help="finished rows, one JSON object a line; they are not run again")
    parser.add_argument("--table", type=Path, help="write the table to this file, as Markdown")
    parser.add_argument("--rows", default="", help="only these rows, by name, with commas between (all, if not given)")
    parser.add_argument("--seeds", default="0,1,2", help="only rows of these seeds")
    parser.add_argument("--refine", default=REFINED, help="how masks are refined (as fbr-engine masks --refine)")
    parser.add_argument("--refined-split", default="", help="refine only this split, to save time")
    parser.add_argument(
        "--scales", default="", help="scales of the CAMs, with commas between (the defaults, if not given)"
    )
    parser.add_argument("--epochs", type=int, default=TrainConfig().epochs)
    return parser.parse_args()


def finished(file: Path | None) -> dict[str, dict[str, Any]]:
    """Return the rows of a results file by run."""
    lines = file.read_text("utf-8").splitlines() if file and file.is_file() else []
    return {row["run"]: row for row in map(json.loads, lines)}


def append(file: Path | None, row: dict[str, Any]) -> None:
    if file is not None:
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row) + "\n")


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


def measured(project: Project, row: Row, typed: argparse.Namespace) -> dict[str, Any]:
    """Take one row through the path; return its figures and how long each part took."""
    truth = typed.data / TRUTH
    epochs = {"epochs": 1 if typed.quick else typed.epochs}
    config = TrainConfig(
        method=row.method, weights=typed.weights, split="train", seed=row.seed, **(epochs | row.changes)
    )
    known = {info.name: info.status for info in project.runs.all()}
    clock = Clock()
    if first := row.changes.get("seeds_from"):
        follow(make_pseudo_masks.run(project, labels(project, row, first, typed.refine), first))
        clock.note("labels")
    if known.get(row.run) != "done":
        follow(train.run(project, config, row.run, resume=row.run in known))
    clock.note("train")
    scales = (1.0,) if typed.quick else chosen_scales(typed)
    follow(infer_cams.run(project, CamsConfig(scales=scales, **row.cams), row.run))
    clock.note("cams")
    figures: dict[str, Any] = {}
    threshold = best_threshold(project, row.run, truth)
    clock.note("thresholds")
    for name, masks in {
        "seeds": MasksConfig(),
        "seeds at the threshold of train": MasksConfig(threshold=str(threshold)),
        "refined": MasksConfig(threshold=str(threshold), refine=typed.refine, split=typed.refined_split),
    }.items():
        made = follow(make_pseudo_masks.run(project, masks, row.run))
        values = follow(evaluate.run(project, EvaluateConfig(masks=str(truth), split=masks.split), row.run))
        figures[name] = {"threshold": made["threshold"], "refine": made["refine"]} | values["splits"]
    clock.note("masks")
    return {
        "run": row.run,
        "row": row.name,
        "method": row.method,
        "seed": row.seed,
        "epochs": config.epochs,
        "scales": scales,
        "changes": row.changes | row.cams,
        "figures": figures,
        "seconds": clock.seconds,
        "machine": machine(),
    }


def chosen_scales(typed: argparse.Namespace) -> tuple[float, ...]:
    return tuple(map(float, typed.scales.split(","))) if typed.scales else CamsConfig().scales


def labels(project: Project, row: Row, first: str, refine: str) -> MasksConfig:
    """Return how the masks of ``train`` are made that the second stage learns from: without a look at true masks."""
    if first not in {info.name for info in project.runs.all() if info.status == "done"}:
        raise SystemExit(f"{row.name} learns from the masks of {first}: measure that row first, in the same --work")
    return MasksConfig(refine=refine, split="train")


class Clock:
    """Seconds of each part of a row."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began = time.monotonic()

    def note(self, part: str) -> None:
        now = time.monotonic()
        self.seconds[part], self._began = round(now - self._began, 1), now


def best_threshold(project: Project, run: str, truth: Path) -> float:
    """Return the threshold whose unrefined masks have the highest mean IoU on ``train``."""
    folder = MaskFolder(truth)
    table = folder.lookup(list(CLASSES))
    counts = np.zeros((len(THRESHOLDS), len(CLASSES) + 1, len(CLASSES) + 1), dtype=np.int64)
    for cam, index, path in train_cams(project, run, folder):
        true = table[folder.read(path)]
        for place, threshold in enumerate(THRESHOLDS):
            mask = index[pseudo_mask(cam, threshold)]
            counts[place] += confusion_counts(true, mask, len(CLASSES) + 1)
    scores = [mean_iou(iou_per_class(c)) or 0.0 for c in counts]
    return THRESHOLDS[int(np.argmax(scores))]


def train_cams(project: Project, run: str, folder: MaskFolder) -> Iterator[tuple[Any, Any, Path]]:
    """Yield the CAMs of ``train``, what their pixel ids mean in the order of `CLASSES`, and the true mask."""
    info = project.runs.get(run)
    index = np.zeros(256, dtype=np.uint8)
    for c in project.classes.learnt():
        index[c.id] = CLASSES.index(c.name) + 1
    for image, _, _ in project.maps.done(info.id, CAMS, "train"):
        record, path = cam_record(project, info, image), folder.find(image.path)
        if record is not None and path is not None:
            yield record.read(), index, path


def follow(events: Any) -> dict[str, Any]:
    """Show a stage on standard error; return its result."""
    last: Event | None = None
    with TextListener(sys.stderr, sys.stderr, "") as listen:
        for last in events:
            listen(last)
    return dict(last.values) if isinstance(last, Result) else {}


if __name__ == "__main__":
    raise SystemExit(main())
