"""Everything a person can do, in one table: menus, tooltips, the palette and the cheat sheet read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from fbr_studio.widgets.icons import icon

ROOM_NAMES = {
    "everywhere": "Everywhere",
    "images": "Images",
    "training": "Training",
    "concepts": "Concepts",
    "review": "Review",
    "export": "Export",
}


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One thing to do. ``id`` is ``room.verb``; ``keys`` in Qt's portable form; ``help`` one short sentence."""

    id: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    help: str = ""
    checkable: bool = False

    @property
    def numbered(self) -> bool:
        """Whether it belongs to a number, such as that of a class, which may not be there."""
        return any(part.isdigit() for part in self.id.split("_"))

    @property
    def room(self) -> str:
        """The part of ``id`` before the dot."""
        return self.id.split(".")[0]


class Actions(QObject):
    """The actions of all rooms that exist; the person's own keys replace those of the spec."""

    changed = Signal()

    def __init__(self, own_keys: Mapping[str, list[str]] | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._own_keys = dict(own_keys or {})
        self._found: dict[str, tuple[ActionSpec, QAction]] = {}

    def add(self, spec: ActionSpec, owner: QWidget, act: Callable[..., object]) -> QAction:
        """Make the action; its keys work while the focus is in ``owner`` (a window: anywhere in it).

        A checkable action calls ``act(checked)``, others ``act()``. Keys without modifiers stay silent while a text
        field has the focus: Qt gives it the key first.
        """
        action = QAction(spec.text, owner)
        action.setObjectName(spec.id)
        keys = self._own_keys.get(spec.id, list(spec.keys))
        action.setShortcuts([QKeySequence(key) for key in keys])
        context = (
            Qt.ShortcutContext.WindowShortcut
            if spec.room == "everywhere"
            else Qt.ShortcutContext.WidgetWithChildrenShortcut
        )
        action.setShortcutContext(context)
        if spec.icon:
            action.setIcon(icon(spec.icon))
        action.setCheckable(spec.checkable)
        action.setToolTip(_tip(spec, action))
        if spec.checkable:
            action.toggled.connect(lambda checked: act(checked))
        else:
            action.triggered.connect(lambda: act())
        owner.addAction(action)
        self._found[spec.id] = (spec, action)
        action.destroyed.connect(lambda: self._forget(spec.id, action))
        self.changed.emit()
        return action

    def get(self, action_id: str) -> QAction:
        """Return the action with this id. Raises `KeyError`."""
        return self._found[action_id][1]

    def all(self) -> list[tuple[ActionSpec, QAction]]:
        """Return every action, room by room."""
        order = list(ROOM_NAMES)
        return sorted(self._found.values(), key=lambda pair: order.index(pair[0].room))

    def conflicts(self) -> list[tuple[str, str, str]]:
        """Return (key, action, action) for keys that two actions share where both can be reached."""
        taken: dict[tuple[str, str], str] = {}
        found = []
        for spec, action in self.all():
            for key in action.shortcuts():
                text = key.toString()
                for room in {spec.room, "everywhere"}:
                    other = taken.get((room, text))
                    if other is not None and other != spec.id:
                        found.append((text, other, spec.id))
                taken[spec.room, text] = spec.id
        return found

    def _forget(self, action_id: str, action: QAction) -> None:
        if action_id in self._found and self._found[action_id][1] is action:
            del self._found[action_id]


def key_text(action: QAction) -> str:
    """Return the action's first key as people read it, or nothing."""
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


def _tip(spec: ActionSpec, action: QAction) -> str:
    key = key_text(action)
    return f"{spec.help or spec.text} ({key})" if key else spec.help or spec.text
