"""Stage ``doctor``: what this machine has; also the report that the studio's About copies."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

import fbr_engine
from fbr_engine.assets_path import assets_folder
from fbr_engine.config import DoctorConfig
from fbr_engine.errors import ReadError
from fbr_engine.events import Event, Result

PACKAGES = (
    "torch",
    "torchvision",
    "numpy",
    "opencv-python",
    "pillow",
    "safetensors",
    "PySide6-Essentials",
    "pyqtgraph",
)


def run(_config: DoctorConfig | None = None) -> Iterator[Event]:
    """Say what this machine has: versions, devices, memory, Qt platform, weights found."""
    values: dict[str, Any] = {
        "fbr_studio": fbr_engine.__version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
    }
    values |= _hardware() | {"devices": _devices(), "opencv": _opencv(), "qt_platform": qt_platform()}
    values["weights"] = _weights() or "none yet: downloaded when first used, or give a file with --weights"
    try:
        values["assets"] = str(assets_folder())
    except ReadError as error:
        values["assets"] = str(error)
    yield Result("doctor", values)


def qt_platform() -> str:
    """Return the window system Qt would use, without loading Qt."""
    asked = os.environ.get("QT_QPA_PLATFORM")
    if asked:
        return f"{asked} (QT_QPA_PLATFORM)"
    if sys.platform == "darwin":
        return "cocoa"
    if sys.platform == "win32":
        return "windows"
    if os.environ.get("WAYLAND_DISPLAY"):
        return "wayland"
    if os.environ.get("DISPLAY"):
        return "xcb"
    return "no display: the window cannot be shown, the command works"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _hardware() -> dict[str, str]:
    memory = psutil.virtual_memory()
    return {
        "cores": f"{psutil.cpu_count(logical=False) or '?'} ({psutil.cpu_count() or '?'} threads), "
        f"load {psutil.getloadavg()[0]:.1f}",
        "memory": f"{memory.total / 2**30:.1f} GiB, {memory.available / 2**30:.1f} GiB free",
        "disk": f"{shutil.disk_usage(Path.cwd()).free / 2**30:.1f} GiB free in {Path.cwd()}",
    }


def _devices() -> list[str]:
    try:
        import torch
    except Exception as error:  # a broken installation is what this report is there to show
        return [f"torch does not start: {error}"]
    devices = [f"cpu ({torch.get_num_threads()} threads)"]
    for index in range(torch.cuda.device_count()):
        found = torch.cuda.get_device_properties(index)
        devices.append(f"cuda:{index} {found.name}, {found.total_memory / 2**30:.1f} GiB")
    return devices


def _opencv() -> str:
    try:
        import cv2
    except Exception as error:  # on a bare Linux server it lacks system libraries
        return f"does not start: {error} (on Debian and Ubuntu: apt install libgl1 libglib2.0-0)"
    return f"starts, {cv2.getNumThreads()} threads"


def _weights() -> list[str]:
    """Return the weight files torchvision has downloaded."""
    home = os.environ.get("TORCH_HOME") or str(Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "torch")
    folder = Path(home).expanduser() / "hub" / "checkpoints"
    return sorted(str(path) for path in folder.glob("*.pth")) if folder.is_dir() else []
