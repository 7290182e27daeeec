"""Host models that FBR plugs into, one file each, and the table that names them."""

from __future__ import annotations

from collections.abc import Callable

from fbr_engine.config import TrainConfig
from fbr_engine.hosts.base import Batch, Host, HostOutput
from fbr_engine.hosts.cam import CamHost
from fbr_engine.networks.cam_network import CamNetwork

HOST_TABLE: dict[str, Callable[[CamNetwork, TrainConfig], Host]] = {"cam": CamHost}

__all__ = ["HOST_TABLE", "Batch", "CamHost", "Host", "HostOutput"]
