"""CAMs are verified by regions of the training set, mined once for a checkpoint, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from workplace import TRAIN, Engine, Workplace, run_until

from fbr_engine.config import DRAWN_ODDS, CamsConfig
from fbr_engine.data.augment import training_side
from fbr_engine.data.tensors import resize_for_network, to_batch
from fbr_engine.errors import ProjectError
from fbr_engine.events import Event, FileWritten, ImageSkipped, Notice, Progress, Result, Started
from fbr_engine.networks.checkpoints import load_checkpoint, save_checkpoint
from fbr_engine.networks.region_bank import RegionBank
from fbr_engine.project import Project
from fbr_engine.stages import infer_cams, region_limits
from fbr_engine.stages.broken_images import read_or_reason
from fbr_engine.stages.cam_inference import CamInference
from fbr_engine.stages.feature_basis import load_basis
from fbr_engine.stages.photos import Photo, image_tags, photos
from fbr_engine.stages.region_sources import chosen_rows
from fbr_engine.stages.regions import FILE
from fbr_engine.stages.run_files import checkpoint_path, file_digest
from fbr_engine.stages.run_network import load_run_network
from fbr_engine.stages.stored_cams import KIND

CPU = torch.device("cpu")
CROP = 97
SEED = 5
Arrays = dict[str, np.ndarray]


@dataclass
class Made:
    """What one pass of stage ``cams`` said and wrote: arrays by image."""

    events: list[Event]
    maps: dict[str, Arrays] = field(default_factory=dict)

    @property
    def stages(self) -> list[str]:
        return [event.stage for event in self.events if isinstance(event, Started)]

    def cams(self, name: str = "cam") -> list[list[Any]]:
        return [arrays[name].tolist() for _, arrays in sorted(self.maps.items())]


def config(**changes: Any) -> CamsConfig:
    return CamsConfig(**({"scales": (0.5,), "device": "cpu", "precision": "fp32", "features": False} | changes))


def cams(project: Project, name: str = "fbr", **changes: Any) -> Made:
    """Make all CAMs anew."""
    info = project.runs.get(name)
    project.maps.forget(info.id, KIND)
    made = Made(list(infer_cams.run(project, config(**changes), name)))
    for event in made.events:
        if isinstance(event, FileWritten):
            with np.load(project.folder / event.path) as arrays:
                made.maps[event.image] = dict(arrays)
    return made


def change_checkpoint(project: Project, name: str = "fbr", **changes: Any) -> None:
    path = checkpoint_path(project, project.runs.get(name))
    tensors, facts = load_checkpoint(path)
    save_checkpoint(path, tensors, facts | {"config": facts["config"] | changes})
    info = project.runs.get(name)
    project.runs.update(info.id, config=info.config | changes)


def bank_file(project: Project, name: str = "fbr") -> Path:
    return project.runs.folder(name) / FILE


def bank_of(project: Project, name: str = "fbr") -> RegionBank:
    return RegionBank(**load_checkpoint(bank_file(project, name))[0])


@pytest.fixture(scope="module")
def large_once(trained_once: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """The trained project, its photos now read so large that a CAM holds regions; none mined of this checkpoint."""
    place = trained_once.copy(tmp_path_factory.mktemp("large") / "w")
    with place.open(write=True) as project:
        change_checkpoint(project, crop=CROP, scale_low=0.8, scale_high=1.25)
        path = checkpoint_path(project, project.runs.get("fbr"))
        tensors, facts = load_checkpoint(path)
        # A head that is sure of itself everywhere, which no training of two epochs makes.
        head = tensors["network.head.weight"]
        tensors["network.head.weight"] = torch.randn(head.shape, generator=torch.Generator().manual_seed(SEED))
        save_checkpoint(path, tensors, facts)
        bank_file(project).unlink(missing_ok=True)
    return place


@pytest.fixture
def project(large_once: Workplace, tmp_path: Path) -> Iterator[Project]:
    with large_once.copy(tmp_path / "w").open(write=True) as opened:
        yield opened


def leftovers(project: Project) -> list[Path]:
    return Workplace(project.folder).leftovers()


def test_regions_are_mined_once_for_a_checkpoint(project: Project) -> None:
    first = cams(project)
    assert first.stages == ["regions", "cams"]
    progress = [e for e in first.events if isinstance(e, Progress) and e.stage == "regions"]
    assert [e.done for e in progress] == list(range(1, 21))  # ten images for the space, the same for the regions
    assert {e.total for e in progress} == {20}
    bank, written = bank_of(project), bank_file(project).read_bytes()
    assert bank.known.any()
    torch.testing.assert_close(bank.nrois.norm(dim=1), torch.ones(len(bank.nrois)))
    assert (bank.foreground_class.sum(dim=1) == 1).all()

    second = cams(project)
    assert second.stages == ["cams"]
    assert second.cams() == first.cams()
    assert bank_file(project).read_bytes() == written
    assert next(iter(infer_cams.run(project, config(), "fbr"))) == Started(KIND, 10, "images", "fbr", 10)

    change_checkpoint(project, seed=7)
    assert cams(project).stages == ["regions", "cams"]
    facts = load_checkpoint(bank_file(project))[1]
    assert facts["checkpoint"] == file_digest(checkpoint_path(project, project.runs.get("fbr")))


def test_the_same_regions_come_out_every_time_whatever_others_draw(project: Project) -> None:
    cams(project)
    first = bank_file(project).read_bytes()
    bank_file(project).unlink()
    torch.rand(7)
    cams(project)
    assert bank_file(project).read_bytes() == first


def test_without_verification_the_cam_is_the_networks_own(project: Project) -> None:
    made = cams(project, verify=False)
    assert made.stages == ["cams"]
    assert not bank_file(project).exists()
    info = project.runs.get("fbr")
    run = load_run_network(project, info, CPU)
    digest = file_digest(checkpoint_path(project, info))
    basis = load_basis(project.runs.folder("fbr") / "features" / "basis.safetensors", digest)
    assert basis is not None
    inference = CamInference(run, config(), basis, CPU)
    for image, photo in photos(project, project.images.iter(), training_side(CROP)):
        assert isinstance(photo, Photo)
        maps = inference(photo.pixels, image_tags(project, image, run.class_ids), image.id)
        np.testing.assert_array_equal(made.maps[image.path]["cam"], maps.cam)
        np.testing.assert_array_equal(made.maps[image.path]["nroi_labels"], maps.nroi_labels)


def test_verification_changes_the_cams_but_neither_peaks_nor_logits(project: Project) -> None:
    verified, with_it = cams(project), project.maps.fingerprints(project.runs.get("fbr").id, KIND)
    plain, without = cams(project, verify=False), project.maps.fingerprints(project.runs.get("fbr").id, KIND)
    assert set(with_it).isdisjoint(without)
    known = bank_of(project).known.numpy()
    for name, arrays in plain.maps.items():
        np.testing.assert_array_equal(verified.maps[name]["peak"], arrays["peak"])
        np.testing.assert_array_equal(verified.maps[name]["logits"], arrays["logits"])
        np.testing.assert_array_equal(verified.maps[name]["nroi_labels"], arrays["nroi_labels"])
        np.testing.assert_array_equal(verified.maps[name]["cam"][~known], arrays["cam"][~known])
        assert verified.maps[name]["cam"].max(axis=(1, 2))[known].tolist() == [255] * known.sum()
    changed = np.concatenate([verified.maps[n]["cam"][known] != a["cam"][known] for n, a in plain.maps.items()], axis=1)
    assert changed.mean() > 0.5


def test_views_much_smaller_than_the_mined_ones_are_not_read_out(project: Project) -> None:
    both, large, small = (cams(project, scales=scales) for scales in ((1.0, 0.5), (1.0,), (0.5,)))
    known = bank_of(project).known.numpy()
    assert 0 < known.sum() < len(known)
    for name, arrays in both.maps.items():
        np.testing.assert_array_equal(large.maps[name]["cam"][known], arrays["cam"][known])
        assert small.maps[name]["cam"][known].any()
    assert any((large.maps[n]["cam"][~known] != a["cam"][~known]).any() for n, a in both.maps.items())


def test_a_class_without_regions_keeps_its_own_cam(project: Project) -> None:
    plain = cams(project, verify=False, scales=(1.0, 0.5))
    cams(project)
    tensors, facts = load_checkpoint(bank_file(project))
    index = int(bank_of(project).known.nonzero()[0])
    tensors["foreground_class"][:, index] = 0
    save_checkpoint(bank_file(project), tensors, facts)
    verified = cams(project, scales=(1.0, 0.5))
    for name, arrays in plain.maps.items():
        np.testing.assert_array_equal(verified.maps[name]["cam"][index], arrays["cam"][index])


@pytest.mark.parametrize("changes", [{"form": "paper"}, {"method": "cam"}])
def test_the_paper_s_form_and_plain_hosts_are_not_verified(project: Project, changes: dict[str, str]) -> None:
    change_checkpoint(project, **changes)
    made = cams(project)
    assert made.stages == ["cams"]
    assert not bank_file(project).exists()
    assert made.cams() == cams(project, verify=False).cams()


def test_without_confident_foreground_all_cams_stay(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = cams(project, verify=False)
    monkeypatch.setattr(region_limits, "FOREGROUND", 2.0)
    assert cams(project).cams() == plain.cams()
    bank = bank_of(project)
    assert bank.foreground.shape[0] == 0
    assert len(bank.nrois) > 0
    bank_file(project).unlink()
    monkeypatch.setattr(region_limits, "SMALLEST", 10**6)
    assert cams(project).cams() == plain.cams()
    assert bank_of(project).nrois.shape[0] == 0


def test_a_class_that_every_image_shows_has_negatives_all_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(region_limits, "BACKGROUND", 0.6)
    monkeypatch.setattr(region_limits, "SMALLEST", 2)
    project.tags.set_many([(image.id, 2, 1) for image in project.images.iter()])
    made = cams(project)
    assert isinstance(made.events[-1], Result)
    assert len(made.maps) == 10
    bank = bank_of(project)
    assert len(bank.nrois) > 0
    assert bank.negative[:, 1].all()
    assert bank.known[1]


def test_a_project_of_one_class(drawn: Workplace, engine: Engine) -> None:
    tags = drawn.root / "one.csv"
    images = sorted(path.name for path in drawn.images.iterdir())
    rows = [f"{name},train,{'thing' if number % 2 else ''}" for number, name in enumerate(images)]
    tags.write_text("\n".join(["image,split,tags", *rows]) + "\n")
    place = Workplace(drawn.root / "one")
    assert engine("new", place.project, "--images", drawn.images, "--tags", tags).status == 0
    assert engine("train", place.project, *TRAIN, "--method", "cam+fbr", "--epochs", "1").status == 0
    with place.open(write=True) as project:
        change_checkpoint(project, project.runs.all()[0].name, crop=CROP)
        name = project.runs.all()[0].name
        made = cams(project, name)
        assert made.stages == ["regions", "cams"]
        assert len(made.maps) == 10
        bank = bank_of(project, name)
        safe = bank.negative[:, 0].sum()
        assert bank.negative.shape == (len(bank.nrois), 1)
        assert safe > 0


def test_broken_photos_are_left_out_and_counted(project: Project) -> None:
    cams(project)
    whole = len(bank_of(project).nrois)
    bank_file(project).unlink()
    broken = next(iter(project.images.iter()))
    project.image_path(broken.path).write_bytes(b"no image")
    made = cams(project)
    last = [e for e in made.events if isinstance(e, Progress) and e.stage == "regions"][-1]
    assert (last.done, last.total) == (20, 20)
    assert [e.image for e in made.events if isinstance(e, ImageSkipped)] == [broken.path]
    assert whole - 8 <= len(bank_of(project).nrois) < whole


def test_regions_of_photos_out_of_reach_are_not_kept(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("fbr_engine.stages.photos.read_or_reason", lambda path: "not there")
        with pytest.raises(ProjectError, match="none of the images can be read"):
            cams(project)
    assert not bank_file(project).exists()
    assert cams(project).stages == ["regions", "cams"]


def notices(events: list[Event]) -> list[Notice]:
    return [event for event in events if isinstance(event, Notice)]


def test_regions_of_few_photos_are_not_kept_and_their_cams_made_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    away, names = True, sorted(image.path for image in project.images.iter())

    def read(path: Path) -> Any:
        return "not there" if away and path.name in names[:3] else read_or_reason(path)

    monkeypatch.setattr("fbr_engine.stages.photos.read_or_reason", read)
    project.maps.forget(project.runs.get("fbr").id, KIND)
    events = []
    for event in infer_cams.run(project, config(), "fbr"):
        away = away and not (isinstance(event, Started) and event.stage == KIND)
        events.append(event)
    assert "mined from 7 of 10 training images" in notices(events)[0].message
    assert "put the images back" in notices(events)[0].remedy
    assert events[-1].to_json()["computed"] == 10
    assert not bank_file(project).exists()
    again = Made(list(infer_cams.run(project, config(), "fbr")))
    assert again.stages == ["regions", "cams"]
    assert again.events[-1].to_json()["computed"] == 10
    assert "mined from" not in str(notices(again.events))
    assert bank_file(project).exists()
    assert next(iter(infer_cams.run(project, config(), "fbr"))) == Started(KIND, 10, "images", "fbr", 10)


def test_classes_that_the_regions_do_not_know_are_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for made in (cams(project), cams(project)):  # mined, and read from the file
        names = {c.id: c.name for c in project.classes.all()}
        ids = project.runs.get("fbr").figures["class_ids"]
        known = bank_of(project).known.tolist()
        assert 0 < sum(known) < len(known)
        unknown = ", ".join(names[c] for c, is_known in zip(ids, known, strict=True) if not is_known)
        assert [f"do not know {unknown}:" in n.message and n.remedy != "" for n in notices(made.events)] == [True]
    monkeypatch.setattr(region_limits, "FOREGROUND", 2.0)
    bank_file(project).unlink()
    assert ["know no class" in n.message for n in notices(cams(project).events)] == [True]
    assert notices(cams(project, verify=False).events) == []


def test_a_corrected_tag_does_not_cost_the_cams_of_all_images(project: Project) -> None:
    cams(project)
    bank, image = bank_file(project).read_bytes(), next(iter(project.images.iter()))
    project.tags.set(image.id, 1, 1 - project.tags.of(image.id).get(1, 0))
    made = Made(list(infer_cams.run(project, config(), "fbr")))
    assert (made.stages, made.events[-1].to_json()["computed"]) == (["cams"], 0)
    assert bank_file(project).read_bytes() == bank


def test_what_is_recorded_as_verified_is(project: Project) -> None:
    info = project.runs.get("fbr")
    plain = cams(project, verify=False)
    project.runs.update(info.id, config=info.config | {"form": "paper"})
    made = cams(project)
    assert (made.stages, made.cams()) == (["cams"], plain.cams())
    assert "verified" not in project.maps.fingerprints(info.id, KIND)[0]


def test_the_scale_of_a_verified_cam_is_its_highest_posterior(project: Project) -> None:
    verified, plain = cams(project), cams(project, verify=False)
    known = bank_of(project).known.numpy()
    for name, arrays in verified.maps.items():
        assert ((arrays["scale"][known] > 0) & (arrays["scale"][known] <= 1)).all()
        np.testing.assert_array_equal(arrays["scale"][~known], arrays["peak"][~known])
        np.testing.assert_array_equal(plain.maps[name]["scale"], plain.maps[name]["peak"])
    info = project.runs.get("fbr")
    run, regions = load_run_network(project, info, CPU), bank_of(project)
    image, photo = next(photos(project, project.images.iter(), training_side(CROP)))
    assert isinstance(photo, Photo)
    batch = to_batch(
        resize_for_network(photo.pixels, 0.5 * training_side(CROP) / max(photo.pixels.shape[:2]))[None], CPU
    )
    views = torch.cat([batch, batch.flip(3)])
    with torch.inference_mode():
        p = regions.posterior(run.infer(views, torch.ones(2, 4)).features, DRAWN_ODDS)
        upright = torch.nn.functional.interpolate(
            (p[:1] + p[1:].flip(3)) / 2, verified.maps[image.path]["cam"].shape[1:], mode="bilinear", align_corners=True
        )
    scale = upright.amax(dim=(0, 2, 3)).numpy()
    np.testing.assert_allclose(verified.maps[image.path]["scale"][known], scale[known], rtol=1e-3)


def test_what_is_looked_at_comes_right_after_mining(project: Project) -> None:
    wanted = project.images.get("val_0003.png")
    project.maps.forget(project.runs.get("fbr").id, KIND)
    events = list(infer_cams.run(project, config(), "fbr", lambda: [wanted.id]))
    assert Made(events).stages == ["regions", "cams"]
    assert next(e.image for e in events if isinstance(e, FileWritten)) == wanted.path


def test_tags_that_have_gone_leave_the_plain_cam(project: Project) -> None:
    plain = cams(project, verify=False)
    project.tags.set_many([(i.id, c, None) for i in project.images.iter() for c in range(1, 5)])
    made = cams(project)
    assert made.stages == ["cams"]
    assert made.cams() == plain.cams()
    assert not bank_file(project).exists()


def test_a_broken_file_is_mined_anew(project: Project) -> None:
    cams(project)
    whole = bank_file(project).read_bytes()
    tensors, facts = load_checkpoint(bank_file(project))
    save_checkpoint(bank_file(project), {"other": tensors["mean"]}, facts)
    for _ in range(2):
        assert cams(project).stages == ["regions", "cams"]
        assert bank_file(project).read_bytes() == whole
        bank_file(project).write_bytes(b"no tensors")


@pytest.mark.parametrize("done", [3, 20])
def test_closing_while_mining_leaves_nothing(project: Project, done: int) -> None:
    info = project.runs.get("fbr")
    project.maps.forget(info.id, KIND)

    def last(event: Event) -> bool:
        # Whoever listens is not in the network's inference mode.
        assert not torch.is_inference_mode_enabled()
        return isinstance(event, Progress) and event.stage == "regions" and event.done == done

    run_until(infer_cams.run(project, config(), "fbr"), last)
    assert not bank_file(project).exists()
    assert leftovers(project) == []
    assert project.maps.count_done(info.id, KIND) == 0


def test_all_rows_are_chosen_when_there_are_few() -> None:
    tags = np.zeros((7, 3), dtype=np.int8)
    assert chosen_rows(tags, 7).tolist() == list(range(7))
    assert chosen_rows(tags[:0], 7).tolist() == []


@pytest.mark.parametrize("seed", range(4))
def test_rare_classes_are_among_the_chosen_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tags = (rng.random((5000, 20)) < 0.1).astype(np.int8)
    tags[:, 0] = 0
    tags[rng.choice(5000, 12, replace=False), 0] = 1
    tags[:, 1] = -1
    rows = chosen_rows(tags, 1200)
    assert (np.diff(rows) > 0).all()
    assert 0 <= rows[0] <= rows[-1] < 5000
    assert 700 < len(rows) <= 1200
    assert (tags[rows, 0] == 1).sum() == 12
    assert ((tags[rows] == 1).sum(axis=0)[2:] >= 57).all()  # 1200 / 21
    assert np.diff(rows).max() < 5000 / 57 * 1.5  # no stretch is left out


def test_more_classes_than_rows_get_one_row_each() -> None:
    tags = np.eye(30, dtype=np.int8).repeat(3, axis=0)
    rows = chosen_rows(tags, 10)
    assert len(rows) <= 31
    assert (tags[rows] == 1).any(axis=0).all()
