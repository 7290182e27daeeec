"""The concepts of a run as the stage ``concepts`` left them: ``runs/<name>/concepts/concepts.npz``. Needs no torch."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.concepts.facts import Concept, concept_facts
from fbr_engine.config import ConceptsConfig
from fbr_engine.errors import ReadError
from fbr_engine.project import Project, RunInfo, load_arrays, save_arrays
from fbr_engine.project.paths import shown
from fbr_engine.stages.run_files import learnt_ids
from fbr_engine.stages.stored_cams import KIND as CAMS

KIND = "concepts"
FILE = "concepts.npz"
REMEDY = "compute them again (fbr-engine concepts)"


def concepts_path(project: Project, info: RunInfo) -> Path:
    """Return where the concepts of a run lie."""
    return project.runs.folder(info.name) / KIND / FILE


def load_concepts(project: Project, info: RunInfo) -> ConceptSet | None:
    """Return the concepts of a run, None if there are none. Raises `ReadError` when the file is broken."""
    path = concepts_path(project, info)
    if not path.is_file():
        return None
    names = [f.name for f in dataclasses.fields(ConceptSet)]
    try:
        return ConceptSet.from_arrays(load_arrays(path, names, remedy=REMEDY))
    except ReadError:
        raise
    except (KeyError, ValueError, TypeError) as error:
        raise ReadError(f"{shown(path)} is broken ({error}): {REMEDY}") from error


def save_concepts(project: Project, info: RunInfo, concepts: ConceptSet) -> None:
    """Keep the concepts of a run, whole or not at all. Raises `WriteError`."""
    save_arrays(concepts_path(project, info), **concepts.to_arrays())


def image_tags(project: Project, concepts: ConceptSet) -> dict[int, dict[int, int]]:
    """Return the known tags of the set's images, by image and class id; of a class that was merged, what it is now."""
    images, aliases = concepts.image_ids.tolist(), project.classes.aliases()
    today = {c: aliases.get(c, c) for c in concepts.class_ids.tolist()}
    wanted = sorted(set(today.values()) - {0})  # 0: deleted
    matrix = project.tags.matrix(images, wanted)
    column = {c: wanted.index(now) for c, now in today.items() if now}
    return {
        i: {c: int(row[k]) for c, k in column.items() if row[k] >= 0} for i, row in zip(images, matrix, strict=True)
    }


def facts(project: Project, info: RunInfo, concepts: ConceptSet) -> list[Concept]:
    """Return what is known of each concept under today's tags."""
    return concept_facts(concepts, image_tags(project, concepts))


def is_current(project: Project, info: RunInfo, concepts: ConceptSet) -> bool:
    """Return whether the concepts follow from the run's CAMs and tags as they are now."""
    return concepts.fingerprint.partition("-")[0] == cams_digest(project, info)


def set_fingerprint(project: Project, info: RunInfo, config: ConceptsConfig) -> str:
    """Return what a set is kept under: all that it follows from."""
    return f"{cams_digest(project, info)}-{config.fingerprint()}-{_checkpoints(project, info)}"


def fits_features(project: Project, info: RunInfo, concepts: ConceptSet) -> bool:
    """Return whether the run's features are still of the checkpoint that the concepts were found with.

    Those of another lie in another space, in which their centroids mean nothing.
    """
    found = concepts.fingerprint.split("-", 2)
    return len(found) < 3 or found[2] == _checkpoints(project, info)


def _checkpoints(project: Project, info: RunInfo) -> str:
    return "+".join(sorted({made.partition("-")[0] for made in project.maps.fingerprints(info.id, CAMS)}))


def cams_digest(project: Project, info: RunInfo) -> str:
    """Return a hash of the run's CAMs and of the tags of their images."""
    made = project.maps.made(info.id, CAMS)
    classes = sorted(learnt_ids(project, info))
    digest = hashlib.sha256(repr((classes, made)).encode())
    digest.update(project.tags.matrix([image_id for image_id, _ in made], classes).tobytes())
    return digest.hexdigest()[:16]
