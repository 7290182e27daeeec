"""What are answers worth? A simulated annotator judges concepts of a trained run; masks are compared with the truth.

The annotator answers from the true masks of ``train``, by the majority of a concept's pixels, in the order in which the
program asks. Seeds (unrefined masks at the run's own threshold, which sees no true mask) are measured on ``train`` and
``val``: after 0, 5, 10, 20, 40 and 80 answers at once, in the program's order and in random order; with one answer in
ten wrong; and after one epoch of training again with 0, 20 and 40 answers. Where fewer than 80 questions are asked, the
last row says how many there were.

What is finished is appended to ``--results`` part by part: a benchmark that was stopped goes on where it was, given the
same ``--work`` (it may be that of ``voc_animals.py``, whose trainings are used then) and ``--results``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, finish, machine
from voc_animals import CLASSES, SHARED, TRUTH, Row, append, follow, open_project

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.config import CamsConfig, ConceptsConfig, TrainConfig
from fbr_engine.project import Project
from fbr_engine.stages import concepts as concepts_stage
from fbr_engine.stages import infer_cams, train
from fbr_engine.stages.auto_threshold import auto_threshold
from fbr_engine.stages.confusion import confusion_counts, iou_per_class, mean_iou
from fbr_engine.stages.judge import judge
from fbr_engine.stages.judged_cams import JudgedCams
from fbr_engine.stages.mask_folder import MaskFolder
from fbr_engine.stages.pseudo_mask import pseudo_mask
from fbr_engine.stages.questions import Question, questions
from fbr_engine.stages.stored_cams import KIND as CAMS
from fbr_engine.stages.stored_cams import cam_record
from fbr_engine.stages.stored_concepts import facts, load_concepts
from fbr_engine.stages.true_answers import TrueAnswers
from fbr_engine.stages.verdicts import Verdicts, bind

ANSWERS = (0, 5, 10, 20, 40, 80)
TUNED = (0, 20, 40)
SEEDS = (0, 1, 2)
WRONG = 0.1

Part = tuple[int, str, int]


def main() -> int:
    typed = options()
    if not typed.data.is_dir():
        print(f"{typed.data}: no such folder; give --data", file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory() as temporary,
        open_project(typed.work or Path(temporary) / "project", typed.data, typed.quick) as project,
    ):
        done = finished(typed.results)
        for seed in (0,) if typed.quick else map(int, typed.seeds.split(",")):
            for part, figures in measured(project, seed, typed, done):
                done[part] = {"seed": part[0], "how": part[1], "answers": part[2]} | figures
                append(typed.results, done[part] | {"method": typed.method, "machine": machine()})
    rows = list(done.values())
    text = markdown(rows)
    print(text)
    if typed.table:
        typed.table.write_text(text, encoding="utf-8")
    finish({"quick": typed.quick, "method": typed.method, "rows": rows}, typed.json)
    return 0


def options() -> argparse.Namespace:
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "voc_animals")
    parser.add_argument("--weights", default=str(SHARED / "weights" / "mobilenet_v2.pth"))
    parser.add_argument("--method", default="cam+fbr")
    parser.add_argument("--work", type=Path, help="folder of the project; give it again to go on")
    parser.add_argument("--results", type=Path, help="finished parts, one JSON object a line; they are not run again")
    parser.add_argument("--table", type=Path, help="write the table to this file, as Markdown")
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    parser.add_argument("--scales", default="", help="scales of the CAMs, with commas between")
    again = ",".join(map(str, TUNED))
    parser.add_argument("--again", default=again, help="train again with so many answers, with commas between; or none")
    parser.add_argument("--epochs", type=int, default=TrainConfig().epochs)
    return parser.parse_args()


def finished(file: Path | None) -> dict[Part, dict[str, Any]]:
    """Return the parts of a results file."""
    lines = file.read_text("utf-8").splitlines() if file and file.is_file() else []
    return {(row["seed"], row["how"], row["answers"]): row for row in map(json.loads, lines)}


def measured(
    project: Project, seed: int, typed: argparse.Namespace, done: dict[Part, dict[str, Any]]
) -> Iterator[tuple[Part, dict[str, Any]]]:
    """Yield the figures of one seed that are not there yet, part by part."""
    run = Row(typed.method, typed.method, seed).run
    known = {info.name: info.status for info in project.runs.all()}
    if known.get(run) != "done":
        epochs = 1 if typed.quick else typed.epochs
        config = TrainConfig(method=typed.method, weights=typed.weights, split="train", seed=seed, epochs=epochs)
        follow(train.run(project, config, run, resume=run in known))
    bench = Run(project, run, typed)
    for how, limits in plans(bench, seed, typed.quick).items():
        order, answer = limits
        for count, verdicts in bench.trials(order, answer, ANSWERS[:3] if typed.quick else ANSWERS):
            if (seed, how, count) not in done:
                yield (seed, how, count), bench.figures(verdicts)
    again = [int(count) for count in typed.again.split(",") if count != "none"]
    for count in again[1:2] if typed.quick else again:
        missing = [how for how in ("trained again", "trained again, at once") if (seed, how, count) not in done]
        if missing:
            tuned = trained_again(project, bench, seed, count, typed)
            yield (seed, "trained again", count), tuned.figures(None)
            yield (seed, "trained again, at once", count), tuned.figures(bind(project, tuned.info, tuned.concepts))
            take_all_back(project)


Answer = Callable[[Question], str]
Order = Callable[[list[Question]], list[Question]]


def plans(bench: Run, seed: int, quick: bool) -> dict[str, tuple[Order, Answer]]:
    """Return in which order questions are answered, and how."""
    rng = np.random.default_rng(seed)

    def shuffled(asked: list[Question]) -> list[Question]:
        ordered = sorted(asked, key=lambda q: (q.concept_id, q.class_id))
        return [ordered[i] for i in np.random.default_rng(seed).permutation(len(ordered))]

    def right(question: Question) -> str:
        return bench.truth.verdict(question.concept_id, question.class_id)

    def mostly_right(question: Question) -> str:
        verdict = right(question)
        return verdict if rng.random() >= WRONG else {"object": "background", "background": "object"}[verdict]

    asked: dict[str, tuple[Order, Answer]] = {"asked order": (list, right)}
    if quick:
        return asked
    return asked | {"random order": (shuffled, right), "one in ten wrong": (list, mostly_right)}


class Run:
    """One trained run with its CAMs, concepts and the truth."""

    def __init__(self, project: Project, name: str, typed: argparse.Namespace) -> None:
        self.project, self.info = project, project.runs.get(name)
        self.folder = MaskFolder(typed.data / TRUTH)
        scales = {"scales": tuple(map(float, typed.scales.split(",")))} if typed.scales else {}
        follow(infer_cams.run(project, CamsConfig(**({"scales": (1.0,)} if typed.quick else scales)), name))
        follow(concepts_stage.run(project, ConceptsConfig(), name))
        concepts = load_concepts(project, self.info)
        assert concepts is not None
        self.concepts: ConceptSet = concepts
        self.truth = TrueAnswers(project, concepts, self.folder)
        self.threshold = last_value(auto_threshold(project, self.info))

    def trials(self, order: Order, answer: Answer, counts: tuple[int, ...]) -> Iterator[tuple[int, Verdicts | None]]:
        """Yield how many answers were given and what stands then; ``order`` sorts the questions that are open."""
        verdicts = bind(self.project, self.info, self.concepts)
        known = facts(self.project, self.info, self.concepts)
        given = 0
        answered: set[tuple[int, int]] = set()
        for count in counts:
            while given < count:
                asked = [q for q in questions(known, verdicts) if (q.concept_id, q.class_id) not in answered]
                if not asked:
                    yield given, verdicts
                    return
                question = order(asked)[0]
                answered.add((question.concept_id, question.class_id))
                verdicts = verdicts.with_(question.concept_id, question.class_id, answer(question))
                given += 1
            yield count, verdicts if count else None

    def figures(self, verdicts: Verdicts | None) -> dict[str, Any]:
        """Return mIoU of the seeds by split under ``verdicts``, or as the CAMs are."""
        judged = JudgedCams(self.project, self.info, self.concepts, verdicts) if verdicts else None
        table = self.folder.lookup(list(CLASSES))
        index = np.zeros(256, dtype=np.uint8)
        for c in self.project.classes.learnt():
            index[c.id] = CLASSES.index(c.name) + 1
        counts: dict[str, Any] = defaultdict(lambda: np.zeros((len(CLASSES) + 1, len(CLASSES) + 1), dtype=np.int64))
        for image, _, _ in self.project.maps.done(self.info.id, CAMS):
            record, path = cam_record(self.project, self.info, image), self.folder.find(image.path)
            if record is None or path is None:
                continue
            stored = record.read()
            mask = pseudo_mask(judged.apply(record, stored) if judged else stored, self.threshold)
            counts[image.split or ""] += confusion_counts(table[self.folder.read(path)], index[mask], len(CLASSES) + 1)
        scores = {split: iou_per_class(count) for split, count in counts.items()}
        return {split: {"miou": mean_iou(iou), "iou": iou} for split, iou in scores.items()}


def trained_again(project: Project, bench: Run, seed: int, count: int, typed: argparse.Namespace) -> Run:
    """Judge ``count`` concepts as asked, train one epoch on, and return the run that came of it."""
    take_all_back(project)
    known = facts(project, bench.info, bench.concepts)
    for _ in range(count):
        asked = questions(known, bind(project, bench.info, bench.concepts))
        if not asked:
            break
        q = asked[0]
        verdict = bench.truth.verdict(q.concept_id, q.class_id)
        judge(project, bench.info, bench.concepts, q.concept_id, q.class_id, verdict, "simulated")
    name = f"{bench.info.name}-again{count}"
    status = {info.name: info.status for info in project.runs.all()}
    if status.get(name) != "done":
        config = TrainConfig(
            method=typed.method, weights=typed.weights, split="train", seed=seed, epochs=1, start_from=bench.info.name
        )
        follow(train.run(project, config, name, resume=name in status))
    return Run(project, name, typed)


def take_all_back(project: Project) -> None:
    for judgement in project.judgements.all():
        project.judgements.withdraw(judgement.id)


def last_value(generator: Any) -> Any:
    """Run a generator to its end and return what it returns."""
    while True:
        try:
            next(generator)
        except StopIteration as stop:
            return stop.value


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return a table of mIoU and gains, means and standard errors over seeds."""
    lines = ["| mIoU of seven classes, % | answers | seeds | train | val | gain, train | gain, val |", "|" + "---|" * 7]
    base = {row["seed"]: row for row in rows if row["answers"] == 0}
    groups: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["seed"] in base and (row["answers"] or row["how"] == "asked order"):
            groups[row["how"], row["answers"]].append(row)
    for (how, answers), group in groups.items():
        cells = [spread([100 * r[s]["miou"] for r in group]) for s in ("train", "val")]
        gains = [
            spread([100 * (r[s]["miou"] - base[r["seed"]][s]["miou"]) for r in group], "+") for s in ("train", "val")
        ]
        title = how if answers else "no answer"
        lines.append(f"| {title} | {answers} | {len(group)} | {' | '.join([*cells, *gains])} |")
    return "\n".join([*lines, ""])


def spread(values: list[float], sign: str = "") -> str:
    mean = f"{statistics.mean(values):{sign}.1f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values) / len(values) ** 0.5:.1f}"


if __name__ == "__main__":
    raise SystemExit(main())
