"""Undo and redo of tags: rows before and after, and where the person was."""

from __future__ import annotations

from dataclasses import dataclass

from fbr_studio.state.session import TagRow

MOST_EDITS = 500
MOST_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class TagEdit:
    """One thing a person did. ``text`` names it; rows are (image, class, 1 | 0 | None)."""

    text: str
    before: tuple[TagRow, ...]
    after: tuple[TagRow, ...]

    @property
    def images(self) -> list[int]:
        """The images it changed, in order."""
        return list(dict.fromkeys(row[0] for row in self.after))


class TagHistory:
    """What can be undone and redone; old edits leave when there are too many of them or of their rows."""

    def __init__(self) -> None:
        self._done: list[TagEdit] = []
        self._undone: list[TagEdit] = []

    @property
    def undo_text(self) -> str:
        """What undo would take back; nothing where there is nothing."""
        return self._done[-1].text if self._done else ""

    @property
    def redo_text(self) -> str:
        """What redo would do again; nothing where there is nothing."""
        return self._undone[-1].text if self._undone else ""

    def push(self, edit: TagEdit) -> None:
        """Take an edit that was just made; what was undone before can no longer be redone."""
        self._undone.clear()
        self._done.append(edit)
        rows = sum(len(one.after) for one in self._done)
        while len(self._done) > 1 and (len(self._done) > MOST_EDITS or rows > MOST_ROWS):
            rows -= len(self._done.pop(0).after)

    def undo(self) -> TagEdit | None:
        """Return the edit whose ``before`` is to be written, or None."""
        return self._move(self._done, self._undone)

    def redo(self) -> TagEdit | None:
        """Return the edit whose ``after`` is to be written, or None."""
        return self._move(self._undone, self._done)

    def clear(self) -> None:
        """Forget everything: classes or images changed their meaning."""
        self._done.clear()
        self._undone.clear()

    @staticmethod
    def _move(source: list[TagEdit], target: list[TagEdit]) -> TagEdit | None:
        if not source:
            return None
        target.append(source.pop())
        return target[-1]
