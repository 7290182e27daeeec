"""Jobs made of stages that follow each other: a training with its CAMs and masks, or those of a run that stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fbr_engine.config import CamsConfig, MasksConfig, TrainConfig
from fbr_engine.config_fields import StageConfig
from fbr_engine.events import Event
from fbr_engine.project import Project
from fbr_engine.refinement import RECOMMENDED
from fbr_engine.stage_table import STAGES
from fbr_studio.jobs.runner import JobSpec, Step, stage_step

LookedAt = Callable[[], Sequence[int]]


def training_job(
    config: TrainConfig,
    run_name: str | None = None,
    *,
    resume: bool = False,
    follow: bool = True,
    looked_at: LookedAt = tuple,
    refine: str = RECOMMENDED,
) -> JobSpec:
    """Return a training, and with ``follow`` the CAMs and masks of what it made, images that are looked at first.

    A new run without a name gets one from the engine. ``resume`` goes on with ``run_name``; of ``config`` only the
    device counts then.
    """
    steps = [stage_step("train", config, resume=resume)]
    if follow:
        steps += map_steps(
            CamsConfig(device=config.device), MasksConfig(refine=refine, device=config.device), looked_at
        )
    return JobSpec(f"Training {run_name}" if run_name else "Training", steps, run_name)


def maps_job(
    run_name: str, training: TrainConfig, *, looked_at: LookedAt = tuple, refine: str = RECOMMENDED
) -> JobSpec:
    """Return the CAMs and masks of a run that is trained; what is there and up to date is kept."""
    masks = MasksConfig(refine=refine, device=training.device)
    return JobSpec(
        f"CAMs and masks of {run_name}", map_steps(CamsConfig(device=training.device), masks, looked_at), run_name
    )


def masks_job(
    run_name: str,
    threshold: float | None = None,
    refine: str = RECOMMENDED,
    *,
    looked_at: LookedAt = tuple,
    device: str = "auto",
) -> JobSpec:
    """Return the masks of a run whose CAMs are there; without ``threshold`` (0 to 1) the engine finds one."""
    text = "auto" if threshold is None else f"{threshold:.4f}"
    masks = MasksConfig(threshold=text, refine=refine, device=device)
    return JobSpec(f"Masks of {run_name}", [_first_step("masks", masks, looked_at)], run_name)


def map_steps(cams: CamsConfig, masks: MasksConfig, looked_at: LookedAt = tuple) -> list[Step]:
    """Return the steps that make CAMs and then masks."""
    return [_first_step("cams", cams, looked_at), _first_step("masks", masks, looked_at)]


def _first_step(stage: str, config: StageConfig, looked_at: LookedAt) -> Step:
    """Return a step that works on the images the person looks at before the others."""

    def make(project: Project, run: str | None) -> Iterator[Event]:
        options: dict[str, Any] = {"first": looked_at}
        return STAGES[stage].load()(project, config, run, **options)

    return Step(stage, make)
