"""What the room shows while there is nothing to judge: why, and what to do next."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QStackedWidget, QWidget

from fbr_studio.rooms.concepts.loading import State
from fbr_studio.widgets.basics import button
from fbr_studio.widgets.empty_state import EmptyState

_WHAT = "Concepts are what the model takes for a class: fleece, but also grass. You say what is not part of it."


class ConceptsPages(QStackedWidget):
    """The work, or one page that says what is missing. ``deeds``: what its button does, by state."""

    def __init__(self, work: QWidget, deeds: dict[State, Callable[[], object]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.work = work
        self.empty: dict[str, EmptyState] = {}
        self.buttons = {
            "no_run": button("Go to Training", deeds["no_run"], "primary"),
            "no_features": button("Make CAMs and find concepts", deeds["no_features"], "primary"),
            "no_concepts": button("Find concepts", deeds["no_concepts"], "primary"),
            "broken": button("Find them again", deeds["broken"], "primary"),
        }
        self.addWidget(work)
        self._add("no_run", "There is no model to ask yet", f"{_WHAT} Train a model first.")
        self._add("unfinished", "This run is still being trained", f"{_WHAT} They can be found when it is done.")
        self._add("no_features", "This run has no features yet", f"{_WHAT} They are found in its CAMs and features.")
        self._add("no_concepts", "No concepts yet", f"{_WHAT} Finding them takes a minute or two.")
        self._add("broken", "The concepts of this run cannot be read", "Find them again; your answers are kept.")
        self._add("loading", "Reading the concepts", "A moment.")

    def show_state(self, state: State, run: str, busy: bool) -> None:
        """Show the page of a state; ``busy``: a job works on this run."""
        if state == "ready":
            self.setCurrentWidget(self.work)
            return
        page = self.empty[state]
        for name in ("no_features", "no_concepts", "broken"):
            self.buttons[name].setEnabled(not busy)
        if state in ("no_features", "no_concepts") and busy:
            page.title.setText(f"{run} is being worked on")
        elif state == "no_concepts":
            page.title.setText(f"{run} has no concepts yet")
        elif state == "no_features":
            page.title.setText(f"{run} has no features yet")
        self.setCurrentWidget(page)

    def _add(self, state: State, title: str, sentence: str) -> None:
        made = self.buttons.get(state)
        self.empty[state] = EmptyState("concepts", title, sentence, *([made] if made is not None else []))
        self.addWidget(self.empty[state])
