"""A finished (or stopped) run's network, ready for inference."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from fbr_engine.config import TrainConfig
from fbr_engine.errors import ReadError
from fbr_engine.networks.cam_network import CamNetwork, build_cam_network
from fbr_engine.networks.checkpoints import load_checkpoint, take_prefix
from fbr_engine.networks.projections import FbrProjections
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages.run_files import checkpoint_path


@dataclass(frozen=True, slots=True)
class RunNetwork:
    """``network`` and, where FBR was plugged in, ``projections``, in inference mode; pixel ids of its classes."""

    network: CamNetwork
    projections: FbrProjections | None
    class_ids: list[int]
    config: TrainConfig


def load_run_network(project: Project, info: RunInfo, device: torch.device) -> RunNetwork:
    """Load the run's network onto ``device``. Raises `ReadError` when the checkpoint is broken or of another form."""
    path = checkpoint_path(project, info)
    tensors, facts = load_checkpoint(path)
    config = TrainConfig.from_json(facts["config"])
    try:
        network = build_cam_network(config.backbone, config.output_stride, len(facts["classes"]), False)
        network.load_state_dict(take_prefix("network", tensors))
        projections = None
        if config.fbr:
            projections = FbrProjections(network.backbone.channels, config.projection_dims, config.form == "paper")
            projections.load_state_dict(take_prefix("projections", take_prefix("fbr", tensors)))
            projections = projections.to(device).eval()
    except (RuntimeError, KeyError) as error:
        raise ReadError(f"{path}: the checkpoint does not fit its run; train the run again") from error
    network.to(memory_format=torch.channels_last)
    network.to(device).eval()
    return RunNetwork(network, projections, facts["classes"], config)
