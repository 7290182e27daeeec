from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fbr_engine.errors import ReadError
from fbr_engine.formats.tags_csv import TagRow, TagTable, clean_image_path, load_tags_csv, save_tags_csv


def load(folder: Path, text: str | bytes) -> TagTable:
    path = folder / "tags.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_tags_csv(path)


def test_plain_table(tmp_path: Path) -> None:
    table = load(tmp_path, "image,split,tags\na.png,train,cat dog\nsub/b.png,val,\nc.png,,cat\n")
    assert table == TagTable(
        [
            TagRow("a.png", "train", ("cat", "dog"), 2),
            TagRow("sub/b.png", "val", (), 3),
            TagRow("c.png", None, ("cat",), 4),
        ],
        has_split=True,
    )


@pytest.mark.parametrize(
    "text",
    [
        "image,tags\na.png,cat dog\n",
        "\ufeffimage,tags\r\na.png,cat dog\r\n",
        "Tags , note,IMAGE\r  cat   dog ,x y,a.png\r",
        'image,tags\n"a.png","cat;dog;;"',
        "image,tags,\n\n,,\n.\\a.png,cat ; dog ; cat,\n",
        "tags,image\ncat;dog, ././/a.png\n",
    ],
)
def test_variants_say_the_same(tmp_path: Path, text: str) -> None:
    table = load(tmp_path, text)
    assert [(row.image, row.split, row.tags) for row in table.rows] == [("a.png", None, ("cat", "dog"))]
    assert not table.has_split


def test_semicolon_in_one_cell_decides_for_the_file(tmp_path: Path) -> None:
    table = load(tmp_path, "image,tags\na.png,traffic light\nb.png,cat; traffic light\n")
    assert [row.tags for row in table.rows] == [("traffic light",), ("cat", "traffic light")]
    table = load(tmp_path, "image,note,tags\na.png,x;y,traffic light\n")
    assert table.rows[0].tags == ("traffic", "light")


def test_backslashes_become_slashes(tmp_path: Path) -> None:
    assert load(tmp_path, "image,tags\n.\\sub\\b.png,x\n").rows[0].image == "sub/b.png"


def test_the_same_image_twice_has_all_tags(tmp_path: Path) -> None:
    table = load(tmp_path, "image,split,tags\na.png,train,cat\nb.png,val,\n./a.png,train,dog cat\n")
    assert table.rows[0] == TagRow("a.png", "train", ("cat", "dog"), 2)
    assert len(table.rows) == 2


def test_lines_count_what_an_editor_shows(tmp_path: Path) -> None:
    table = load(tmp_path, 'image,note,tags\n\na.png,"two\nlines",cat\nb.png,,dog\n')
    assert [row.line for row in table.rows] == [3, 5]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty: the first line must be"),
        ("\n\n", "is empty"),
        ("a.png,cat\n", "has no column image and tags, only 'a.png', 'cat'"),
        ("image,split\na.png,x\n", "has no column tags, only 'image', 'split'"),
        ("image;split;tags\n", "separated by commas"),
        ("image,tags,tags\n", "2 columns tags"),
        (
            "image,split,tags\na.png,train\n",
            "line 2: 2 cells where the first line has 3: is the file",
        ),
        ("image,tags\na.png,cat,dog\n", "line 2: 3 cells where the first line has 2: separate tags by ';'"),
        ("image,tags\n/a.png,cat\n", "line 2: '/a.png' is no path inside the image folder"),
        ("image,tags\nC:\\a.png,cat\n", "is no path inside"),
        ("image,tags\nsub/../../a.png,cat\n", "is no path inside"),
        ("image,tags\n,cat\n", "line 2: '' is no path"),
        (
            "image,split,tags\na.png,train,x\n\na.png,val,x\n",
            "lines 2 and 4: 'a.png' is in two splits",
        ),
        (
            "image,split,tags\na.png,train,x\na.png,,x\n",
            "in two splits (train, none)",
        ),
        ('image,tags\na.png,cat\nb.png,"dog', "line 3: no valid CSV from here on"),
        ('image,tags\na.png,"cat"x\n', "line 2: no valid CSV"),
        ("image,tags\na.png," + "x" * 200_000, "line 2: no valid CSV"),
        (
            b"image,tags\r\na.png,cat\r\nK\xe4fer.png,cat\r\n",
            "line 3: this is not UTF-8 text: save it",
        ),
        ("image,tags\n".encode("utf-16"), "is UTF-16"),
        ("image,tags\n".encode("utf-16-be"), "line 1: a zero byte"),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(ReadError) as caught:
        load(tmp_path, text)
    assert words in str(caught.value)
    assert str(tmp_path / "tags.csv") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", ["", " ", ".", "..", "a/..", "/a", "\\\\host\\a", "c:/a", "C:a", "a/.. /b", "..."])
def test_paths_that_leave_the_folder(path: str) -> None:
    assert clean_image_path(path) is None


def test_saved_text(tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    save_tags_csv(path, [TagRow("a.png", "train", ("boat", "bird")), TagRow("b,c.png", "val", ())])
    assert path.read_text() == 'image,split,tags\na.png,train,boat bird\n"b,c.png",val,\n'
    save_tags_csv(path, [TagRow("a.png", None, ("traffic light",))])
    assert path.read_text() == "image,tags\na.png,traffic light;\n"


@pytest.mark.parametrize(
    "rows",
    [
        [TagRow("../a.png", None, ())],
        [TagRow("a.png", None, ()), TagRow("a.png", None, ("x",))],
        [TagRow("a.png", "", ())],
        [TagRow("a.png", None, ("a;b",))],
        [TagRow("a.png", None, (" a",))],
        [TagRow("a.png", None, ("a", "a"))],
        [TagRow("a.png", None, ("",))],
        [TagRow("a.png", None, ("a\rb",))],
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path: Path, rows: list[TagRow]) -> None:
    with pytest.raises(ValueError, match=r"."):
        save_tags_csv(tmp_path / "tags.csv", rows)
    assert not (tmp_path / "tags.csv").exists()


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
table_rows = st.builds(TagRow, texts, st.none() | texts, st.lists(texts, unique=True, max_size=3).map(tuple))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(st.lists(table_rows, min_size=1, max_size=4))
def test_what_can_be_written_is_read_back(tmp_path: Path, rows: list[TagRow]) -> None:
    path = tmp_path / "tags.csv"
    try:
        save_tags_csv(path, rows)
    except ValueError:
        return
    loaded = load_tags_csv(path).rows
    assert [(r.image, r.split, r.tags) for r in loaded] == [(r.image, r.split, r.tags) for r in rows]
