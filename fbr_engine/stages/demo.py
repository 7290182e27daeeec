"""Stage ``demo``: the whole path on drawn scenes, truth at hand: two methods, answers, one table, one dataset."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fbr_engine.config import (
    CamsConfig,
    ConceptsConfig,
    DemoConfig,
    EvaluateConfig,
    ExportConfig,
    MasksConfig,
    NewConfig,
    TrainConfig,
)
from fbr_engine.errors import ProjectError
from fbr_engine.events import Event, FileWritten, Progress, Result, Started
from fbr_engine.formats.indexed_png import load_indexed_png
from fbr_engine.project import Project, load_json, make_folder, save_json
from fbr_engine.refinement import RECOMMENDED
from fbr_engine.scenes import (
    BACKGROUND_MAPS,
    IMAGES,
    MASKS,
    OBJECT,
    TAGS,
    load_background_names,
    write_scenes,
)
from fbr_engine.stages import concepts as concepts_stage
from fbr_engine.stages import create_project, evaluate, export_dataset, infer_cams, make_pseudo_masks, train
from fbr_engine.stages.judge import judge, require_concepts
from fbr_engine.stages.mask_folder import MaskFolder
from fbr_engine.stages.questions import questions
from fbr_engine.stages.shown_masks import shown_masks
from fbr_engine.stages.stored_concepts import facts
from fbr_engine.stages.true_answers import TrueAnswers
from fbr_engine.stages.verdicts import bind

STAGE = "demo"
OPTIONS = "demo.json"
METHODS = {"cam": "cam", "fbr": "cam+fbr"}
JUDGED = "fbr"
WHO = "the true masks"


def run(out: Path, config: DemoConfig) -> Iterator[Event]:
    """Draw scenes into ``out``, train both methods, make masks, evaluate, judge concepts, export.

    ``out`` must be empty, not exist, or hold a demo of the same options: that one goes on where it stopped. The result
    has, for each method, ``miou``, ``iou``, and ``false_foreground``: the share of its false foreground on each kind
    of background. The last one is ``fbr`` after some answers about its concepts, given from the true masks of the
    training scenes in the order in which a person is asked; they stand in the project, and in the exported masks.
    """
    scenes = out / "scenes"
    marker = out / "project" / "project.sqlite"
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / OPTIONS).is_file())):
        raise ProjectError(f"{out}: is not empty and holds no demo; give another folder with --out")
    _check_options(out / OPTIONS, config)
    if not (scenes / TAGS).is_file():
        yield from _draw(scenes, config)
    if not marker.is_file():
        tags, images = str(scenes / TAGS), str(scenes / IMAGES)
        yield from create_project.run(out / "project", NewConfig(images=images, tags=tags))
    with Project.open(out / "project", write=True) as project:
        figures: dict[str, Any] = {}
        for name, method in METHODS.items():
            figures[name] = yield from _method(project, name, method, scenes, config)
        if config.answers:
            given = yield from _answered(project, scenes, config)
            figures[f"{JUDGED} + {given} answers"] = yield from _measured(project, JUDGED, scenes, config, judged=True)
        dataset = out / "dataset"
        if not dataset.exists():
            yield from export_dataset.run(project, ExportConfig(out=str(dataset), copy_images=True), "fbr")
    yield Result(STAGE, {"out": str(out), "methods": figures, "dataset": str(dataset)})


def _check_options(file: Path, config: DemoConfig) -> None:
    """Keep what the demo was begun with; refuse to go on with something else."""
    if file.is_file():
        if DemoConfig.from_json(load_json(file)).fingerprint("device") != config.fingerprint("device"):
            raise ProjectError(f"{file.parent}: holds a demo of other options; give another folder with --out")
    else:
        save_json(file, config.to_json())


def _draw(scenes: Path, config: DemoConfig) -> Iterator[Event]:
    total = config.images + config.val_images
    make_folder(scenes)
    yield Started("scenes", total, "scenes")
    for done, path in enumerate(write_scenes(scenes, config.images, config.val_images, config.seed), start=1):
        yield FileWritten("scene", path.name, str(path))
        yield Progress("scenes", done, total, "scenes")


def train_config(method: str, config: DemoConfig) -> TrainConfig:
    """Return how the demo trains: the small network from its shipped weights (see ADR 0009), on small crops."""
    return TrainConfig(
        method=method,
        backbone="tiny",
        weights="drawn",
        epochs=config.epochs,
        crop=129,
        batch=16,
        seed=config.seed,
        device=config.device,
        split="train",
        output_stride=16,
        scale_low=0.8,
        scale_high=1.4,
        lr_encoder=1e-3,
        lr_head=4e-3,
    )


def _method(
    project: Project, name: str, method: str, scenes: Path, config: DemoConfig
) -> Generator[Event, None, dict[str, Any]]:
    """Take one method from training to its figures."""
    known = {info.name: info for info in project.runs.all()}
    if name not in known or known[name].status != "done":
        yield from train.run(project, train_config(method, config), name, resume=name in known)
    yield from infer_cams.run(project, CamsConfig(device=config.device), name)
    return (yield from _measured(project, name, scenes, config, judged=False))


def _answered(project: Project, scenes: Path, config: DemoConfig) -> Generator[Event, None, int]:
    """Find the concepts of the run and answer what is asked first; return how many answers there are."""
    yield from concepts_stage.run(project, ConceptsConfig(), JUDGED)
    info = project.runs.get(JUDGED)
    concepts = require_concepts(project, info)
    known, truth = facts(project, info, concepts), TrueAnswers(project, concepts, MaskFolder(scenes / MASKS))
    verdicts = bind(project, info, concepts)
    while len(verdicts.judgements) < config.answers and (asked := questions(known, verdicts)):
        concept_id, class_id = asked[0].concept_id, asked[0].class_id
        judge(project, info, concepts, concept_id, class_id, truth.verdict(concept_id, class_id), WHO)
        verdicts = bind(project, info, concepts, verdicts)
    return len(verdicts.judgements)


def _measured(
    project: Project, name: str, scenes: Path, config: DemoConfig, *, judged: bool
) -> Generator[Event, None, dict[str, Any]]:
    """Make the run's masks with or without the judgements; return their figures."""
    masks = MasksConfig(device=config.device, refine=RECOMMENDED, ignore_judgements=not judged)
    yield from make_pseudo_masks.run(project, masks, name)
    values: dict[str, Any] = {}
    for event in evaluate.run(project, EvaluateConfig(masks=str(scenes / MASKS)), name):
        yield event
        if isinstance(event, Result):
            values = dict(event.values)
    return values | false_foreground(project, name, scenes)


def false_foreground(project: Project, run: str, scenes: Path) -> dict[str, Any]:
    """Return how the run's false foreground is spread over the kinds of background.

    ``false_foreground``: its share by kind of background. ``false_share``: all of it, as a share of all pixels.
    """
    names = load_background_names(scenes)
    counts = np.zeros(256, dtype=np.int64)
    pixels = 0
    for shown in shown_masks(project, project.runs.get(run)):
        stem = Path(shown.image.path).stem
        background = load_indexed_png(scenes / BACKGROUND_MAPS / f"{stem}.png")
        wrong = (shown.read() > 0) & (background != OBJECT)
        counts += np.bincount(background[wrong], minlength=256)
        pixels += background.size
    total = int(counts.sum())
    shares = {n: round(float(counts[v]) / max(1, total), 4) for v, n in names.items() if v != OBJECT}
    return {"false_foreground": shares, "false_share": round(total / max(1, pixels), 4)}
