"""How fast is the gallery: 100,000 images to show and to scroll, and thumbnails of real photos?

The first table needs nothing: it scrolls a gallery whose cells and thumbnails come from a fake source, row by row and
in jumps, and times each painting of the view. The second loads thumbnails of the photos in ``--data``, first with
nothing kept, then from the disk cache; it is left out where there are no photos.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import psutil
from common import arguments, finish
from PySide6.QtCore import QEventLoop, QObject, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPaintEvent
from PySide6.QtWidgets import QApplication

from fbr_engine.command.tables import table
from fbr_studio.jobs.thumbnails import ThumbnailLoader
from fbr_studio.widgets.gallery.cell import Cell, Chip
from fbr_studio.widgets.gallery.gallery_view import GalleryView
from fbr_studio.widgets.theme import apply_theme

PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "data" / "voc_animals" / "JPEGImages"
STATES = ("untagged", "tagged", "empty", "accepted", "rejected", "problem", "corrected")
CHIPS = (Chip("cat", (230, 159, 0)), Chip("horse", (86, 180, 233)), Chip("person", (0, 158, 115), "predicted"))


class FakeCells:
    """Cells with a name, a state and up to three tags."""

    def cells(self, ids: Sequence[int]) -> list[Cell]:
        """Return them."""
        return [Cell(id, f"photo_{id:06d}.jpg", CHIPS[: id % 4], STATES[id % 7]) for id in ids]  # type: ignore[arg-type]


class FakeThumbnails(QObject):
    """Answers every request at once with one and the same picture."""

    ready = Signal(int, QImage)
    failed = Signal(int, str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._image = QImage(256, 192, QImage.Format.Format_RGB32)
        self._image.fill(QColor(90, 120, 60))

    def request(self, ids: Sequence[int], side: int) -> None:
        """Answer."""
        for id in ids:
            self.ready.emit(id, self._image)


class TimedView(GalleryView):
    """Notes how long each painting takes, in ms."""

    def __init__(self) -> None:
        super().__init__()
        self.paints: list[float] = []

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint and note."""
        began = time.perf_counter()
        super().paintEvent(event)
        self.paints.append((time.perf_counter() - began) * 1000)


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, default=PHOTOS, help="a folder of JPEG photos")
    typed = parser.parse_args()
    application = QApplication([])
    apply_theme(application, "dark")
    figures: dict[str, Any] = {
        "quick": typed.quick,
        "gallery": measure_view(10_000 if typed.quick else 100_000, typed.quick),
    }
    show(figures["gallery"])
    photos = sorted(typed.data.glob("*.jpg"))[: 60 if typed.quick else None] if typed.data.is_dir() else []
    if photos:
        figures["thumbnails"] = measure_loader(photos)
        show(figures["thumbnails"])
    finish(figures, typed.json)
    return 0


def measure_view(count: int, quick: bool) -> dict[str, Any]:
    """Return the times and the memory of a gallery of ``count`` images in a window of 1280 x 800 px."""
    process = psutil.Process()
    view = TimedView()
    view.resize(1280, 800)
    view.set_source(FakeCells())
    view.set_thumbnails(FakeThumbnails(view))
    view.show()
    QApplication.processEvents()
    memory = process.memory_info().rss
    shuffled = np.random.default_rng(0).permutation(count) + 1
    figures: dict[str, Any] = {"images": count}
    figures["set_ids ms"] = timed(lambda: view.set_ids(shuffled))
    figures["set_ids again, one selected ms"] = again(view, shuffled)
    figures["select all ms"] = timed(view.select_all)
    view.clear_selection()
    steps = 100 if quick else 1000
    row = view.verticalScrollBar().singleStep()
    figures["images in view"] = len(view.visible_ids())
    end = view.verticalScrollBar().maximum()
    figures |= scroll(view, "row", [min(i * row, end) for i in range(steps)])
    jumps = np.random.default_rng(1).integers(0, end, steps).tolist()
    figures |= scroll(view, "jump", jumps)
    figures["memory MB"] = round((process.memory_info().rss - memory) / 2**20, 1)
    view.close()
    view.deleteLater()
    return figures


def again(view: TimedView, ids: np.ndarray[Any, Any]) -> float:
    view.set_current(int(ids[len(ids) // 2]))
    return timed(lambda: view.set_ids(ids[::-1]))


def scroll(view: TimedView, name: str, values: list[int]) -> dict[str, Any]:
    """Scroll through ``values``; return percentiles of one painting and of the whole step, which loads too."""
    bar, steps = view.verticalScrollBar(), []
    pump(60)
    view.paints.clear()
    for value in values:
        began = time.perf_counter()
        bar.setValue(value)
        QApplication.processEvents()
        steps.append((time.perf_counter() - began) * 1000)
    figures = {f"{name}: paint {p} ms": percentile(view.paints, p) for p in ("p50", "p99")}
    return figures | {f"{name}: step {p} ms": percentile(steps, p) for p in ("p50", "p99")}


def measure_loader(photos: list[Path]) -> dict[str, Any]:
    """Return thumbnails/s at 160 px: decoded, from the disk cache, and from memory."""
    figures: dict[str, Any] = {"photos": len(photos)}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("decoded", "from disk"):
            loader = ThumbnailLoader(photos.__getitem__, Path(folder))
            figures[f"{name} thumbnails/s"] = round(len(photos) / load(loader, len(photos)), 1)
            loader.close()
        files = list(Path(folder).glob("*/*.jpg"))
        figures["cache kB/photo"] = round(sum(f.stat().st_size for f in files) / len(files) / 1000, 1)
    return figures


def load(loader: ThumbnailLoader, count: int) -> float:
    """Return the seconds until ``count`` thumbnails are there."""
    loop, left = QEventLoop(), [count]

    def note(*_: object) -> None:
        left[0] -= 1
        if not left[0]:
            loop.quit()

    loader.ready.connect(note)
    loader.failed.connect(note)
    began = time.perf_counter()
    loader.request(range(count), 160)
    loop.exec()
    return time.perf_counter() - began


def pump(milliseconds: int) -> None:
    """Let the event loop run."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def timed(act: Any) -> float:
    """Return how long ``act`` and the painting it leads to take, in ms."""
    began = time.perf_counter()
    act()
    QApplication.processEvents()
    return round((time.perf_counter() - began) * 1000, 2)


def percentile(values: list[float], name: str) -> float:
    return round(float(np.percentile(values, int(name[1:]))), 2)


def show(figures: dict[str, Any]) -> None:
    print(table([["figure", "value"], *([name, str(value)] for name, value in figures.items())]), end="\n\n")


if __name__ == "__main__":
    raise SystemExit(main())
