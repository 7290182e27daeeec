"""Stage ``judge``: a person says what a concept is for a class; taken back by `withdraw`. Needs no torch."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from typing import NamedTuple

from fbr_engine.concepts.concept_set import ConceptSet
from fbr_engine.config import EVERY_CLASS, JudgeConfig
from fbr_engine.errors import ProjectError
from fbr_engine.events import Event, Result
from fbr_engine.project import Judgement, Project, RunInfo
from fbr_engine.stages.edit_concepts import split
from fbr_engine.stages.run_files import find_run, run_classes
from fbr_engine.stages.stored_concepts import load_concepts, save_concepts
from fbr_engine.stages.verdicts import ACTING, bind

KIND = "judge"


class Judged(NamedTuple):
    """A judgement, and the concepts to go on with: others than before if one was split."""

    judgement: Judgement
    concepts: ConceptSet


def judge(
    project: Project,
    info: RunInfo,
    concepts: ConceptSet,
    concept_id: int,
    class_id: int | None,
    verdict: str,
    who: str = "",
) -> Judged:
    """Keep what ``who`` says about a concept for one class, or without ``class_id`` for every class.

    ``mixed`` also splits the concept in two. Raises `ProjectError` for a concept that is not there, one that cannot be
    split, or a concept that would be part of every class.
    """
    if not len(concepts.atoms_of(concept_id)):
        raise ProjectError(_unknown(info, concepts, concept_id))
    if verdict == "object" and class_id is None:
        raise ProjectError("nothing is part of every class: name the class that the concept is part of")
    exemplars = [(e.image_id, e.pixels) for e in concepts.exemplars(concept_id)]
    after = split(project, info, concepts, concept_id) if verdict == "mixed" else concepts
    with project.transaction():
        made = project.judgements.add(verdict, class_id, info.id, concept_id, exemplars, who or login_name())
        if after is not concepts:
            save_concepts(project, info, after)
    return Judged(made, after)


def withdraw(project: Project, judgement_id: int) -> Judgement:
    """Take a judgement back. Raises `ProjectError` if there is none of that number."""
    return project.judgements.withdraw(judgement_id)


def login_name() -> str:
    """Return the name of the person at this machine, empty if the system does not say."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def require_concepts(project: Project, info: RunInfo) -> ConceptSet:
    """Return the concepts of a run. Raises `ProjectError` with the remedy if there are none, and `ReadError`."""
    found = load_concepts(project, info)
    if found is None:
        raise ProjectError(
            f"run {info.name} has no concepts yet: find them first "
            f"(fbr-engine concepts {project.folder} --run {info.name})"
        )
    return found


def run(project: Project, config: JudgeConfig, run_name: str | None = None) -> Iterator[Event]:
    """Judge one concept of a run. Raises `ProjectError` with the remedy."""
    info = find_run(project, run_name)
    concepts = require_concepts(project, info)
    class_id = None if config.class_ == EVERY_CLASS else _class_id(project, info, config.class_)
    judged = judge(project, info, concepts, config.concept, class_id, config.verdict, config.who)
    verdicts = bind(project, info, judged.concepts)
    touched = [c.id for c in run_classes(project, info)] if class_id is None else [class_id]
    acts = config.verdict in ACTING
    yield Result(
        KIND,
        {
            "run": info.name,
            "id": judged.judgement.id,
            "concept": config.concept,
            "class": config.class_,
            "verdict": config.verdict,
            "who": judged.judgement.who,
            "images": _tagged(project, info, touched) if acts else 0,
            "split_into": sorted(set(judged.concepts.ids()) - set(concepts.ids())),
            "standing": len(verdicts.judgements),
            "project": str(project.folder),
        },
    )


def _class_id(project: Project, info: RunInfo, name: str) -> int:
    found = project.classes.get(name)
    learnt = run_classes(project, info)
    if found.id not in {c.id for c in learnt}:
        names = ", ".join(c.name for c in learnt)
        raise ProjectError(f"run {info.name} has not learnt {found.name}: it knows {names}; or train a new run")
    return found.id


def _unknown(info: RunInfo, concepts: ConceptSet, concept_id: int) -> str:
    ids = concepts.ids()
    shown = ", ".join(map(str, ids[:12])) + (f" ... {ids[-1]}" if len(ids) > 12 else "")
    return (
        f"run {info.name} has no concept {concept_id}: there are {shown} "
        "(fbr-engine concepts PROJECT says what they are)"
    )


def _tagged(project: Project, info: RunInfo, class_ids: list[int]) -> int:
    """Return how many images are tagged with any of the classes."""
    made = [image_id for image_id, _ in project.maps.made(info.id, "cams")]
    return int((project.tags.matrix(made, class_ids) == 1).any(axis=1).sum()) if made else 0
