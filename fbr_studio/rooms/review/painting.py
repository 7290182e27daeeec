"""Brush and eraser in image coordinates: from pointer moves to strokes of a document. No Qt."""

from __future__ import annotations

from fbr_studio.drawing.boxes import Box, union
from fbr_studio.drawing.brush import Point, stroke_pixels
from fbr_studio.drawing.mask_document import Edit, MaskDocument, Source, Stroke

RADII = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0, 128.0)  # px of the image


def next_radius(radius: float, step: int) -> float:
    """Return the next larger (``step`` 1) or smaller (-1) radius of `RADII`."""
    nearest = min(range(len(RADII)), key=lambda i: abs(RADII[i] - radius))
    return RADII[max(0, min(len(RADII) - 1, nearest + step))]


class Painter:
    """One stroke at a time; remembers where the last one ended, for straight lines."""

    def __init__(self) -> None:
        self._stroke: Stroke | None = None
        self._document: MaskDocument | None = None
        self._radius = 0.5
        self._at: Point = (0.0, 0.0)
        self._last: tuple[MaskDocument, Point] | None = None

    @property
    def active(self) -> bool:
        """Whether a stroke is being drawn."""
        return self._stroke is not None

    @property
    def document(self) -> MaskDocument | None:
        """The document of the stroke that is being drawn."""
        return self._document

    def begin(
        self, document: MaskDocument, at: Point, radius: float, class_id: int, *, erase: bool, line: bool
    ) -> Box | None:
        """Begin a stroke and paint its first point; ``line`` draws from where the last stroke of this document ended.

        Returns the box that changed, None if none did.
        """
        self.cancel()
        source = Source.ERASER if erase else Source.BRUSH
        self._stroke = Stroke(document, 0 if erase else class_id, source)
        self._document, self._radius = document, radius
        start = self._last[1] if line and self._last is not None and self._last[0] is document else at
        return self._paint(start, at)

    def move(self, to: Point) -> Box | None:
        """Go on to a point; return the box that changed."""
        return self._paint(self._at, to) if self._stroke is not None else None

    def end(self) -> Edit | None:
        """End the stroke; return what it changed."""
        if self._stroke is None or self._document is None:
            return None
        self._last = (self._document, self._at)
        stroke, self._stroke, self._document = self._stroke, None, None
        return stroke.finish()

    def cancel(self) -> Box | None:
        """End the stroke and put everything back; return the box that changed."""
        if self._stroke is None:
            return None
        stroke, self._stroke, self._document = self._stroke, None, None
        return union(stroke.cancel(), None)

    def _paint(self, start: Point, end: Point) -> Box | None:
        assert self._stroke is not None
        assert self._document is not None
        self._at = end
        found = stroke_pixels([start, end], self._radius, self._document.shape)
        return None if found is None else union(self._stroke.add(*found), None)
