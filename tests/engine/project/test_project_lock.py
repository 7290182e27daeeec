from __future__ import annotations

import os
from pathlib import Path

import pytest

from fbr_engine.errors import ProjectError, ProjectLockedError, WriteError
from fbr_engine.project import lock
from fbr_engine.project.lock import WriterLock


def test_the_file_says_who_writes_and_is_cleared(tmp_path: Path) -> None:
    path = tmp_path / "writer.lock"
    held = WriterLock(path)
    assert path.read_text().split()[0] == str(os.getpid())
    with pytest.raises(ProjectLockedError, match=rf"pid {os.getpid()} on "):
        WriterLock(path)
    held.release()
    held.release()
    assert path.read_text() == ""
    WriterLock(path).release()


@pytest.mark.parametrize("text", ["", "garbage", "\0" * 5000, "123 a\nb\x1b[2J"])
def test_whatever_the_file_says_the_message_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "writer.lock"
    held = WriterLock(path)
    path.write_text(text)
    with pytest.raises(ProjectLockedError) as caught:
        WriterLock(path)
    assert str(caught.value).isprintable()
    held.release()


def test_text_of_a_dead_process_locks_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "writer.lock").write_text("1 elsewhere")
    WriterLock(tmp_path / "writer.lock").release()


def test_a_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"writer\.lock cannot be written"):
        WriterLock(tmp_path / "nowhere" / "writer.lock")


def test_a_drive_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(lock, "_take", refuse)
    with pytest.raises(ProjectError, match="cannot lock files") as caught:
        WriterLock(tmp_path / "writer.lock")
    assert not isinstance(caught.value, ProjectLockedError)
