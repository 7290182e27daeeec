from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

import pytest

from fbr_engine.errors import ProjectError
from fbr_engine.project import Project
from fbr_engine.project.schema import MIGRATIONS, VERSION, migrate, version_of


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        yield made


def content(connection: sqlite3.Connection) -> list[str]:
    return list(connection.iterdump())


def add_column(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE image ADD COLUMN stars INTEGER")
    connection.execute("UPDATE image SET stars = 3")


def fail(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM image")
    connection.execute("CREATE TABLE half_made (id INTEGER)")
    raise RuntimeError("the power went")


def test_an_empty_file_becomes_the_newest_schema(connection: sqlite3.Connection) -> None:
    assert version_of(connection) == 0
    assert migrate(connection)
    assert version_of(connection) == VERSION == 3
    assert not migrate(connection)


def test_a_later_migration_keeps_what_is_there(connection: sqlite3.Connection) -> None:
    migrate(connection)
    connection.execute("INSERT INTO image (path) VALUES ('a.jpg')")
    assert migrate(connection, (*MIGRATIONS, add_column))
    assert version_of(connection) == VERSION + 1
    assert connection.execute("SELECT path, stars FROM image").fetchall() == [("a.jpg", 3)]


def test_a_migration_that_fails_changes_nothing(connection: sqlite3.Connection) -> None:
    migrate(connection)
    connection.execute("INSERT INTO image (path) VALUES ('a.jpg')")
    before = content(connection)
    with pytest.raises(RuntimeError):
        migrate(connection, (*MIGRATIONS, add_column, fail))
    assert content(connection) == before
    assert version_of(connection) == VERSION
    assert not connection.in_transaction


def test_a_project_of_version_1_opens_and_keeps_what_it_holds(project: Project) -> None:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as old:
        migrate(old, MIGRATIONS[:1])
        old.execute("INSERT INTO image (path, review) VALUES ('a.jpg', 'accepted')")
        old.execute("INSERT INTO class (name, position, learnt) VALUES ('cat', 0, 1)")
        old.execute("INSERT INTO tag VALUES (1, 1, 1, 0)")
        old.execute("INSERT INTO setting VALUES ('images', '../images')")
        project.close()
        path = project.folder / "project.sqlite"
        for ending in ("", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(path)) as file:
            old.backup(file)
    with pytest.raises(ProjectError, match=r"older version \(schema 1\): open it for writing once"):
        Project.open(project.folder)
    with Project.open(project.folder, write=True) as opened:
        assert opened.images.get("a.jpg").review == "accepted"
        assert opened.tags.of(1) == {1: 1}
        assert opened.person_masks.count() == 0
        assert opened.gallery.state_counts()["accepted"] == 1
        run = opened.runs.create("r", "cam", {})
        for kind in ("cams", "masks"):
            opened.maps.record(run.id, 1, kind, "f", "x")
        opened.maps.record(run.id, 1, "cams", "f", "x")
        assert opened.maps.get(run.id, 1, "masks") is None  # new CAMs outdate a mask as before
    with Project.open(project.folder) as reader:
        assert reader.images.count() == 1
