"""What kind of drive a folder lies on, and how much fits."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from fbr_engine.errors import WriteError
from fbr_engine.project.paths import shown

_NETWORK = {
    "nfs",
    "nfs4",
    "cifs",
    "smb2",
    "smb3",
    "smbfs",
    "ncpfs",
    "afs",
    "afpfs",
    "webdav",
    "davfs",
    "9p",
    "glusterfs",
}
_NETWORK |= {
    "lustre",
    "ceph",
    "beegfs",
    "gpfs",
    "fuse.sshfs",
    "fuse.rclone",
    "fuse.glusterfs",
    "fuse.davfs2",
    "vboxsf",
}
_SPARE = 64 << 20


def is_on_network(folder: Path) -> bool:
    """Return whether ``folder`` lies on a network drive, where SQLite's shared memory does not work."""
    real = os.path.realpath(folder)
    if os.name == "nt" and real.startswith("\\\\") and not real.startswith("\\\\?\\"):
        return True
    import psutil

    best, network = -1, False
    try:
        partitions = psutil.disk_partitions(all=True)
    except (OSError, RuntimeError):
        return False
    for partition in partitions:
        mount = os.path.join(partition.mountpoint, "")  # noqa: PTH118 - adds the separator, once
        if os.path.join(real, "").startswith(mount) and len(mount) >= best:  # noqa: PTH118
            best = len(mount)
            network = partition.fstype.lower() in _NETWORK or "remote" in partition.opts.split(",")
    return network


def free_space_check(folder: Path, needed_bytes: int) -> None:
    """Raise `WriteError` unless the drive of ``folder`` (need not exist yet) has ``needed_bytes`` left."""
    existing = folder.absolute()
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    try:
        free = shutil.disk_usage(existing).free
    except OSError:  # a drive that does not tell is no reason to stop
        return
    if free < needed_bytes + _SPARE:
        raise WriteError(
            f"{shown(folder)} needs about {_size(needed_bytes)} but its drive has {_size(free)} left: "
            "free some space or choose another drive"
        )


def _size(count: float) -> str:
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"
