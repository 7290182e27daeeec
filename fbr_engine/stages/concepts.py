"""Stage ``concepts``: clusters of feature pixels over the whole data set, with their provenance. Needs no torch."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any

import numpy as np

from fbr_engine.concepts.clustering import Atoms, Collector, label_image
from fbr_engine.concepts.concept_set import BACKGROUND, ConceptSet
from fbr_engine.concepts.facts import Concept
from fbr_engine.concepts.set_builder import SetBuilder
from fbr_engine.concepts.space import Moments
from fbr_engine.config import ConceptsConfig
from fbr_engine.data.prefetch import prefetch
from fbr_engine.errors import ProjectError, ReadError
from fbr_engine.events import Event, ImageSkipped, Notice, Progress, Result, Started
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages.auto_threshold import auto_threshold
from fbr_engine.stages.concept_names import carry_names
from fbr_engine.stages.grid_images import GridImages, GridRecord
from fbr_engine.stages.run_files import find_run
from fbr_engine.stages.stored_cams import KIND as CAMS
from fbr_engine.stages.stored_concepts import KIND, facts, load_concepts, save_concepts, set_fingerprint

SPACE_IMAGES = 400  # from which comparison space is made


def run(project: Project, config: ConceptsConfig, run_name: str | None = None) -> Iterator[Event]:
    """Find the concepts of a run, unless they are there and follow from the same.

    Nothing is written before all is done. Raises `ProjectError` when the run has no CAMs or no features.
    """
    began = time.monotonic()
    info = find_run(project, run_name)
    fingerprint = set_fingerprint(project, info, config)
    before, computed = _stored(project, info), 0
    found = before if before is not None and before.fingerprint == fingerprint else None
    if found is None:
        with closing(GridImages(project, info)) as images:
            records = images.records(config.split)
            without = project.maps.count_done(info.id, CAMS, config.split) - len(records)
            if without:
                yield Notice(f"{without} images have no features", "run fbr-engine cams again with --features")
            threshold = yield from auto_threshold(project, info)
            found = yield from _Job(images, records, config, threshold).work(fingerprint)
            computed = len(found.image_ids)
        save_concepts(project, info, found)
        carry_names(project, info, before, found)
    else:
        yield Started(KIND, len(found.image_ids), "images", info.name, len(found.image_ids))
    rows = facts(project, info, found)
    yield Result(
        KIND,
        {
            "run": info.name,
            "images": len(found.image_ids),
            "computed": computed,
            "concepts": len(rows),
            "seconds": round(time.monotonic() - began, 1),
            "table": _table(project, rows),
        },
    )


def _stored(project: Project, info: RunInfo) -> ConceptSet | None:
    """Return the concepts that are there and can be read: a person may have merged or split some."""
    try:
        return load_concepts(project, info)
    except ReadError:
        return None


class _Job:
    """Three passes: comparison space, the pixels that are clustered, the atom of every pixel."""

    def __init__(self, images: GridImages, records: list[GridRecord], config: ConceptsConfig, threshold: float) -> None:
        self.images, self.records, self.config, self.threshold = images, records, config, threshold
        self.sample = _spread(records, config.images)
        self.first = _spread(self.sample, SPACE_IMAGES)
        self.total = len(self.first) + len(self.sample) + len(records)
        self.done = 0
        self.broken: set[int] = set()

    def work(self, fingerprint: str) -> Generator[Event, None, ConceptSet]:
        """Return the concepts. Raises `ProjectError` when nothing can be read."""
        yield Started(KIND, self.total, "steps", self.images.info.name)
        moments = Moments()
        for record in self.first:
            try:
                moments.add(self.images.features(record))
            except ReadError as error:
                yield from self._skip(record, str(error))
            yield self._step("comparing features")
        if not moments.count:
            raise ProjectError(f"none of the features of run {self.images.info.name} can be read: run cams again")
        mean, basis = moments.space()
        collector = Collector(mean, basis, self.images.class_ids, self.threshold, self.config.seed)
        for record, image in prefetch(self.sample, self._read):
            if isinstance(image, str):
                yield from self._skip(record, image)
            else:
                collector.add(image)
            yield self._step("drawing pixels")
        return (yield from self._label(collector.atoms(self.config.per_class, self.config.background), fingerprint))

    def _label(self, atoms: Atoms, fingerprint: str) -> Generator[Event, None, ConceptSet]:
        builder = SetBuilder(atoms)
        for record, image in prefetch(self.records, self._read):
            if isinstance(image, str):
                yield from self._skip(record, image)
            else:
                builder.add(image, label_image(image, atoms, self.threshold))
            yield self._step("looking at every image")
        return builder.build(fingerprint)

    def _read(self, record: GridRecord) -> Any:
        try:
            return self.images.read(record)
        except ReadError as error:
            return str(error)

    def _skip(self, record: GridRecord, reason: str) -> Iterator[Event]:
        if record.image.id not in self.broken:
            self.broken.add(record.image.id)
            yield ImageSkipped(record.image.path, reason)

    def _step(self, note: str) -> Progress:
        self.done += 1
        return Progress(KIND, self.done, self.total, "steps", note)


def _spread(records: list[GridRecord], count: int) -> list[GridRecord]:
    """Return up to ``count`` records, evenly spread."""
    if len(records) <= count:
        return records
    return [records[i] for i in np.linspace(0, len(records) - 1, count).astype(int)]


def _table(project: Project, rows: list[Concept]) -> list[dict[str, Any]]:
    """Return the concepts as plain values, those first whose judging is expected to change most."""
    names = {c.id: c.name for c in project.classes.all()} | {BACKGROUND: "background"}
    return [
        {
            "id": c.id,
            "family": names.get(c.family, str(c.family)),
            "pixels": c.pixels,
            "images": c.images,
            "spread": round(c.spread, 3),
            "mean_cam": round(c.mean_cam, 3),
            "gain": round(c.gain, 1),
            "suspicion": {names.get(k, str(k)): round(v, 3) for k, v in c.suspicion.items()},
            "share": {names.get(k, str(k)): round(v, 4) for k, v in c.share.items()},
            "with_tag": {names.get(k, str(k)): v for k, v in c.with_tag.items()},
            "without_tag": {names.get(k, str(k)): v for k, v in c.without_tag.items()},
        }
        for c in sorted(rows, key=lambda c: (-c.gain, c.id))
    ]
