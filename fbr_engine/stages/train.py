"""Stage ``train``: a model learns from tags; the run's folder holds its checkpoint and metrics."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

import fbr_engine
from fbr_engine.config import TrainConfig
from fbr_engine.data.device import pick_device, pick_precision, who_ran_out
from fbr_engine.errors import DeviceError, NonFiniteLossError, ProjectError
from fbr_engine.events import (
    EpochDone,
    Event,
    FileWritten,
    ImageSkipped,
    Notice,
    Progress,
    Result,
    Started,
    StepDone,
)
from fbr_engine.formats.atomic import write_atomically
from fbr_engine.hosts import Batch
from fbr_engine.losses.objective import REMEDY, all_finite
from fbr_engine.networks.checkpoints import load_checkpoint, save_checkpoint
from fbr_engine.project import Project, RunInfo, save_json
from fbr_engine.project.runs import Status
from fbr_engine.stages.broken_images import recheck
from fbr_engine.stages.judged_planes import FILE as JUDGED
from fbr_engine.stages.judged_planes import JudgedPlanes
from fbr_engine.stages.largest_batch import largest_batch
from fbr_engine.stages.make_judged_planes import make_judged_planes
from fbr_engine.stages.run_files import CHECKPOINT, METRICS, checkpoint_path, find_run
from fbr_engine.stages.seed_masks import with_seed_run
from fbr_engine.stages.start_from import start_run
from fbr_engine.stages.trainer import Trainer
from fbr_engine.stages.training_data import BatchLoader, TrainingSet, thin_classes, training_set
from fbr_engine.stages.training_planes import TrainingPlanes, training_planes, with_absolute_folder
from fbr_engine.stages.training_previews import Previews

SAVE_SECONDS = 300
MOST_PLANES_NAMED = 20


def run(project: Project, config: TrainConfig, run_name: str | None = None, *, resume: bool = False) -> Iterator[Event]:
    """Train a new run, or go on with one (``resume``: its stored config is used, of ``config`` only the device).

    Closing the generator stops between two steps and keeps a checkpoint to resume from. Raises `ProjectError` when
    there is nothing to learn from, `ConfigError` when no saliency map can be used, `WeightsError`, `DeviceError`, and
    `NonFiniteLossError` with the last good checkpoint kept.
    """
    info = find_run(project, run_name) if resume else None
    if info is not None:
        # Runs of versions that knew no precision were begun in fp32.
        config = replace(TrainConfig.from_json({"precision": "fp32"} | info.config), device=config.device)
        if info.status == "done":
            yield Notice(f"run {info.name} is finished; there is nothing to resume")
            yield Result("train", {"run": info.name} | info.figures)
            return
    device = pick_device(config.device)
    config = replace(config, precision=_precision(config, device, info))
    data = training_set(project, config.split)
    if info is None:
        config = with_seed_run(project, with_absolute_folder(config))
        if config.start_from:  # the CAMs of weights that were trained already mean something
            config = replace(config, warmup=0.0)
    path = project.runs.folder(info.name) / CHECKPOINT if info is not None else None
    stored = load_checkpoint(path) if path is not None and path.is_file() else None
    start = None if stored else start_run(project, config)
    judged = None if info is None else JudgedPlanes.load(project.runs.folder(info.name))
    if judged is None and not stored:
        judged = yield from make_judged_planes(project, config, data)
    planes, notices = training_planes(project, config, data.classes, data.ids.tolist(), judged)
    loader = BatchLoader(project, data, config, device, planes)
    trainer = Trainer(
        config,
        len(data.classes),
        len(data),
        loader.steps * config.epochs,
        device,
        "none" if stored or start else config.weights,
    )
    if start:
        trainer.begin_from(load_checkpoint(checkpoint_path(project, start))[0], TrainConfig.from_json(start.config))
    if stored:
        _check_same_data(stored[1], data, planes)
        trainer.restore(*stored)
    if info is None:
        info = project.runs.create(run_name, config.method, config.to_json())
    if judged is not None and not stored:
        judged.save(project.runs.folder(info.name))
    session = _Session(project, info, config, data, trainer, saved_step=trainer.step_count if stored else -1)
    session.seeds_digest, session.judged_digest = planes.seeds_digest, planes.judged_digest
    yield from session.train(loader, notices)


def _precision(config: TrainConfig, device: torch.device, resumed: RunInfo | None) -> str:
    """Return what to compute with. A resumed run goes on in the precision it began in, so it may have to move."""
    if resumed is None:
        return pick_precision(config.precision, device)
    remedy = f"run {resumed.name} began in it, so resume it with --device cpu, or train a new run with --precision fp32"
    return pick_precision(config.precision, device, remedy)


def _check_same_data(facts: Mapping[str, Any], data: TrainingSet, planes: TrainingPlanes) -> None:
    if facts["classes"] != [c.id for c in data.classes] or facts.get("images_digest") != data.digest():
        raise ProjectError(
            "the classes, the tagged images or their tags have changed since this run began, so it cannot be resumed; "
            "train a new run"
        )
    if facts.get("seeds_digest", "") != planes.seeds_digest:
        raise ProjectError(
            "the masks that this run learns from have changed since it began, so it cannot be resumed; train a new run"
        )
    if facts.get("judged_digest", "") != planes.judged_digest:
        raise ProjectError(
            f"what this run learns from judgements ({JUDGED} in its folder) has changed since it began, so it cannot "
            "be resumed; train a new run"
        )


class _Session:
    """One training from its (re)start to its end."""

    def __init__(
        self,
        project: Project,
        info: RunInfo,
        config: TrainConfig,
        data: TrainingSet,
        trainer: Trainer,
        saved_step: int,
    ) -> None:
        self.project, self.info, self.config, self.data, self.trainer = project, info, config, data, trainer
        self.folder = project.runs.folder(info.name)
        self.previews = Previews(project, info, config, data, trainer)
        self.saved_at = time.monotonic()
        self.saved_step = saved_step
        self.reported: set[str] = set()
        self.reported_planes: set[str] = set()
        self.seeds_digest = self.judged_digest = ""

    def train(self, loader: BatchLoader, notices: Sequence[Notice] = ()) -> Iterator[Event]:
        """Yield the events of all remaining epochs."""
        total = self.trainer.total_steps
        done = self.trainer.step_count
        status: Status = "failed"
        try:
            self._write_facts()
            # Evaluation and export read the figures, also those of a run whose process was killed.
            self.project.runs.update(self.info.id, status="training", figures=self._figures())
            yield Started("train", total, "steps", self.info.name, done)
            yield from notices
            for sentence in thin_classes(self.data):
                yield Notice(sentence, "tag more images, or leave the class out with --classes")
            for event in recheck(self.project, self.config.split):
                yield from self._report(event)
            if done == 0:
                yield from self.previews.write(0)
            for epoch in range(done // loader.steps, self.config.epochs):
                yield from self._epoch(epoch, loader)
                yield from self.previews.write(epoch + 1)
            status = "done"
        except GeneratorExit:
            self._save()
            status = "stopped"
            raise
        except KeyboardInterrupt:  # in the middle of a step: what was saved before is whole, what is now is not
            status = "stopped"
            raise
        finally:
            self.project.runs.update(self.info.id, status=status, figures=self._figures())
        yield FileWritten("checkpoint", "", f"runs/{self.info.name}/{CHECKPOINT}")
        yield Result("train", {"run": self.info.name} | self.project.runs.get(self.info.name).figures)

    def _epoch(self, epoch: int, loader: BatchLoader) -> Iterator[Event]:
        first = self.trainer.step_count - epoch * loader.steps
        sums: dict[str, float] = defaultdict(float)
        counts: dict[str, int] = defaultdict(int)
        images, began = 0, time.monotonic()
        for loaded in loader.epoch(epoch, first):
            for image_id, name, reason in loaded.skipped:
                self.project.images.set_problem(image_id, reason)
                yield from self._report(ImageSkipped(name, reason))
            for problem in loaded.without:
                yield from self._report_plane(problem)
            losses = self._step(loaded.batch)
            images += loaded.images
            for name, value in losses.items():
                sums[name] += value
                counts[name] += 1
            yield from self._after_step(epoch, loader.steps, losses)
        if images == 0 and first == 0:
            raise ProjectError("none of the tagged images can be read: see the reports above, then replace the files")
        seconds = time.monotonic() - began
        means = {name: sums[name] / counts[name] for name in sums}
        self._save()
        rate = images / max(seconds, 1e-9)
        self._append_metrics(epoch, means, seconds, rate)
        yield EpochDone(epoch + 1, self.config.epochs, means, rate, seconds)

    def _step(self, batch: Batch | None) -> dict[str, float]:
        if batch is None:
            self.trainer.step_count += 1
            return {}
        try:
            return self.trainer.step(batch)
        except NonFiniteLossError as error:
            raise NonFiniteLossError(f"{self._place()}: {error}") from error
        except (MemoryError, RuntimeError) as error:
            who = who_ran_out(error)
            if who is None:
                raise
        # Not above: the error's traceback holds on to what the step had allocated.
        size = largest_batch(self.trainer, batch)
        raise DeviceError(f"{who} ran out of memory: {self._memory_advice(size)}", size)

    def _place(self) -> str:
        return f"run {self.info.name}, step {self.trainer.step_count}"

    def _memory_advice(self, size: int) -> str:
        if size:
            return f"the largest batch that fits is {size}: use --batch {size}"
        return f"not even one image fits: use a smaller --crop than {self.config.crop}, or a smaller --backbone"

    def _after_step(self, epoch: int, steps: int, losses: dict[str, float]) -> Iterator[Event]:
        if time.monotonic() - self.saved_at > SAVE_SECONDS:
            self._save()
        done = self.trainer.step_count
        if losses:
            yield StepDone(epoch + 1, done - epoch * steps, steps, losses, self.trainer.learning_rate)
        note = f"epoch {epoch + 1}/{self.config.epochs}"
        yield Progress("train", done, self.trainer.total_steps, "steps", note)

    def _report(self, event: ImageSkipped) -> Iterator[ImageSkipped]:
        """Name each broken image once, not in every epoch."""
        if event.image not in self.reported:
            self.reported.add(event.image)
            yield event

    def _report_plane(self, problem: str) -> Iterator[Notice]:
        """Name each mask or map that cannot be used once, as long as there are few."""
        if problem in self.reported_planes or len(self.reported_planes) > MOST_PLANES_NAMED:
            return
        self.reported_planes.add(problem)
        more = len(self.reported_planes) > MOST_PLANES_NAMED
        yield Notice("further masks or saliency maps cannot be used, and are not named" if more else problem)

    def _figures(self) -> dict[str, Any]:
        return {
            "steps": max(self.saved_step, 0),
            "epochs": self.config.epochs,
            "images": len(self.data),
            "class_ids": [c.id for c in self.data.classes],
        }

    def _save(self) -> None:
        if self.trainer.step_count == self.saved_step:
            return
        tensors, facts = self.trainer.state()
        if not all_finite([tensor for tensor in tensors.values() if tensor.is_floating_point()]):
            raise NonFiniteLossError(f"{self._place()}: the weights are no longer finite; {REMEDY}")
        facts |= {
            "classes": [c.id for c in self.data.classes],
            "class_names": [c.name for c in self.data.classes],
            "images": len(self.data),
            "images_digest": self.data.digest(),
            "config": self.config.to_json(),
        }
        if self.seeds_digest:
            facts["seeds_digest"] = self.seeds_digest
        if self.judged_digest:
            facts["judged_digest"] = self.judged_digest
        save_checkpoint(self.folder / CHECKPOINT, tensors, facts)
        self.saved_at, self.saved_step = time.monotonic(), self.trainer.step_count

    def _write_facts(self) -> None:
        facts = {
            "program": f"fbr-studio {fbr_engine.__version__}",
            "torch": torch.__version__,
            "device": str(self.trainer.device),
            "images": len(self.data),
            "classes": {c.name: c.id for c in self.data.classes},
        }
        save_json(self.folder / "provenance.json", facts)

    def _append_metrics(self, epoch: int, means: Mapping[str, float], seconds: float, rate: float) -> None:
        """Add one line; the file is written anew, so that a crash cannot leave half a line."""
        path = self.folder / METRICS
        lines = path.read_text("utf-8").splitlines()[:epoch] if path.is_file() else []
        figures = {"epoch": epoch + 1, "seconds": round(seconds, 3), "images_per_second": round(rate, 3)}
        lines.append(json.dumps(figures | {"losses": dict(means)}))
        write_atomically(path, ("\n".join(lines) + "\n").encode())
