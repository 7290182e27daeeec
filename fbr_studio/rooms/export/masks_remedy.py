"""The job that makes the masks a run lacks, in the way its other masks were made."""

from __future__ import annotations

from fbr_engine.config import CamsConfig, MasksConfig, TrainConfig
from fbr_engine.errors import FbrError
from fbr_engine.project import RunInfo
from fbr_studio.jobs.follow_up import map_steps
from fbr_studio.jobs.runner import JobSpec


def missing_masks_job(info: RunInfo, refine: str) -> JobSpec:
    """Return the CAMs and masks of a run; what is there stays. ``refine`` counts for a run without any masks yet."""
    training = _training(info)
    threshold = info.figures.get("threshold")
    masks = MasksConfig(
        threshold=f"{threshold:.4f}" if isinstance(threshold, float) else "auto",
        refine=str(info.figures.get("refine", refine)),
        device=training.device,
    )
    return JobSpec(f"Masks of {info.name}", map_steps(CamsConfig(device=training.device), masks), info.name)


def _training(info: RunInfo) -> TrainConfig:
    try:
        return TrainConfig.from_json(info.config)
    except (FbrError, TypeError):
        return TrainConfig()
