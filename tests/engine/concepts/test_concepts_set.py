from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fbr_engine.concepts.clustering import Atoms, GridImage, Sample, label_image
from fbr_engine.concepts.concept_set import BACKGROUND, NONE, ConceptSet
from fbr_engine.concepts.facts import concept_facts, evenness
from fbr_engine.concepts.names import starter_names
from fbr_engine.concepts.set_builder import SetBuilder
from fbr_engine.concepts.suspicion import layout_of, ranks
from fbr_engine.errors import ReadError

SHEEP, TRAIN = 3, 7
# Features lie along the axes: 0 sheep, 1 grass, 2 train, 3 sky.
ATOMS = Atoms(
    mean=np.zeros(4, np.float32),
    basis=np.eye(4, dtype=np.float32),
    class_ids=np.array([SHEEP, TRAIN], np.int32),
    centroids=np.eye(4, dtype=np.float32)[[0, 1, 2, 1, 3]],
    family=np.array([SHEEP, SHEEP, TRAIN, BACKGROUND, BACKGROUND], np.int32),
    near=np.full(5, 0.9, np.float32),
)


def grid_image(image_id: int, kinds: list[list[int]], cam: list[list[float]], known: tuple[int, int]) -> GridImage:
    plane, sheep = np.array(kinds), np.array(cam, np.float32)
    both = np.stack([sheep * (known[0] == 1), np.where(plane == 2, 1, 0) * (known[1] == 1)]).astype(np.float32)
    nroi = np.where(both.max(axis=0) > 0.4, 255, plane).astype(np.uint8)
    return GridImage(image_id, np.eye(4, dtype=np.float16)[plane], both, nroi, np.array(known, np.int8))


def pasture() -> GridImage:
    return grid_image(5, [[3, 3, 3], [0, 0, 1], [1, 1, 1]], [[0, 0, 0], [1, 0.8, 0.6], [0.5, 0.1, 0.1]], (1, 0))


def track() -> GridImage:
    return grid_image(9, [[3, 2, 3], [3, 2, 1]], [[0, 0, 0], [0, 0, 0]], (0, 1))


def built(*images: GridImage) -> ConceptSet:
    builder = SetBuilder(ATOMS)
    for image in images:
        builder.add(image, label_image(image, ATOMS, 0.5))
    return builder.build("cams-config")


def test_pixels_take_the_nearest_atom_of_their_class_or_their_nrois_of_the_background() -> None:
    concepts = built(pasture(), track())
    plane = concepts.plane(5)
    assert plane is not None
    assert plane.tolist() == [[4, 4, 4], [0, 0, 1], [1, 3, 3]]
    assert concepts.concepts_plane(9).tolist() == [[5, 3, 5], [5, 3, 4]]
    assert concepts.plane(6) is None
    assert concepts.concept_plane(6, 1).shape == (0, 0)


def test_members_count_pixels_fit_and_cams_as_a_loop_does() -> None:
    image, concepts = pasture(), built(pasture(), track())
    for concept_id in concepts.ids():
        for member in concepts.members(concept_id):
            if member.image_id != 5:
                continue
            where = concepts.concept_plane(5, concept_id)
            assert member.pixels == where.sum()
            assert member.fit == pytest.approx(1)
            assert member.cam.get(SHEEP, 0) == pytest.approx(image.cam[0][where].sum(), abs=2e-3)
            assert TRAIN not in member.cam
    assert [m.image_id for m in concepts.members(5)] == [5, 9]
    assert concepts.typical(5, 1) == [9]  # three of six pixels there, three of nine in the other
    assert concepts.exemplars(4, 9)[0].pixels.any()


def test_an_image_without_known_tags_keeps_only_its_nrois() -> None:
    image = dataclasses.replace(track(), known=np.array((-1, -1), np.int8), cam=np.zeros((2, 2, 3), np.float32))
    assert label_image(image, ATOMS, 0.5).labels.tolist() == [[4, NONE, 4], [4, NONE, 3]]


