"""What the Concepts room reads of a run, in the background: its concepts, their facts and what was judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.concepts.facts import Concept
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages.questions import Question, questions
from fbr_engine.stages.run_files import CHECKPOINT
from fbr_engine.stages.stored_concepts import facts, is_current, load_concepts
from fbr_engine.stages.verdicts import Verdicts, bind

State = Literal["no_run", "unfinished", "no_features", "no_concepts", "broken", "loading", "ready"]


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A run's concepts with all that is told of them. ``facts`` by concept id, ``names`` those a person gave.

    ``current``: the concepts are of the CAMs and tags that are there now. ``class_names`` by class id,
    ``aliases`` what classes that were merged or deleted (0) mean today.
    """

    project: Project
    info: RunInfo
    set: ConceptSet
    facts: dict[int, Concept]
    verdicts: Verdicts
    names: dict[int, str]
    class_names: dict[int, str]
    aliases: dict[int, int]
    current: bool

    def ask(self, verdicts: Verdicts) -> list[Question]:
        """Return the open questions about classes there are today."""
        return questions(self.facts.values(), verdicts, self.class_names, self.aliases)


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there is nothing to judge yet."""

    state: State


def load(project: Project, run: str | None) -> Loaded | Missing:
    """Return the concepts of a run, or what is missing. Raises `ReadError` for files that are broken."""
    info = project.runs.find(run) if run else None
    if info is None:
        return Missing("no_run")
    found = load_concepts(project, info)
    if found is None:
        return Missing(_what_lacks(project, info))
    return describe(project, info, found)


def _what_lacks(project: Project, info: RunInfo) -> State:
    """Return what has to be made before concepts can be: a finished training, or CAMs with their features."""
    if not (project.runs.folder(info.name) / CHECKPOINT).is_file():
        return "unfinished"
    first = next(project.maps.done(info.id, "cams"), None)
    return "no_concepts" if first is not None and "features" in first[2] else "no_features"


def describe(project: Project, info: RunInfo, found: ConceptSet) -> Loaded:
    """Return all that is told of a set of concepts."""
    known = {one.id: one for one in facts(project, info, found)}
    return Loaded(
        project,
        info,
        found,
        known,
        bind(project, info, found),
        project.judgements.names(info.id),
        {one.id: one.name for one in project.classes.all()},
        project.classes.aliases(),
        is_current(project, info, found),
    )
