"""Where a dataset may be written: a proposal, and what is wrong with a folder. No widgets, no writing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TargetCheck:
    """What is wrong with a folder, in one sentence or nothing, and one like it that is free."""

    problem: str
    other: Path | None


def check(text: str) -> TargetCheck:
    """Look whether a dataset can be written to the folder ``text`` names."""
    found, written = problem(text), text.strip()
    if not found or not written:
        return TargetCheck(found, None)
    other = Path(written)
    try:
        other = unused(other)
    except (OSError, ValueError):  # no folder can have that name
        return TargetCheck(found, None)
    return TargetCheck(found, other if other != Path(written) and not problem(str(other)) else None)


def proposal(project: Path) -> Path:
    """Return a folder beside the project that does not exist yet: ``NAME-coco``, else ``NAME-coco-2`` and so on."""
    name = project.stem if project.suffix == ".fbr" else project.name
    return unused(project.with_name(f"{name}-coco"))


def unused(folder: Path) -> Path:
    """Return ``folder`` if nothing is there or it is empty, else the first free one of ``folder-2``, ``folder-3``."""
    number, found = 1, folder
    while not _free(found):
        number += 1
        found = folder.with_name(f"{folder.name}-{number}")
    return found


def problem(text: str) -> str:
    """Return why a dataset cannot be written to the folder ``text`` names, in one sentence, or nothing."""
    if not text.strip():
        return "Say where the dataset is to be written."
    if "\0" in text:
        return "No folder can have this name."
    folder = Path(os.path.abspath(text.strip()))  # noqa: PTH100 - resolve() would follow a link
    try:
        if folder.exists() and not folder.is_dir():
            return "This is a file. Give a folder."
        if folder.is_dir() and not _free(folder):
            return "This folder is not empty. A dataset needs a folder of its own."
        return _right_problem(folder)
    except (OSError, ValueError) as error:
        return f"This folder cannot be used ({getattr(error, 'strerror', '') or error})."


def _right_problem(folder: Path) -> str:
    there = next(f for f in (folder, *folder.parents) if f.exists())
    if not there.is_dir():
        return f"{there} is a file, so nothing can lie below it."
    return "" if os.access(there, os.W_OK | os.X_OK) else f"{there} cannot be written to."


def _free(folder: Path) -> bool:
    try:
        return not any(not path.name.endswith(".partial") for path in folder.iterdir())
    except FileNotFoundError:
        return True
    except OSError:
        return not os.path.lexists(folder)
