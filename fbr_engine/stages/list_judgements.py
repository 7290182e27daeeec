"""Stage ``judgements``: what was said of concepts, by whom, and on which concepts of a run it falls. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fbr_engine.config import EVERY_CLASS, JudgementsConfig
from fbr_engine.events import Event, Result
from fbr_engine.project import Judgement, Project
from fbr_engine.stages.run_files import find_run
from fbr_engine.stages.stored_concepts import load_concepts
from fbr_engine.stages.verdicts import Verdicts, bind

KIND = "judgements"


def run(project: Project, config: JudgementsConfig, run_name: str | None = None) -> Iterator[Event]:
    """Take back or restore what is asked for, then list all judgements, also those that do not stand.

    Raises `ProjectError` for a number there is no judgement of.
    """
    if config.withdraw:
        project.judgements.withdraw(config.withdraw)
    if config.restore:
        project.judgements.restore(config.restore)
    info = find_run(project, run_name) if run_name or project.runs.all() else None
    concepts = load_concepts(project, info) if info else None
    verdicts = bind(project, info, concepts) if info and concepts else None
    classes = {c.id: c.name for c in project.classes.all()}
    found = project.judgements.all(standing=False)
    yield Result(
        KIND,
        {
            "run": info.name if info else None,
            "has_concepts": concepts is not None,
            "standing": sum(j.withdrawn is None for j in found),
            "judgements": [_row(j, classes, verdicts) for j in found],
        },
    )


def _row(judgement: Judgement, classes: dict[int, str], verdicts: Verdicts | None) -> dict[str, Any]:
    binding = verdicts.binding(judgement.id) if verdicts else None
    return {
        "id": judgement.id,
        "created": judgement.created,
        "who": judgement.who,
        "verdict": judgement.verdict,
        "class": EVERY_CLASS if judgement.class_id is None else classes.get(judgement.class_id, "?"),
        "judged_run": judgement.run,
        "judged_concept": judgement.concept,
        "withdrawn": judgement.withdrawn,
        "falls_on": list(binding.concepts) if binding else [],
        "overlap": round(binding.overlap, 3) if binding else None,
        "by_likeness": binding is not None and binding.centroid is not None,
    }