def test_facts_say_share_tags_and_where_it_occurs_without() -> None:
    concepts = built(pasture(), track())
    facts = {c.id: c for c in concept_facts(concepts, {5: {SHEEP: 1, TRAIN: 0}, 9: {SHEEP: 0, TRAIN: 1}})}
    grass, ground = facts[2], facts[4]
    assert (grass.family, grass.pixels, grass.images) == (SHEEP, 2, 1)
    assert grass.share[SHEEP] == pytest.approx(1.1 / 3.1, abs=1e-3)
    assert grass.mean_cam == pytest.approx(0.55, abs=1e-3)
    assert grass.gain == pytest.approx(2 * 0.45, abs=1e-2)
    assert (ground.with_tag[SHEEP], ground.without_tag[SHEEP]) == (1, 1)
    assert ground.share[SHEEP] == pytest.approx(0.2 / 3.1, abs=1e-3)
    assert concepts.elsewhere[1] == 1  # the track, known to have no sheep, shows the same grass
    assert concepts.elsewhere[0] == 0
    assert grass.suspicion[SHEEP] > facts[1].suspicion[SHEEP]
    assert set(grass.suspicion) == {SHEEP}
    assert set(ground.suspicion) == {SHEEP, TRAIN}
    assert all(0 <= v <= 1 for c in facts.values() for v in c.suspicion.values())


def test_the_layout_is_what_a_loop_counts() -> None:
    concepts = built(pasture(), track())
    ids = concepts.ids()
    layout = layout_of(concepts, ids)
    for place, concept_id in enumerate(ids):
        ragged = fringe = border = pixels = 0
        for image_id in (5, 9):
            plane = concepts.concepts_plane(image_id)
            assert plane is not None
            for y, x in zip(*np.nonzero(plane == concept_id), strict=True):
                pixels += 1
                border += y in (0, plane.shape[0] - 1) or x in (0, plane.shape[1] - 1)
                for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                    if 0 <= v < plane.shape[0] and 0 <= u < plane.shape[1] and plane[v, u] != concept_id:
                        ragged += 1
                        fringe += concepts.family_of(int(plane[v, u])) == BACKGROUND
        found = (layout.ragged[place], layout.fringe[place], layout.border[place])
        assert found == pytest.approx((ragged / pixels, fringe / pixels, border / pixels))


def test_ranks_and_evenness() -> None:
    assert ranks(np.array([3.0, 1.0, 3.0, 9.0])).tolist() == [0.5, 0.125, 0.5, 0.875]
    assert evenness(np.array([7])) == 0
    assert evenness(np.array([5, 5, 5])) == pytest.approx(1)
    assert 0 < evenness(np.array([9, 1])) < 0.5


def test_arrays_go_out_and_in_and_wrong_ones_are_refused() -> None:
    concepts = built(pasture(), track())
    again = ConceptSet.from_arrays(concepts.to_arrays())
    assert (again.fingerprint, again.revision) == ("cams-config", 0)
    for name, array in concepts.to_arrays().items():
        np.testing.assert_array_equal(array, again.to_arrays()[name])
    with pytest.raises(ReadError, match="compute them again"):
        ConceptSet.from_arrays(concepts.to_arrays() | {"labels": concepts.labels[:-1]})


def test_a_sample_takes_every_row_as_often_as_any_other() -> None:
    taken = np.zeros(200)
    for seed in range(200):
        sample = Sample(20, np.random.default_rng(seed))
        for part in np.split(np.arange(200, dtype=np.float32)[:, None], 8):
            sample.add(part)
        rows = sample.rows()[:, 0].astype(int)
        assert len(set(rows)) == 20
        taken[rows] += 1
    assert abs(taken[:100].sum() / taken.sum() - 0.5) < 0.03


def test_no_image_at_all_gives_an_empty_set() -> None:
    concepts = built()
    assert concepts.ids() == []
    assert concept_facts(concepts, {}) == []


def test_there_are_starter_names() -> None:
    names = starter_names()
    assert {"grass", "water", "sky", "rails"} <= set(names)
    assert len(names) == len(set(names))
