"""An image's number names that image for ever: windows, caches and jobs hold on to it."""

from __future__ import annotations

from pathlib import Path

from fbr_engine.project import Project


def number(project: Project, image: str) -> int:
    return project.images.get(image).id


def test_the_number_of_a_removed_image_is_never_given_again(project: Project) -> None:
    project.images.add(["a.jpg", "b.jpg", "c.jpg"])
    gone = number(project, "c.jpg")
    project.images.remove([gone])
    assert project.images.add(["d.jpg"]) == 1
    assert number(project, "d.jpg") > gone
    again = number(project, "d.jpg")
    project.images.remove([again])
    project.images.remove([number(project, "a.jpg")])
    assert project.images.add(["c.jpg", "d.jpg"]) == 2
    assert min(number(project, "c.jpg"), number(project, "d.jpg")) > again
    assert [image.path for image in project.images.iter()] == ["b.jpg", "c.jpg", "d.jpg"]


def test_that_holds_when_the_project_is_opened_again_and_when_all_are_removed(tmp_path: Path, project: Project) -> None:
    project.images.add(["a.jpg", "b.jpg"])
    project.images.remove([1, 2])
    project.close()
    with Project.open(tmp_path / "p.fbr", write=True) as again:
        assert again.images.count() == 0
        again.images.add(["c.jpg"])
        assert [image.id for image in again.images.iter()] == [3]


def test_a_stage_may_find_an_image_broken_that_was_just_removed(project: Project) -> None:
    project.images.add(["a.jpg", "b.jpg"])
    project.images.remove([1])
    project.images.set_problem(1, "truncated")
    assert [image.problem for image in project.images.iter()] == [None]


def test_reviews_are_counted_by_themselves(project: Project) -> None:
    assert project.gallery.review_counts() == {"new": 0, "accepted": 0, "rejected": 0, "all": 0}
    project.images.add(["a.jpg", "b.jpg", "c.jpg"])
    project.images.set_review(2, "accepted")
    counts = project.gallery.review_counts()
    assert counts == {"new": 2, "accepted": 1, "rejected": 0, "all": 3}
    assert counts.items() <= project.gallery.state_counts().items()
