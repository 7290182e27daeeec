from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from gallery_fakes import NotedCells
from pytestqt.qtbot import QtBot

from fbr_studio.widgets.gallery.gallery_view import GalleryView

MakeView = Callable[..., GalleryView]


@pytest.fixture
def make_view(qtbot: QtBot) -> MakeView:
    """Make a shown gallery of ``count`` images whose ids run from 1."""

    def make(count: int = 60, width: int = 900, height: int = 620) -> GalleryView:
        view = GalleryView()
        qtbot.addWidget(view)
        view.resize(width, height)
        view.set_source(NotedCells())
        view.set_ids(np.arange(1, count + 1))
        view.show()
        qtbot.waitExposed(view)
        return view

    return make
