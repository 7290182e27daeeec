"""Which run is meant, and its checkpoint as a file: what needs no torch."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fbr_engine.errors import ProjectError
from fbr_engine.project import ClassInfo, Project, RunInfo

CHECKPOINT = "checkpoint.safetensors"
METRICS = "metrics.jsonl"


def find_run(project: Project, name: str | None) -> RunInfo:
    """Return the run called ``name``, or the latest. Raises `ProjectError` with the remedy if there is none."""
    return project.runs.get(name) if name else project.runs.latest()


def learnt_ids(project: Project, info: RunInfo) -> set[int]:
    """Return the ids, as they are today, of the classes the run has learnt."""
    aliases = project.classes.aliases()
    return {aliases.get(c, c) for c in info.figures.get("class_ids", ())} - {0}


def run_classes(project: Project, info: RunInfo) -> list[ClassInfo]:
    """Return the classes the run has learnt, in the project's order."""
    learnt = learnt_ids(project, info)
    return [c for c in project.classes.all() if c.id in learnt]


def checkpoint_path(project: Project, info: RunInfo) -> Path:
    """Return where the run's checkpoint lies. Raises `ProjectError` when it has none yet."""
    path = project.runs.folder(info.name) / CHECKPOINT
    if not path.is_file():
        raise ProjectError(f"run {info.name} has no checkpoint: train it first (fbr-engine train)")
    return path


def file_digest(path: Path) -> str:
    """Return a short hash of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
