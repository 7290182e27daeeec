"""Does judging feel instant: how long until the next question, and until the effect of an answer is seen?

Without ``--data`` the CAMs and features of 1,000 images are made up and written as ``cams`` writes them. With ``--data
DIR --weights FILE`` (a folder with ``tags.csv`` and its images; weights of MobileNetV2) a run is trained on the first
1,000 photos for one epoch first, which takes minutes and is not counted. Answers are made up: every other one is
background. Targets: 100 ms until the next question, 1 s for the effect on the masks.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, finish

from fbr_engine.command.tables import table
from fbr_engine.config import CamsConfig, ConceptsConfig, TrainConfig
from fbr_engine.formats.tags_csv import TagTable, load_tags_csv
from fbr_engine.project import FeatureShards, Project, RunInfo, import_table, save_arrays
from fbr_engine.stages import concepts as concepts_stage
from fbr_engine.stages.judge import judge
from fbr_engine.stages.judgement_effect import EffectIndex
from fbr_engine.stages.questions import Question, questions
from fbr_engine.stages.stored_concepts import facts, load_concepts
from fbr_engine.stages.verdicts import bind

CLASSES, MATERIALS, DIMS = 6, 40, 128
GRIDS = ((20, 20), (20, 15), (15, 20), (20, 13))
THRESHOLD = 0.4
Times = tuple[float, float]  # wall clock and processor, in seconds


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, help="a folder with tags.csv and its images")
    parser.add_argument("--weights", default="imagenet", help="weights of MobileNetV2, with --data")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--answers", type=int, default=100)
    typed = parser.parse_args()
    if typed.quick:
        typed.images, typed.answers = 60, 10
    with tempfile.TemporaryDirectory() as folder, made_project(Path(folder), typed) as project:
        figures = measured(project, project.runs.latest(), typed.answers)
    print(table([["figure", "value"], *([name, str(value)] for name, value in figures.items())]), end="\n\n")
    finish({"quick": typed.quick, "photos": typed.data is not None, "judging": figures}, typed.json)
    return 0


def measured(project: Project, info: RunInfo, answers: int) -> dict[str, Any]:
    """Judge the most wanted concepts one by one; return how long everything took."""
    figures: dict[str, Any] = {"images": project.images.count()}
    seconds, _ = timed(lambda: list(concepts_stage.run(project, ConceptsConfig(), info.name)))
    figures["concepts, first time, s"] = round(seconds, 2)
    seconds, concepts = timed(lambda: load_concepts(project, info))
    assert concepts is not None
    figures["loading concepts, ms"] = round(1000 * seconds, 1)
    seconds, known = timed(lambda: facts(project, info, concepts))
    figures["facts of concepts, ms"] = round(1000 * seconds, 1)
    seconds, index = timed(lambda: EffectIndex(project, info, concepts))
    figures["index, first build, s"] = round(seconds, 2)
    verdicts = bind(project, info, concepts)
    waits: list[Times] = []
    effects: dict[str, list[Times]] = {"one class": [], "every class": []}
    for number in range(answers):
        found = questions(known, verdicts)
        question = found[0] if found else Question(known[number % len(known)].id, known[0].family or 1, 0, 0)
        verdict = "background" if number % 2 else "object"
        every = verdict == "background" and number % 4 == 1
        trial = verdicts.with_(question.concept_id, None if every else question.class_id, verdict)
        began = now()
        index.effect(verdicts, trial, THRESHOLD)
        effects["every class" if every else "one class"].append(since(began))
        began = now()
        judge(project, info, concepts, question.concept_id, None if every else question.class_id, verdict, "bench")
        verdicts = bind(project, info, concepts, verdicts)
        questions(known, verdicts)
        waits.append(since(began))
    figures |= {"concepts": len(known), "answers": answers}
    figures |= spread("next question", waits)
    for kind, values in effects.items():
        figures |= spread(f"effect for {kind}", values)
    seconds, _ = timed(lambda: bind(project, info, concepts))
    figures["binding all again, ms"] = round(1000 * seconds, 1)
    return figures


def spread(name: str, values: list[Times]) -> dict[str, float]:
    """Return percentiles of the wall clock, and the median of the processor time, which work beside leaves alone."""
    wall, processor = 1000 * np.array(values).T
    found = {f"{name} p{rank}, ms": round(float(np.percentile(wall, rank)), 1) for rank in (50, 95, 100)}
    return found | {f"{name} p50, processor ms": round(float(np.median(processor)), 1)}


def now() -> Times:
    return time.perf_counter(), time.process_time()


def since(began: Times) -> Times:
    wall, processor = now()
    return wall - began[0], processor - began[1]


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = act()
    return time.perf_counter() - began, found


def made_project(folder: Path, typed: argparse.Namespace) -> Project:
    """Return a project with a run and its CAMs, open for writing."""
    if typed.data is None:
        (folder / "images").mkdir()
        project = Project.create(folder / "p", folder / "images")
        make_up(project, typed.images)
        return project
    from fbr_engine.stages import infer_cams, train

    listed = load_tags_csv(typed.data / "tags.csv")
    project = Project.create(folder / "p", typed.data)
    import_table(project, TagTable(listed.rows[: typed.images], listed.has_split), ())
    for _ in train.run(project, TrainConfig(method="cam", epochs=1, weights=typed.weights), "bench"):
        pass
    for _ in infer_cams.run(project, CamsConfig(scales=(1.0,)), "bench"):
        pass
    return project


def make_up(project: Project, images: int) -> None:
    """Write CAMs and features of images that are patches of materials; some materials are of a class, some near it."""
    rng = np.random.default_rng(0)
    project.classes.add([f"class {c}" for c in range(1, CLASSES + 1)])
    project.images.add([f"{i:06d}.jpg" for i in range(1, images + 1)])
    present = rng.random((images, CLASSES)) < 1.5 / CLASSES
    project.tags.set_many((i + 1, c + 1, int(present[i, c])) for i in range(images) for c in range(CLASSES))
    info = project.runs.create("bench", "cam", {})
    info = project.runs.update(info.id, status="done", figures={"class_ids": list(range(1, CLASSES + 1))})
    looks = rng.normal(size=(MATERIALS, DIMS))
    rows = []
    with FeatureShards(project.runs.folder(info.name) / "features") as shards:
        for image in project.images.iter():
            grid = GRIDS[int(rng.integers(len(GRIDS)))]
            plane = rng.integers(MATERIALS, size=(4, 4)).repeat(6, 0).repeat(6, 1)[: grid[0], : grid[1]]
            features = looks[plane] + rng.normal(scale=0.7, size=(*grid, DIMS))
            path = project.map_path(info.name, image.path, "cams", "npz")
            save_arrays(path, **maps(plane, rng))
            extra = {"features": shards.append(features.astype(np.float16))}
            rows.append((info.id, image.id, "cams", "made", path.relative_to(project.folder).as_posix(), extra))
    project.maps.record_many(rows)


def maps(plane: np.ndarray[Any, Any], rng: np.random.Generator) -> dict[str, np.ndarray[Any, Any]]:
    """Return the arrays that ``cams`` keeps of an image."""
    fine = plane.repeat(2, 0).repeat(2, 1)
    distance = (np.arange(MATERIALS) - 6 * np.arange(CLASSES)[:, None]) % MATERIALS
    strength = np.maximum(0, 230 - 60 * distance)
    cam = np.clip(strength[:, fine] + rng.integers(0, 30, (CLASSES, *fine.shape)), 0, 255).astype(np.uint8)
    scale = np.ones(CLASSES, dtype=np.float32)
    nroi = np.where(plane % 2, plane // 2 % 8, 255).astype(np.uint8)
    return {
        "cam": cam,
        "scale": scale,
        "peak": scale,
        "logits": scale,
        "class_ids": np.arange(1, CLASSES + 1, dtype=np.int32),
        "size": np.array([16 * n for n in plane.shape], dtype=np.int32),
        "nroi_labels": nroi,
        "nroi_centroids": np.zeros((8, 4), dtype=np.float32),
        "nroi_sizes": np.bincount(nroi[nroi < 8], minlength=8).astype(np.int32),
    }


if __name__ == "__main__":
    raise SystemExit(main())
