"""What the keys do: tags for everything that is selected, on to the next image, and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject

from fbr_engine.errors import FbrError
from fbr_engine.project import Project, RunInfo
from fbr_studio.jobs.tasks import LatestTask
from fbr_studio.preferences import Preferences
from fbr_studio.rooms.images.browser import ImageBrowser
from fbr_studio.rooms.images.image_facts import probabilities
from fbr_studio.rooms.images.inspector import TagInspector
from fbr_studio.rooms.images.tag_editor import TagEditor
from fbr_studio.rooms.images.tag_history import TagEdit
from fbr_studio.rooms.images.tag_panel import TagPanel
from fbr_studio.state.session import Session
from fbr_studio.widgets.formatting import counted
from fbr_studio.widgets.tags.tag_summary import TagValue


class Tagging(QObject):
    """Composes the editor, the browser and the panel's note."""

    def __init__(
        self,
        session: Session,
        preferences: Preferences,
        browser: ImageBrowser,
        inspector: TagInspector,
        panel: TagPanel,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._preferences = session, preferences
        self._browser, self._inspector, self._panel = browser, inspector, panel
        self.editor = TagEditor(session, self)
        self.editor.failed.connect(self._tell)
        self._predict = LatestTask(_predict, self)
        self._predict.done.connect(self._take_predictions)
        self._predict.failed.connect(self._tell)

    def close(self) -> None:
        """Forget what can be undone, and what was asked."""
        self._predict.cancel()
        self.forget()

    def forget(self) -> None:
        """Forget what can be undone, and do not speak of it any more."""
        self.editor.forget()
        self._panel.say("")

    def take_import(self, edit: TagEdit | None) -> None:
        """Remember an import as one step; one that is too large for that ends what can be undone."""
        if edit is None:
            self.forget()
        else:
            self._panel.say("")
            self.editor.take(edit)

    def set_value(self, class_id: int, value: int) -> None:
        """Give one class a value in all targets."""
        found = self._inspector.class_named(class_id)
        if found is not None:
            self._panel.say("")
            self.editor.set_value(self._browser.targets, found, TagValue(value))

    def press(self, number: int, *, absent: bool = False) -> None:
        """Do what the key of the class ``number`` (1 to 9) does."""
        learnt = self._inspector.learnt
        if number <= len(learnt):
            self._panel.say("")
            self.editor.press(self._browser.targets, learnt[number - 1], absent=absent)

    def confirm_empty(self) -> None:
        """Say that none of the learnt classes is in the targets."""
        if self._ready():
            self.editor.confirm_empty(self._browser.targets)
            self._go_on()

    def rest_absent(self) -> None:
        """Say that what is still unknown is absent; where nothing is left to say, go on."""
        if not self._ready():
            return
        targets = self._browser.targets
        if self.editor.rest_absent(targets):
            self._go_on()
            return
        name = self._panel.name.text
        untagged = all(row.value == TagValue.UNKNOWN for row in self._panel.classes.rows)
        if self.next_untagged() and untagged and len(targets) == 1:
            self._panel.say(f"{name} stays untagged: nothing is present in it. 0 confirms an image empty.")

    def confirm_predicted(self) -> None:
        """Say that what the run finds likely is present and the rest absent."""
        run, project = self._session.run_info(), self._session.project
        if not self._ready() or project is None:
            return
        if run is None:
            self._panel.say("There are no predicted tags: train a run first.")
            return
        classes = [found.id for found in self._inspector.learnt]
        targets = self._browser.targets
        if len(targets) == 1 and self._inspector.predicted:
            likely = np.array([[self._inspector.predicted.get(c, np.nan) for c in classes]])
            self._take_predictions((project, targets, classes, likely))
        else:
            self._predict.request(project, run, targets, classes)

    def next_untagged(self) -> bool:
        """Go to the next untagged image, or say that there is none."""
        self._panel.say("")
        found = self._browser.next_untagged()
        if not found:
            self._panel.say("Every image shown here is tagged.")
        return found

    def undo(self) -> None:
        """Take the last edit back and show its images."""
        self._follow(self.editor.undo(), "Taken back")

    def redo(self) -> None:
        """Do again what was taken back."""
        self._follow(self.editor.redo(), "Done again")

    def _follow(self, edit: TagEdit | None, verb: str) -> None:
        if edit is None:
            return
        images = edit.images
        if len(images) == 1:
            self._browser.go_to(images[0])
        elif self._browser.go_to(images[0]):
            self._browser.gallery.select(images)
        self._panel.say(f"{verb}: {edit.text}.")

    def _ready(self) -> bool:
        """Return whether there is something to tag and a class to tag it with; say what is missing."""
        if self._session.project is None or not self._browser.targets:
            return False
        if not self._inspector.learnt:
            self._panel.say("Add a class first.")
            self._panel.add_field.setFocus()
            return False
        self._panel.say("")
        return True

    def _go_on(self) -> None:
        if self._preferences.now.auto_next:
            self.next_untagged()

    def _take_predictions(self, answer: tuple[Project, list[int], list[int], npt.NDArray[np.float64]]) -> None:
        project, images, classes, likely = answer
        if project is not self._session.project:
            return
        without = int(np.isnan(likely).all(axis=1).sum())
        if self.editor.confirm_predicted(images, classes, likely):
            self._go_on()
        if without:
            verb = "has" if without == 1 else "have"
            self._panel.say(f"{counted(without, 'image')} {verb} no CAMs in this run yet, so no predicted tags.")

    def _tell(self, error: FbrError) -> None:
        text = str(error)
        self._panel.question.say(f"{text[:1].upper()}{text[1:]}", "danger")


def _predict(
    project: Project, run: RunInfo, images: Sequence[int], classes: Sequence[int]
) -> tuple[Project, Sequence[int], Sequence[int], npt.NDArray[np.float64]]:
    return project, images, classes, probabilities(project, run, images, classes)
