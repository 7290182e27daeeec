"""Connections to a project's database: one reader a thread, one writer a process.

Readers fetch whole results at once, so no read stays open between two calls: nobody waits for a loop
elsewhere to end, and a loop over a project may write to it.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import unicodedata
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fbr_engine.errors import ProjectError
from fbr_engine.project.file_systems import is_on_network
from fbr_engine.project.paths import shown
from fbr_engine.project.peek import hold, let_go
from fbr_engine.project.schema import check_version, migrate
from fbr_engine.project.sqlite_errors import primary_code, translating

BUSY_SECONDS = 10.0
_SQLITE_READONLY_ROLLBACK = 776

Row = tuple[Any, ...]
Values = Sequence[Any]


class _Connection(sqlite3.Connection):
    """A connection that can be weakly referenced, and closes when its thread is gone.

    ``busy`` is held while its thread reads: closing a connection another thread reads from ends the process.
    """

    busy: threading.Lock

    def __del__(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self.close()


class Database:
    """The database at ``path``; ``write`` opens the writer, which brings an older schema up to date.

    Reads may come from any thread. Raises `ProjectError` and `WriteError`, which name the file.
    """

    def __init__(self, path: Path, *, write: bool) -> None:
        self.path = path
        self.name = shown(path.parent)
        self._local = threading.local()
        self._readers: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._guard = threading.Lock()
        self._writing = threading.RLock()
        self._writing_thread: int | None = None
        self._depth = 0
        self._closed = False
        self._writer: _Connection | None = None
        hold(self)
        try:
            with translating(path):
                if write:
                    self._writer = _open_writer(path, self.name)
                else:
                    check_version(self._reader(), self.name, write=False)
        except BaseException:
            self.close()
            raise

    @property
    def writable(self) -> bool:
        """Whether it was opened for writing."""
        return self._writer is not None

    def rows(self, sql: str, values: Values = ()) -> list[Row]:
        """Return all rows of a query; inside this thread's transaction, with what it has written."""
        with translating(self.path):
            reader = self._reader()
            if reader is self._writer:
                return reader.execute(sql, values).fetchall()
            with reader.busy:
                if self._closed:
                    raise ProjectError(f"{self.name} is closed: open it again")
                return reader.execute(sql, values).fetchall()

    def row(self, sql: str, values: Values = ()) -> Row | None:
        """Return the only row of a query, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def value(self, sql: str, values: Values = ()) -> Any:
        """Return the first value of a query's first row; None if there is no row."""
        found = self.row(sql, values)
        return found[0] if found else None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the writer; what the block writes is kept all together, or not at all if it raises.

        Other threads wait. A transaction inside another is kept or undone on its own, and lasts with the
        outer one. Raises `ProjectError` if the database is open for reading only.
        """
        with self._writing:
            writer = self._open_connection(self._writer)
            depth = self._depth
            begin, keep, undo = _commands(depth)
            with translating(self.path):
                try:
                    writer.execute(begin)
                    self._depth = depth + 1
                    self._writing_thread = threading.get_ident()
                    yield writer
                    writer.execute(keep)
                except BaseException:
                    if writer.in_transaction:
                        with contextlib.suppress(sqlite3.Error):  # an interrupt before the savepoint was made
                            for command in undo:
                                writer.execute(command)
                    raise
                finally:
                    self._depth = depth
                    if not depth:
                        self._writing_thread = None

    def close(self) -> None:
        """Close every connection; the writer last, so that it can fold the journal into the file."""
        with self._writing, self._guard:
            self._closed = True
            for reader in list(self._readers):
                with reader.busy:
                    reader.close()
            if self._writer is not None:
                with contextlib.suppress(sqlite3.Error):
                    self._writer.execute("PRAGMA optimize")
                self._writer.close()
            let_go(self)

    def _reader(self) -> _Connection:
        if self._writing_thread == threading.get_ident():
            return self._open_connection(self._writer)
        reader: _Connection | None = getattr(self._local, "reader", None)
        if reader is None or self._closed:
            with self._guard:
                self._open_connection(self._writer, reading=True)
                reader = _open_reader(self.path)
                self._readers.add(reader)
            self._local.reader = reader
        return reader

    def _open_connection(self, connection: _Connection | None, *, reading: bool = False) -> _Connection:
        if self._closed:
            raise ProjectError(f"{self.name} is closed: open it again")
        if connection is None and not reading:
            raise ProjectError(f"{self.name} is open for reading only: open it for writing")
        return connection  # type: ignore[return-value]


def create_database(path: Path) -> None:
    """Write a new, empty database of the newest schema; it is complete when this returns."""
    with translating(path), contextlib.closing(_connect(path, "mode=rwc")) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        migrate(connection)


def _open_writer(path: Path, name: str) -> _Connection:
    connection = _connect(path, "mode=rw")
    try:
        check_version(connection, name, write=True)
        connection.execute("PRAGMA foreign_keys = ON")
        mode = "TRUNCATE" if is_on_network(path.parent) else "WAL"
        if connection.execute(f"PRAGMA journal_mode = {mode}").fetchone()[0] != mode.lower():
            connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute("PRAGMA cache_size = -32768")  # KiB: large imports touch three indices at once
        if migrate(connection):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except BaseException:
        connection.close()
        raise
    return connection


def _open_reader(path: Path) -> _Connection:
    try:
        return _probed(_connect(path, "mode=ro"))
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) == _SQLITE_READONLY_ROLLBACK:
            # A writer was killed on a network drive: SQLite must undo its last transaction first.
            reader = _probed(_connect(path, "mode=rw"))
            reader.execute("PRAGMA query_only = ON")
            return reader
        if primary_code(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
        if _has_journal(path):
            raise ProjectError(
                f"{shown(path.parent)} was not closed properly and is read-only here: "
                "copy it to a folder you may write to and open it there"
            ) from error
        return _probed(_connect(path, "mode=ro&immutable=1"))  # read-only medium: nobody else writes either


def _probed(connection: _Connection) -> _Connection:
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path, options: str) -> _Connection:
    connection: _Connection = sqlite3.connect(
        _uri(path, options),
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        factory=_Connection,
    )
    connection.busy = threading.Lock()
    connection.execute("PRAGMA trusted_schema = OFF")  # a project may come from anybody
    connection.create_function("folded", 1, _folded, deterministic=True)
    return connection


def _folded(text: Any) -> str:
    """Return text for comparing in any case; SQLite itself folds ASCII only."""
    return unicodedata.normalize("NFC", str(text)).casefold()


def _uri(path: Path, options: str) -> str:
    uri = path.as_uri()
    if not uri.startswith("file:///"):  # a Windows share: SQLite takes no host
        uri = "file:////" + uri.removeprefix("file://")
    return f"{uri}?{options}"


def _has_journal(path: Path) -> bool:
    journals = (path.with_name(path.name + ending) for ending in ("-wal", "-journal"))
    return any(journal.exists() and journal.stat().st_size > 0 for journal in journals)


def _commands(depth: int) -> tuple[str, str, tuple[str, ...]]:
    if not depth:
        return "BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",)
    return f"SAVEPOINT s{depth}", f"RELEASE s{depth}", (f"ROLLBACK TO s{depth}", f"RELEASE s{depth}")
