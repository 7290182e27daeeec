"""Where a view looks at an image: centre and zoom, kept within sensible limits. No widget."""

from __future__ import annotations

from dataclasses import dataclass

from fbr_studio.widgets.canvas.view_state import ViewState

HIGHEST_ZOOM = 64.0


@dataclass(slots=True)
class Look:
    """Centre in image pixels and zoom in device pixels per image pixel; sizes in device pixels."""

    width: int = 0
    height: int = 0
    centre_x: float = 0.0
    centre_y: float = 0.0
    zoom: float = 1.0

    @property
    def state(self) -> ViewState:
        """The same as a value."""
        return ViewState(self.centre_x, self.centre_y, self.zoom)

    def fit_zoom(self, view_width: float, view_height: float) -> float:
        """Return the zoom at which the whole image is in sight."""
        if not self.width or not self.height:
            return 1.0
        return min(max(min(view_width / self.width, view_height / self.height), 1e-4), HIGHEST_ZOOM)

    def fit(self, view_width: float, view_height: float) -> None:
        """Put the whole image in sight."""
        self.centre_x, self.centre_y = self.width / 2, self.height / 2
        self.zoom = self.fit_zoom(view_width, view_height)

    def move_to(self, centre_x: float, centre_y: float) -> None:
        """Look there; the centre stays on the image."""
        self.centre_x = min(max(centre_x, 0.0), float(self.width))
        self.centre_y = min(max(centre_y, 0.0), float(self.height))

    def zoom_to(self, zoom: float, fit_zoom: float, away_x: float = 0.0, away_y: float = 0.0) -> None:
        """Zoom; the image point that far (device pixels) from the view's middle stays where it is."""
        zoom = min(max(zoom, min(fit_zoom, 1.0) / 2), HIGHEST_ZOOM)
        x, y = self.centre_x + away_x / self.zoom, self.centre_y + away_y / self.zoom
        self.zoom = zoom
        self.move_to(x - away_x / zoom, y - away_y / zoom)
