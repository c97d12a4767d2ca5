"""A connection to a run's database that waits for other programs, says so, and turns SQLite's errors into ours."""

from __future__ import annotations

import logging
import os
import shlex
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from speciate.errors import BusyError, DataError, SpeciateError, StorageError
from speciate.store.space import missing

LOG = logging.getLogger("speciate")

BUSY_SECONDS = 10.0
"""How long to wait for another program that has the database locked."""

NOTICE_SECONDS = 1.0
"""How long to wait before saying so."""

LONGEST = 100_000_000
"""Bytes of the longest text that is read; a run's own are a thousand times shorter."""


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
                if not is_locked(error) or time.monotonic() >= until:
                    raise
            if not said:
                LOG.warning(
                    "the run's database is locked by another program; waiting for up to %g s", BUSY_SECONDS
                )
                said = True


def connect(path: Path | None, *, readonly: bool = False) -> sqlite3.Connection:
    """A connection to a file that has not been looked into; None for a database in memory.

    What a stranger has put into the file is not executed: no function with side effects, no text without end.
    """
    place, uri = ":memory:", False
    if path is not None:
        place, uri = path.resolve().as_uri() + (_looking(path) if readonly else ""), True
    db = sqlite3.connect(
        place, uri=uri, isolation_level=None, timeout=NOTICE_SECONDS, factory=PatientConnection
    )
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")
    return db


def _looking(path: Path) -> str:
    """How to open a file without changing it. In a folder that cannot be written, SQLite must not look for a log."""
    log = path.with_name(f"{path.name}-wal")
    settled = not log.exists() or log.stat().st_size == 0
    return "?mode=ro" + ("&immutable=1" if settled and not os.access(path.parent, os.W_OK) else "")


def is_locked(error: sqlite3.Error) -> bool:
    """Whether it means that another program has the database."""
    return "locked" in str(error) or "busy" in str(error)


@contextmanager
def translated(path: Path | None) -> Iterator[None]:
    """Turn SQLite's errors into ours.

    Raises:
        BusyError: Another program has the database locked, and does not let go of it.
        StorageError: The disk is full, or the database is damaged.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        if is_locked(error):
            raise BusyError(
                "the run's database is locked by another program",
                where=str(path),
                why=f"waited {BUSY_SECONDS:g} s for it",
                hint="close whatever has it open for writing, such as a database browser",
                kept="everything that was finished before is kept",
            ) from None
        raise StorageError(
            "the run's database cannot be used",
            where=str(path),
            why=str(error),
            hint=_remedy(path, error),
            kept="everything that was finished before is kept",
        ) from None
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        raise damaged(path, str(error)) from None


@contextmanager
def sensible(path: Path | None) -> Iterator[None]:
    """Turn what comes of values that no run writes into the error for a damaged database.

    Raises:
        StorageError: Something of another type or form was found than every run has.
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


def _remedy(path: Path | None, error: sqlite3.Error) -> str:
    if path is None or not any(word in str(error) for word in ("full", "I/O error")):
        return ""
    return missing(path.parent, 1_000_000)
