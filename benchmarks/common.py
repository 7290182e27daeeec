"""What every benchmark shares: its two options, the machine it ran on, and how figures are printed."""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from typing import Any

import psutil
import torch

import fbr_engine


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with ``--quick`` and ``--json FILE``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="a small run that shows the script works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE as one object")
    return parser


def machine() -> dict[str, Any]:
    """Return what the figures depend on besides the code."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "fbr_studio": fbr_engine.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "processor": _processor(),
        "cores": psutil.cpu_count(),
        "gpu": gpu,
        "load": round(psutil.getloadavg()[0], 2),
    }


def finish(figures: dict[str, Any], file: Path | None) -> None:
    """Print the machine and write all figures to ``file``."""
    figures = {"machine": machine()} | figures
    print("machine:", ", ".join(f"{name} {value}" for name, value in figures["machine"].items()))
    if file is not None:
        file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _processor() -> str:
    table = Path("/proc/cpuinfo")
    if table.is_file():
        for line in table.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
