from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fbr_engine.errors import ProjectError, ReadError
from fbr_engine.project.paths import check_image, decode_path, encode_path, find_images, shown

POSIX = os.name == "posix"


@pytest.mark.skipif(not POSIX, reason="names are bytes on POSIX only")
@given(st.binary(min_size=1, max_size=30))
@example(b"%25")
@example(b"%\xff")
@example(b"100%%25")
@example(b"%2\xff5")
@example(b"\xed\xa0\x80%ED")
def test_every_name_survives_as_text(name: bytes) -> None:
    path = os.fsdecode(name)
    image = encode_path(path)
    image.encode("utf-8")
    assert decode_path(image) == path


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_two_names_never_share_an_id(one: str, other: str) -> None:
    try:
        ids = encode_path(one), encode_path(other)
    except UnicodeEncodeError:  # a lone surrogate that no file name holds
        return
    assert (ids[0] == ids[1]) == (one == other)


@pytest.mark.parametrize("name", ["a/b.jpg", "50% off.jpg", "%41.jpg", "straße/ü.png", "%zz"])
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert encode_path(name) == name == decode_path(name)


@pytest.mark.parametrize("image", ["", "/etc/passwd", "../x.jpg", "a/../../x.jpg", "a//b", "./a", "a\0b", "a/."])
def test_ids_cannot_leave_the_image_folder(image: str) -> None:
    with pytest.raises(ProjectError, match="is no image"):
        check_image(image)


def test_messages_stay_on_one_line() -> None:
    assert shown("a\nb\udcff\x1b[2J") == "a\\nb%FF\\x1b[2J"


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def test_images_are_found_sorted_and_the_rest_is_passed_over(tmp_path: Path) -> None:
    make(
        tmp_path,
        *("b.JPG", "a/2.webp", "a/1.tiff", "c.txt", ".hidden.jpg", ".git/x.jpg", "a.png"),
        *("p.fbr/runs/x/masks/b.JPG.png", "project/project.sqlite", "project/runs/m.png"),
    )
    (tmp_path / "folder.jpg").mkdir()
    assert list(find_images(tmp_path)) == ["a/1.tiff", "a/2.webp", "a.png", "b.JPG"]


@pytest.mark.skipif(not POSIX, reason="links need rights on Windows")
def test_links_neither_loop_nor_repeat(tmp_path: Path) -> None:
    make(tmp_path, "root/a/1.jpg", "root/b/2.jpg", "outside/3.jpg", "root/real.jpg")
    for link, target in (
        ("root/a/up", tmp_path / "root"),
        ("root/again", tmp_path / "root/b"),
        ("root/everything", Path("/")),
        ("root/out", tmp_path / "outside"),
        ("root/out2", tmp_path / "outside"),
        ("outside/back", tmp_path / "root"),
        ("root/self.jpg", tmp_path / "root/self.jpg"),
        ("root/gone.jpg", tmp_path / "nowhere.jpg"),
        ("root/link.jpg", tmp_path / "root/real.jpg"),
    ):
        (tmp_path / link).symlink_to(target)
    assert list(find_images(tmp_path / "root")) == ["a/1.jpg", "b/2.jpg", "link.jpg", "out/3.jpg", "real.jpg"]


@pytest.mark.skipif(not POSIX or sys.platform == "darwin", reason="file systems there hold text only")
def test_names_that_are_no_utf8_are_found_again(tmp_path: Path) -> None:
    make(tmp_path, os.fsdecode(b"gr\xfc\xdfe/\xff%25.jpg"))
    (image,) = find_images(tmp_path)
    assert image == "gr%FC%DFe/%FF%2525.jpg"
    assert (tmp_path / decode_path(image)).is_file()


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="nothing"):
        list(find_images(tmp_path / "nothing"))


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a/1.jpg", "b/2.jpg")
    scandir, told = os.scandir, []

    def refuse(folder: str) -> object:
        if folder.endswith("a"):
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    assert list(find_images(tmp_path, told.append)) == ["b/2.jpg"]
    assert len(told) == 1
