from __future__ import annotations

from collections import Counter

from fbr_engine.scenes.names import CLASSES
from fbr_engine.scenes.plan import ALONE, ELSEWHERE, OWN, SETTING, plan_scene


def test_every_block_holds_each_class_in_the_same_proportions() -> None:
    for first in (0, 80, 240):
        plans = [plan_scene(3, index) for index in range(first, first + 80)]
        assert Counter((p.subject, p.case) for p in plans) == {
            (name, case): count for name in CLASSES for case, count in ((OWN, 15), (ALONE, 3), (ELSEWHERE, 2))
        }


def test_plans_depend_on_seed_and_index_alone() -> None:
    assert [plan_scene(1, i) for i in range(90)] == [plan_scene(1, i) for i in range(90)]
    assert [plan_scene(1, i) for i in range(90)] != [plan_scene(2, i) for i in range(90)]


def test_objects_stand_at_home_or_elsewhere_as_planned() -> None:
    for plan in (plan_scene(0, index) for index in range(160)):
        at_home = plan.setting == SETTING[plan.subject]
        assert at_home == (plan.case != ELSEWHERE)
        assert (plan.count == 0) == (plan.case == ALONE)
        assert plan.companion is None or plan.case == OWN


def test_scenes_hold_one_to_three_objects_and_sometimes_company() -> None:
    plans = [plan_scene(0, index) for index in range(240)]
    assert {p.count for p in plans} == {0, 1, 2, 3}
    assert {p.companion for p in plans} == {None, "bird", "sheep"}
