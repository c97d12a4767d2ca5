"""A database that another program has locked: wait and say so, then give up without harm."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from speciate.errors import BusyError
from speciate.store import Store, connection

LOCKER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA locking_mode = " + sys.argv[2])
db.execute("BEGIN IMMEDIATE")
db.execute("INSERT OR REPLACE INTO run VALUES ('locked', '1')")
print("locked", flush=True)
sys.stdin.readline()
db.execute("ROLLBACK")
db.close()
"""


@contextmanager
def locked(path: Path, mode: str = "NORMAL") -> Iterator[subprocess.Popen[str]]:
    """Another program that holds the database locked until it is sent a line."""
    command = [sys.executable, "-c", LOCKER, str(path), mode]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield process


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Store(tmp_path / "run.sqlite").close()
    return tmp_path / "run.sqlite"


@pytest.mark.fault(13)
def test_who_waits_says_so_and_gives_up_in_the_end(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.3)
    monkeypatch.setattr(connection, "NOTICE_SECONDS", 0.1)
    with locked(path), caplog.at_level(logging.WARNING, "speciate"):
        store = Store(path)
        with pytest.raises(BusyError, match="locked by another program") as caught:
            store.set(name="heron")
        store.close()
    assert caught.value.exit_code == 75
    assert caught.value.hint
    assert caught.value.kept
    assert [record.message for record in caplog.records] == [
        "the run's database is locked by another program; waiting for up to 0.3 s"
    ]
    assert Store(path, readonly=True).facts() == {}


@pytest.mark.fault(13)
def test_who_waits_goes_on_when_the_other_is_done(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 60.0)
    monkeypatch.setattr(connection, "NOTICE_SECONDS", 0.1)
    with locked(path) as other:
        store = Store(path)

        class Release(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                assert other.stdin is not None
                other.stdin.write("\n")
                other.stdin.flush()

        handler = Release()
        connection.LOG.addHandler(handler)
        try:
            store.set(name="heron")
        finally:
            connection.LOG.removeHandler(handler)
        store.close()
    assert Store(path, readonly=True).facts() == {"name": "heron"}


@pytest.mark.fault(13)
@pytest.mark.parametrize("readonly", [True, False])
def test_whoever_only_looks_waits_too(path: Path, readonly: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.2)
    monkeypatch.setattr(connection, "NOTICE_SECONDS", 0.1)
    with locked(path, "EXCLUSIVE"), pytest.raises(BusyError):
        Store(path, readonly=readonly)
    assert sqlite3.connect(path).execute("SELECT count(*) FROM run").fetchone() == (0,)
