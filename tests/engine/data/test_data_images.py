"""Every kind of image file comes out as upright 8-bit RGB, or as a `ReadError` that names the file."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from fbr_engine.data.images import orientation, read_image, save_upright
from fbr_engine.errors import ReadError

ORIENTATION = 0x0112
HEIGHT, WIDTH = 24, 40


def picture() -> npt.NDArray[np.uint8]:
    """Return four flat quarters of different colours: survives JPEG, and every turn is told from the others."""
    pixels = np.empty((HEIGHT, WIDTH, 3), dtype=np.uint8)
    pixels[:12, :20], pixels[:12, 20:] = (250, 40, 30), (30, 200, 60)
    pixels[12:, :20], pixels[12:, 20:] = (40, 50, 220), (240, 240, 240)
    return pixels


def stored(upright: npt.NDArray[np.uint8], value: int) -> npt.NDArray[np.uint8]:
    """Return the pixels a camera stores under the EXIF orientation ``value`` (EXIF 2.3, 4.6.4)."""
    rows_are_rows = {1: (1, 1), 2: (1, -1), 3: (-1, -1), 4: (-1, 1)}
    if value in rows_are_rows:
        dy, dx = rows_are_rows[value]
        return np.ascontiguousarray(upright[::dy, ::dx])
    dy, dx = {5: (1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}[value]
    return np.ascontiguousarray(upright.transpose(1, 0, 2)[::dy, ::dx])


def save_turned(path: Path, value: int, **options: object) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = value
    # 0th row of the file is the left side (5..8) or the top (1..4) of the scene, as the tag says.
    turns = {5: 5, 6: 8, 7: 7, 8: 6}
    Image.fromarray(stored(picture(), turns.get(value, value))).save(path, exif=exif, **options)


def near(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8], tolerance: int = 12) -> bool:
    return a.shape == b.shape and int(np.abs(a.astype(int) - b.astype(int)).max()) <= tolerance


def check(path: Path, expected: npt.NDArray[np.uint8], tolerance: int = 0) -> None:
    pixels = read_image(path)
    assert pixels.dtype == np.uint8
    assert near(pixels, expected, tolerance)


def test_row_and_column_meaning_of_each_orientation() -> None:
    """6 is a camera held upright: the file's first row is the scene's right side, from top to bottom."""
    scene = picture()
    assert (stored(scene, 8)[0] == scene[:, -1]).all()  # used for the file marked 6


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("jpg", {"quality": 98, "subsampling": 0}),
        ("png", {}),
        ("tif", {}),
        ("tif", {"compression": "tiff_lzw"}),
        ("webp", {"lossless": True}),
    ],
)
def test_every_orientation_is_read_upright_and_saved_upright(
    tmp_path: Path, value: int, suffix: str, options: dict[str, object]
) -> None:
    path, copy = tmp_path / f"turned.{suffix}", tmp_path / f"upright.{suffix}"
    save_turned(path, value, **options)
    tolerance = 12 if suffix == "jpg" else 0
    check(path, picture(), tolerance)
    assert orientation(path) == value
    with copy.open("wb") as file:
        save_upright(path, file)
    assert orientation(copy) == 1
    with Image.open(path) as before, Image.open(copy) as after:
        assert after.format == before.format
        assert after.mode == before.mode
        assert after.size == (WIDTH, HEIGHT)
    assert near(read_image(copy)[4:8, 4:16], picture()[4:8, 4:16], 4)  # away from where lossy colours bleed
    check(copy, picture(), {"jpg": 30, "webp": 140}.get(suffix, 0))


@pytest.mark.parametrize("value", [0, 9, 255])
def test_an_orientation_that_does_not_exist_is_upright(tmp_path: Path, value: int) -> None:
    path = tmp_path / "odd.png"
    exif = Image.Exif()
    exif[ORIENTATION] = value
    Image.fromarray(picture()).save(path, exif=exif)
    assert orientation(path) == 1
    check(path, picture())


def test_broken_metadata_costs_neither_the_picture_nor_its_orientation(tmp_path: Path) -> None:
    path = tmp_path / "odd.jpg"
    # Orientation 6, then a tag of an unknown type, then one that points far past the end.
    entries = [
        struct.pack("<HHI", ORIENTATION, 3, 1) + struct.pack("<HH", 6, 0),
        struct.pack("<HHII", 0x9999, 77, 5, 8),
        struct.pack("<HHII", 0x010F, 2, 4000, 60000),
    ]
    exif = b"Exif\0\0" + b"II*\0\x08\0\0\0" + struct.pack("<H", 3) + b"".join(entries) + b"\0\0\0\0"
    Image.fromarray(stored(picture(), 8)).save(path, quality=98, subsampling=0, exif=exif)
    assert orientation(path) == 6
    check(path, picture(), 12)


def test_orientation_of_what_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("hello")
    assert orientation(tmp_path / "a.jpg") == 1
    assert orientation(tmp_path / "missing.jpg") == 1


GREY = picture()[..., 0]
ALPHA = np.linspace(0, 255, HEIGHT * WIDTH).astype(np.uint8).reshape(HEIGHT, WIDTH)


def on_white(pixels: npt.NDArray[np.uint8], alpha: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    share = alpha[..., None] / 255
    return np.rint(pixels * share + 255 * (1 - share)).astype(np.uint8)


def grey3(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.repeat(values[..., None], 3, axis=2)


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp"])
def test_grey(tmp_path: Path, suffix: str) -> None:
    Image.fromarray(GREY).save(tmp_path / f"a.{suffix}")
    check(tmp_path / f"a.{suffix}", grey3(GREY))


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    Image.fromarray(np.dstack([GREY, ALPHA])).save(tmp_path / "la.png")
    check(tmp_path / "la.png", on_white(grey3(GREY), ALPHA), 1)
    Image.fromarray(np.dstack([picture(), ALPHA])).save(tmp_path / "rgba.png")
    check(tmp_path / "rgba.png", on_white(picture(), ALPHA), 1)
    Image.fromarray(np.dstack([picture(), ALPHA])).save(tmp_path / "rgba.webp", lossless=True, exact=True)
    check(tmp_path / "rgba.webp", on_white(picture(), ALPHA), 1)
    Image.fromarray(picture()).save(tmp_path / "colourkey.png", transparency=(40, 50, 220))
    expected = picture()
    expected[12:, :20] = 255
    check(tmp_path / "colourkey.png", expected)


def palette_image() -> Image.Image:
    image = Image.fromarray(np.repeat(np.arange(4, dtype=np.uint8), 60).reshape(12, 20))
    image = Image.frombytes("P", image.size, image.tobytes())
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
    return image


def palette_pixels() -> npt.NDArray[np.uint8]:
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]], dtype=np.uint8)
    return colours[np.repeat(np.arange(4), 60).reshape(12, 20)]


def test_palette_with_and_without_transparency(tmp_path: Path) -> None:
    palette_image().save(tmp_path / "p.png")
    check(tmp_path / "p.png", palette_pixels())
    expected = palette_pixels()
    expected[expected[..., 1] == 255] = 255
    palette_image().save(tmp_path / "one.png", transparency=1)
    check(tmp_path / "one.png", expected)
    palette_image().save(tmp_path / "table.png", transparency=bytes([255, 0, 255, 255]))
    check(tmp_path / "table.png", expected)
    palette_image().save(tmp_path / "one.gif", transparency=1)
    check(tmp_path / "one.gif", expected)


def test_an_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((8, 9, 3), v, dtype=np.uint8)) for v in (200, 10)]
    for name in ("a.gif", "a.webp", "a.tif"):
        options = {"lossless": True} if name.endswith("webp") else {}
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], **options)
        check(tmp_path / name, np.full((8, 9, 3), 200, dtype=np.uint8))


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bit_grey_scales_to_8(tmp_path: Path, suffix: str) -> None:
    values = GREY.astype(np.uint16) * 257
    Image.fromarray(values).save(tmp_path / f"a.{suffix}")
    check(tmp_path / f"a.{suffix}", grey3(GREY))
    Image.fromarray(values // 300).save(tmp_path / f"dark.{suffix}")  # at most 214 of 65535: nearly black
    assert read_image(tmp_path / f"dark.{suffix}").max() <= 1


def png_bytes(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("colour", "channels"), [(2, 3), (6, 4), (4, 2)])
def test_16_bit_colour_png(tmp_path: Path, colour: int, channels: int) -> None:
    pixels = np.dstack([picture(), np.full((HEIGHT, WIDTH), 255, np.uint8)])
    picked = pixels[..., {3: [0, 1, 2], 4: [0, 1, 2, 3], 2: [0, 3]}[channels]]
    wide = (picked.astype(">u2") * 257).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in wide)
    (tmp_path / "a.png").write_bytes(png_bytes(WIDTH, HEIGHT, 16, colour, rows))
    check(tmp_path / "a.png", grey3(GREY) if channels == 2 else picture())


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp"])
def test_one_bit(tmp_path: Path, suffix: str) -> None:
    bits = np.indices((9, 11)).sum(axis=0) % 3 == 0
    Image.fromarray(bits).save(tmp_path / f"a.{suffix}")
    check(tmp_path / f"a.{suffix}", grey3(bits.astype(np.uint8) * 255))


@pytest.mark.parametrize("scale", [1 / 255, 1, 257])
def test_float_tiff_by_its_range(tmp_path: Path, scale: float) -> None:
    Image.fromarray((GREY.astype(np.float32) * scale).astype(np.float32)).save(tmp_path / "f.tif")
    check(tmp_path / "f.tif", grey3(GREY))


def test_float_tiff_with_holes(tmp_path: Path) -> None:
    values = (GREY / 255).astype(np.float32)
    values[0, 0], values[0, 1] = np.nan, np.inf
    Image.fromarray(values).save(tmp_path / "f.tif")
    expected = grey3(GREY)
    expected[0, :2] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(tmp_path / "f.tif", expected)


def test_32_bit_integer_tiff(tmp_path: Path) -> None:
    Image.fromarray(GREY.astype(np.int32) * 257).save(tmp_path / "i.tif")
    check(tmp_path / "i.tif", grey3(GREY))


def ink(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.dstack([255 - pixels, np.zeros(pixels.shape[:2], np.uint8)])


def test_cmyk_jpeg_and_tiff(tmp_path: Path) -> None:
    image = Image.frombytes("CMYK", (WIDTH, HEIGHT), ink(picture()).tobytes())
    image.save(tmp_path / "a.jpg", quality=100, subsampling=0)
    image.save(tmp_path / "a.tif")
    check(tmp_path / "a.jpg", picture(), 12)
    check(tmp_path / "a.tif", picture())


def test_ycck_jpeg(tmp_path: Path) -> None:
    """Store YCbCr + K where a writer expects CMYK, then say so in the Adobe marker.

    Adobe stores inks inverted (255 - C = R), and YCCK is made of the RGB whose complement they are: 255 - R.
    """
    r, g, b = (255.0 - picture()[..., i] for i in range(3))
    luma = 0.299 * r + 0.587 * g + 0.114 * b
    planes = [luma, 128 + (b - luma) * 0.564, 128 + (r - luma) * 0.713, np.full_like(luma, 255)]
    # The writer inverts what it is given.
    data = 255 - np.clip(np.rint(np.dstack(planes)), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.frombytes("CMYK", (WIDTH, HEIGHT), data.tobytes()).save(buffer, "JPEG", quality=100, subsampling=0)
    content = bytearray(buffer.getvalue())
    marker = content.index(b"Adobe")
    assert content[marker + 11] == 0
    content[marker + 11] = 2
    (tmp_path / "a.jpg").write_bytes(content)
    check(tmp_path / "a.jpg", picture(), 14)


def test_webp_and_lying_suffix(tmp_path: Path) -> None:
    Image.fromarray(picture()).save(tmp_path / "a.webp", lossless=True)
    check(tmp_path / "a.webp", picture())
    (tmp_path / "png.jpg").write_bytes((tmp_path / "a.webp").read_bytes())
    check(tmp_path / "png.jpg", picture())


def broken_files(folder: Path) -> dict[str, Path]:
    noise = np.random.default_rng(0).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    files = {}
    for suffix in ("jpg", "png", "tif", "webp", "bmp", "gif"):
        whole = folder / f"whole.{suffix}"
        Image.fromarray(noise).save(whole)
        content = whole.read_bytes()
        files[f"cut {suffix}"] = folder / f"cut.{suffix}"
        files[f"cut {suffix}"].write_bytes(content[: len(content) // 2])
    content = bytearray((folder / "whole.png").read_bytes())
    content[len(content) // 2] ^= 0xFF
    contents = {
        "flipped bits": bytes(content),
        "empty": b"",
        "text": b"no image at all, only some words\n" * 20,
        "only a header": b"\x89PNG\r\n\x1a\n",
        "bomb": png_bytes(60_000, 60_000, 8, 2, b"\0" * 100),
        "huge": png_bytes(2**31 - 1, 2**31 - 1, 8, 2, b"\0" * 100),
        "nothing wide": png_bytes(0, 5, 8, 2, b"\0"),
    }
    for name, data in contents.items():
        files[name] = folder / f"{name}.jpg"
        files[name].write_bytes(data)
    files["missing"] = folder / "missing.jpg"
    files["a folder"] = folder / "folder.jpg"
    files["a folder"].mkdir()
    return files


def test_what_is_broken_is_named(tmp_path: Path) -> None:
    for name, path in broken_files(tmp_path).items():
        with pytest.raises(ReadError) as caught:
            read_image(path)
        message = str(caught.value)
        assert str(path) in message, name
        assert "\n" not in message, name
        with pytest.raises(ReadError, match=r"\.(jpg|png|tif|webp|bmp|gif): "), io.BytesIO() as target:
            save_upright(path, target)


def test_the_remedy_of_a_bomb_is_to_scale_it_down(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_bytes(60_000, 60_000, 8, 2, b"\0"))
    with pytest.raises(ReadError, match="scale the image down"):
        read_image(path)


def test_a_gigapixel_header_is_not_refused_by_pillows_own_limit(tmp_path: Path) -> None:
    path = tmp_path / "scan.png"
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    Image.fromarray(picture()).save(path, exif=exif)
    content = path.read_bytes()
    header = content[12:16] + struct.pack(">II", 20_000, 20_000) + content[24:29]
    path.write_bytes(content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:])
    with Image.open(path) as image:
        assert image.size == (20_000, 20_000)


def test_a_full_disk_stays_an_os_error(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    save_turned(tmp_path / "a.png", 6)
    with pytest.raises(OSError, match="No space left"):
        save_upright(tmp_path / "a.png", Full())


def test_reading_in_threads_leaves_the_warning_filters_alone(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((300, 300, 3), np.uint8)).save(tmp_path / "a.png")
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: read_image(tmp_path / "a.png"), range(64)))
    assert list(warnings.filters) == before
