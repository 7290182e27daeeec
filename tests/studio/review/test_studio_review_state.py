"""The plain parts: what is shown, what is read, what is kept in memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fbr_engine.stages.stored_cams import StoredMaps
from fbr_studio.drawing.journal import Journal
from fbr_studio.drawing.mask_document import MaskDocument
from fbr_studio.rooms.review.cam_values import heat, histogram, nroi_labels
from fbr_studio.rooms.review.kept_mask import KeptMask, KeptMasks
from fbr_studio.rooms.review.painting import RADII, Painter, next_radius
from fbr_studio.rooms.review.part_cache import PartCache
from fbr_studio.rooms.review.readout import as_html, as_text, read_pixel
from fbr_studio.rooms.review.viewer_state import PanelFacts, SessionFacts, next_cam_class, resolve

FACTS = SessionFacts(1, "fbr", "cam", (3, 5, 7), frozenset({5}), False, 0.4, "pamr")


def test_comparing_needs_two_runs():
    panel = PanelFacts(mode="curtain")
    assert resolve(FACTS, panel).mode == "curtain"
    assert resolve(replace(FACTS, compare=None), panel).mode == "single"
    assert resolve(replace(FACTS, compare="fbr"), panel).mode == "single"


def test_mine_covers_the_runs_mask():
    shown = resolve(replace(FACTS, mine=True), PanelFacts())
    assert shown.layer("mine").visible
    assert not shown.layer("mask").visible
    hidden = resolve(replace(FACTS, mine=True), PanelFacts().with_layer("mine", visible=False))
    assert hidden.layer("mask").visible
    assert not resolve(FACTS, PanelFacts()).layer("mine").visible


def test_solo_shows_one_layer_alone():
    shown = resolve(FACTS, PanelFacts(solo="cam"))
    assert [name for name, layer in shown.layers if layer.visible] == ["cam"]
    assert resolve(FACTS, PanelFacts(solo="mine")).layer("image").visible


def test_the_brush_takes_a_tagged_class_until_one_is_chosen():
    assert resolve(FACTS, PanelFacts()).brush_class == 5
    assert resolve(FACTS, PanelFacts(brush_class=7, brush_image=1)).brush_class == 7
    assert resolve(FACTS, PanelFacts(brush_class=99)).brush_class == 5
    assert resolve(replace(FACTS, tagged=frozenset()), PanelFacts()).brush_class == 3


def test_the_stored_mask_shows_while_nothing_differs_from_the_run():
    assert resolve(FACTS, PanelFacts()).threshold is None
    assert resolve(FACTS, PanelFacts(threshold=0.4)).threshold is None
    assert resolve(FACTS, PanelFacts(threshold=0.41)).threshold == 0.41
    assert resolve(FACTS, PanelFacts(refine="none")).threshold == 0.4


def test_cams_in_turn():
    assert next_cam_class(FACTS, None) == 5
    assert next_cam_class(FACTS, 5) is None
    assert next_cam_class(replace(FACTS, tagged=frozenset()), 3) == 5


def _maps():
    cam = np.zeros((2, 3, 3), np.uint8)
    cam[0, 0, 0] = 255
    cam[1, 2, 2] = 128
    nroi = np.array([[0, 255], [1, 1]], np.uint8)
    ones = np.ones(2, np.float32)
    return StoredMaps(cam, np.array([3, 5], np.int32), ones, ones, nroi, np.array([1, 2], np.int32), (30, 30))


def test_heat_of_one_class_and_of_the_tagged_ones():
    maps = _maps()
    assert heat(maps, 3, frozenset()).max() == 255
    assert heat(maps, None, frozenset({5})).max() == 128
    assert heat(maps, None, frozenset()).max() == 255
    assert heat(maps, 9, frozenset()) is None
    assert abs(histogram(maps, frozenset({5})).sum() - 1) < 1e-9


def test_nroi_labels_count_from_one():
    assert nroi_labels(_maps()).tolist() == [[1, 0], [2, 2]]


def test_readout():
    labels = np.zeros((30, 30), np.uint8)
    labels[0, 0] = 3
    names = {3: "sheep <b>", 5: "boat"}
    found = read_pixel(0, 0, (30, 30), names=names, tagged=frozenset({5}), maps=_maps(), labels=labels)
    assert (found.label, found.source, found.nroi) == ("sheep <b>", "run", 1)
    assert [(s.name, round(s.value, 2)) for s in found.scores] == [("boat", 0.0), ("sheep <b>", 1.0)]
    assert "sheep &lt;b&gt;" in as_html(found, "#888888")
    assert as_text(found) == "x 0 y 0 px, sheep <b> (run), boat 0%, sheep <b> 100%, NROI 1"
    assert read_pixel(30, 0, (30, 30), names=names) is None
    assert read_pixel(29, 0, (30, 30), names=names, maps=_maps()).nroi is None


def test_the_cache_forgets_what_was_used_longest_ago_and_what_came_too_late():
    cache = PartCache(limit_bytes=100)
    for image in range(4):
        cache.put((image, "photo", 0), image + 10, 40, cache.ticket)
    assert [cache.get((i, "photo", 0)) for i in range(4)] == [None, None, 12, 13]
    before = cache.ticket
    cache.drop([2])
    cache.put((2, "photo", 0), 99, 1, before)
    assert cache.get((2, "photo", 0)) is None
    assert cache.get((3, "photo", 0)) == 13


def test_painter_cancels_to_the_start():
    document = MaskDocument(np.zeros((40, 40), np.uint8))
    painter = Painter()
    assert painter.begin(document, (5, 5), 3.0, 2, erase=False, line=False)
    painter.move((30, 30))
    assert painter.active
    painter.cancel()
    assert not document.classes.any()
    assert not document.dirty
    assert painter.end() is None


def test_masks_of_the_last_images_are_kept_and_none_that_is_not_saved_goes(tmp_path):
    kept = KeptMasks(most=2)
    for image in range(4):
        document = MaskDocument(np.zeros((8, 8), np.uint8))
        document.dirty = image == 0
        kept.put(KeptMask(image, str(image), document, Journal(tmp_path / str(image)), fresh=True))
    assert [image for image in range(4) if kept.get(image)] == [0, 3]
    assert [found.image for found in kept.dirty()] == [0]
    small = KeptMasks(most_bytes=200)
    for image in range(3):
        document = MaskDocument(np.zeros((8, 8), np.uint8))
        small.put(KeptMask(image, str(image), document, Journal(tmp_path / str(image)), fresh=True))
    assert [image for image in range(3) if small.get(image)] == [2]


def test_radii_go_up_and_down():
    assert next_radius(8.0, 1) == 12.0
    assert next_radius(RADII[0], -1) == RADII[0]
    assert next_radius(RADII[-1], 1) == RADII[-1]
