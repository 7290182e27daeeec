"""Stage name -> (config class, ``module:function``); a stage's module (and torch) is imported when it first runs."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fbr_engine.config import (
    CamsConfig,
    ConceptsConfig,
    DemoConfig,
    DoctorConfig,
    EvaluateConfig,
    ExportConfig,
    JudgeConfig,
    JudgementsConfig,
    MasksConfig,
    NewConfig,
    TrainConfig,
)
from fbr_engine.config_fields import StageConfig
from fbr_engine.events import Event


@dataclass(frozen=True, slots=True)
class StageEntry:
    """One row: the config class and where the stage's function lies."""

    config: type[StageConfig]
    location: str

    def load(self) -> Callable[..., Iterator[Event]]:
        """Import the stage and return its generator function."""
        module, function = self.location.split(":")
        found: Callable[..., Iterator[Event]] = getattr(importlib.import_module(module), function)
        return found


STAGES: dict[str, StageEntry] = {
    "new": StageEntry(NewConfig, "fbr_engine.stages.create_project:run"),
    "train": StageEntry(TrainConfig, "fbr_engine.stages.train:run"),
    "cams": StageEntry(CamsConfig, "fbr_engine.stages.infer_cams:run"),
    "concepts": StageEntry(ConceptsConfig, "fbr_engine.stages.concepts:run"),
    "masks": StageEntry(MasksConfig, "fbr_engine.stages.make_pseudo_masks:run"),
    "evaluate": StageEntry(EvaluateConfig, "fbr_engine.stages.evaluate:run"),
    "export": StageEntry(ExportConfig, "fbr_engine.stages.export_dataset:run"),
    "judge": StageEntry(JudgeConfig, "fbr_engine.stages.judge:run"),
    "judgements": StageEntry(JudgementsConfig, "fbr_engine.stages.list_judgements:run"),
    "demo": StageEntry(DemoConfig, "fbr_engine.stages.demo:run"),
    "doctor": StageEntry(DoctorConfig, "fbr_engine.stages.doctor:run"),
}
