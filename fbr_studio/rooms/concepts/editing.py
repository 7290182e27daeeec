"""Concepts are merged and split: computed and saved in the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fbr_engine.errors import ProjectError
from fbr_engine.stages.edit_concepts import merge, split
from fbr_engine.stages.stored_concepts import load_concepts, save_concepts
from fbr_studio.rooms.concepts.loading import Loaded, describe


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be done with which concepts; ``judgement``: the answer that asked for it, if one did."""

    what: Literal["merge", "split"]
    concepts: tuple[int, ...]
    judgement: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Edited:
    """What came of it: all concepts, and the numbers of those that are new."""

    edit: Edit
    data: Loaded
    new: tuple[int, ...]


class StaleError(ProjectError):
    """Other concepts are there than those that were to be changed."""


def edit(data: Loaded, wanted: Edit) -> Edited:
    """Change a run's concepts and save them. Raises `ProjectError`, `ReadError` and `WriteError`."""
    if wanted.what == "merge":
        after = merge(data.set, wanted.concepts)
    else:
        after = split(data.project, data.info, data.set, wanted.concepts[0])
    stored = load_concepts(data.project, data.info)
    if stored is None or (stored.fingerprint, stored.revision) != (data.set.fingerprint, data.set.revision):
        raise StaleError("the concepts of this run were changed meanwhile: look at those that are there now")
    save_concepts(data.project, data.info, after)
    new = tuple(sorted(set(after.ids()) - set(data.set.ids())))
    return Edited(wanted, describe(data.project, data.info, after), new)
