"""A finished (or stopped) run's network, ready for inference."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fbr_engine.config import TrainConfig
from fbr_engine.errors import ReadError
from fbr_engine.hosts import HOST_TABLE, Host
from fbr_engine.networks.background_channel import BackgroundChannel
from fbr_engine.networks.cam_network import CamNetwork, CamOutput, build_cam_network
from fbr_engine.networks.checkpoints import load_checkpoint, take_prefix, with_prefix
from fbr_engine.networks.projections import FbrProjections
from fbr_engine.project import Project, RunInfo
from fbr_engine.stages.run_files import checkpoint_path


@dataclass(frozen=True, slots=True)
class RunNetwork:
    """``host`` and, where plugged in, FBR's ``projections`` and the ``background`` channel, in inference mode.

    ``class_ids``: pixel ids of its classes.
    """

    host: Host
    projections: FbrProjections | None
    class_ids: list[int]
    config: TrainConfig
    background: BackgroundChannel | None = None

    @property
    def network(self) -> CamNetwork:
        """The host's CAM network."""
        return self.host.network

    def infer(self, images: Tensor, tags: Tensor) -> CamOutput:
        """Return what the CAMs are made of, as `Host.infer` does, with the background channel if there is one."""
        out = self.host.infer(images, tags)
        return out if self.background is None else self.background.corrected(out)


def load_run_network(project: Project, info: RunInfo, device: torch.device) -> RunNetwork:
    """Load the run's network onto ``device``. Raises `ReadError` when the checkpoint is broken or of another form."""
    path = checkpoint_path(project, info)
    tensors, facts = load_checkpoint(path)
    config = TrainConfig.from_json(facts["config"])
    try:
        network = build_cam_network(config.backbone, config.output_stride, len(facts["classes"]), False)
        host = HOST_TABLE[config.host](network, config)
        network.load_state_dict(take_prefix("network", tensors))
        host.load_state_dict(with_prefix("network", network.state_dict()) | take_prefix("host", tensors))
        projections = None
        if config.fbr:
            projections = FbrProjections(network.backbone.channels, config.projection_dims, config.form == "paper")
            projections.load_state_dict(take_prefix("projections", take_prefix("fbr", tensors)))
            projections = projections.to(device).eval()
        background = None
        if config.saliency:
            background = host.make_background()
            background.load_state_dict(take_prefix("background", tensors))
            background = background.to(device).eval()
    except (RuntimeError, KeyError) as error:
        raise ReadError(f"{path}: the checkpoint does not fit its run; train the run again") from error
    host.to(memory_format=torch.channels_last)
    host.to(device).eval()
    return RunNetwork(host, projections, facts["classes"], config, background)
