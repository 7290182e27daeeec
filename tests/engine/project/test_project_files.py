from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbr_engine.errors import ProjectError, ReadError, WriteError
from fbr_engine.project import (
    encode_path,
    file_systems,
    free_space_check,
    load_arrays,
    load_json,
    load_mask,
    map_path,
    save_arrays,
    save_json,
    save_mask,
)


def test_maps_mirror_the_images() -> None:
    assert map_path("fbr", "sub/a.jpg", "masks", "png") == "runs/fbr/masks/sub/a.jpg.png"
    assert map_path("fbr", "50% off.jpg", "cams", ".npz") == "runs/fbr/cams/50% off.jpg.npz"
    assert map_path("fbr", encode_path("\udcff.jpg"), "cams", "npz") == "runs/fbr/cams/%25FF.jpg.npz"
    assert map_path("fbr", 'd./a:b?"<>|*\\.jpg', "cams", "npz") == (
        "runs/fbr/cams/d%2E/a%3Ab%3F%22%3C%3E%7C%2A%5C.jpg.npz"
    )


def test_maps_of_very_long_names_fit(tmp_path: Path) -> None:
    places = [map_path("fbr", "ü" * 120 + ending, "masks", "png") for ending in ("a.jpg", "b.jpg", "c.jpg")]
    assert len(set(places)) == 3
    for place in places:
        assert len(place.rsplit("/", 1)[1].encode()) < 220
        save_json(tmp_path / place, {})


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_images_never_share_a_map(one: str, other: str) -> None:
    try:
        places = map_path("r", one, "masks", "png"), map_path("r", other, "masks", "png")
    except (ProjectError, UnicodeEncodeError):
        return
    assert (places[0] == places[1]) == (one == other)


def test_maps_stay_inside_the_project() -> None:
    with pytest.raises(ProjectError):
        map_path("fbr", "../../x", "masks", "png")
    for kind, suffix in (("../x", "png"), ("masks", "a/b"), ("", "png")):
        with pytest.raises(ValueError, match="no kind or suffix"):
            map_path("fbr", "a.jpg", kind, suffix)


def test_arrays_come_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.npz"
    arrays = {"cam": np.random.rand(3, 4, 5).astype(np.float16), "file": np.arange(3), "empty": np.zeros((0, 2))}
    save_arrays(path, **arrays)
    back = load_arrays(path)
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert (back[name] == array).all()
    assert [p.name for p in path.parent.iterdir()] == ["a.npz"]
    first = path.read_bytes()
    save_arrays(path, **arrays)
    assert path.read_bytes() == first


def test_pickled_objects_are_neither_written_nor_read(tmp_path: Path) -> None:
    objects = np.array([{}, []], dtype=object)
    with pytest.raises(TypeError, match="pickle"):
        save_arrays(tmp_path / "a.npz", x=objects)
    np.savez(tmp_path / "b.npz", x=objects)
    with pytest.raises(ReadError, match=r"b\.npz is broken"):
        load_arrays(tmp_path / "b.npz")


def test_broken_arrays_name_the_file_and_the_remedy(tmp_path: Path) -> None:
    good = tmp_path / "good.npz"
    save_arrays(good, x=np.arange(1000))
    data = good.read_bytes()
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 0xFF
    for number, broken in enumerate((b"", b"\0" * 100, data[:-30], data[: len(data) // 2], bytes(flipped))):
        path = tmp_path / f"{number}.npz"
        path.write_bytes(broken)
        with pytest.raises(ReadError, match=rf"{number}\.npz .*delete it and run again"):
            load_arrays(path)
    np.save(tmp_path / "plain.npy", np.arange(3))
    with pytest.raises(ReadError, match="no named arrays"):
        load_arrays(tmp_path / "plain.npy")
    with pytest.raises(ReadError, match="is missing"):
        load_arrays(tmp_path / "none.npz")
    with pytest.raises(ReadError):
        load_arrays(tmp_path)


def test_masks_come_back(tmp_path: Path) -> None:
    mask = np.random.default_rng(0).integers(0, 256, (5, 7), dtype=np.uint8)
    save_mask(tmp_path / "sub" / "m.png", mask)
    assert (load_mask(tmp_path / "sub" / "m.png") == mask).all()


def test_json_comes_back(tmp_path: Path) -> None:
    save_json(tmp_path / "a" / "config.json", {"ä": [1, None, "x"]})
    assert load_json(tmp_path / "a" / "config.json") == {"ä": [1, None, "x"]}
    for text in ("", "{", "[1]", "[" * 100_000):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(ReadError, match=r"bad\.json"):
            load_json(tmp_path / "bad.json")
    with pytest.raises(ReadError, match="is missing"):
        load_json(tmp_path / "none.json")


def test_writing_below_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for save in (
        lambda: save_json(tmp_path / "file" / "a.json", {}),
        lambda: save_arrays(tmp_path / "file" / "a.npz", x=np.zeros(1)),
    ):
        with pytest.raises(WriteError, match="file"):
            save()


def test_too_little_room_is_told_before(tmp_path: Path) -> None:
    free_space_check(tmp_path / "not" / "yet", 1000)
    with pytest.raises(WriteError, match=r"out needs about 1e\+06 TB but its drive has .* left: free some space"):
        free_space_check(tmp_path / "out", 10**18)


def test_network_drives_are_known_by_their_longest_mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def mounts(fstype: str) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(mountpoint=str(tmp_path / "net"), fstype=fstype, opts="rw"),
            SimpleNamespace(mountpoint=tmp_path.anchor, fstype="ext4", opts="rw"),
        ]

    monkeypatch.setattr("psutil.disk_partitions", lambda all: mounts("nfs4"))
    assert file_systems.is_on_network(tmp_path / "net" / "p")
    assert not file_systems.is_on_network(tmp_path / "network")
    monkeypatch.setattr("psutil.disk_partitions", lambda all: mounts("xfs"))
    assert not file_systems.is_on_network(tmp_path / "net")
