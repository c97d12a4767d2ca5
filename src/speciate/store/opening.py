"""Whether a file is the database of a run and nothing else, and how one of an older version is brought up to date."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from speciate.errors import ConfigurationError, StorageError
from speciate.store.connection import damaged
from speciate.store.schema import APPLICATION_ID, MIGRATIONS, SCHEMA, VERSION
from speciate.store.weights import write_file

_STATEMENTS = "\n".join([SCHEMA, *(statement for step in MIGRATIONS.values() for statement in step)])

TABLES = tuple(re.findall(r"CREATE TABLE (\w+)", _STATEMENTS))
"""The tables of a run."""


def version_of(db: sqlite3.Connection) -> int:
    """The version of its schema."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def check(db: sqlite3.Connection, path: Path | None) -> None:
    """Refuse what is not the database of a run, or one of a newer version.

    Only plain tables are let in: a view, a trigger or a computed column is a program, which may never end.

    Raises:
        StorageError: It is another program's, or a stranger has put more into it.
        ConfigurationError: It was written by a newer version.
    """
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise StorageError("this file is not the database of a run", where=str(path))
    if (version := version_of(db)) > VERSION:
        raise ConfigurationError(
            f"the run was written by a newer version of speciate (schema {version}, this one knows {VERSION})",
            where=str(path),
            hint="pip install --upgrade speciate",
            kept="the run is unchanged",
        )
    for kind, name, sql in db.execute("SELECT type, name, sql FROM sqlite_master").fetchall():
        virtual = re.match(r"\s*CREATE\s+VIRTUAL", str(sql), re.IGNORECASE)
        if kind not in ("table", "index") or virtual:
            raise damaged(path, f"it holds the {kind} {name!r:.80}, which is no plain table")
        if kind == "table" and any(column[6] for column in _columns(db, str(name))):
            raise damaged(path, f"a column of {name!r:.80} is computed")


def check_pages(db: sqlite3.Connection, path: Path | None) -> None:
    """Refuse a database whose pages do not fit together.

    Raises:
        StorageError: It is damaged.
    """
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise damaged(path, str(found))


def is_blank(db: sqlite3.Connection, path: Path | None) -> bool:
    """Whether whoever made the database was killed before anything was in it."""
    if path is not None and path.with_name("manifest.json").exists():
        return False
    marks = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    return not any(marks) and not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def _columns(db: sqlite3.Connection, table: str) -> list[tuple[int | str | None, ...]]:
    quoted = table.replace('"', '""')
    return db.execute(f'PRAGMA table_xinfo("{quoted}")').fetchall()


def backup(db: sqlite3.Connection, path: Path) -> Path:
    """A copy of a database beside it, named after the version of its schema, before that is changed.

    Raises:
        StorageError: It cannot be written.
    """
    copy = path.with_name(f"{path.stem}.schema-{version_of(db)}{path.suffix}")
    write_file(copy, db.serialize(), "backup")
    return copy


def migrate(db: sqlite3.Connection) -> None:
    """Make a run of an older version one of this version. Belongs in a transaction."""
    for version in range(version_of(db), VERSION):
        for statement in MIGRATIONS[version]:
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")
