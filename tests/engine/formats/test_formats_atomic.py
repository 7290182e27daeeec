from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from fbr_engine.errors import WriteError
from fbr_engine.formats.atomic import replace_file, write_atomically


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_content_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_atomically(path, b"old")
    with replace_file(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt(), GeneratorExit()])
def test_an_error_in_the_block_leaves_the_old_file(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def fail() -> None:
        with replace_file(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space left on the disk: free some space and run again"),
        (errno.EROFS, "read-only or no rights"),
        (errno.EACCES, "read-only or no rights"),
        (errno.EPERM, "read-only or no rights"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_failing_writes_become_write_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(WriteError) as caught:
        write_atomically(path, b"new")
    assert str(path) in str(caught.value)
    assert words in str(caught.value)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_found_when_the_buffer_is_written(tmp_path: Path) -> None:
    def fill() -> None:
        with replace_file(tmp_path / "a") as file, Path("/dev/full").open("wb") as full:
            os.dup2(full.fileno(), file.fileno())
            file.write(b"x" * 100)

    with pytest.raises(WriteError, match="no space left"):
        fill()
    assert names(tmp_path) == []


def test_missing_folder_and_folder_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="folder does not exist"):
        write_atomically(tmp_path / "none" / "a", b"")
    (tmp_path / "taken").mkdir()
    with pytest.raises(WriteError, match="taken"):
        write_atomically(tmp_path / "taken", b"")
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match="file"):
        write_atomically(tmp_path / "file" / "a", b"")
    with pytest.raises(WriteError, match="too long"):
        write_atomically(tmp_path / ("x" * 300), b"")
    assert names(tmp_path) == ["file", "taken"]


def test_an_error_of_another_file_is_not_blamed_on_this_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replace_file(tmp_path / "a"):
        (tmp_path / "source").read_bytes()
    assert names(tmp_path) == []


def test_what_a_decoder_says_is_not_blamed_on_this_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="image file is truncated"), replace_file(tmp_path / "a"):
        raise OSError("image file is truncated")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and links")
def test_mode_and_links_are_kept(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert real.stat().st_mode & 0o777 == 0o640
    umask = os.umask(0)
    os.umask(umask)
    write_atomically(tmp_path / "fresh", b"")
    assert (tmp_path / "fresh").stat().st_mode & 0o777 == 0o666 & ~umask
