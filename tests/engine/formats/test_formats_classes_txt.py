from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fbr_engine.errors import ReadError
from fbr_engine.formats.classes_txt import load_classes_txt, save_classes_txt
from fbr_engine.formats.voc import VOC_CLASSES


def load(folder: Path, text: str | bytes) -> dict[int, str]:
    path = folder / "classes.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_classes_txt(path)


def test_voc_classes_round_trip_in_our_form(tmp_path: Path) -> None:
    path = tmp_path / "classes.txt"
    save_classes_txt(path, VOC_CLASSES)
    assert len(VOC_CLASSES) == 21
    assert path.read_text().startswith("0 background\n1 aeroplane\n")
    assert path.read_text().endswith("20 tvmonitor\n")
    assert load_classes_txt(path) == VOC_CLASSES


@pytest.mark.parametrize(
    "text",
    [
        "0 background\n7 traffic light\n",
        "0: background\n7: traffic light",
        "0,background\r\n7,traffic light\r\n",
        "\ufeff# comment\n\n 0\tbackground \n#\n  7 :  traffic light",
        "007 , traffic light\r0 background",
    ],
)
def test_forms_with_values(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text) == {0: "background", 7: "traffic light"}


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("background\ncat\n\n# x\nbig dog\n", {0: "background", 1: "cat", 2: "big dog"}),
        ("_background_\ncat", {0: "_background_", 1: "cat"}),
        ("__ignore__\n_background_\ncat", {0: "_background_", 1: "cat"}),
        ("cat\nbackground", {1: "cat", 2: "background"}),
        ("3dprinter\nÄpfel", {1: "3dprinter", 2: "Äpfel"}),
        ("a\u2028b\x0bc\nd", {1: "a\u2028b\x0bc", 2: "d"}),
    ],
)
def test_plain_names_count_lines(tmp_path: Path, text: str, classes: dict[int, str]) -> None:
    assert load(tmp_path, text) == classes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 background\n\n0 cat", "line 3: value 0 is already in line 1"),
        ("0 cat\n1 cat", "line 2: class 'cat' is already in line 1"),
        ("cat\ncat", "line 2: class 'cat' is already in line 1"),
        ("0 a\n256 b", "line 2: a class value is 0 to 255"),
        ("-1 a", "line 1: a class value is 0 to 255"),
        ("9" * 5000 + " a", "line 1: a class value is 0 to 255"),
        ("0 a\ncat", "line 2: 'cat' is not 'VALUE NAME'"),
        ("0 a\n5", "line 2: '5' is not 'VALUE NAME'"),
        ("0 a\n5:", "line 2: '5:' is not"),
        ("cat\n3 dog", "line 2: '3 dog' begins with a value, line 1 does not"),
        ("\n".join(f"n{i}" for i in range(300)), "line 256: a class value is 0 to 255"),
        ("# nothing\n\n", "lists no class"),
        (b"0 background\n1 K\xe4fer", "line 2: this is not UTF-8 text: save it as UTF-8"),
        ("0 background".encode("utf-16"), "UTF-16"),
        (b"0 a\n1 b\0", "line 2: a zero byte"),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(ReadError) as caught:
        load(tmp_path, text)
    assert words in str(caught.value)
    assert str(tmp_path / "classes.txt") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="does not exist"):
        load_classes_txt(tmp_path / "classes.txt")


@pytest.mark.parametrize(
    "classes", [{256: "a"}, {-1: "a"}, {0: ""}, {0: " a"}, {0: "a\nb"}, {0: ":a"}, {0: "a", 1: "a"}]
)
def test_what_cannot_be_written_is_refused(tmp_path: Path, classes: dict[int, str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        save_classes_txt(tmp_path / "classes.txt", classes)
    assert not (tmp_path / "classes.txt").exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(st.dictionaries(st.integers(0, 255), st.text(min_size=1), min_size=1))
def test_what_can_be_written_is_read_back(tmp_path: Path, classes: dict[int, str]) -> None:
    path = tmp_path / "classes.txt"
    try:
        save_classes_txt(path, classes)
    except ValueError:
        return
    assert load_classes_txt(path) == classes
