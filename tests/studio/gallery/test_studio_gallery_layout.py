"""Layout is arithmetic: it agrees with itself for any count and size."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fbr_studio.widgets.gallery.chips import GAP, fit_chips
from fbr_studio.widgets.gallery.id_order import IdOrder
from fbr_studio.widgets.gallery.layout import GalleryLayout
from fbr_studio.widgets.gallery.rubber_band import edge_push

layouts = st.builds(
    GalleryLayout,
    count=st.integers(0, 500),
    cell_width=st.integers(20, 300),
    cell_height=st.integers(20, 300),
    view_width=st.integers(1, 1500),
    view_height=st.integers(1, 900),
    strip=st.booleans(),
)


@given(layouts, st.data())
def test_the_cell_at_a_cells_middle_is_that_cell(layout: GalleryLayout, data: st.DataObject) -> None:
    if not layout.count:
        assert layout.index_at(5, 5) is None
        return
    index = data.draw(st.integers(0, layout.count - 1))
    box = layout.box(index)
    assert layout.index_at(box.x + box.width // 2, box.y + box.height // 2) == index
    assert layout.index_at(box.x, box.y) == index
    assert layout.index_at(box.x + box.width - 1, box.y + box.height - 1) == index
    assert box.x >= 0
    assert box.x + box.width <= layout.width
    assert box.y + box.height <= layout.height


@given(layouts, st.data())
def test_cells_do_not_overlap(layout: GalleryLayout, data: st.DataObject) -> None:
    if layout.count < 2:
        return
    one = data.draw(st.integers(0, layout.count - 1))
    other = data.draw(st.integers(0, layout.count - 1).filter(lambda i: i != one))
    a, b = layout.box(one), layout.box(other)
    apart_x = a.x + a.width <= b.x or b.x + b.width <= a.x
    apart_y = a.y + a.height <= b.y or b.y + b.height <= a.y
    assert apart_x or apart_y


@given(layouts, st.integers(0, 5000), st.integers(0, 500))
def test_the_visible_range_is_what_meets_the_view(layout: GalleryLayout, scroll: int, margin: int) -> None:
    def meets(index: int) -> bool:
        box = layout.box(index)
        start, size, view = (
            (box.x, box.width, layout.view_width) if layout.strip else (box.y, box.height, layout.view_height)
        )
        return start < scroll + view + margin and start + size > scroll - margin

    assert list(layout.visible(scroll, margin)) == [i for i in range(layout.count) if meets(i)]


@given(layouts, st.tuples(*[st.integers(-50, 4000)] * 4))
def test_a_rectangle_touches_what_it_meets(layout: GalleryLayout, corners: tuple[int, int, int, int]) -> None:
    x0, y0, x1, y1 = corners

    def meets(index: int) -> bool:
        x, y, width, height = layout.box(index)
        across = x <= max(x0, x1) and x + width > min(x0, x1)
        return across and y <= max(y0, y1) and y + height > min(y0, y1)

    assert layout.inside(*corners).tolist() == [i for i in range(layout.count) if meets(i)]


@given(layouts.filter(lambda one: one.count > 0), st.data())
def test_steps_stay_inside_and_reveal_shows_them(layout: GalleryLayout, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, layout.count - 1))
    step = data.draw(st.sampled_from(["left", "right", "up", "down", "home", "end", "page_up", "page_down"]))
    target = layout.step(index, step)
    assert 0 <= target < layout.count
    scroll = layout.scroll_to(target, data.draw(st.integers(0, layout.scroll_end)))
    assert 0 <= scroll <= layout.scroll_end
    assert target in layout.visible(scroll)


def test_spare_width_is_shared_between_columns() -> None:
    layout = GalleryLayout(10, 100, 120, 350, 400)
    assert layout.columns == 3
    assert [layout.box(i).x for i in range(3)] == [8, 124, 240]
    assert layout.index_at(3, 10) is None
    assert layout.step(8, "down") == 9
    assert layout.step(9, "down") == 9
    assert layout.step(0, "up") == 0


def test_a_strip_is_one_row() -> None:
    layout = GalleryLayout(1000, 100, 120, 350, 120, strip=True)
    assert (layout.columns, layout.rows, layout.width) == (1000, 1, 100_000)
    assert layout.visible(250) == range(2, 6)
    assert layout.step(5, "page_down") == 8


@given(st.lists(st.integers(-(2**40), 2**40), unique=True, max_size=60), st.lists(st.integers(-50, 50), max_size=20))
def test_the_way_back_from_an_id(ids: list[int], asked: list[int]) -> None:
    order = IdOrder(ids)
    assert order.places(asked).tolist() == [ids.index(id) if id in ids else -1 for id in asked]
    assert order.present(set(asked)) == [id for id in ids if id in asked]


def test_the_nearest_survivor_is_the_next_one_or_the_last_before() -> None:
    order = IdOrder([5, 3, 9, 7])
    assert order.nearest_survivor(1, IdOrder([7, 5])) == 7
    assert order.nearest_survivor(3, IdOrder([5, 3])) == 3
    assert order.nearest_survivor(0, IdOrder(np.array([1]))) is None


@given(st.lists(st.integers(10, 90), min_size=1, max_size=8), st.integers(10, 400))
def test_chips_that_are_shown_fit(widths: list[int], available: int) -> None:
    rest = 14
    shown = fit_chips(widths, available, rest)
    assert 1 <= shown <= len(widths)
    used = sum(widths[:shown]) + GAP * (shown - 1)
    if shown == len(widths) > 1:
        assert used <= available
    elif shown > 1:
        assert used + GAP + rest <= available


def test_a_rectangle_scrolls_only_beyond_the_edges() -> None:
    assert edge_push(50, 100) == 0
    assert edge_push(-20, 100) == -10
    assert edge_push(120, 100) == 10
    assert edge_push(900, 100) == 80
