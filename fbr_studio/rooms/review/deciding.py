"""From image to image: accept, reject, go on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction

from fbr_engine.errors import FbrError
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.review import specs
from fbr_studio.rooms.review.filmstrip import Filmstrip
from fbr_studio.rooms.review.review_counts import ReviewCounts
from fbr_studio.state.session import Session

_PAGE = 500


class Deciding(QObject):
    """``leaving`` before another image is chosen; ``said`` carries (text, kind, remedies).

    ``shown`` tells the image on the canvas: nobody decides on one that is still on its way.
    """

    leaving = Signal()
    said = Signal(str, str, list)

    def __init__(
        self,
        session: Session,
        filmstrip: Filmstrip,
        preferences: Preferences,
        shown: Callable[[], int | None],
        counts: ReviewCounts,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._shown, self._counts = shown, counts
        self._session, self._filmstrip, self._preferences = session, filmstrip, preferences

    def add_actions(self, add: specs.Add) -> tuple[QAction, QAction, QAction]:
        """Add the actions; return those that accept, reject and take back."""
        add(specs.NEXT, lambda: self.go(1))
        add(specs.PREVIOUS, lambda: self.go(-1))
        add(specs.NEXT_NEW, self.go_to_undecided)
        return (
            add(specs.ACCEPT, lambda: self.decide("accepted")),
            add(specs.REJECT, lambda: self.decide("rejected")),
            add(specs.UNREVIEW, lambda: self.decide("new")),
        )

    def go(self, step: int) -> None:
        """Go to a neighbour in the filmstrip."""
        image = self._filmstrip.neighbour(self._session.image, step)
        if image is not None:
            self.go_to(image)

    def go_to(self, image: int) -> None:
        """Go to an image; a stroke that is being drawn is taken back."""
        self.leaving.emit()
        self._session.image = image

    def go_to_undecided(self) -> None:
        """Go to the next image nobody has decided on."""
        project = self._session.project
        if project is None:
            return
        ahead = self._filmstrip.after(self._session.image)
        for start in range(0, len(ahead), _PAGE):
            for info in project.images.by_ids(ahead[start : start + _PAGE]):
                if info.review == "new":
                    self.go_to(info.id)
                    return
        self.said.emit("Every image of the filmstrip has been decided on.", "good", [])

    def decide(self, review: str) -> None:
        """Accept, reject or take back, and go on if that is set."""
        image = self._session.image
        if image is None or self._shown() != image:
            return
        try:
            self._counts.expect(image, review)
            self._session.set_review([image], review)
        except FbrError as error:
            self.said.emit(str(error), "danger", [("Try again", lambda: self.decide(review))])
            return
        if review != "new" and self._preferences.now.auto_next:
            self.go(1)
