"""A form for any stage config: it learns the fields, their limits and their help from the dataclass."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fbr_engine.config_fields import StageConfig
from fbr_engine.errors import ConfigError
from fbr_studio.widgets.basics import button, label
from fbr_studio.widgets.forms.editors import Choices, Editor, PathEditor, make_editor
from fbr_studio.widgets.forms.field_row import FieldRow
from fbr_studio.widgets.forms.field_spec import FieldSpec, field_specs
from fbr_studio.widgets.forms.more_fields import MoreFields
from fbr_studio.widgets.theme import GRID


class ConfigForm(QWidget):
    """Plain fields first, the advanced ones under "More". What is wrong stands beside its field.

    A field that changes nothing beside the others (`StageConfig.idle`) is not shown and has its default in `config`;
    what was written there comes back with it.

    ``only`` names the fields shown (the others keep their defaults, or what `set_config` gave), ``first`` those that
    lead. ``paths`` are text fields that may name a file: the words offered beside it, by the field's name.
    """

    changed = Signal()

    def __init__(
        self,
        config_class: type[StageConfig],
        only: Collection[str] | None = None,
        first: Sequence[str] = (),
        paths: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__()
        self._class = config_class
        self._base: dict[str, Any] = config_class().to_json()
        self._rows: dict[str, FieldRow] = {}
        self._quiet = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2 * GRID)
        specs = field_specs(config_class, only, first)
        for spec in specs:
            editor: Editor = PathEditor(spec, paths[spec.name]) if paths and spec.name in paths else make_editor(spec)
            row = FieldRow(spec, editor)
            row.set_value(spec.default)
            row.changed.connect(self._edited)
            self._rows[spec.name] = row
            if not spec.option.advanced:
                self._column.addWidget(row)
        self._more = MoreFields(row for row in self._rows.values() if row.spec.option.advanced)
        self.general = label("", "danger", wrap=True)
        self._column.addWidget(self.general)
        self.general.hide()
        self.more_button = button("", self._unfold, "link", "Show the options that are rarely changed")
        self._column.addWidget(self.more_button)
        self._column.addWidget(self._more)
        self._more.hide()
        self._show_what_counts()

    # --- what stands there

    def config(self) -> StageConfig:
        """Return the config. Raises `ConfigError`, which is also shown beside its field."""
        written = self._written()
        values = {name: value for name, value in written.items() if name not in self._class.idle(written)}
        shown = [row for name, row in self._rows.items() if name not in self._class.idle(written)]
        problems = [f"{row.spec.label}: {found}" for row in shown if (found := row.check())]
        self.general.hide()
        if problems:
            raise ConfigError(problems[0])
        try:
            return self._class.from_json(values)
        except ConfigError as error:
            self._place(error)
            raise

    @property
    def problem(self) -> str:
        """What is wrong at the moment, or nothing."""
        try:
            self.config()
        except ConfigError as error:
            return str(error)
        return ""

    def value(self, name: str) -> Any:
        """Return one field's value. Raises ValueError when it cannot be read, `KeyError` for no field of the form."""
        return self._rows[name].value()

    def row(self, name: str) -> FieldRow:
        """Return the row of one field. Raises `KeyError`."""
        return self._rows[name]

    def specs(self, names: str) -> list[FieldSpec]:
        """Return the fields whose text names something of this kind, such as ``run`` (see `Option`)."""
        return [row.spec for row in self._rows.values() if row.spec.option.names == names]

    @property
    def names(self) -> list[str]:
        """The fields shown, in order."""
        return list(self._rows)

    # --- changes

    def set_config(self, config: StageConfig) -> None:
        """Show a config; `changed` is emitted once."""
        self._base = config.to_json()
        self.set_values({name: getattr(config, name) for name in self._rows})

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Change some fields; `changed` is emitted once. Names that are no field here are kept for `config`."""
        self._quiet = True
        for name, value in values.items():
            if name in self._rows:
                self._rows[name].set_value(value)
            else:
                self._base[name] = value
        self._quiet = False
        self._edited()

    def reset(self) -> None:
        """Go back to the defaults."""
        self.set_config(self._class())

    def set_choices(self, name: str, choices: Choices) -> None:
        """Offer (value, text) pairs for a field, in place of what it offered until now."""
        self._rows[name].replace_editor(make_editor(self._rows[name].spec, choices))

    def show_more(self, shown: bool = True) -> None:
        """Unfold the advanced fields, or fold them."""
        self._more.setVisible(shown)
        self._name_more()

    @property
    def more_shown(self) -> bool:
        """Whether the advanced fields are unfolded."""
        return not self._more.isHidden()

    @property
    def headings(self) -> list[str]:
        """The headings among the advanced fields, in order."""
        return self._more.headings

    def _unfold(self) -> None:
        self.show_more(not self.more_shown)

    def _edited(self) -> None:
        if not self._quiet:
            self._show_what_counts()
            self.problem  # noqa: B018 - shows what several fields mean together
            self.changed.emit()

    def _written(self) -> dict[str, Any]:
        """Return all values, without those that cannot be read."""
        found = dict(self._base)
        for name, row in self._rows.items():
            try:
                found[name] = row.value()
            except ValueError:
                found.pop(name, None)
        return found

    def _show_what_counts(self) -> None:
        written = self._written()
        idle = self._class.idle(written)
        for name, row in self._rows.items():
            row.setVisible(name not in idle)
            if name in idle:
                row.show_problem("")
        self._more.show_parts(self._class.parts(written))
        self._name_more()

    def _name_more(self) -> None:
        self.more_button.setText("Fewer" if self.more_shown else f"More ({self._more.count})")
        self.more_button.setVisible(self._more.count > 0)

    def _place(self, error: ConfigError) -> None:
        """Show an error of several fields beside those it names, or below them all."""
        text = str(error)
        named = [row for name, row in self._rows.items() if name.replace("_", "-") in text and not row.isHidden()]
        for row in named:
            row.show_problem(text)
        if any(row.spec.option.advanced for row in named):
            self.show_more()
        self.general.setText("" if named else text)
        self.general.setVisible(not named)
