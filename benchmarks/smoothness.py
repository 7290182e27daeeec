"""Does the window stay smooth while a model trains in it? Lateness of a 5 ms timer in the window's thread.

    python benchmarks/smoothness.py [--data DIR --weights FILE] [--quick] [--json FILE]

``--data`` is a folder of photos with a ``tags.csv``, ``--weights`` MobileNetV2's; without them drawn scenes and the
small network are used. Measured: how soon the window is painted, the window at rest, the import of torch, a training
with a person who looks through images at the same time, and how much slower that training is than the same one alone
in a process.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

INTERVAL_MS = 5
TARGET_MS = 50


class Lateness(QObject):
    """Notes how late a timer of 5 ms fires."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[float] = []
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._note)

    def start(self) -> None:
        self.late, self._last = [], time.perf_counter()
        self._timer.start()

    def stop(self) -> dict[str, float]:
        self._timer.stop()
        late = sorted(self.late) or [0.0]
        at = {"p50": 0.5, "p99": 0.99}
        figures = {name: round(late[min(len(late) - 1, int(len(late) * share))], 2) for name, share in at.items()}
        return figures | {"max": round(late[-1], 2), "ticks": len(self.late)}

    def _note(self) -> None:
        now = time.perf_counter()
        self.late.append(max(0.0, (now - self._last) * 1000 - INTERVAL_MS))
        self._last = now


def make_project(folder: Path, data: Path | None, most: int) -> Path:
    """Make a project of the photos, or of drawn scenes; return its folder."""
    from fbr_engine.formats.tags_csv import load_tags_csv, save_tags_csv
    from fbr_engine.scenes import write_scenes
    from fbr_studio.jobs.opening import NewProject, make_project

    if data is None:
        list(write_scenes(folder / "scenes", most, 4, seed=3))
        images, tags = folder / "scenes" / "images", folder / "scenes" / "tags.csv"
    else:
        images, tags = data, folder / "tags.csv"
        save_tags_csv(tags, load_tags_csv(data / "tags.csv").rows[:most])
    return make_project(NewProject(images, folder / "project.fbr", tags)).folder


def train_config(weights: Path | None) -> dict[str, Any]:
    """Return the fields of the training that is measured."""
    if weights is None:
        return {"method": "cam+fbr", "backbone": "tiny", "weights": "drawn", "crop": 129, "epochs": 1000}
    return {"method": "cam+fbr", "weights": str(weights), "epochs": 1000}


def start() -> dict[str, float]:
    """Return the seconds from the start of this process to the first painted frame of the window."""
    import psutil
    from PySide6.QtGui import QPaintEvent

    from fbr_studio.application import make_application
    from fbr_studio.main_window import MainWindow
    from fbr_studio.preferences import Preferences

    painted: list[float] = []

    class Window(MainWindow):
        def paintEvent(self, event: QPaintEvent) -> None:
            super().paintEvent(event)
            painted.append(time.time())

    with tempfile.TemporaryDirectory() as folder:
        preferences = Preferences(Path(folder) / "settings.json")
        application = make_application(preferences)
        window = Window(preferences)
        window.show()
        while not painted:
            application.processEvents()
        figures = {"seconds": round(painted[0] - psutil.Process().create_time(), 2)}
        assert "torch" not in sys.modules
        window.close()
    return figures


def alone(project: Path, config: dict[str, Any], seconds: float) -> float:
    """Return images/s of the training in this process with nothing else."""
    from fbr_engine.config import TrainConfig
    from fbr_engine.events import StepDone
    from fbr_engine.project import Project
    from fbr_engine.stages import train

    made = TrainConfig(**config)
    with Project.open(project, write=True) as opened:
        events = train.run(opened, made, "alone")
        steps, began = 0, 0.0
        for event in events:
            if isinstance(event, StepDone):
                steps += 1
                if steps == 2:
                    began = time.perf_counter()
                if steps > 3 and time.perf_counter() - began > seconds:
                    break
        rate = (steps - 2) * made.batch / (time.perf_counter() - began)
        events.close()
    return rate


