"""Stage ``masks``: CAMs become pseudo masks: threshold, argmax, refinement."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from fbr_engine.config import MasksConfig
from fbr_engine.data.device import pick_device
from fbr_engine.data.prefetch import prefetch
from fbr_engine.errors import ProjectError, ReadError
from fbr_engine.events import Event, FileWritten, ImageSkipped, Notice, Progress, Result, Started
from fbr_engine.formats.classes_txt import save_classes_txt
from fbr_engine.project import ImageInfo, Project, RunInfo, make_folder, save_mask
from fbr_engine.stages.auto_threshold import auto_threshold
from fbr_engine.stages.broken_images import known_problems
from fbr_engine.stages.judged_cams import prepare_judged
from fbr_engine.stages.looked_at import First, LookedAt
from fbr_engine.stages.pseudo_mask import Mask
from fbr_engine.stages.refine import prepare_refiner
from fbr_engine.stages.refined_mask import MaskMaker, MaskSource
from fbr_engine.stages.run_files import checkpoint_path, file_digest, find_run
from fbr_engine.stages.shown_masks import KIND
from fbr_engine.stages.stored_cams import KIND as CAMS
from fbr_engine.stages.stored_cams import CamRecord, cam_record


def run(
    project: Project, config: MasksConfig, run_name: str | None = None, first: First | None = None
) -> Iterator[Event]:
    """Make the masks that are missing or out of date. Raises `ProjectError` when there are no CAMs yet.

    ``first`` is asked between images, in the thread of this generator, for the numbers of those a person is looking at:
    what of them is still to do comes next.
    """
    info = find_run(project, run_name)
    project.maps.forget_missing(info.id, KIND)
    if project.maps.count_done(info.id, CAMS, config.split) == 0:
        raise ProjectError(f"run {info.name} has no CAMs yet: compute them first (fbr-engine cams {project.folder})")
    automatic = config.threshold == "auto"
    threshold = (yield from auto_threshold(project, info)) if automatic else float(config.threshold)
    device = pick_device(config.device)
    refiner = yield from prepare_refiner(project, info, config.refine, threshold, device)
    # The threshold and what refiners learn stay those of the CAMs as computed: images nobody judged do not change.
    judged = None if config.ignore_judgements else (yield from prepare_judged(project, info))
    job = _Job(project, info, config, MaskMaker(threshold, refiner, config.smallest, device, judged))
    total, ready = job.count_all()
    yield Started(KIND, total, "images", info.name, ready)
    yield from _what_is_left_out(project, info, config.split)
    make_folder(job.folder / KIND)
    save_classes_txt(job.folder / KIND / "classes.txt", _class_names(project))
    yield from job.work(ready, total, first)
    if job.empty:
        yield Notice(
            f"{job.empty} tagged images got an empty mask: the model sees none of their tags",
            "train for more epochs, or check their tags",
        )
    figures: dict[str, Any] = {"threshold": round(threshold, 4), "refine": config.refine}
    if job.count:
        figures["miou"] = None  # what was measured, was measured on other masks
    project.runs.update(info.id, figures=figures)
    yield Result(
        KIND,
        {
            "run": info.name,
            "threshold": round(threshold, 4),
            "refine": config.refine,
            "images": ready + job.count,
            "computed": job.count,
            "skipped": job.skipped,
            "judged": job.judged,
            "folder": str(job.folder / KIND),
        },
    )


def _what_is_left_out(project: Project, info: RunInfo, split: str) -> Iterator[Event]:
    without = project.images.count(split) - project.maps.count_done(info.id, CAMS, split)
    for image, problem in known_problems(project, split):
        yield ImageSkipped(image.path, problem)
        without -= project.maps.get(info.id, image.id, CAMS) is None
    if without:
        yield Notice(f"{without} images have no CAMs in run {info.name}", "run fbr-engine cams again")
    digest = file_digest(checkpoint_path(project, info))
    if any(not made.startswith(digest) for made in project.maps.fingerprints(info.id, CAMS)):
        yield Notice(
            f"some CAMs of run {info.name} are from an earlier state of its training", "run fbr-engine cams again"
        )


class _Job:
    """Makes the masks of one run under one threshold and refinement."""

    def __init__(self, project: Project, info: RunInfo, config: MasksConfig, maker: MaskMaker) -> None:
        self.project, self.info, self.split, self.refine = project, info, config.split, config.refine
        self.maker = maker
        self.folder = project.runs.folder(info.name)
        self.count = self.skipped = self.empty = self.judged = 0
        self.pending: list[tuple[int, int, str, str, str, None]] = []

    def records(self) -> Iterator[tuple[CamRecord, bool]]:
        """Yield the images with CAMs and tags, and whether their mask is there, made of the same."""
        for image, _, _ in self.project.maps.done(self.info.id, CAMS, self.split):
            record = self.record(image)
            if record is not None:
                yield record, self.is_there(record)

    def record(self, image: ImageInfo) -> CamRecord | None:
        """Return what the mask of ``image`` is made of, or None if it gets none."""
        return None if image.problem else cam_record(self.project, self.info, image)

    def is_there(self, record: CamRecord) -> bool:
        """Return whether the mask is there, made of the same."""
        found = self.project.maps.get(self.info.id, record.image.id, KIND)
        return found is not None and found.fingerprint == self.fingerprint(record)

    def to_make(self, image_ids: Sequence[int]) -> dict[int, CamRecord]:
        """Return those of some images whose mask is to be made, by their numbers."""
        images = self.project.images.by_ids(image_ids)
        records = [self.record(image) for image in images if self.split in ("", image.split)]
        return {r.image.id: r for r in records if r is not None and not self.is_there(r)}

    def fingerprint(self, record: CamRecord) -> str:
        """Return a hash of all that the mask follows from: CAMs, tags, threshold, refinement, clean-up, judgements."""
        maker = self.maker
        present = sorted(c for c, value in record.tags.items() if value == 1)
        how = f"{maker.threshold:.4f} {self.refine} {maker.smallest:g}"
        if maker.refiner is not None and maker.refiner.digest:
            how += f" {maker.refiner.digest}"
        judged = maker.judged.digest(record) if maker.judged is not None else ""
        if judged:
            how += f" judged {judged}"
        text = f"{record.fingerprint} {present} {how}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def count_all(self) -> tuple[int, int]:
        """Return how many masks there will be, and how many of them are there already; count those judged."""
        total = ready = 0
        for record, is_there in self.records():
            total += 1
            ready += is_there
            self.judged += self.maker.judged is not None and bool(self.maker.judged.digest(record))
        return total, ready

    def work(self, done: int, total: int, first: First | None) -> Iterator[Event]:
        """Make the masks that are missing, or made otherwise, reading ahead in threads."""
        missing = (record for record, is_there in self.records() if not is_there)
        todo = LookedAt(missing, lambda record: record.image.id, first, self.to_make)
        try:
            for record, loaded in prefetch(todo, self._load, urgent=todo.urgent):
                done += 1
                if isinstance(loaded, str):
                    self.skipped += 1
                    yield ImageSkipped(record.image.path, loaded)
                    continue
                location = self._write(record, self.maker.make(loaded))
                if todo.awaits(record):
                    self._commit()
                yield FileWritten(KIND, record.image.path, location)
                yield Progress(KIND, done, total, "images")
        finally:
            self._commit()

    def _load(self, record: CamRecord) -> MaskSource | str:
        try:
            return self.maker.load(self.project, record)
        except ReadError as error:
            return str(error)

    def _write(self, record: CamRecord, mask: Mask) -> str:
        path = self.project.map_path(self.info.name, record.image.path, KIND, "png")
        save_mask(path, mask)
        self.empty += 1 in record.tags.values() and not mask.any()
        location = path.relative_to(self.project.folder).as_posix()
        self.pending.append((self.info.id, record.image.id, KIND, self.fingerprint(record), location, None))
        self.count += 1
        if len(self.pending) >= 64:
            self._commit()
        return location

    def _commit(self) -> None:
        self.project.maps.record_many(self.pending)
        self.pending = []


def _class_names(project: Project) -> dict[int, str]:
    return {0: "background"} | {c.id: c.name for c in project.classes.all()}
