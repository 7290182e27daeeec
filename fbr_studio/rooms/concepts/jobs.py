"""The jobs this room asks for: concepts, masks that follow the judgements, and a training that goes on from a run."""

from __future__ import annotations

from dataclasses import replace

from fbr_engine.config import CamsConfig, ConceptsConfig, MasksConfig, TrainConfig
from fbr_engine.errors import FbrError
from fbr_engine.project import Project, RunInfo
from fbr_studio.jobs.follow_up import LookedAt, map_steps, masks_job
from fbr_studio.jobs.runner import JobSpec, stage_step

EPOCHS = 1


def concepts_job(info: RunInfo, *, with_cams: bool = False, looked_at: LookedAt = tuple) -> JobSpec:
    """Return the job that finds the concepts of a run; ``with_cams``: its CAMs and features are made before."""
    cams = map_steps(CamsConfig(device=training_of(info).device), MasksConfig(), looked_at)[:1]
    steps = [*(cams if with_cams else []), stage_step("concepts", ConceptsConfig())]
    return JobSpec(f"Concepts of {info.name}", steps, info.name)


def judged_masks_job(info: RunInfo, refine: str, *, looked_at: LookedAt = tuple) -> JobSpec:
    """Return the job that makes the masks anew, as they were made before: those that judgements change are redone."""
    way = str(info.figures.get("refine", refine))
    return masks_job(info.name, known_threshold(info), way, looked_at=looked_at, device=training_of(info).device)


def again_job(info: RunInfo, name: str, refine: str, *, looked_at: LookedAt = tuple) -> JobSpec:
    """Return one more epoch from a run's weights with what is judged, then CAMs, concepts and masks."""
    config = again_config(info)
    masks = MasksConfig(refine=str(info.figures.get("refine", refine)), device=config.device)
    cams, last = map_steps(CamsConfig(device=config.device), masks, looked_at)
    concepts = stage_step("concepts", ConceptsConfig())
    return JobSpec(f"Training {name}", [stage_step("train", config), cams, concepts, last], name)


def again_config(info: RunInfo) -> TrainConfig:
    """Return what a run was trained with, starting from its weights, for `EPOCHS`."""
    return replace(training_of(info), start_from=info.name, epochs=EPOCHS)


def known_threshold(info: RunInfo) -> float | None:
    """Return the threshold of the masks a run has, None if there are none yet."""
    threshold = info.figures.get("threshold")
    return threshold if isinstance(threshold, float) else None


def again_name(project: Project, info: RunInfo, waiting: set[str]) -> str:
    """Return a name for the run that comes of a run, which no run has and none that waits will have."""
    base = f"{info.name[:48]}-judged"
    if "-judged" in info.name:
        base = info.name[: info.name.index("-judged")] + "-judged"
    taken = {one.name.casefold() for one in project.runs.all()} | {one.casefold() for one in waiting}
    name, number = base, 1
    while name.casefold() in taken or project.runs.folder(name).exists():
        number += 1
        name = f"{base}-{number}"
    return name


def training_of(info: RunInfo) -> TrainConfig:
    """Return what a run was trained with; what this version does not know falls back to the default."""
    try:
        return TrainConfig.from_json(info.config)
    except (FbrError, TypeError):
        return TrainConfig()
