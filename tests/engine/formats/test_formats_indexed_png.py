from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fbr_engine.errors import ReadError, WriteError
from fbr_engine.formats.indexed_png import load_indexed_png, save_indexed_png, voc_palette


def random_mask(height: int = 37, width: int = 53) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width), np.uint8)


def png_bytes(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def test_voc_palette_has_the_known_colours() -> None:
    palette = voc_palette()
    assert palette.shape == (256, 3)
    assert palette.dtype == np.uint8
    known = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 15: (192, 128, 128), 20: (0, 64, 128)}
    assert {value: tuple(palette[value].tolist()) for value in known} == known
    assert palette[255].tolist() == [224, 224, 192]
    assert len(np.unique(palette, axis=0)) == 256


@pytest.mark.parametrize("shape", [(1, 1), (37, 53), (1, 400), (400, 1)])
def test_round_trip(tmp_path: Path, shape: tuple[int, int]) -> None:
    mask = random_mask(*shape)
    save_indexed_png(tmp_path / "m.png", mask)
    loaded = load_indexed_png(tmp_path / "m.png")
    assert loaded.dtype == np.uint8
    assert loaded.flags.writeable
    np.testing.assert_array_equal(loaded, mask)
    with Image.open(tmp_path / "m.png") as image:
        assert image.mode == "P"
        assert image.getpalette() == voc_palette().ravel().tolist()


def test_own_palette_is_filled_up_and_transposed_masks_work(tmp_path: Path) -> None:
    mask = random_mask().T
    save_indexed_png(tmp_path / "m.png", mask, np.array([[1, 2, 3]], np.uint8))
    np.testing.assert_array_equal(load_indexed_png(tmp_path / "m.png"), mask)
    with Image.open(tmp_path / "m.png") as image:
        assert (image.getpalette() or [])[:6] == [1, 2, 3, 128, 0, 0]


@pytest.mark.parametrize("colours", [2, 4, 16, 256])
def test_palettes_of_any_depth_give_indices(tmp_path: Path, colours: int) -> None:
    mask = random_mask() & np.uint8(colours - 1)
    image = Image.fromarray(mask)
    image.putpalette(voc_palette()[:colours].tobytes())
    (tmp_path / "m.png").write_bytes(png_bytes(image, transparency=0))
    np.testing.assert_array_equal(load_indexed_png(tmp_path / "m.png"), mask)


def test_grey_gives_values(tmp_path: Path) -> None:
    (tmp_path / "m.png").write_bytes(png_bytes(Image.fromarray(random_mask())))
    np.testing.assert_array_equal(load_indexed_png(tmp_path / "m.png"), random_mask())


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (Image.new("RGB", (4, 4)), "PNG of 8-bit RGB"),
        (Image.new("RGBA", (4, 4)), "PNG of 8-bit RGBA"),
        (Image.new("LA", (4, 4)), "PNG of 8-bit grey with alpha"),
        (Image.new("I;16", (4, 4)), "PNG of 16-bit grey"),
        (Image.new("1", (4, 4)), "PNG of 1-bit grey"),
    ],
)
def test_other_kinds_are_named(tmp_path: Path, image: Image.Image, words: str) -> None:
    (tmp_path / "m.png").write_bytes(png_bytes(image))
    with pytest.raises(ReadError, match=words) as caught:
        load_indexed_png(tmp_path / "m.png")
    assert "m.png" in str(caught.value)
    assert "palette or 8-bit grey" in str(caught.value)


def test_missing_empty_and_other_files(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="does not exist"):
        load_indexed_png(tmp_path / "none.png")
    with pytest.raises(ReadError, match="is a folder"):
        load_indexed_png(tmp_path)
    (tmp_path / "m.png").touch()
    with pytest.raises(ReadError, match="empty file"):
        load_indexed_png(tmp_path / "m.png")
    Image.new("L", (4, 4)).save(tmp_path / "m.png", "JPEG")
    with pytest.raises(ReadError, match="no PNG"):
        load_indexed_png(tmp_path / "m.png")


def test_every_truncation_is_an_error(tmp_path: Path) -> None:
    save_indexed_png(tmp_path / "m.png", random_mask(5, 7))
    data = (tmp_path / "m.png").read_bytes()
    for length in range(len(data)):
        (tmp_path / "t.png").write_bytes(data[:length])
        with pytest.raises(ReadError, match=r"t\.png"):
            load_indexed_png(tmp_path / "t.png")


def test_every_damaged_byte_is_an_error(tmp_path: Path) -> None:
    mask = random_mask(5, 7)
    save_indexed_png(tmp_path / "m.png", mask)
    data = bytearray((tmp_path / "m.png").read_bytes())
    for place in range(len(data)):
        data[place] ^= 0x55
        (tmp_path / "d.png").write_bytes(data)
        data[place] ^= 0x55
        with pytest.raises(ReadError):
            load_indexed_png(tmp_path / "d.png")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize(
    ("header", "pixels"),
    [
        ((4, 4, 8, 0, 0, 0, 0), zlib.compress(b"\0\0")),
        ((4, 4, 8, 0, 0, 0, 0), b"no zlib stream"),
        ((4, 4, 8, 0, 0, 0, 0), b""),
        ((0, 4, 8, 0, 0, 0, 0), zlib.compress(b"\0" * 20)),
        ((4, 4, 7, 3, 0, 0, 0), zlib.compress(b"\0" * 20)),
        ((4, 4, 8, 5, 0, 0, 0), zlib.compress(b"\0" * 20)),
        ((2**31 - 1, 2**31 - 1, 8, 0, 0, 0, 0), zlib.compress(b"\0" * 20)),
    ],
)
def test_right_checksums_around_nonsense_are_an_error(tmp_path: Path, header: tuple[int, ...], pixels: bytes) -> None:
    parts = [(b"IHDR", struct.pack(">IIBBBBB", *header)), (b"IDAT", pixels), (b"IEND", b"")]
    (tmp_path / "m.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))
    with pytest.raises(ReadError, match=r"m\.png") as caught:
        load_indexed_png(tmp_path / "m.png")
    assert "\n" not in str(caught.value)


def test_a_file_of_only_an_end_chunk_is_broken(tmp_path: Path) -> None:
    (tmp_path / "m.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""))
    with pytest.raises(ReadError, match="broken"):
        load_indexed_png(tmp_path / "m.png")


def test_arrays_that_are_no_masks(tmp_path: Path) -> None:
    for array in (np.zeros((4, 4), int), np.zeros((4, 4, 3), np.uint8), np.zeros((0, 4), np.uint8)):
        with pytest.raises(ValueError, match="mask"):
            save_indexed_png(tmp_path / "m.png", array)
    with pytest.raises(ValueError, match="palette"):
        save_indexed_png(tmp_path / "m.png", random_mask(), np.zeros((257, 3), np.uint8))
    with pytest.raises(WriteError):
        save_indexed_png(tmp_path / "none" / "m.png", random_mask())
