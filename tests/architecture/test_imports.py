"""What importing costs and drags in, asserted at run time; import-linter asserts the arrows."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_importing_every_stage_of_the_engine_loads_no_qt() -> None:
    loaded = modules_after(
        "import fbr_engine.__main__\nfrom fbr_engine.stage_table import STAGES\n"
        "for entry in STAGES.values(): entry.load()"
    )
    assert "torch" in loaded
    assert not loaded & {"PySide6", "shiboken6", "pyqtgraph", "fbr_studio"}


@pytest.mark.parametrize(
    "module",
    [
        "fbr_engine.__main__",
        "fbr_engine.project",
        "fbr_engine.formats.coco",
        "fbr_engine.scenes",
        "fbr_engine.stages.concepts",
        "fbr_engine.stages.edit_concepts",
        "fbr_engine.stages.questions",
        "fbr_engine.stages.tag_check",
        "fbr_studio.__main__",
    ],
)
def test_what_opens_first_loads_no_torch(module: str) -> None:
    assert not modules_after(f"import {module}") & {"torch", "torchvision"}


@pytest.mark.parametrize("order", ["cv2, PySide6.QtGui", "PySide6.QtGui, cv2"])
@pytest.mark.parametrize("platform", ["offscreen", "minimal"])
def test_opencv_and_qt_start_in_either_order(order: str, platform: str) -> None:
    """opencv-python sets QT_QPA_PLATFORM_PLUGIN_PATH when it is imported; Qt must find its own plugins all the same."""
    first, second = order.split(", ")
    code = (
        f"import {first}\nimport {second}\nimport sys\nfrom PySide6.QtGui import QGuiApplication\n"
        "app = QGuiApplication(sys.argv)\nprint(app.platformName())"
    )
    command = [sys.executable, "-c", code, "-platform", platform]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == platform


def test_qt_calls_that_return_nothing_leave_none_alone() -> None:
    """PySide6 6.12.0 took a reference from None at each such call; under Python 3.11 the process then aborts."""
    code = (
        "import sys\nfrom PySide6.QtCore import QObject\nfound = QObject()\nbefore = sys.getrefcount(None)\n"
        "for _ in range(500):\n    found.setObjectName('x')\nprint(before - sys.getrefcount(None))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert int(done.stdout) < 50, done.stderr
