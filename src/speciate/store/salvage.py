"""Saves what can be read of a damaged run in a folder of its own. The damaged one is only looked at."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from speciate import files
from speciate.errors import CreationError, StorageError
from speciate.records import hash_of
from speciate.store.connection import MOST_COPIED, connect
from speciate.store.folder import CHAMPION_FILES, RunFolder, is_current
from speciate.store.store import Store
from speciate.store.weights import MOST_BYTES

KEYS = {
    "run": ("key",),
    "genomes": ("key",),
    "candidates": ("id",),
    "evaluations": ("candidate",),
    "broods": ("candidate",),
    "members": ("candidate", "name"),
    "baselines": ("name",),
    "events": ("id",),
}
"""The tables of a run in the order in which they need each other, with the columns that make up their keys."""

NUMBERED = ("candidates", "evaluations", "broods", "events")
"""Tables whose keys are numbers."""

JSON = {"value", "json", "metrics", "parents", "ancestors"}
"""Columns with text that is JSON, in whichever table."""

FACTS = {
    *("identity", "created", "name", "seed", "examples", "algorithm", "population_size", "versions", "data")
}
"""Facts that are asked for by name where the table cannot be read through."""

MOST_MISSING = 100_000
"""Numbers that are asked for one by one, because they lie between others that could be read."""

HEADER = (
    b"SQLite format 3\0\x10\x00\x01\x01\x00\x40\x20\x20" + bytes(26) + b"\x00\x00\x00\x04" + bytes(4)
    + b"\x00\x00\x00\x01" + bytes(36)
)  # fmt: skip
"""The first 84 of the 100 bytes that SQLite needs to find its way, as in every run's file: pages of 4,096 bytes, UTF-8."""

MOST_SETTINGS = 2**26
"""Bytes of the largest run.toml or manifest.json that is copied."""

Record = dict[str, Any]
"""A row, as values by column."""


def salvage(folder: RunFolder) -> tuple[RunFolder, dict[str, int]]:
    """Copy what can be read into a new folder beside the run's, with its settings, weights and champion.

    Args:
        folder: The damaged run.

    Returns:
        The new folder, and how many rows of each table are in it.

    Raises:
        StorageError: There is no database, or nothing in it can be read.
        CreationError: The new folder cannot be made.
    """
    with files.temporary_folder() as place:
        found = _complete(_read(_mended_copy(folder, place)))
    if not found["candidates"]:
        again = f"speciate run --config {folder.configuration} gives the same run again"
        raise StorageError(
            "nothing can be read of the run",
            where=str(folder.database),
            hint=again if files.is_file(folder.configuration) else "",
            kept="the file is as it was",
        )
    new = RunFolder(_free_path(folder.path))
    try:
        files.new_folder(new.path, folder.path.stat().st_mode & 0o777)
        files.make_file(new.database, mode=folder.database.stat().st_mode & 0o777)
    except OSError as error:
        raise CreationError(
            "cannot make the new folder", where=str(new.path), why=error.strerror or ""
        ) from None
    with Store(new.database) as store:
        store.fill(found)
        store.event("salvaged", f"this is what could be read of {folder.path.name}, which is damaged")
        store.set(salvaged=True, status="interrupted")
    _copy_files(folder, new, found)
    return new, {table: len(rows) for table, rows in found.items()}


def _copy_files(folder: RunFolder, new: RunFolder, found: dict[str, list[Record]]) -> None:
    """Copy settings, sound weight files, and the champion if it is whole. What is a link, or another odd thing, stays behind."""
    copied = [(file, MOST_SETTINGS) for file in (folder.configuration, folder.manifest)]
    if files.is_folder(folder.weights.path):
        names = [file.stem for file in folder.weights.path.glob("*.safetensors")]
        copied += [(folder.weights.file(n), MOST_BYTES) for n in names if folder.weights.is_sound(n)]
    champion = next((json.loads(row["value"]) for row in found["run"] if row["key"] == "champion"), None)
    trained = champion.get("weights") if isinstance(champion, dict) else None
    if files.is_folder(folder.champion) and is_current(folder.champion, str(trained)):
        copied += [(folder.champion / name, MOST_BYTES) for name in CHAMPION_FILES]
    for file, most in copied:
        place = new.path / file.relative_to(folder.path)
        with suppress(OSError):
            if place.parent != new.path:
                files.make_folder(place.parent, file.parent.stat().st_mode & 0o777)
            files.copy_file(file, place, most=most)


def _free_path(path: Path) -> Path:
    names = [f"{path.name}-salvaged", *(f"{path.name}-salvaged-{i}" for i in range(2, 100))]
    for name in names:
        if not files.kind_of(path.with_name(name)):
            return path.with_name(name)
    raise CreationError("there are many salvaged copies already", where=str(path.parent))


