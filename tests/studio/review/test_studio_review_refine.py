"""How masks are refined: chosen in the panel, remembered, and what happens where a refiner has yet to learn."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np

from fbr_engine.errors import ProjectError
from fbr_engine.refinement import RECOMMENDED, useful_chains
from fbr_engine.stages.pseudo_mask import pseudo_mask
from fbr_studio.rooms.review.live_mask import WHOLE_SIDE


def _choose(bench, chain):
    box = bench.room.panel.threshold.chain
    box.setCurrentIndex(box.findData(chain))
    box.activated.emit(box.currentIndex())


def test_all_useful_chains_are_offered(bench):
    box = bench.room.panel.threshold.chain
    assert tuple(box.itemData(place) for place in range(box.count())) == useful_chains()
    assert box.itemText(box.findData("pamr,crf")) == "pamr + crf"


def test_a_chain_is_chosen_and_remembered(bench):
    desk, box = bench.room.desk, bench.room.panel.threshold
    assert not box.refine.isChecked()
    assert box.chain.currentData() == bench.room.preferences.now.refine == RECOMMENDED
    _choose(bench, "pamr,crf")
    assert (desk.shown.refine, box.refine.isChecked()) == ("pamr,crf", True)
    assert bench.room.preferences.now.refine == "pamr,crf"
    box.refine.click()
    assert (desk.shown.refine, box.chain.currentData()) == ("none", "pamr,crf")
    box.refine.click()
    assert desk.shown.refine == "pamr,crf"
    box.home.click()
    assert (desk.shown.refine, box.chain.currentData()) == ("none", "pamr,crf")


def test_the_chain_of_the_run_is_shown_even_if_it_is_not_a_usual_one(bench):
    box = bench.room.panel.threshold
    bench.project.runs.update(bench.room.desk.run.id, figures={"refine": "crf,pamr"})
    bench.session.runs_changed.emit()
    bench.settle()
    assert (box.refine.isChecked(), box.chain.currentData()) == (True, "crf,pamr")
    box.refine.click()
    assert box.chain.currentData() == "crf,pamr"


def test_chain_and_use_for_all_share_a_row_and_the_classes_keep_theirs(bench):
    bench.room.resize(1280, 690)
    bench.settle()
    panel = bench.room.panel
    box = panel.threshold
    middles = {part.geometry().center().y() // 4 for part in (box.refine, box.chain, box.all_images)}
    assert len(middles) == 1
    for chain in useful_chains():
        box.chain.show_chain(chain)
        assert box.chain.shown_text == box.chain.currentText()
    box.chain.show_chain("crf,pamr,walk")
    assert box.chain.shown_text.endswith("\u2026")
    assert box.all_images.width() >= box.all_images.sizeHint().width()
    assert panel.threshold.width() <= panel.width() - 4 * 8
    assert box.all_images.accessibleName() == "Use for all images"


def test_the_chain_makes_the_masks_of_all_images(bench, monkeypatch):
    submitted = []
    monkeypatch.setattr("fbr_studio.rooms.review.map_jobs.masks_job", lambda *a, **k: submitted.append(a))
    monkeypatch.setattr(bench.runner, "submit", lambda spec, project: None)
    _choose(bench, "crf")
    bench.room.panel.threshold.all_images.click()
    assert submitted[0][2] == "crf"


def test_what_is_not_learnt_yet_is_said_and_the_mask_is_not_refined(bench, monkeypatch):
    from fbr_engine.stages import refine

    def load(project, info, device):
        raise ProjectError(f"run {info.name} has no affinity yet: make its masks (fbr-engine masks --refine walk)")

    module = ModuleType("nothing_learnt")
    module.load = load
    monkeypatch.setitem(sys.modules, "nothing_learnt", module)
    monkeypatch.setitem(refine.LEARNT, "walk", "nothing_learnt")
    asked = []
    monkeypatch.setattr(bench.room.map_jobs, "make_masks", lambda *a: asked.append(a))
    desk, strip = bench.room.desk, bench.room.messages
    desk.set_panel(threshold=0.3)
    _choose(bench, "walk,crf")
    bench.settle()
    assert not strip.isHidden()
    assert f"Run {desk.run.name} has no affinity yet: make its masks" in strip.text
    cam = desk.look.cam(desk.material.tagged)
    assert max(desk.material.photo.size) <= WHOLE_SIDE
    assert np.array_equal(desk.run_mask, pseudo_mask(cam, 0.3, desk.material.photo.size))
    (remedy,) = strip.remedies
    remedy.click()
    assert asked == [(desk.run.name, 0.3, "walk,crf")]
    desk.set_panel(threshold=0.31)
    bench.settle()
    assert not strip.isHidden()
    _choose(bench, "pamr")
    assert strip.isHidden()
