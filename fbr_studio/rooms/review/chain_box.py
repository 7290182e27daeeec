"""The list of refiners to choose from, made from what the engine has."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from fbr_engine.refinement import useful_chains
from fbr_studio.widgets.elided_combo import ElidedComboBox


class ChainBox(ElidedComboBox):
    """Which refiners fit the mask to the photo, one after the other; an item's data is the engine's text for them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(4, parent)
        self.setAccessibleName("How masks are refined")
        self.setToolTip("What fits the mask to the photo; several work one after the other")
        for chain in useful_chains():
            self._add(chain)

    def show_chain(self, chain: str) -> None:
        """Show these refiners as chosen; a chain that is not among the usual ones joins them."""
        if self.findData(chain) < 0:
            self._add(chain)
        self.setCurrentIndex(self.findData(chain))

    def _add(self, chain: str) -> None:
        self.addItem(chain.replace(",", " + "), chain)
