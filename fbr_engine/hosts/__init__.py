"""Host models that FBR plugs into, one file each, and the table that names them."""

from __future__ import annotations

from collections.abc import Callable

from fbr_engine.config import TrainConfig
from fbr_engine.hosts.amn import AmnHost
from fbr_engine.hosts.base import Batch, Host, HostOutput
from fbr_engine.hosts.cam import CamHost
from fbr_engine.hosts.ppc import PpcHost
from fbr_engine.hosts.seam import SeamHost
from fbr_engine.networks.cam_network import CamNetwork

HOST_TABLE: dict[str, Callable[[CamNetwork, TrainConfig], Host]] = {
    "cam": CamHost,
    "seam": SeamHost,
    "ppc": PpcHost,
    "amn": AmnHost,
}

__all__ = ["HOST_TABLE", "AmnHost", "Batch", "CamHost", "Host", "HostOutput", "PpcHost", "SeamHost"]
