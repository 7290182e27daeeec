from __future__ import annotations

import numpy as np
import pytest

from fbr_engine.errors import ProjectError
from fbr_engine.project import ABSENT, PRESENT, UNKNOWN, Project


@pytest.fixture
def tagged(project: Project) -> Project:
    project.images.add(["a.jpg", "b.jpg", "c.jpg"], "train")
    project.images.add(["d.jpg"], "val")
    project.classes.add(["cat", "dog"])
    project.classes.add(["grass"], learnt=False)
    project.tags.set_many([(1, 1, PRESENT), (1, 2, ABSENT), (2, 1, 0), (2, 2, 0), (3, 3, 1), (4, 2, 1)], "import")
    return project


def test_a_tag_is_present_absent_or_unknown(tagged: Project) -> None:
    tags = tagged.tags
    assert tags.of(1) == {1: 1, 2: 0}
    tags.set(1, 2, PRESENT)
    tags.set(1, 1, None)
    assert tags.of(1) == {2: 1}
    tags.set(1, 2, UNKNOWN)
    assert tags.of(1) == {}
    tags.set_many([(1, 1, 1), (1, 1, None), (1, 1, 0)])
    assert tags.of(1) == {1: 0}


def test_the_matrix_follows_the_order_asked_for(tagged: Project) -> None:
    found = tagged.tags.matrix([4, 1, 99, 1, 3], [2, 1])
    assert found.dtype == np.int8
    assert found.tolist() == [[1, -1], [0, 1], [-1, -1], [0, 1], [-1, -1]]
    assert tagged.tags.matrix([], [1, 2]).shape == (0, 2)
    assert tagged.tags.matrix([1, 2], []).shape == (2, 0)


def test_a_large_matrix_equals_one_made_slowly(project: Project) -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(-1, 2, (12_000, 3)).astype(np.int8)
    project.images.add(f"{i}.jpg" for i in range(len(truth)))
    project.classes.add(["a", "b", "c"])
    rows = ((i + 1, c + 1, int(truth[i, c])) for i in range(len(truth)) for c in range(3))
    project.tags.set_many(rows, "import")
    order = rng.permutation(len(truth))
    assert (project.tags.matrix(order + 1, [1, 2, 3]) == truth[order]).all()


def test_counts_add_up(tagged: Project) -> None:
    assert tagged.tags.counts() == {1: (1, 1, 2), 2: (1, 2, 1), 3: (1, 0, 3)}
    assert tagged.tags.counts("train") == {1: (1, 1, 1), 2: (0, 2, 1), 3: (1, 0, 2)}


def test_images_nobody_tagged_with_a_learnt_class_do_not_train(tagged: Project) -> None:
    assert [image_id for image_id, *_ in tagged.tags.tagged_images()] == [1, 2, 4]
    assert [i.path for i in tagged.tags.tagged_images("train")] == ["a.jpg", "b.jpg"]
    tagged.images.set_problem(1, "truncated")
    assert [i.id for i in tagged.tags.tagged_images()] == [2, 4]
    assert [i.id for i in tagged.tags.tagged_images(with_problems=True)] == [1, 2, 4]
    assert (tagged.tags.count_tagged(), tagged.tags.count_tagged("train", with_problems=True)) == (2, 2)


def test_what_a_person_said_can_be_kept(tagged: Project) -> None:
    tagged.tags.set(1, 1, ABSENT)
    tagged.tags.set_many([(1, 1, 1), (1, 2, 1)], "import", keep_person=True)
    assert tagged.tags.of(1) == {1: 0, 2: 1}
    tagged.tags.set_many([(1, 1, None), (1, 2, None)], "import", keep_person=True)
    assert tagged.tags.of(1) == {1: 0}


def test_tags_of_nothing_are_refused_whole(tagged: Project) -> None:
    for row in ((99, 1, 1), (1, 99, 1), (1, 1, 2)):
        with pytest.raises(ProjectError):
            tagged.tags.set_many([(3, 1, 1), row])
    assert tagged.tags.of(3) == {3: 1}
    with pytest.raises(KeyError):
        tagged.tags.set(1, 1, 1, source="rumour")
