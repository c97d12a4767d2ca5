"""Databases that every version of the schema left behind are read as they are, and migrated with a copy kept."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tests.store.freeze import FROZEN

from speciate.report import write_report
from speciate.store import RunFolder, RunSummary, Store
from speciate.store.schema import VERSION

VERSIONS = range(1, VERSION + 1)


def thawed(version: int, tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    shutil.copyfile(FROZEN / f"schema-{version}.sqlite", folder.database)
    return folder


def contents(folder: RunFolder) -> tuple[Any, ...]:
    store = Store(folder.database, readonly=True)
    try:
        return store.rows(), store.facts(), store.baselines()
    finally:
        store.close()


def dump(path: Path) -> list[str]:
    db = sqlite3.connect(path)
    (version,) = db.execute("PRAGMA user_version").fetchone()
    lines = [str(version), *db.iterdump()]
    db.close()
    return lines


@pytest.mark.fault(17)
def test_there_is_a_frozen_database_of_every_version() -> None:
    missing = [v for v in VERSIONS if not (FROZEN / f"schema-{v}.sqlite").exists()]
    assert not missing, "python -m tests.store.freeze makes that of the current schema"
    for version in VERSIONS:
        db = sqlite3.connect(FROZEN / f"schema-{version}.sqlite")
        assert db.execute("PRAGMA user_version").fetchone() == (version,)
        db.close()


@pytest.mark.fault(17)
@pytest.mark.parametrize("version", VERSIONS)
def test_looking_at_it_never_migrates(version: int, tmp_path: Path) -> None:
    folder = thawed(version, tmp_path)
    before = folder.database.read_bytes()
    summary = RunSummary.read(folder).to_json()
    assert summary["champion"]["id"] == 5
    assert summary["evaluations"] == 8
    assert write_report(folder.path).is_file()
    assert folder.database.read_bytes() == before
    assert [file.name for file in folder.path.glob("*.sqlite*")] == ["run.sqlite"]


@pytest.mark.fault(17)
@pytest.mark.parametrize("version", VERSIONS)
def test_writing_to_it_keeps_a_copy_and_migrates(version: int, tmp_path: Path) -> None:
    folder = thawed(version, tmp_path)
    original, before = dump(folder.database), contents(folder)
    store = Store(folder.database)
    store.close()
    assert contents(folder) == before
    copy = folder.path / f"run.schema-{version}.sqlite"
    assert copy.exists() == (version != VERSION)
    if version != VERSION:
        assert dump(copy) == original
        store = Store(folder.database, readonly=True)
        assert store.events()[-1][1:] == (
            "migrated",
            f"schema {version} became schema {VERSION}; {copy.name} is the run as it was",
        )
        store.close()
    db = sqlite3.connect(folder.database)
    assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


@pytest.mark.fault(17)
def test_a_migrated_run_looks_like_a_new_one(tmp_path: Path) -> None:
    Store(thawed(1, tmp_path).database).close()
    Store(tmp_path / "new.sqlite").close()

    def columns(path: Path) -> dict[str, list[Any]]:
        db = sqlite3.connect(path)
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {
            name: sorted(row[1:3] for row in db.execute(f"PRAGMA table_info({name})")) for name in tables
        }
        db.close()
        return found

    assert columns(tmp_path / "run" / "run.sqlite") == columns(tmp_path / "new.sqlite")
