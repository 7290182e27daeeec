"""The run whose weights a training starts from. Needs no torch."""

from __future__ import annotations

from fbr_engine.config import TrainConfig
from fbr_engine.errors import ConfigError
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages.run_files import checkpoint_path


def start_run(project: Project, config: TrainConfig) -> RunInfo | None:
    """Return the run that ``config`` starts from, None if from none.

    Raises `ProjectError` when the run is not there or was not trained yet, and `ConfigError` when it does not fit:
    another backbone, or other classes than those learnt today.
    """
    if not config.start_from:
        return None
    info = project.runs.get(config.start_from)
    checkpoint_path(project, info)
    backbone = TrainConfig.from_json(info.config).backbone
    if backbone != config.backbone:
        raise ConfigError(
            f"start-from is {info.name}, whose backbone is {backbone}, but backbone is {config.backbone}: "
            f"give --backbone {backbone}, or start from another run"
        )
    names = {c.id: c.name for c in project.classes.all()}
    theirs, ours = info.figures.get("class_ids", []), [c.id for c in project.classes.learnt()]
    if theirs != ours:
        raise ConfigError(
            f"start-from is {info.name}, which has learnt {_list(theirs, names)}, but the classes to learn are "
            f"{_list(ours, names)}: train a new run without start-from"
        )
    return info


def _list(class_ids: list[int], names: dict[int, str]) -> str:
    return ", ".join(names.get(class_id, "a class that is gone") for class_id in class_ids) or "none"
