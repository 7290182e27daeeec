from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from fbr_engine.errors import ReadError, WriteError
from fbr_engine.project import FeatureShards, feature_shards


def features(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float16)


def test_features_come_back_from_several_shards(tmp_path: Path) -> None:
    arrays = [features(i, 3 + i, 5, 7) for i in range(10)]
    with FeatureShards(tmp_path / "features", shard_bytes=1000) as shards:
        places = [shards.append(array) for array in arrays]
        assert places[0] == "0:0:3:5:7"
        assert (shards.read(places[3]) == arrays[3]).all()
    assert len(list((tmp_path / "features").iterdir())) > 3
    with FeatureShards(tmp_path / "features") as shards:
        for place, array in zip(places, arrays, strict=True):
            found = shards.read(place)
            assert (found == array).all()
            assert found.dtype == np.float16
            assert not found.flags.writeable


def test_appending_goes_on_behind_what_a_crash_left(tmp_path: Path) -> None:
    with FeatureShards(tmp_path) as shards:
        first = shards.append(features(0, 2, 2, 4))
    with (tmp_path / "00000.f16").open("ab") as file:
        file.write(b"garbage")
    with FeatureShards(tmp_path) as shards:
        second = shards.append(features(1, 2, 2, 4))
        assert (shards.read(first) == features(0, 2, 2, 4)).all()
        assert (shards.read(second) == features(1, 2, 2, 4)).all()
        assert int(second.split(":")[1]) % 64 == 0


def test_a_reader_sees_what_is_appended_later(tmp_path: Path) -> None:
    with FeatureShards(tmp_path) as writer, FeatureShards(tmp_path) as reader:
        for i in range(3):
            place = writer.append(features(i, 4, 4, 8))
            assert (reader.read(place) == features(i, 4, 4, 8)).all()


def test_a_map_larger_than_a_shard_gets_its_own(tmp_path: Path) -> None:
    with FeatureShards(tmp_path, shard_bytes=100) as shards:
        places = [shards.append(features(i, 10, 10, 2)) for i in range(2)]
    assert [place.split(":")[0] for place in places] == ["0", "1"]


def test_a_number_is_never_used_again(tmp_path: Path) -> None:
    with FeatureShards(tmp_path) as reader:
        with FeatureShards(tmp_path, shard_bytes=100) as shards:
            old = [shards.append(features(i, 4, 4, 8)) for i in range(3)]
            assert (reader.read(old[2]) == features(2, 4, 4, 8)).all()
            shards.remove(shards.shards())
            assert shards.shards() == []
        with FeatureShards(tmp_path) as shards:
            new = shards.append(features(3, 4, 4, 8))
            assert (reader.read(new) == features(3, 4, 4, 8)).all()
            assert new.split(":")[0] == "3"
            assert shards.shards() == [3]
    with pytest.raises(ReadError, match=r"00002\.f16 is missing"):
        FeatureShards(tmp_path).read(old[2])


def test_a_new_generation_is_written_beside_the_old_one(tmp_path: Path) -> None:
    with FeatureShards(tmp_path) as shards:
        assert shards.shards() == []
        old = shards.append(features(0, 4, 4, 8))
    with FeatureShards(tmp_path) as shards:
        outdated = shards.shards()
        shards.begin_new_shard()
        new = [shards.append(features(i, 4, 4, 8)) for i in (1, 2)]
        assert [place.split(":")[0] for place in new] == ["1", "1"]
        assert (shards.read(old) == features(0, 4, 4, 8)).all()
        shards.remove(outdated)
        assert shards.shards() == [1]
        new.append(shards.append(features(3, 4, 4, 8)))
        assert new[2].split(":")[0] == "1"
        with pytest.raises(ReadError, match=r"00000\.f16 is missing"):
            shards.read(old)
    with FeatureShards(tmp_path) as shards:
        for i, place in enumerate(new, 1):
            assert (shards.read(place) == features(i, 4, 4, 8)).all()


@pytest.mark.parametrize("counter", [None, b"", b"-3\n", b"\xff", b"0\n"])
def test_numbers_go_on_if_the_counter_is_lost(tmp_path: Path, counter: bytes | None) -> None:
    (tmp_path / "00006.f16").write_bytes(b"older")
    if counter is not None:
        (tmp_path / "next").write_bytes(counter)
    with FeatureShards(tmp_path) as shards:
        shards.remove([6, 8])
        assert shards.append(features(0, 4, 4, 8)).split(":")[0] == "7"
        shards.remove([7])
        assert shards.append(features(0, 4, 4, 8)).split(":")[0] == "8"


def test_a_shard_that_is_held_stays_until_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "is mapped", str(path))

    with FeatureShards(tmp_path) as shards:
        shards.append(features(0, 4, 4, 8))
        shards.begin_new_shard()
        shards.append(features(1, 4, 4, 8))
        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", refuse)
            patch.setattr(feature_shards, "_MAPPED_FILES_STAY", True)
            shards.remove([0])
            assert shards.shards() == [0, 1]
            patch.setattr(feature_shards, "_MAPPED_FILES_STAY", False)
            with pytest.raises(WriteError, match=r"00000\.f16: read-only or no rights"):
                shards.remove([0])
        shards.remove([0])
        assert shards.shards() == [1]


@pytest.mark.parametrize("location", ["", "x", "0:0:1:1", "-1:0:1:1:1", "0:0:1:1:1:1", "../x:0:1:1:1", "0:0:1:1:٣"])
def test_places_that_are_none(tmp_path: Path, location: str) -> None:
    with pytest.raises(ReadError, match="no place in the feature store"):
        FeatureShards(tmp_path).read(location)


def test_a_missing_or_short_shard_is_told(tmp_path: Path) -> None:
    with FeatureShards(tmp_path) as shards:
        place = shards.append(features(0, 4, 4, 8))
    with pytest.raises(ReadError, match=r"00007\.f16 is missing"):
        FeatureShards(tmp_path).read("7" + place[1:])
    with pytest.raises(ReadError, match="ends too early"):
        FeatureShards(tmp_path).read("0:64:4:4:8")
    (tmp_path / "00000.f16").write_bytes(b"")
    with pytest.raises(ReadError, match="missing or empty"):
        FeatureShards(tmp_path).read(place)


@pytest.mark.parametrize("array", [np.zeros((2, 2, 2)), np.zeros((2, 2), np.float16), np.zeros((0, 2, 2), np.float16)])
def test_other_arrays_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(TypeError, match="float16"):
        FeatureShards(tmp_path).append(array)


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits as POSIX has them")
def test_a_write_that_fails_leaves_the_store_good(tmp_path: Path) -> None:
    import resource

    with FeatureShards(tmp_path) as shards:
        first = shards.append(features(0, 4, 4, 8))
        size = (tmp_path / "00000.f16").stat().st_size
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, hard))
        try:
            with pytest.raises(WriteError, match=r"00000\.f16"):
                shards.append(features(1, 40, 40, 8))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (tmp_path / "00000.f16").stat().st_size == size
        second = shards.append(features(2, 4, 4, 8))
        assert (shards.read(first) == features(0, 4, 4, 8)).all()
        assert (shards.read(second) == features(2, 4, 4, 8)).all()
