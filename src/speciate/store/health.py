"""The health of a run's folder: the database, the weight files, the champion, what a crash left behind."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from speciate import files
from speciate.errors import SpeciateError
from speciate.records import Phase
from speciate.store.connection import connect, sensible, translated, version_of
from speciate.store.folder import RunFolder, is_current
from speciate.store.schema import FACTS, VERSION
from speciate.store.store import Store
from speciate.store.summary import status_of
from speciate.store.weights import is_name
from speciate.text import clean

SHOWN = 5
"""Damages of a database that are named."""


def examine_run(folder: RunFolder) -> dict[str, Any]:
    """What there is in a run's folder, of JSON types only. Nothing is changed.

    Returns:
        `name`, `folder`, `status`, `database`, `weights`, `champion`, `notes` for what a person may like to know, and `problems`
        for what is wrong: none in a healthy folder.
    """
    problems: list[str] = []
    notes: list[str] = []
    found: dict[str, Any] = {
        "name": folder.path.resolve().name,
        "folder": str(folder.path.resolve()),
        "status": "damaged",
        "problems": problems,
        "notes": notes,
    }
    if not files.kind_of(folder.configuration):
        notes.append("there is no run.toml: the run goes on in Python only")
    problems += _odd(folder)
    if (half := folder.half_written()) and not folder.busy:
        notes.append(f"{len(half)} half-written files of a process that died; speciate gc removes them")
    try:
        found["database"] = _database(folder, problems, notes)
        with Store(folder.database, readonly=True) as store, sensible(folder.database):
            found["status"] = status_of(folder, store)
            for key in FACTS:
                store.get(key)
            asked, finished = store.count()
            found["candidates"] = {"asked": asked, "finished": finished}
            if store.get("repeatable") is False:
                notes.append("it went on after changes: it cannot be repeated")
            found["weights"] = _weights(folder, store, problems)
            if trained := (store.get("champion") or {}).get("weights"):
                there = is_current(folder.champion, str(trained))
                found["champion"] = "there" if there else "missing or altered"
                if not there:
                    problems.append(
                        "the champion's folder is missing or altered; speciate resume writes it again"
                    )
    except SpeciateError as error:
        problems.append(f"{error.what}: {error.why}" if error.why else error.what)
    return found


def _database(folder: RunFolder, problems: list[str], notes: list[str]) -> dict[str, Any]:
    """Size, schema, and what SQLite itself finds wrong with every page of the file."""
    with translated(folder.database), closing(connect(folder.database, readonly=True)) as db:
        version = version_of(db)
        try:
            damages = [str(row[0]) for row in db.execute(f"PRAGMA integrity_check({SHOWN})")]
            damages += [
                f"a row of {row['table']} refers to none in {row['parent']}"
                for row in db.execute("PRAGMA foreign_key_check")
            ]
        except sqlite3.DatabaseError as error:
            damages = [str(error)]
    problems += [f"database: {' '.join(text.split())}" for text in damages if text != "ok"][:SHOWN]
    if version != VERSION:
        notes.append(f"schema {version}: speciate resume keeps a copy and makes it {VERSION}")
    size = folder.database.stat().st_size
    return {"mb": round(size / 1e6, 3), "schema": version, "current": version == VERSION}


def _weights(folder: RunFolder, store: Store, problems: list[str]) -> dict[str, Any]:
    """How many weight files there are; those that are needed and missing, and those that were altered, are problems."""
    pending = [row for row in store.rows(Phase.SEARCH) if row.status == "pending"]
    needed = {name for row in pending for _, _, name in row.sources}
    if trained := (store.get("champion") or {}).get("weights"):
        needed.add(str(trained))
    found = sorted(folder.weights.path.glob("[!.]*.safetensors"))
    problems += [
        f"weight file {name[:12]} is missing; speciate resume trains it again"
        for name in sorted(needed)
        if not files.kind_of(folder.weights.file(name))
    ]
    problems += [
        f"weight file {file.stem[:12]} was altered"
        for file in found
        if is_name(file.stem) and not folder.weights.is_sound(file.stem)
    ]
    return {"files": len(found), "mb": round(sum(file.lstat().st_size for file in found) / 1e6, 3)}


def _odd(folder: RunFolder) -> list[str]:
    """What in a run's folder is a link, a pipe or a device, or a folder in place of a file."""
    found = []
    for path, kind in folder.parts.items():
        inside = sorted(path.iterdir()) if kind == files.FOLDER and files.is_folder(path) else []
        for part, wanted in ((path, kind), *((other, files.FILE) for other in inside)):
            if (there := files.kind_of(part)) not in ("", wanted, files.FOLDER if part in inside else ""):
                found.append(files.refusal(part, there, wanted).strerror)
    return [clean(text) for text in found[:SHOWN]]
