"""Thumbnails: the latest request wins, files are kept between sessions, broken photos say why."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QObject
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from fbr_engine.errors import FbrError
from fbr_studio.jobs import thumbnail_decode
from fbr_studio.jobs.thumbnail_cache import ThumbnailCache, cache_name
from fbr_studio.jobs.thumbnail_decode import StoppedError, decode_thumbnail
from fbr_studio.jobs.thumbnails import ThumbnailLoader, side_bucket

Photo = Callable[..., Path]
Make = Callable[..., "Heard"]


class Heard:
    """A loader, and what it said."""

    def __init__(self, loader: ThumbnailLoader) -> None:
        self.loader = loader
        self.ready: dict[int, QImage] = {}
        self.order: list[int] = []
        self.failed: dict[int, str] = {}
        loader.ready.connect(self._note)
        loader.failed.connect(self.failed.__setitem__)

    def _note(self, id: int, image: QImage) -> None:
        assert threading.current_thread() is threading.main_thread()
        self.ready[id] = image
        self.order.append(id)


@pytest.fixture
def photo(tmp_path: Path) -> Photo:
    """Write a photo whose left half is red and right half blue."""

    def write(name: str = "0.jpg", size: tuple[int, int] = (400, 300), **options: object) -> Path:
        pixels = np.zeros((size[1], size[0], 3), np.uint8)
        pixels[:, : size[0] // 2] = (250, 0, 0)
        pixels[:, size[0] // 2 :] = (0, 0, 250)
        path = tmp_path / name
        Image.fromarray(pixels).save(path, **options)  # type: ignore[arg-type]
        return path

    return write


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[ThumbnailLoader] = []

    def loader(path_of: Callable[[int], Path], cache: Path | None = None, workers: int = 1) -> Heard:
        made.append(ThumbnailLoader(path_of, cache, workers))
        return Heard(made[-1])

    yield loader
    for one in made:
        one.close()
        one.deleteLater()


def colour(image: QImage, x: float, y: float) -> str:
    found = image.pixelColor(int(image.width() * x), int(image.height() * y))
    return "red" if found.red() > 150 > found.blue() else "blue" if found.blue() > 150 > found.red() else found.name()


def alive() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("thumbnail-")]


def test_a_photo_comes_small_and_opaque(qtbot: QtBot, make: Make, photo: Photo) -> None:
    path = photo(size=(1600, 1200))
    heard = make(lambda _id: path)
    heard.loader.request([7], 160)
    qtbot.waitUntil(lambda: 7 in heard.ready)
    image = heard.ready[7]
    assert (image.width(), image.height()) == (256, 192)
    assert not image.hasAlphaChannel()
    assert (colour(image, 0.1, 0.5), colour(image, 0.9, 0.5)) == ("red", "blue")


def test_small_photos_are_not_blown_up(photo: Photo) -> None:
    assert decode_thumbnail(photo(size=(40, 20)), 128).size == (40, 20)
    assert decode_thumbnail(photo(size=(5000, 2)), 128).size == (128, 1)
    assert [side_bucket(side) for side in (1, 128, 129, 512, 900)] == [128, 128, 256, 512, 512]


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [(1, (128, 96), (0.1, 0.5)), (3, (128, 96), (0.9, 0.5)), (6, (96, 128), (0.5, 0.1)), (8, (96, 128), (0.5, 0.9))],
)
@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_rotated_photos_come_upright(
    photo: Photo, name: str, orientation: int, size: tuple[int, int], red_at: tuple[float, float]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    small = decode_thumbnail(photo(name, exif=exif), 128)
    assert small.size == size
    red, _, blue = small.getpixel((int(size[0] * red_at[0]), int(size[1] * red_at[1])))  # type: ignore[misc]
    assert red > 150 > blue


def test_every_kind_of_file_is_rgb(tmp_path: Path) -> None:
    pixels = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64)
    kinds = {
        "deep.png": Image.fromarray(pixels * 20),
        "clear.png": Image.new("RGBA", (64, 48), (0, 0, 0, 0)),
        "palette.gif": Image.new("P", (64, 48)),
        "grey.jpg": Image.new("L", (64, 48), 90),
        "ink.jpg": Image.new("CMYK", (64, 48), (0, 200, 0, 0)),
        "page.tif": Image.new("RGB", (64, 48), (1, 2, 3)),
    }
    for name, image in kinds.items():
        image.save(tmp_path / name)
        small = decode_thumbnail(tmp_path / name, 32)
        assert (small.mode, small.size) == ("RGB", (32, 24)), name
    assert decode_thumbnail(tmp_path / "clear.png", 32).getpixel((3, 3)) == (255, 255, 255)


def test_the_latest_request_wins(qtbot: QtBot, make: Make, photo: Photo) -> None:
    path, gate = photo(), threading.Event()
    begun: list[int] = []

    def slow(id: int) -> Path:
        begun.append(id)
        assert gate.wait(5)
        return path

    heard = make(slow)
    heard.loader.request(list(range(50)), 128)
    qtbot.waitUntil(lambda: begun == [0])
    heard.loader.request([70, 71, 72], 128)
    heard.loader.request([90, 71], 128)
    gate.set()
    qtbot.waitUntil(lambda: set(heard.ready) >= {90, 71})
    qtbot.wait(50)
    assert begun == [0, 90, 71]
    assert heard.order == [90, 71]


def test_a_decoding_no_longer_wanted_is_left(photo: Photo) -> None:
    with pytest.raises(StoppedError):
        decode_thumbnail(photo(), 128, stopped=lambda: True)


def test_what_is_still_being_made_is_not_made_twice(qtbot: QtBot, make: Make, photo: Photo) -> None:
    path, gate = photo(), threading.Event()
    begun: list[int] = []

    def slow(id: int) -> Path:
        begun.append(id)
        assert gate.wait(5)
        return path

    heard = make(slow, workers=2)
    heard.loader.request([1], 128)
    qtbot.waitUntil(lambda: begun == [1])
    heard.loader.request([2, 1], 128)
    qtbot.waitUntil(lambda: len(begun) == 2)
    gate.set()
    qtbot.waitUntil(lambda: len(heard.ready) == 2)
    assert sorted(begun) == [1, 2]


def test_memory_answers_without_the_file(qtbot: QtBot, make: Make, photo: Photo) -> None:
    path = photo()
    heard = make(lambda _id: path)
    heard.loader.request([1], 128)
    qtbot.waitUntil(lambda: 1 in heard.ready)
    path.unlink()
    heard.ready.clear()
    heard.loader.request([1], 128)
    qtbot.waitUntil(lambda: 1 in heard.ready)
    heard.loader.forget([1])
    heard.loader.request([1], 128)
    qtbot.waitUntil(lambda: 1 in heard.failed)
    assert "missing" in heard.failed[1]


def test_the_disk_is_used_the_second_time(
    qtbot: QtBot, make: Make, photo: Photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, cache = photo(), tmp_path / "cache"
    decoded: list[Path] = []
    real = thumbnail_decode.decode_thumbnail

    def noted(file: Path, side: int, stopped: Callable[[], bool]) -> Image.Image:
        decoded.append(file)
        return real(file, side, stopped)

    monkeypatch.setattr("fbr_studio.jobs.thumbnails.decode_thumbnail", noted)

    def load() -> QImage:
        heard = make(lambda _id: path, cache)
        heard.loader.request([1], 128)
        qtbot.waitUntil(lambda: 1 in heard.ready)
        return heard.ready[1]

    load()
    kept = list(cache.glob("*/*"))
    assert [file.suffix for file in kept] == [".jpg"]
    assert kept[0].parent.name == kept[0].name[:2]
    assert colour(load(), 0.1, 0.5) == "red"
    assert len(decoded) == 1
    Image.new("RGB", (60, 60), (0, 0, 250)).save(path)
    assert colour(load(), 0.1, 0.5) == "blue"
    assert len(decoded) == 2
    (cache / cache_name(path, 128)).write_bytes(b"\xff\xd8cut short")
    assert colour(load(), 0.1, 0.5) == "blue"
    assert len(decoded) == 3


def test_a_cache_that_cannot_be_written_is_done_without(qtbot: QtBot, make: Make, photo: Photo, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    path = photo()
    heard = make(lambda _id: path, tmp_path / "file" / "cache")
    heard.loader.request([1], 128)
    qtbot.waitUntil(lambda: 1 in heard.ready)


def test_the_oldest_files_leave_first(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path, limit=40_000)
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    for number in range(16):
        name = f"{number % 3:02x}/{number:040x}.jpg"
        cache.write(name, Image.fromarray(noise))
        os.utime(tmp_path / name, (number, number))
    assert not list(tmp_path.glob("*/.*"))
    size = next(tmp_path.glob("*/*")).stat().st_size
    cache.prune()
    left = sorted(int(file.stem, 16) for file in tmp_path.glob("*/*.jpg"))
    assert left == list(range(16 - len(left), 16))
    assert 0 < len(left) * size <= 36_000
    cache.prune()
    assert len(list(tmp_path.glob("*/*.jpg"))) == len(left)


@pytest.mark.parametrize("content", [b"", b"no image at all", b"\xff\xd8\xff\xe0broken"])
def test_a_broken_file_says_why(qtbot: QtBot, make: Make, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    heard = make(lambda _id: path, tmp_path / "cache")
    heard.loader.request([5], 128)
    qtbot.waitUntil(lambda: 5 in heard.failed)
    assert "replace or remove" in heard.failed[5]
    assert str(path) not in heard.failed[5]
    assert not heard.ready


def test_a_photo_cut_short_says_why(qtbot: QtBot, make: Make, photo: Photo) -> None:
    path = photo(size=(900, 900))
    path.write_bytes(path.read_bytes()[:4000])
    heard = make(lambda _id: path)
    heard.loader.request([5], 128)
    qtbot.waitUntil(lambda: 5 in heard.failed)
    assert "broken" in heard.failed[5]


def test_errors_of_a_closing_project_do_not_end_the_threads(qtbot: QtBot, make: Make, photo: Photo) -> None:
    path = photo()

    def path_of(id: int) -> Path:
        if id == 1:
            raise FbrError("the project is closed")
        if id == 2:
            raise KeyError(id)
        return path

    heard = make(path_of)
    heard.loader.request([1, 2, 3], 128)
    qtbot.waitUntil(lambda: 3 in heard.ready and len(heard.failed) == 2)
    assert heard.failed[1] == "the project is closed"


def test_names_that_are_not_text_load(qtbot: QtBot, make: Make, photo: Photo, tmp_path: Path) -> None:
    path = photo("f\udcffo.jpg")
    heard = make(lambda _id: path, tmp_path / "cache")
    heard.loader.request([1], 128)
    qtbot.waitUntil(lambda: 1 in heard.ready)


def test_close_ends_the_threads_and_silences_them(qtbot: QtBot, make: Make, photo: Photo) -> None:
    path, gate = photo(), threading.Event()

    def slow(_id: int) -> Path:
        assert gate.wait(5)
        return path

    heard = make(slow, workers=3)
    assert sorted(alive()) == ["thumbnail-1", "thumbnail-2", "thumbnail-3"]
    heard.loader.request(list(range(20)), 128)
    threading.Timer(0.1, gate.set).start()
    began = time.monotonic()
    heard.loader.close()
    assert time.monotonic() - began < 1
    assert alive() == []
    heard.loader.request([1], 128)
    heard.loader.close()
    qtbot.wait(30)
    assert not heard.ready


def test_a_destroyed_loader_ends_its_threads(qtbot: QtBot, photo: Photo) -> None:
    path, parent = photo(), QObject()
    loader = ThumbnailLoader(lambda _id: path, None, parent=parent)
    loader.request(list(range(200)), 128)
    assert len(alive()) == 2
    parent.deleteLater()
    qtbot.waitUntil(lambda: alive() == [])


def test_loader_and_gallery_together(
    qtbot: QtBot, make: Make, photo: Photo, make_view: Callable[..., object], tmp_path: Path
) -> None:
    from fbr_studio.widgets.gallery.gallery_view import GalleryView

    path = photo()
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"x")
    view = make_view(count=1000)
    assert isinstance(view, GalleryView)
    heard = make(lambda id: broken if id == 2 else path, workers=2)
    view.set_thumbnails(heard.loader)
    qtbot.waitUntil(lambda: all(view._feed.shelf.pixmap(id) or id == 2 for id in view.visible_ids()))
    assert "replace or remove" in view.tip_of(2)
    view.verticalScrollBar().setValue(5000)
    qtbot.waitUntil(lambda: all(view._feed.shelf.pixmap(id) for id in view.visible_ids()))
