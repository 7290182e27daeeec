"""Takes the screenshots of README and docs from the demo: python docs/draw_screens.py [--look light] [--scale 2].

Only drawn scenes are shown, never photographs. The window is real, on Qt's offscreen platform.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

OUT = Path(__file__).parent / "images"


def main() -> None:
    """Write one picture for each room."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--look", choices=("dark", "light"), default="dark")
    parser.add_argument("--scale", default="1", help="device pixels per pixel")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--size", default="1280x800")
    options = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_SCALE_FACTOR"] = options.scale
    with tempfile.TemporaryDirectory() as folder:
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
            os.environ[name] = folder
        take(options.out, options.look, *map(int, options.size.split("x")))


def take(out: Path, look: str, width: int, height: int) -> None:
    """Open the demo and go through the rooms."""
    from PySide6.QtCore import QEventLoop, QTimer

    from fbr_studio.application import make_application
    from fbr_studio.main_window import MainWindow
    from fbr_studio.preferences import Preferences
    from fbr_studio.window_specs import ROOMS

    def wait(seconds: float) -> None:
        loop = QEventLoop()
        QTimer.singleShot(int(seconds * 1000), loop.quit)
        loop.exec()

    preferences = Preferences()
    preferences.set("appearance", look)
    application = make_application(preferences)
    window = MainWindow(preferences)
    window.resize(width, height)
    window.show()
    wait(0.3)
    out.mkdir(parents=True, exist_ok=True)
    window.grab().save(str(out / f"start-{look}.png"), "PNG", 0)
    window.opening.open_demo()
    while window.session.project is None:
        wait(0.1)
    project = window.session.open_project
    window.session.image = project.images.get("train_0009.jpg").id
    for name in ROOMS:
        window.enter(name)
        wait(2.5)
        if name == "concepts":
            wait(6)
        if name == "review":
            window.actions_table.get("review.curtain").trigger()
            window.actions_table.get("review.eye_cam").trigger()
            wait(1.5)
        window.grab().save(str(out / f"{name}-{look}.png"), "PNG", 0)
    window.close()
    application.processEvents()


if __name__ == "__main__":
    main()
