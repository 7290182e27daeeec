"""Sources for galleries under test, which note what they are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QImage

from fbr_studio.widgets.gallery.cell import Cell, Chip

STATES = ("untagged", "tagged", "empty", "accepted", "rejected", "problem", "corrected", "")
CHIPS = (
    Chip("cat", (230, 159, 0)),
    Chip("horse", (86, 180, 233)),
    Chip("person", (0, 158, 115), "predicted"),
    Chip("a very long class name", (213, 94, 0)),
)


class NotedCells:
    """Cells named after their id; `asked` lists what each question was for."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.suffix = ""

    def cells(self, ids: Sequence[int]) -> list[Cell]:
        self.asked.append(list(ids))
        return [
            Cell(id, f"photo-{id}{self.suffix}.jpg", CHIPS[: id % 5], STATES[id % len(STATES)])  # type: ignore[arg-type]
            for id in ids
        ]


class NotedThumbnails(QObject):
    """Never answers by itself; `requests` lists what was asked for and at what side."""

    ready = Signal(int, QImage)
    failed = Signal(int, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.requests: list[tuple[list[int], int]] = []

    def request(self, ids: Sequence[int], side: int) -> None:
        self.requests.append((list(ids), side))

    def answer(self, id: int, colour: str = "#00ff00", size: tuple[int, int] = (200, 100)) -> None:
        image = QImage(*size, QImage.Format.Format_RGB32)
        image.fill(QColor(colour))
        self.ready.emit(id, image)
