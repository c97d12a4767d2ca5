"""The health of a run's folder: the database, the weight files, the champion, what a crash left behind."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from speciate.champion import is_current
from speciate.errors import SpeciateError
from speciate.records import Phase
from speciate.store import RunFolder, Store
from speciate.store.connection import connect, sensible, translated
from speciate.store.opening import version_of
from speciate.store.schema import VERSION
from speciate.store.summary import status_of

SHOWN = 5
"""Damages of a database that are named."""


def examine_run(folder: RunFolder) -> dict[str, Any]:
    """What there is in a run's folder, of JSON types only. Nothing is changed.

    Returns:
        `name`, `folder`, `status`, `database`, `weights`, `champion`, `notes` for what a person may like to know, and `problems`
        for what is wrong: none in a healthy folder.
    """
    found: dict[str, Any] = {
        "name": folder.path.resolve().name,
        "folder": str(folder.path.resolve()),
        "status": "damaged",
        "problems": [],
        "notes": [],
    }
    if not folder.configuration.is_file():
        found["notes"].append("there is no run.toml: the run goes on in Python only")
    half = [
        *folder.path.glob(".*.tmp"),
        *folder.weights.path.glob(".*.tmp"),
        *folder.path.glob(".champion.*.old"),
    ]
    if half and not folder.busy:
        found["notes"].append(
            f"{len(half)} half-written files of a process that died; speciate gc removes them"
        )
    try:
        found["database"] = _database(folder)
        found["problems"] += found["database"].pop("damages")
        store = Store(folder.database, readonly=True)
        try:
            with sensible(folder.database):
                _contents(folder, store, found)
        finally:
            store.close()
    except SpeciateError as error:
        found["problems"].append(f"{error.what}: {error.why}" if error.why else error.what)
    return found


def _database(folder: RunFolder) -> dict[str, Any]:
    """Size, schema, and what SQLite itself finds wrong with every page of the file."""
    with translated(folder.database), closing(connect(folder.database, readonly=True)) as db:
        version = version_of(db)
        try:
            damages = [str(row[0]) for row in db.execute(f"PRAGMA integrity_check({SHOWN})")]
            damages += [
                f"a row of {row[0]} refers to none in {row[2]}"
                for row in db.execute("PRAGMA foreign_key_check")
            ]
        except sqlite3.DatabaseError as error:
            damages = [str(error)]
    return {
        "mb": round(folder.database.stat().st_size / 1e6, 3),
        "schema": version,
        "current": version == VERSION,
        "damages": [f"database: {' '.join(text.split())}" for text in damages if text != "ok"][:SHOWN],
    }


def _contents(folder: RunFolder, store: Store, found: dict[str, Any]) -> None:
    found["status"] = status_of(folder, store)
    rows, champion = store.rows(), store.get("champion") or {}
    asked, finished = store.count()
    found["candidates"] = {"asked": asked, "finished": finished}
    if not found["database"]["current"]:
        found["notes"].append(
            f"schema {found['database']['schema']}: speciate resume keeps a copy and makes it {VERSION}"
        )
    if store.get("repeatable") is False:
        found["notes"].append("it went on after changes: nobody can repeat it")
    found["weights"] = weights = _weights(folder)
    pending = [row for row in rows if row.status == "pending" and row.phase == Phase.SEARCH]
    needed = {name for row in pending for _, _, name in row.ancestors}
    needed |= {str(champion["weights"])} if champion.get("weights") else set()
    for name in sorted(needed):
        if not folder.weights.file(name).is_file():
            found["problems"].append(f"weight file {name[:12]} is missing; speciate resume trains it again")
    found["problems"] += [f"weight file {name[:12]} was altered" for name in weights.pop("altered")]
    if champion.get("weights"):
        found["champion"] = (
            "there" if is_current(folder.champion, str(champion["weights"])) else "missing or altered"
        )
        if found["champion"] != "there":
            found["problems"].append(
                "the champion's folder is missing or altered; speciate resume writes it again"
            )


def _weights(folder: RunFolder) -> dict[str, Any]:
    files = sorted(folder.weights.path.glob("[!.]*.safetensors"))
    return {
        "files": len(files),
        "mb": round(sum(file.stat().st_size for file in files) / 1e6, 3),
        "altered": [file.stem for file in files if not folder.weights.is_sound(file.stem)],
    }
