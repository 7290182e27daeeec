from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

import pytest

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
    assert version_of(connection) == VERSION == 1
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