def in_window(project: Path, config: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Measure the window at rest, under torch's import, and while it trains; the person looks through images."""
    from fbr_engine.config import TrainConfig
    from fbr_engine.events import StepDone
    from fbr_engine.project import ImageFilter
    from fbr_studio.application import make_application
    from fbr_studio.jobs.gentle import prepare_process
    from fbr_studio.jobs.runner import JobSpec, stage_step
    from fbr_studio.main_window import MainWindow
    from fbr_studio.preferences import Preferences

    preferences = Preferences(project / "settings.json")
    make_application(preferences)
    prepare_process()
    window = MainWindow(preferences)
    window.ask = lambda *_: True
    window.show()
    window.session.open(project)
    wait(1.0)
    timer = Lateness()
    figures: dict[str, Any] = {}
    timer.start()
    wait(min(3.0, seconds))
    figures["at_rest_ms"] = timer.stop()
    assert "torch" not in sys.modules, "torch was imported before a job began"
    timer.start()
    importing = threading.Thread(target=lambda: __import__("torch"))
    importing.start()
    while importing.is_alive():
        wait(0.05)
    figures["torch_import_ms"] = timer.stop()
    made = TrainConfig(**config)
    job = window.runner.submit(JobSpec("Training", [stage_step("train", made)]), window.session.open_project)
    steps: list[float] = []
    job.events.connect(lambda found: steps.extend(time.perf_counter() for e in found if isinstance(e, StepDone)))
    timer.start()
    while len(steps) < 2 and job.alive:
        wait(0.05)
    figures["training_start_ms"] = timer.stop()
    assert job.alive, job.error
    ids = window.session.open_project.gallery.ids(ImageFilter())
    before, began = len(steps), time.perf_counter()
    timer.start()
    turn = 0
    while time.perf_counter() - began < seconds:
        window.session.image = int(ids[turn % len(ids)])
        turn += 1
        wait(0.4)
    figures["training_ms"] = timer.stop()
    figures["images_looked_at"] = turn
    figures["images_per_second"] = round((len(steps) - before) * made.batch / (time.perf_counter() - began), 2)
    stop_began = time.perf_counter()
    job.stop()
    while job.alive:
        wait(0.02)
    figures["stop_seconds"] = round(time.perf_counter() - stop_began, 2)
    window.close()
    window.deleteLater()
    wait(0.1)
    return figures


def wait(seconds: float) -> None:
    """Let the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small run that shows the script works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE as one object")
    parser.add_argument("--data", type=Path, help="folder of photos with a tags.csv")
    parser.add_argument("--weights", type=Path, help="MobileNetV2's ImageNet weights")
    parser.add_argument("--part", choices=("start", "window", "alone"), help=argparse.SUPPRESS)
    parser.add_argument("--project", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    seconds = 4.0 if options.quick else 40.0
    config = train_config(options.weights if options.data else None)
    if options.part == "window":
        print(json.dumps(in_window(options.project, config, seconds)))
        QApplication.quit()
        return
    if options.part == "start":
        print(json.dumps(start()))
        return
    if options.part == "alone":
        print(json.dumps({"images_per_second": round(alone(options.project, config, seconds), 2)}))
        return
    figures: dict[str, Any] = {"config": {k: Path(str(v)).name for k, v in config.items()}, "seconds": seconds}
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder), options.data, 48 if options.quick else 300)
        figures["starts"] = [part("start", project, options)["seconds"] for _ in range(2 if options.quick else 5)]
        figures["window"] = part("window", project, options)
        figures["alone"] = part("alone", project, options)
    figures["slowdown"] = round(figures["alone"]["images_per_second"] / figures["window"]["images_per_second"], 2)
    figures["target_ms"] = TARGET_MS
    print("window painted after", ", ".join(f"{value} s" for value in figures["starts"]))
    for name in ("at_rest_ms", "torch_import_ms", "training_start_ms", "training_ms"):
        print(f"{name:18}", figures["window"][name])
    print(
        f"images/s in the window {figures['window']['images_per_second']}, alone "
        f"{figures['alone']['images_per_second']}: {figures['slowdown']} times slower; "
        f"stopped after {figures['window']['stop_seconds']} s"
    )
    within = figures["window"]["training_ms"]["p99"] <= TARGET_MS
    print(f"p99 while training: {'within' if within else 'OVER'} the target of {TARGET_MS} ms")
    from common import finish

    finish(figures, options.json)


def part(name: str, project: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run one part in a process of its own, so that neither has the other's threads or imports."""
    command = [sys.executable, __file__, "--part", name, "--project", str(project)]
    command += ["--quick"] if options.quick else []
    command += ["--data", str(options.data)] if options.data else []
    command += ["--weights", str(options.weights)] if options.weights else []
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