def _mended_copy(folder: RunFolder, place: Path) -> Path:
    """A copy of the database with its log, such that SQLite opens it if it can be brought to."""
    if not files.kind_of(folder.database):
        raise StorageError("there is no database to salvage", where=str(folder.database))
    copy, log = place / "run.sqlite", folder.database.with_name("run.sqlite-wal")
    try:
        files.copy_file(folder.database, copy, most=MOST_COPIED)
        if files.is_file(log):
            files.copy_file(log, place / log.name, most=MOST_COPIED)
    except OSError as error:
        raise files.untold(error, "the run's database cannot be copied", folder.database) from None
    with files.open_file(copy) as file:
        header, size = file.read(100), copy.stat().st_size
    promised = int.from_bytes(header[16:18]) * int.from_bytes(header[28:32]) if len(header) == 100 else 0
    if size < promised <= MOST_COPIED:  # SQLite reads no page of a file that was cut off
        files.change_file(copy, size=promised)
    if not _is_readable(copy):
        files.change_file(copy, HEADER)
        files.remove(place / log.name)
    return copy


def _is_readable(copy: Path) -> bool:
    with suppress(sqlite3.Error, StorageError), closing(connect(copy)) as db:
        return bool(db.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0])
    return False


def _read(copy: Path) -> dict[str, list[Record]]:
    """Every readable row of every table, in order of their keys."""
    with closing(connect(copy)) as db:
        db.text_factory = lambda text: text.decode("utf-8", "replace")
        found: dict[str, list[Record]] = {}
        for table in sorted(KEYS, key="genomes".__eq__):  # whose keys are known once there are candidates
            rows = {_key(table, row): row for row in _rows(db, table, found) if _is_whole(table, row)}
            found[table] = [rows[key] for key in sorted(rows)]
        return {table: found[table] for table in KEYS}


def _key(table: str, row: Record) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEYS[table])


def _rows(db: sqlite3.Connection, table: str, found: dict[str, list[Record]]) -> Iterator[Record]:
    """Rows from the beginning up to where it is damaged, from the end back to there, and one by one between."""
    seen = set()
    for order in ("ASC", "DESC"):
        by = ", ".join(f"{name} {order}" for name in KEYS[table])
        for row in _until_damage(db, f"SELECT * FROM {table} ORDER BY {by}"):
            seen.add(row[KEYS[table][0]])
            yield row
    for wanted in _missing(table, seen, found):
        yield from _until_damage(db, f"SELECT * FROM {table} WHERE {KEYS[table][0]} = ?", wanted)


def _until_damage(db: sqlite3.Connection, query: str, *arguments: Any) -> Iterator[Record]:
    with suppress(sqlite3.Error, OverflowError):
        for row in db.execute(query, arguments):
            yield dict(row)


def _missing(table: str, seen: set[Any], found: dict[str, list[Record]]) -> Iterable[Any]:
    """Keys that may exist beside those that were seen."""
    if table == "run":
        return FACTS - seen
    if table == "genomes":
        return {row["genome"] for row in found["candidates"]} - seen
    numbers = [key for key in seen if type(key) is int] if table in NUMBERED else []
    if not numbers or max(numbers) - min(numbers) > MOST_MISSING:
        return ()
    return set(range(min(numbers), max(numbers))) - seen


def _is_whole(table: str, row: Record) -> bool:
    """Whether a row makes sense by itself: keys of their kind, JSON that can be read, a genome under its own hash."""
    try:
        values = {name: json.loads(row[name]) for name in JSON & set(row)}
        if any(type(row[name]) is not (int if name in ("id", "candidate") else str) for name in KEYS[table]):
            return False
        # a key is the hash or its first 16 digits, as the kind of the genome has it
        return table != "genomes" or (
            len(row["key"]) >= 16 and hash_of(values["json"]).startswith(row["key"])
        )
    except (ValueError, TypeError, RecursionError):
        return False


def _complete(found: dict[str, list[Record]]) -> dict[str, list[Record]]:
    """Without candidates whose genome, evaluations whose candidate, and slices of which a part could not be read."""
    slices = {row["key"]: '"kind":"brood"' in row["json"] for row in found["genomes"]}
    candidates = {row["id"]: row for row in found["candidates"] if row["genome"] in slices}
    whole = {row["candidate"] for row in found["broods"]} & {row["candidate"] for row in found["members"]}
    whole |= {number for number, row in candidates.items() if not slices[row["genome"]]}
    finished = {row["candidate"] for row in found["evaluations"]} & set(candidates) & whole
    parts = {
        table: [row for row in found[table] if row["candidate"] in finished]
        for table in ("evaluations", "broods", "members")
    }
    return found | {"candidates": list(candidates.values())} | parts
