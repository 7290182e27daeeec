"""The database's schema, and how an older one becomes the present one.

The version is SQLite's ``user_version``. ``MIGRATIONS[n]`` takes a database from version n to n + 1; all that
are needed run in one transaction, so a migration that fails leaves the project as it was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from fbr_engine.errors import ProjectError, ProjectTooNewError

APPLICATION_ID = 0x46425250  # "FBRP": tells a project from any other SQLite file

Migration = Callable[[sqlite3.Connection], None]

_VERSION_1 = (
    "CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE class (
        id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 254),
        name TEXT NOT NULL UNIQUE,
        position INTEGER NOT NULL,
        learnt INTEGER NOT NULL CHECK (learnt IN (0, 1))
    )""",
    """CREATE TABLE image (
        id INTEGER PRIMARY KEY,
        path TEXT NOT NULL UNIQUE,
        split TEXT,
        width INTEGER,
        height INTEGER,
        review TEXT NOT NULL DEFAULT 'new' CHECK (review IN ('new', 'accepted', 'rejected')),
        problem TEXT
    )""",
    "CREATE INDEX image_by_split ON image (split, id)",
    "CREATE INDEX image_with_problem ON image (id) WHERE problem IS NOT NULL",
    """CREATE TABLE tag (
        image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
        class_id INTEGER NOT NULL REFERENCES class (id) ON DELETE CASCADE,
        value INTEGER NOT NULL CHECK (value IN (0, 1)),
        source INTEGER NOT NULL,
        PRIMARY KEY (image_id, class_id)
    ) WITHOUT ROWID""",
    "CREATE INDEX tag_by_class ON tag (class_id, value)",
    """CREATE TABLE run (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        method TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('training', 'stopped', 'done', 'failed')),
        created TEXT NOT NULL,
        finished TEXT,
        config TEXT NOT NULL,
        figures TEXT NOT NULL
    )""",
    """CREATE TABLE map (
        run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
        fingerprint TEXT NOT NULL,
        location TEXT NOT NULL,
        extra TEXT,
        PRIMARY KEY (run_id, kind, image_id)
    ) WITHOUT ROWID""",
    "CREATE INDEX map_by_image ON map (image_id)",
    # A mask shows only tagged classes: whatever changes an image's tags makes its machine-made masks out of date.
    *(
        f"CREATE TRIGGER tag_{change.lower()}_outdates_mask AFTER {change} ON tag {when} BEGIN "
        f"DELETE FROM map WHERE image_id = {row}.image_id AND kind = 'masks'; END"
        for change, row, when in (
            ("INSERT", "NEW", ""),
            ("UPDATE", "NEW", "WHEN NEW.value <> OLD.value"),
            ("DELETE", "OLD", ""),
        )
    ),
    # A mask is made of CAMs: new ones, of whatever configuration, make it out of date too.
    *(
        f"CREATE TRIGGER cams_{change.lower()}_outdates_mask AFTER {change} ON map WHEN NEW.kind = 'cams' BEGIN "
        "DELETE FROM map WHERE run_id = NEW.run_id AND image_id = NEW.image_id AND kind = 'masks'; END"
        for change in ("INSERT", "UPDATE")
    ),
)


def _create_version_1(connection: sqlite3.Connection) -> None:
    for statement in _VERSION_1:
        connection.execute(statement)


_VERSION_2 = (
    """CREATE TABLE person_mask (
        image_id INTEGER PRIMARY KEY REFERENCES image (id) ON DELETE CASCADE,
        location TEXT NOT NULL,
        revision INTEGER NOT NULL,
        updated TEXT NOT NULL
    )""",
    # What a merged or deleted class (0) means today; masks on the disk keep its pixel value.
    "CREATE TABLE class_alias (old_id INTEGER PRIMARY KEY, new_id INTEGER NOT NULL)",
    "CREATE TABLE left_out (path TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE INDEX image_by_name ON image (path COLLATE NOCASE)",
    "CREATE INDEX image_by_review ON image (review)",
    # A run that gets another name moves its files: that makes no mask out of date.
    "DROP TRIGGER IF EXISTS cams_update_outdates_mask",
    "CREATE TRIGGER cams_update_outdates_mask AFTER UPDATE OF fingerprint ON map WHEN NEW.kind = 'cams' BEGIN "
    "DELETE FROM map WHERE run_id = NEW.run_id AND image_id = NEW.image_id AND kind = 'masks'; END",
)


def _to_version_2(connection: sqlite3.Connection) -> None:
    """Add what people do in the window: corrected masks, merged and deleted classes, images taken out."""
    for statement in _VERSION_2:
        connection.execute(statement)


_VERSION_3 = (
    # Without a class a judgement is about every class. What was said outlives the run it was said of.
    """CREATE TABLE judgement (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        created TEXT NOT NULL,
        who TEXT NOT NULL,
        verdict TEXT NOT NULL CHECK (verdict IN ('background', 'object', 'mixed', 'skip')),
        class_id INTEGER REFERENCES class (id) ON DELETE CASCADE,
        run_id INTEGER REFERENCES run (id) ON DELETE SET NULL,
        concept INTEGER NOT NULL,
        exemplars TEXT NOT NULL,
        withdrawn TEXT
    )""",
    """CREATE TABLE concept_name (
        run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
        concept INTEGER NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (run_id, concept)
    ) WITHOUT ROWID""",
)


def _to_version_3(connection: sqlite3.Connection) -> None:
    """Add what people say about concepts: judgements and names."""
    for statement in _VERSION_3:
        connection.execute(statement)


MIGRATIONS: tuple[Migration, ...] = (_create_version_1, _to_version_2, _to_version_3)
VERSION = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the schema version of an open database."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def check_version(connection: sqlite3.Connection, name: str, *, write: bool) -> None:
    """Raise if an open database cannot be used as it is (see `check_header`)."""
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    check_header(application, version_of(connection), name, write=write)


def check_header(application: int, version: int, name: str, *, write: bool) -> None:
    """Raise if a database with this application id and schema version cannot be used as it is.

    Raises `ProjectError` if it is no project's, or older than this program and only open for reading, and
    `ProjectTooNewError` if it is newer than this program.
    """
    if application != APPLICATION_ID:
        raise ProjectError(f"{name} is no FBR project: its project.sqlite was made by another program")
    if version > VERSION:
        raise ProjectTooNewError(
            f"{name} was made by a newer version (schema {version}, this program knows {VERSION}): "
            "update FBR Studio; nothing was changed"
        )
    if version < VERSION and not write:
        raise ProjectError(
            f"{name} was made by an older version (schema {version}): open it for writing once to update it"
        )


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration] | None = None) -> bool:
    """Bring the database to the newest version in one transaction; return whether anything was done.

    ``connection`` is in autocommit mode. Whatever a migration raises comes through, and nothing has changed
    then.
    """
    migrations = MIGRATIONS if migrations is None else migrations
    version = version_of(connection)
    if version >= len(migrations):
        return False
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in migrations[version:]:
            step(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return True
