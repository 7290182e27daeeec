"""Forms made from configs: any field of any config, problems beside the field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from fbr_engine.config import BACKBONES, METHODS, CamsConfig, ExportConfig, MasksConfig, TrainConfig
from fbr_engine.config_fields import StageConfig, option
from fbr_engine.errors import ConfigError
from fbr_engine.stage_table import STAGES
from fbr_studio.widgets.forms.config_form import ConfigForm
from fbr_studio.widgets.forms.editors import CheckEditor, ChoiceEditor, LineEditor, PathEditor, WholeEditor, WordEditor
from fbr_studio.widgets.forms.field_spec import field_specs, plain_words


@dataclass(frozen=True)
class NewKind(StageConfig):
    """A stage nobody has thought of yet."""

    host: str = option("seam", "a host of tomorrow", choices=("seam", "ppc"))
    weight_new: float = option(0.5, "weight of a loss of tomorrow", low=0, high=1)
    on: bool = option(True, "a switch", advanced=True)
    sizes: tuple[int, ...] = option((1, 2), "several numbers", low=1)


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_every_config_round_trips(stage: str, qtbot: QtBot) -> None:
    config_class = STAGES[stage].config
    form = ConfigForm(config_class)
    qtbot.addWidget(form)
    assert form.config() == config_class()
    assert set(form.names) == {f.name for f in fields(config_class)}


def test_a_config_of_tomorrow_needs_no_code(qtbot: QtBot) -> None:
    form = ConfigForm(NewKind)
    qtbot.addWidget(form)
    assert isinstance(form.row("host").editor, ChoiceEditor)
    form.set_config(NewKind(host="ppc", weight_new=0.25, on=False, sizes=(3,)))
    assert form.config() == NewKind(host="ppc", weight_new=0.25, on=False, sizes=(3,))


def test_each_kind_has_its_editor(qtbot: QtBot) -> None:
    form = ConfigForm(TrainConfig, paths={"weights": ("imagenet", "none")})
    qtbot.addWidget(form)
    kinds = {name: type(form.row(name).editor) for name in form.names}
    assert kinds["method"] is ChoiceEditor
    assert kinds["backbone"] is WordEditor
    assert kinds["weights"] is PathEditor
    assert kinds["epochs"] is WholeEditor
    assert kinds["seed"] is LineEditor  # larger than a spin box can hold
    assert kinds["lr_head"] is LineEditor
    assert kinds["freeze_batchnorm"] is CheckEditor
    assert form.row("crop").editor.box.suffix() == " px"


def test_plain_fields_come_first_and_the_rest_unfolds(qtbot: QtBot) -> None:
    form = ConfigForm(TrainConfig, first=("epochs", "method"))
    qtbot.addWidget(form)
    form.show()
    assert form.names[:2] == ["epochs", "method"]
    assert not form.row("bank").isVisible()
    qtbot.mouseClick(form.more_button, Qt.MouseButton.LeftButton)
    assert form.row("bank").isVisible()
    assert form.more_button.text() == "Fewer"
    assert form.row("epochs").note.text() == "Times every image is seen."


def test_only_some_fields_and_the_others_keep_what_was_given(qtbot: QtBot) -> None:
    form = ConfigForm(TrainConfig, only=("epochs",))
    qtbot.addWidget(form)
    form.set_config(TrainConfig(epochs=3, batch=5))
    assert form.names == ["epochs"]
    assert form.config() == TrainConfig(epochs=3, batch=5)


@pytest.mark.parametrize(("text", "value"), [("1e-4", 1e-4), ("0,002", 0.002), (" 1 ", 1.0)])
def test_numbers_as_people_write_them(qtbot: QtBot, text: str, value: float) -> None:
    form = ConfigForm(TrainConfig)
    qtbot.addWidget(form)
    form.row("lr_head").editor.line.setText(text)
    config = form.config()
    assert isinstance(config, TrainConfig)
    assert config.lr_head == value


@pytest.mark.parametrize(
    ("text", "says"), [("fast", "Write a number"), ("3", "at most 1"), ("nan", "finite"), ("", "")]
)
def test_what_is_wrong_stands_beside_its_field(qtbot: QtBot, text: str, says: str) -> None:
    form = ConfigForm(TrainConfig)
    qtbot.addWidget(form)
    with qtbot.waitSignal(form.changed):
        form.row("lr_head").editor.line.setText(text)
    assert says in form.row("lr_head").note.text()
    assert form.row("lr_head").problem
    assert form.row("lr_encoder").problem == ""
    with pytest.raises(ConfigError):
        form.config()
    form.row("lr_head").editor.line.setText("0.01")
    assert form.problem == ""
    assert form.row("lr_head").note.text().startswith("Highest learning rate")


def test_what_several_fields_mean_together(qtbot: QtBot) -> None:
    form = ConfigForm(TrainConfig)
    qtbot.addWidget(form)
    form.set_values({"scale_low": 3.0})
    assert "above" in form.row("scale_low").note.text()
    assert "above" in form.row("scale_high").note.text()
    assert form.more_shown
    masks = ConfigForm(MasksConfig)
    qtbot.addWidget(masks)
    masks.set_values({"threshold": "much"})
    assert "between 0 and 1" in masks.row("threshold").note.text()
    cams = ConfigForm(CamsConfig)
    qtbot.addWidget(cams)
    cams.set_values({"scales": ()})
    assert "scales is empty" in cams.row("scales").note.text()


def test_changed_comes_once_for_a_whole_config(qtbot: QtBot) -> None:
    form = ConfigForm(ExportConfig)
    qtbot.addWidget(form)
    heard: list[int] = []
    form.changed.connect(lambda: heard.append(1))
    form.set_config(ExportConfig(out="/data", copy_images=True, min_area=9))
    assert heard == [1]
    form.reset()
    assert form.config() == ExportConfig()


def test_choices_of_the_project_replace_free_text(qtbot: QtBot) -> None:
    form = ConfigForm(TrainConfig)
    qtbot.addWidget(form)
    form.set_choices("split", [("", "all images"), ("train", "train (12 images)")])
    form.row("split").editor.box.setCurrentIndex(1)
    assert form.value("split") == "train"
    form.set_values({"split": "gone"})
    assert form.value("split") == "gone"


def test_one_of_the_choices_or_the_name_of_a_function(qtbot: QtBot) -> None:
    form = ConfigForm(TrainConfig)
    qtbot.addWidget(form)
    box = form.row("backbone").editor.box
    assert [box.itemText(i) for i in range(box.count())] == list(BACKBONES)
    box.setCurrentIndex(box.findText("resnet34"))
    assert form.value("backbone") == "resnet34"
    box.setEditText("my_nets")
    assert form.row("backbone").problem.endswith("or package.module:function.")
    box.setEditText("my_nets:small")
    assert form.row("backbone").problem == form.row("weights").problem
    assert "give none" in form.row("weights").note.text()
    form.set_values({"weights": "none"})
    assert form.problem == ""
    assert form.config() == TrainConfig(backbone="my_nets:small", weights="none")


def test_the_wheel_scrolls_and_changes_nothing(qtbot: QtBot) -> None:
    form = ConfigForm(TrainConfig)
    qtbot.addWidget(form)
    form.show()
    box = form.row("epochs").editor.box
    form.row("method").editor.box.setFocus()
    before = box.value()
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, 0),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(box, event)
    assert box.value() == before


def test_words_for_names() -> None:
    assert plain_words("lr_encoder") == "Learning rate encoder"
    assert plain_words("nrois") == "NROIs"
    assert all(spec.label[0].isupper() for spec in field_specs(TrainConfig))


def test_a_field_that_names_a_folder_looks_for_one(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    form = ConfigForm(TrainConfig)
    qtbot.addWidget(form)
    editor = form.row("saliency").editor
    assert isinstance(editor, PathEditor)
    assert "choose a folder" in editor.button.toolTip()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/some/maps")
    assert editor.browse()
    assert form.value("saliency") == "/some/maps"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    assert not editor.browse()
    assert form.value("saliency") == "/some/maps"


def test_fields_are_found_by_what_they_name(qtbot: QtBot) -> None:
    form = ConfigForm(TrainConfig)
    qtbot.addWidget(form)
    assert [spec.name for spec in form.specs("run")] == ["seeds_from", "start_from"]
    assert [spec.name for spec in form.specs("folder")] == ["saliency"]


# --- fields that change nothing


@dataclass(frozen=True)
class Parted(StageConfig):
    """A stage whose fields count with parts that nobody has thought of yet."""

    kind: str = option("plain", "which one", choices=("plain", "new", "newer"))
    source: str = option("", "what new ones read", only_with=("new",))
    always: int = option(1, "counts always", low=0, high=9, advanced=True)
    weight_new: float = option(0.5, "only with the new ones", low=0, high=1, advanced=True, only_with=("new", "newer"))
    later: int = option(2, "counts always", low=0, high=9, advanced=True)
    weight_newer: float = option(0.5, "only with the newer one", low=0, high=1, advanced=True, only_with=("newer",))

    @classmethod
    def parts(cls, values: Mapping[str, Any]) -> frozenset[str]:
        return frozenset([str(values.get("kind", ""))])

    def check(self) -> None:
        if self.source and self.kind != "new":
            raise ConfigError("source is given but only new reads it")


def shown(form: ConfigForm) -> list[str]:
    return [name for name in form.names if not form.row(name).isHidden()]


def test_fields_that_change_nothing_are_not_shown_and_need_no_code(qtbot: QtBot) -> None:
    form = ConfigForm(Parted)
    qtbot.addWidget(form)
    assert form.names == ["kind", "source", "always", "later", "weight_new", "weight_newer"]
    assert shown(form) == ["kind", "always", "later"]
    assert (form.headings, form.more_button.text()) == ([], "More (2)")
    form.set_values({"kind": "new"})
    assert shown(form) == ["kind", "source", "always", "later", "weight_new"]
    assert (form.headings, form.more_button.text()) == (["With new"], "More (3)")
    form.row("kind").editor.box.setCurrentIndex(2)
    assert shown(form) == ["kind", "always", "later", "weight_new", "weight_newer"]
    assert form.headings == ["With newer"]  # once, over both
    form.show_more()
    assert form.more_button.text() == "Fewer"


def test_what_is_not_shown_is_neither_asked_nor_lost(qtbot: QtBot) -> None:
    form = ConfigForm(Parted)
    qtbot.addWidget(form)
    form.set_values({"kind": "new", "source": "here"})
    form.row("weight_new").editor.line.setText("much")
    assert form.problem
    form.set_values({"kind": "plain"})
    assert form.problem == ""
    assert form.config() == Parted()
    form.set_values({"kind": "new"})
    assert form.value("source") == "here"
    assert form.row("weight_new").problem == "Write a number, such as 0.5 or 1e-4."
    form.row("weight_new").editor.line.setText("0.25")
    assert form.config() == Parted(kind="new", source="here", weight_new=0.25)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_a_form_that_says_what_it_learns_from(method: str, qtbot: QtBot) -> None:
    form = ConfigForm(TrainConfig)
    qtbot.addWidget(form)
    form.set_values({"method": method})
    config = form.config()
    assert isinstance(config, TrainConfig)
    assert ("seeds_from" in shown(form)) == config.learns_from_masks
    assert ("bank" in shown(form)) == config.fbr
    assert ("second_view" in shown(form)) == (config.host in ("seam", "ppc"))
    assert "weight_saliency" not in shown(form)
    assert ("With FBR" in form.headings) == config.fbr
    form.set_values({"saliency": "/maps"})
    assert "weight_saliency" in shown(form)
    assert form.headings[-1] == "With saliency"


def test_masks_for_a_host_that_needs_none_are_left_out(qtbot: QtBot) -> None:
    form = ConfigForm(TrainConfig)
    qtbot.addWidget(form)
    form.set_values({"method": "amn", "seeds_from": "fbr"})
    assert form.config() == TrainConfig(method="amn", seeds_from="fbr")
    form.set_values({"method": "cam"})
    assert form.config() == TrainConfig(method="cam")


def test_a_narrow_choice_ends_in_dots_and_opens_wide(qtbot: QtBot) -> None:
    form = ConfigForm(TrainConfig)
    qtbot.addWidget(form)
    name = "a run whose name is much longer than the box"
    form.set_choices("split", [("", "all"), (name, name)])
    form.set_values({"split": name})
    form.resize(280, 800)
    form.show()
    box = form.row("split").editor.box
    assert box.shown_text.endswith("\u2026")
    assert name.startswith(box.shown_text[:-1])
    assert box.currentText() == name
    box.showPopup()
    assert box.view().minimumWidth() > box.fontMetrics().horizontalAdvance(name)
    box.hidePopup()
    form.set_values({"split": ""})
    assert box.shown_text == "all"
