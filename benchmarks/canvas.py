"""How fast does the canvas follow the hand: from a dab to its repaint, and while panning?

For documents of 4096 and 16384 px, at fit and at 100 %, in a window of 1280 x 800 with photo, CAM and mask. A dab of
radius 30 px is painted into the document and shown; panning moves the view by 16 px a frame. ``--backend`` names
Qt's platform; ``offscreen`` measures without a window system.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from typing import Any

import cv2
import numpy as np
from common import arguments, finish

WINDOW = (1280, 800)
RADIUS = 30.0
# A dab of the class that is there already would change nothing.
NEXT_CLASS = itertools.cycle(range(6, 250))


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--backend", default=os.environ.get("QT_QPA_PLATFORM", "offscreen"))
    typed = parser.parse_args()
    os.environ["QT_QPA_PLATFORM"] = typed.backend
    from PySide6.QtWidgets import QApplication

    application = QApplication(sys.argv[:1])
    sizes = (1024,) if typed.quick else (4096, 16384)
    repeats = 10 if typed.quick else 60
    print(f"{'image':>8} {'zoom':>6} {'dab p50':>9} {'dab p95':>9} {'pan':>9} {'repaint':>9} {'memory':>9}")
    rows = [row for size in sizes for row in measure(application, size, repeats)]
    finish({"quick": typed.quick, "backend": typed.backend, "window": WINDOW, "rows": rows}, typed.json)
    return 0


def measure(application: Any, size: int, repeats: int) -> list[dict[str, Any]]:
    import psutil

    from fbr_studio.drawing.mask_document import MaskDocument
    from fbr_studio.drawing.pyramid import LabelPyramid
    from fbr_studio.widgets.canvas import LabelLayer

    before = psutil.Process().memory_info().rss
    document = MaskDocument(blobs(size))
    labels = LabelPyramid(document.classes)
    labels.build()
    mask = LabelLayer("mask")
    mask.set_labels(labels)
    view = shown_view(size, mask)
    rows = []
    for name in ("fit", "100 %"):
        view.fit() if name == "fit" else view.set_zoom(1.0)
        for _ in range(5):
            application.processEvents()
        dabs = [dab(application, view, document, mask, step) for step in range(repeats)]
        pans = [pan(application, view, step) for step in range(repeats)]
        whole = [repaint(application, view) for _ in range(max(repeats // 4, 3))]
        row = {
            "image_px": size,
            "zoom": name,
            "dab_ms_p50": figure(dabs, 50),
            "dab_ms_p95": figure(dabs, 95),
            "pan_fps": round(1000 / float(np.median(pans)), 1),
            "repaint_ms": figure(whole, 50),
            "memory_mb": round((psutil.Process().memory_info().rss - before) / 2**20),
        }
        print(
            f"{size:>5} px {name:>6} {row['dab_ms_p50']:>6} ms {row['dab_ms_p95']:>6} ms {row['pan_fps']:>5} fps "
            f"{row['repaint_ms']:>6} ms {row['memory_mb']:>6} MB"
        )
        rows.append(row)
    view.close()
    view.deleteLater()
    application.processEvents()
    return rows


def shown_view(size: int, mask: Any) -> Any:
    from fbr_studio.drawing.pyramid import PixelPyramid
    from fbr_studio.widgets.canvas import CanvasView, HeatLayer, ImageLayer

    class Counting(CanvasView):
        painted = 0

        def paintEvent(self, event: Any) -> None:
            super().paintEvent(event)
            self.painted += 1

    view = Counting()
    view.resize(*WINDOW)
    photo, cam = ImageLayer("photo"), HeatLayer("cam")
    pixels = PixelPyramid(picture(size))
    pixels.build()
    photo.set_pixels(pixels)
    cam.set_values(cv2.resize(np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8), (32, 32)))
    for layer in (photo, cam, mask):
        view.add_layer(layer)
    view.set_image_size(size, size)
    view.set_tool("draw", RADIUS)
    view.show()
    return view


def dab(application: Any, view: Any, document: Any, mask: Any, step: int) -> float:
    """Paint one dab in the middle of the view; return the ms until it is on the screen."""
    from fbr_studio.drawing.brush import stroke_pixels
    from fbr_studio.drawing.mask_document import Source, Stroke

    state = view.view_state()
    x, y = state.centre_x + (step % 8 - 4) * 20, state.centre_y + (step // 8 % 8 - 4) * 20
    begun = time.perf_counter()
    stroke = Stroke(document, next(NEXT_CLASS), Source.BRUSH)
    found = stroke_pixels([(x, y), (x + 6, y + 4)], RADIUS, document.shape)
    if found is not None:
        mask.update_labels(stroke.add(*found))
    wait_for_paint(application, view)
    passed = (time.perf_counter() - begun) * 1000
    stroke.finish()
    return passed


def pan(application: Any, view: Any, step: int) -> float:
    begun = time.perf_counter()
    view.pan_by(16 if step % 40 < 20 else -16, 8 if step % 40 < 20 else -8)
    wait_for_paint(application, view)
    return (time.perf_counter() - begun) * 1000


def wait_for_paint(application: Any, view: Any) -> None:
    """Handle events until the window was painted, and what that paint asked for is done."""
    painted = view.painted
    while view.painted == painted:
        application.processEvents()


def repaint(application: Any, view: Any) -> float:
    """Paint the whole window again, as a zoom step or a moved threshold does; return the ms."""
    begun = time.perf_counter()
    view.layers[0].changed.emit(None)
    wait_for_paint(application, view)
    return (time.perf_counter() - begun) * 1000


def blobs(size: int) -> Any:
    """Return a mask of round shapes of a few classes."""
    labels, random = np.zeros((size, size), np.uint8), np.random.default_rng(0)
    for _ in range(60):
        centre = [int(part) for part in random.integers(0, size, 2)]
        cv2.circle(labels, centre, int(random.integers(size // 60, size // 12)), int(random.integers(1, 6)), -1)
    return labels


def picture(size: int) -> Any:
    """Return a photo-like RGB picture."""
    small = np.random.default_rng(1).integers(0, 256, (256, 256, 3), np.uint8)
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR)


def figure(values: list[float], percent: int) -> float:
    return round(float(np.percentile(values, percent)), 2)


if __name__ == "__main__":
    sys.exit(main())
