"""The installed command on a real X11 screen, with real mouse and key events; skipped where there is no Xvfb."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pycocotools.coco import COCO

from fbr_engine.project import Project
from fbr_studio.display import display_problem

TOOLS = ("Xvfb", "xdotool")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not all(shutil.which(tool) for tool in TOOLS), reason=f"needs {' and '.join(TOOLS)}"),
]

FIRST_PHOTO = (93, 200)
CANVAS = (514, 308)
EXPORT_BUTTON = (180, 729)


class Screen:
    """An X11 screen of 1280 x 800 px with the program on it."""

    def __init__(self, home: Path, display: str) -> None:
        self.home = home
        # The machine's own settings and demo stay out of it; the platform is X11 and no other.
        kept = {k: v for k, v in os.environ.items() if k not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY")}
        names = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
        self.environment = kept | {"DISPLAY": display} | {name: str(home / name.lower()) for name in names}
        self.program: subprocess.Popen[str] | None = None

    @property
    def project(self) -> Path:
        return self.home / "xdg_data_home" / "fbr-studio" / "demo" / "demo.fbr"

    def start(self, *arguments: str) -> None:
        installed = shutil.which("fbr-studio", path=str(Path(sys.executable).parent))
        command = [installed] if installed else [sys.executable, "-m", "fbr_studio"]
        self.program = subprocess.Popen(
            [*command, *arguments], env=self.environment, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self.wait(lambda: "demo - FBR Studio" in self.titles(), 30)
        # Without a window manager nobody gives the window the focus.
        self.tool("search", "--onlyvisible", "--name", "FBR Studio", "windowfocus")
        time.sleep(2)

    def titles(self) -> str:
        found = self.tool("search", "--onlyvisible", "--name", "FBR Studio", "getwindowname", check=False)
        return found.stdout

    def tool(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["xdotool", *arguments], env=self.environment, check=check, capture_output=True, text=True
        )

    def press(self, *keys: str) -> None:
        for key in keys:
            self.tool("key", key)
            time.sleep(0.4)

    def click(self, x: int, y: int) -> None:
        self.tool("mousemove", str(x), str(y), "click", "1")
        time.sleep(0.4)

    def drag(self, *points: tuple[int, int]) -> None:
        self.tool("mousemove", *map(str, points[0]), "mousedown", "1")
        for point in points[1:]:
            self.tool("mousemove", *map(str, point))
            time.sleep(0.05)
        self.tool("mouseup", "1")
        time.sleep(0.5)

    def wait(self, until: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end, "waited in vain"
            assert self.program is None or self.program.poll() is None, "the program has ended"
            time.sleep(0.2)

    def quit(self) -> str:
        """Close the window by its key; return what the program wrote to standard error."""
        assert self.program is not None
        self.press("ctrl+q")
        _, errors = self.program.communicate(timeout=60)
        assert self.program.returncode == 0
        return errors


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as told:
        made = Screen(tmp_path, f":{told.readline().strip()}")
    yield made
    if made.program is not None and made.program.poll() is None:
        made.program.kill()
        made.program.wait()
    server.terminate()
    server.wait()


def test_a_person_tags_paints_trains_and_exports_the_demo(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", screen.environment["DISPLAY"])
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    problem = display_problem()
    if problem:
        pytest.skip(problem)
    screen.start("--demo")
    screen.click(*FIRST_PHOTO)
    screen.press("End", "2", "Return")
    with Project.open(screen.project) as project:
        last = [image.id for image in project.images.iter()][-1]
        boat = project.classes.get("boat").id
        screen.wait(lambda: project.tags.of(last) == {c.id: int(c.id == boat) for c in project.classes.learnt()}, 20)
    screen.press("ctrl+3")
    time.sleep(4)  # the question shows
    with Project.open(screen.project) as project:
        for key, standing in (("b", 1), ("ctrl+z", 0), ("o", 1)):
            screen.press(key)
            screen.wait(lambda count=standing: len(project.judgements.all()) == count, 20)  # type: ignore[misc]
    screen.press("ctrl+4")
    time.sleep(1)
    screen.press("b")
    x, y = CANVAS
    screen.drag((x - 150, y - 150), (x - 100, y - 150), (x - 50, y - 140))
    screen.press("ctrl+z", "ctrl+shift+z", "ctrl+s", "h", "n")
    with Project.open(screen.project) as project:
        screen.wait(lambda: project.person_masks.count() == 1, 20)
        kept = project.person_masks.load(project.person_masks.ids()[0])
        assert kept is not None
        assert (kept.source == 2).sum() > 50
        screen.press("ctrl+2")
        time.sleep(1)
        screen.press("ctrl+r")
        screen.wait(lambda: len(project.runs.all()) == 3, 60)
        screen.wait(lambda: project.runs.latest().status == "done", 600)
        run = project.runs.latest()
        screen.wait(lambda: project.maps.count_done(run.id, "masks") == 121, 300)
    time.sleep(1)
    screen.press("ctrl+5")
    time.sleep(1.5)
    screen.click(*EXPORT_BUTTON)
    written = screen.project.with_name("demo-coco") / "annotations" / "instances_train.json"
    screen.wait(written.is_file, 60)
    errors = screen.quit()
    found = COCO(str(written))
    assert len(found.imgs) == 96
    assert len(found.anns) > 96
    assert "Qt" not in errors, errors
    assert "Traceback" not in errors, errors
