"""Curves: plain series, and the plot that follows them."""

from __future__ import annotations

import time

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from fbr_studio.widgets.plots.loss_curves import BEHIND, POINTS, LossCurves
from fbr_studio.widgets.plots.series import Curves, Series, every_nth, from_metrics, marks_to_draw, thinned
from fbr_studio.widgets.plots.series_colours import series_colour
from fbr_studio.widgets.theme import DARK, LIGHT, apply_theme


def grown(count: int) -> Curves:
    curves = Curves()
    for step in range(1, count + 1):
        curves.add(step, {"classification": 1 / step, "nroi": 4 + np.sin(step)})
        if step % 100 == 0:
            curves.end_epoch(step)
    return curves


def test_a_series_grows_and_is_smoothed() -> None:
    series = Series()
    for step in range(1000):
        series.append(step, 1.0 if step % 2 else 3.0)
    assert len(series) == 1000
    assert series.y[:4].tolist() == [3, 1, 3, 1]
    assert series.smooth[0] == 3
    assert abs(series.smooth[-1] - 2) < 0.1
    series.cut(99)
    assert len(series) == 100
    series.append(100, 2.0)
    assert series.x[-1] == 100
    series.cut(-1)
    assert len(series) == 0


def test_a_plot_without_points_says_why_and_goes_from_0_to_1(qtbot: QtBot) -> None:
    plot = LossCurves()
    qtbot.addWidget(plot, before_close_func=lambda _: plot.close_down())
    plot.set_note("Getting ready")
    plot.show()
    plot.show_curves(Curves())
    assert plot.note.isVisible()
    assert np.allclose(plot._plot.viewRange(), [[0, 1], [0, 1]], atol=0.05)
    curves = Curves()
    for step in range(1, 20):
        curves.add(step, {"classification": 0.6 - step / 100})
    plot.show_curves(curves)
    assert not plot.note.isVisible()
    plot.grab()
    assert plot._plot.viewRange()[0][1] > 10
    assert not plot._plot.getAxis("left").autoSIPrefix


def test_thinning_keeps_peaks_and_ends() -> None:
    x = np.arange(100_000, dtype=float)
    y = np.zeros(100_000)
    y[4321] = 9
    y[77_777] = -9
    thin_x, thin_y = thinned(x, y, 1500)
    assert len(thin_x) <= 1500
    assert thin_y.max() == 9
    assert thin_y.min() == -9
    assert thin_x[-1] == 99_999
    assert (np.diff(thin_x) > 0).all()
    assert len(every_nth(x, y, 1500)[0]) <= 1501
    assert thinned(x[:5], y[:5], 1500)[0].tolist() == [0, 1, 2, 3, 4]


def test_curves_of_a_finished_run() -> None:
    rows = [{"epoch": 1, "losses": {"classification": 0.5}}, {"epoch": 2, "losses": {"classification": 0.3, "n": 4}}]
    curves = from_metrics(rows, 59)
    assert curves.terms["classification"].x.tolist() == [59, 118]
    assert curves.terms["n"].x.tolist() == [118]
    assert curves.epochs == [59, 118]
    curves.cut(60)
    assert curves.epochs == [59]


def test_marks_are_never_too_many() -> None:
    assert marks_to_draw([1.0, 2.0], 40) == [1, 2]
    many = marks_to_draw([float(i) for i in range(1000)], 40)
    assert len(many) <= 40
    assert many[-1] == 999


def test_a_long_training_is_drawn_with_few_points_and_fast(qtbot: QtBot) -> None:
    widget = LossCurves()
    qtbot.addWidget(widget)
    widget.resize(600, 300)
    widget.show()
    curves = grown(20_000)
    began = time.perf_counter()
    widget.show_curves(curves)
    assert time.perf_counter() - began < 1.0
    assert widget.point_count == 40_000
    assert 0 < widget.drawn_points <= 2 * (2 * POINTS + 2)


def test_refreshing_often_draws_seldom(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    widget = LossCurves()
    qtbot.addWidget(widget)
    widget.show()
    curves = grown(10)
    widget.show_curves(curves)
    before = widget.drawn_points
    curves.add(11, {"classification": 0.1})
    for _ in range(100):
        widget.refresh()
    assert widget.drawn_points == before
    qtbot.waitUntil(lambda: widget.drawn_points > before, timeout=2000)


def test_the_legend_hides_a_curve_and_tells_the_newest_value(qtbot: QtBot) -> None:
    widget = LossCurves()
    qtbot.addWidget(widget)
    widget.resize(600, 300)
    widget.show()
    widget.show_curves(grown(50))
    assert list(widget.legend.buttons) == ["classification", "nroi"]
    drawn = widget.drawn_points
    qtbot.mouseClick(widget.legend.buttons["nroi"], Qt.MouseButton.LeftButton)
    assert widget.drawn_points < drawn
    widget.show_curves(grown(60))
    assert not widget.legend.is_shown("nroi")


def test_log_scale_bears_zero(qtbot: QtBot) -> None:
    widget = LossCurves()
    qtbot.addWidget(widget)
    widget.show()
    curves = Curves()
    for step, value in enumerate([1.0, 0.0, -1.0, 0.1]):
        curves.add(step, {"a": value})
    widget.show_curves(curves)
    widget.log_button.setChecked(True)
    widget.grab()
    widget.log_button.setChecked(False)


def test_two_runs_and_none(qtbot: QtBot) -> None:
    widget = LossCurves()
    qtbot.addWidget(widget)
    widget.show()
    widget.show_curves(grown(5), grown(7), ("fbr", "cam"))
    assert widget.compared.text() == "Solid: fbr. Dashed: cam."
    widget.show_curves(None)
    assert widget.drawn_points == 0
    assert widget.compared.isHidden()


def test_it_follows_dark_and_light(qtbot: QtBot) -> None:
    widget = LossCurves()
    qtbot.addWidget(widget)
    widget.show()
    widget.show_curves(grown(5))
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    apply_theme(application, "light")
    qtbot.wait(10)
    assert widget._plot.getAxis("bottom").textPen().color() == LIGHT.muted
    apply_theme(application, "dark")
    qtbot.wait(10)
    assert widget._plot.getAxis("bottom").textPen().color() == DARK.muted


def test_colours_differ_by_place() -> None:
    for look in (DARK, LIGHT):
        assert len({series_colour(look, place).name() for place in range(10)}) == 10


def test_the_curve_whose_name_is_pointed_at_stands_out(qtbot: QtBot) -> None:
    plot = LossCurves()
    qtbot.addWidget(plot, before_close_func=lambda _: plot.close_down())
    plot.show()
    plot.show_curves(from_metrics([{"epoch": n, "losses": {"nroi": 1.0, "cross_cam": 2.0}} for n in (1, 2)], 3))

    def strengths() -> dict[str, float]:
        lines = [item for item in plot._drawn if isinstance(item, pg.PlotCurveItem)]
        return dict(zip(plot.legend.buttons, (line.opts["pen"].color().alphaF() for line in lines), strict=True))

    assert strengths() == {"nroi": 1, "cross_cam": 1}
    button = plot.legend.buttons["cross_cam"]
    button.pointed.emit(True)
    assert strengths() == {"nroi": pytest.approx(BEHIND, abs=0.01), "cross_cam": 1}
    assert plot.standing_out == "cross_cam"
    button.setChecked(False)  # a hidden curve cannot stand out
    assert plot.standing_out == ""
    button.setChecked(True)
    button.pointed.emit(False)
    assert strengths() == {"nroi": 1, "cross_cam": 1}
