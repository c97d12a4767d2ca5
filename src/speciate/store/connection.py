"""Connections to a run's database: opened with care, waiting for other programs, with SQLite's errors turned into ours."""

from __future__ import annotations

import errno
import logging
import os
import re
import shlex
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from speciate import files
from speciate.errors import BusyError, ConfigurationError, DataError, SpeciateError, StorageError
from speciate.store.schema import APPLICATION_ID, MIGRATIONS, VERSION

LOG = logging.getLogger("speciate")

BUSY_SECONDS = 10.0
"""How long to wait for another program that has the database locked."""

NOTICE_SECONDS = 1.0
"""How long to wait before saying so."""

LONGEST = 100_000_000
"""Bytes of the longest text that is read; a run's own are a thousand times shorter."""

MOST_COPIED = 2**32
"""Bytes of the largest database that is copied, into memory or for a salvage."""


class PatientConnection(sqlite3.Connection):
    """Tries again while another program has the database locked."""

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        """As `sqlite3.Connection.execute`."""
        return self._patiently(super().execute, arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        """As `sqlite3.Connection.executemany`."""
        return self._patiently(super().executemany, arguments)

    def _patiently(self, do: Callable[..., sqlite3.Cursor], arguments: tuple[Any, ...]) -> sqlite3.Cursor:
        until, said = time.monotonic() + BUSY_SECONDS, False
        while True:
            try:
                return do(*arguments)
            except sqlite3.OperationalError as error:
                if not _is_locked(error) or time.monotonic() >= until:
                    raise
            if not said:
                LOG.warning(
                    "the run's database is locked by another program; waiting for up to %g s", BUSY_SECONDS
                )
                said = True


def connect(path: Path | None, *, readonly: bool = False) -> sqlite3.Connection:
    """A connection to a file that has not been looked into, whose rows know their columns' names; None for memory.

    What a stranger has put into the file is not executed: no function with side effects, no text without end.
    """
    place, uri = ":memory:", False
    if path is not None:
        refuse_odd(path, alone=not readonly)
        place, uri = path.resolve().as_uri() + (_reading(path) if readonly else ""), True
    db = sqlite3.connect(
        place, uri=uri, isolation_level=None, timeout=NOTICE_SECONDS, factory=PatientConnection
    )
    db.row_factory = sqlite3.Row
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")
    return db


def refuse_odd(path: Path, *, alone: bool = False) -> None:
    """Refuse a database of which SQLite would read or write something else than a file of the run's own.

    Args:
        path: The database; it and what SQLite keeps beside it may be absent.
        alone: Whether the file may have no other name, because it is written in place.

    Raises:
        StorageError: A part of it is a link, a pipe, ...
    """
    try:
        for end in ("", "-wal", "-shm", "-journal"):
            file = path.with_name(path.name + end)
            files.check(file)
            if alone and files.is_file(file) and file.stat().st_nlink > 1:
                raise OSError(errno.EMLINK, f"{file.name} has a second name, whose content would change too")
    except OSError as error:
        raise files.untold(error, "the run's database cannot be used", path) from None


def _reading(path: Path) -> str:
    """How to open a file without changing it. In a folder that cannot be written, SQLite must not look for a log."""
    log = path.with_name(f"{path.name}-wal")
    settled = not log.exists() or log.stat().st_size == 0
    return "?mode=ro" + ("&immutable=1" if settled and not os.access(path.parent, os.W_OK) else "")


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection to the database of a run, of this version of the schema, that never changes the file.

    A database of an older version is copied into memory and brought up to date there.

    Raises:
        StorageError: It is another program's, or a stranger has put more into it, or it is an old one of 4 GiB.
        ConfigurationError: It was written by a newer version.
    """
    db = connect(path, readonly=True)
    try:
        db.execute("BEGIN")  # one state of the file, from the first look to the end of the copy
        check(db, path)
        copy = db if version_of(db) == VERSION else _migrated(db, path)
        db.execute("ROLLBACK")  # nothing was written
    except BaseException:
        db.close()
        raise
    if copy is not db:
        db.close()
    return copy


def _migrated(db: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """A copy of a database in memory, brought up to date."""
    if path.stat().st_size > MOST_COPIED:
        raise damaged(path, "it is of an old version, and larger than any run of that time")
    copy = connect(None)
    try:
        db.backup(copy)
        migrate(copy)
    except sqlite3.DatabaseError as error:  # the version that it names is not the one that it has
        copy.close()
        raise damaged(path, str(error)) from None
    return copy


def version_of(db: sqlite3.Connection) -> int:
    """The version of its schema."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def migrate(db: sqlite3.Connection) -> None:
    """Bring a database of an older version up to date. Belongs in a transaction."""
    for version in range(version_of(db), VERSION):
        for statement in MIGRATIONS[version]:
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")


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
    if version < 1:
        raise damaged(path, f"there is no schema {version}")
    for kind, name, sql in db.execute("SELECT type, name, sql FROM sqlite_master").fetchall():
        virtual = re.match(r"\s*CREATE\s+VIRTUAL", str(sql), re.IGNORECASE)
        if kind not in ("table", "index") or virtual:
            raise damaged(path, f"it holds the {kind} {name!r:.80}, which is no plain table")
        quoted = str(name).replace('"', '""')
        if any(column["hidden"] for column in db.execute(f'PRAGMA table_xinfo("{quoted}")')):
            raise damaged(path, f"a column of {name!r:.80} is computed")


def check_pages(db: sqlite3.Connection, path: Path | None) -> None:
    """Refuse a database whose pages do not fit together.

    Raises:
        StorageError: It is damaged.
    """
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise damaged(path, str(found))


def is_blank(db: sqlite3.Connection) -> bool:
    """Whether the process that made the database was killed before anything was in it."""
    marks = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    return not any(marks) and not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def insert(
    db: sqlite3.Connection, table: str, rows: Sequence[Mapping[str, Any]], conflict: str = "ABORT"
) -> None:
    """Write rows, as values by column, all with the same columns.

    Args:
        db: Where to.
        table: The table.
        rows: The rows.
        conflict: What becomes of a row whose key is there already: ABORT, IGNORE or REPLACE.
    """
    if rows:
        names = list(rows[0])
        marks = ", ".join("?" * len(names))
        query = f"INSERT OR {conflict} INTO {table} ({', '.join(names)}) VALUES ({marks})"
        db.executemany(query, [tuple(row.values()) for row in rows])


@contextmanager
def translated(path: Path | None) -> Iterator[None]:
    """Turn SQLite's errors into ours.

    Raises:
        BusyError: Another program has the database locked, and does not let go of it.
        StorageError: The disk is full, or the database is damaged.
    """
    kept = "everything that was finished before is kept"
    try:
        yield
    except sqlite3.OperationalError as error:
        if _is_locked(error):
            raise BusyError(
                "the run's database is locked by another program",
                where=str(path),
                why=f"waited {BUSY_SECONDS:g} s for it",
                hint="close whatever has it open for writing, such as a database browser",
                kept=kept,
            ) from None
        full = path is not None and any(word in str(error) for word in ("full", "I/O error"))
        hint = files.missing_space(path.parent, 1_000_000) if full and path is not None else ""
        what = "the run's database cannot be used"
        raise StorageError(what, where=str(path), why=str(error), hint=hint, kept=kept) from None
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        raise damaged(path, str(error)) from None


@contextmanager
def sensible(path: Path | None) -> Iterator[None]:
    """Turn what comes of values that no run writes into the error for a damaged database.

    Raises:
        StorageError: A value is of another type or form than in any run.
    """
    try:
        yield
    except (TypeError, ValueError, LookupError, AttributeError, OverflowError, RecursionError) as error:
        if isinstance(error, SpeciateError) and not isinstance(error, DataError):
            raise
        raise damaged(path, f"it holds what no run does: {type(error).__name__}: {error!s:.200}") from error


def damaged(path: Path | None, why: str) -> StorageError:
    """The error for a database whose content makes no sense."""
    hint = (
        ""
        if path is None
        else f"speciate doctor {shlex.quote(str(path.parent))} --salvage saves what can be read"
    )
    return StorageError("the run's database is damaged", where=str(path), why=why, hint=hint)


def _is_locked(error: sqlite3.Error) -> bool:
    """Whether it means that another program has the database."""
    return "locked" in str(error) or "busy" in str(error)
