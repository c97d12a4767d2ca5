"""The memory of a run: one SQLite file, one writer, every finished evaluation in one transaction."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from speciate.errors import StorageError
from speciate.failpoints import crash_point
from speciate.records import Candidate, Evaluation, Phase
from speciate.store.broods import SliceTables, is_slice, read_numbers
from speciate.store.connection import connect, damaged, translated
from speciate.store.opening import backup, check, check_pages, is_blank, migrate, version_of
from speciate.store.schema import APPLICATION_ID, SCHEMA, VERSION

SYNC_SECONDS = 1.0
"""How much work on slices a power failure may take away."""


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate and what came of it, as plain values. Without an evaluation the status is "pending".

    Attributes:
        id: Candidate id.
        phase: "search", "final" or "champion".
        generation: Generation, from 0.
        genome: The genome's canonical JSON form.
        key: The genome's hash.
        phenotype: The hash of what is trained.
        description: The genome in one line.
        seed: The evaluation's seed.
        examples: The budget.
        operator: What made it.
        parents: Candidate ids.
        ancestors: What it may inherit from: candidate id, genome in canonical JSON form, SHA-256 of the weight file.
        inherited_examples: Examples that they and their ancestors were shown.
        status: "ok", "diverged", ..., or "pending".
        score: Validation score or None.
        metrics: Further measurements.
        examples_seen: Examples shown to it.
        lineage_examples: The same with those of its ancestors.
        seconds: Wall time.
        parameters: Trainable parameters.
        engine: Which engine trained it.
        repeat_of: Id of the equal candidate whose result this is.
        weights: SHA-256 of the weight file.
        error: What went wrong.
        size: Genomes that it stands for: the members of a slice, else 1.
        best: The best member of a finished slice in canonical JSON form, if no earlier generation has a better one.
        best_text: The same in one line.
        known: Of how many results of its phase it was made, in the order in which they came; None where its id says so.
    """

    id: int
    phase: str
    generation: int
    genome: dict[str, Any]
    key: str
    phenotype: str
    description: str
    seed: int
    examples: int
    operator: str
    parents: tuple[int, ...]
    ancestors: tuple[tuple[int, dict[str, Any], str], ...]
    inherited_examples: int
    status: str
    score: float | None
    metrics: dict[str, float]
    examples_seen: int
    lineage_examples: int
    seconds: float
    parameters: int
    engine: str
    repeat_of: int | None
    weights: str | None
    error: str
    size: int = 1
    best: dict[str, Any] | None = None
    best_text: str = ""
    known: int | None = None

    @property
    def is_slice(self) -> bool:
        """Whether it stands for a slice of a generation."""
        return self.genome.get("kind") == "brood"


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline's scores.

    Attributes:
        name: "majority", "mean", "linear" or "hand-made".
        valid_score: Validation score, higher is better.
        test_score: Score on the sealed test; None until the champion exists.
        metrics: Further measurements by name.
        description: One line for people.
        seconds: Wall time.
    """

    name: str
    valid_score: float
    test_score: float | None
    metrics: dict[str, float]
    description: str
    seconds: float


class Store:
    """A run's database.

    Args:
        path: The SQLite file; None keeps everything in memory.
        readonly: Open an existing file without ever changing it.

    Raises:
        StorageError: The file is missing, damaged, or not a run.
        ConfigurationError: The file was written by a newer version.
        BusyError: Another program has it locked.
    """

    def __init__(self, path: Path | None = None, *, readonly: bool = False) -> None:
        self.path = path
        self._sync_again = 0.0
        self._place: int | None = None  # of the next result, once that was looked up
        with translated(path):
            if readonly and (path is None or not path.is_file()):
                raise StorageError("there is no run here", where=str(path), hint="speciate ls lists the runs")
            new = path is None or not path.exists() or path.stat().st_size == 0
            if new and path is not None and path.with_name("manifest.json").exists():
                raise damaged(path, "it is empty or missing, and the run had begun")
            self._db = connect(path, readonly=readonly)
            try:
                new = new or (not readonly and is_blank(self._db, path))
                self._open(new, readonly)
            except BaseException:
                self._db.close()
                raise
            self._slices = SliceTables(self._db)

    def _open(self, new: bool, readonly: bool) -> None:
        if not new or readonly:
            check(self._db, self.path)
        if readonly:
            return
        if not new:  # what is damaged is not written to
            check_pages(self._db, self.path)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA foreign_keys = ON")
        if new:
            self._create()
        elif version_of(self._db) != VERSION:
            self._migrate()

    def _create(self) -> None:
        with self._transaction("schema"):
            for statement in SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._db.execute(f"PRAGMA user_version = {VERSION}")

    def _migrate(self) -> None:
        """Bring a run of an older version up to date, in one transaction, once there is a copy of it."""
        assert self.path is not None
        version, copy = version_of(self._db), backup(self._db, self.path)
        with self._transaction("migration"):
            migrate(self._db)
        self.event("migrated", f"schema {version} became schema {VERSION}; {copy.name} is the run as it was")

    @contextmanager
    def _transaction(self, name: str, *, durable: bool = True) -> Iterator[None]:
        """All or nothing; on the disk when it returns, unless it can be made up for after a power failure.

        Args:
            name: What is written, for the crash points `NAME-uncommitted` and `NAME-committed`.
            durable: Whether to wait for the disk.
        """
        with translated(self.path):
            self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            try:  # an interrupt may come between any two of these lines
                self._db.execute("BEGIN IMMEDIATE")
                yield
                crash_point(f"{name}-uncommitted")
                self._db.execute("COMMIT")
                crash_point(f"{name}-committed")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def settle(self) -> None:
        """Bring everything from the log into the one file, so that it can be copied; as far as no reader is in the way."""
        with translated(self.path):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def set(self, **values: Any) -> None:
        """Write facts about the run: anything JSON can hold."""
        with self._transaction("facts"):
            rows = [(key, json.dumps(value, allow_nan=False)) for key, value in values.items()]
            self._db.executemany("INSERT OR REPLACE INTO run VALUES (?, ?)", rows)

    def get(self, key: str, default: Any = None) -> Any:
        """A fact about the run."""
        with translated(self.path):
            found = self._db.execute("SELECT value FROM run WHERE key = ?", (key,)).fetchone()
        return self._json(found[0]) if found else default

    def facts(self) -> dict[str, Any]:
        """All facts about the run."""
        return {row["key"]: self._json(row["value"]) for row in self._select("SELECT key, value FROM run")}

    def add(self, candidates: Sequence[Candidate]) -> None:
        """Write candidates, before the work on them begins.

        Candidates that a power failure takes away are proposed again, the same ones; so nobody waits for the disk. The
        next `finish` waits for all that was written before it.
        """
        genomes = {c.genome.key: c.genome for c in candidates}
        genomes |= {a.genome.key: a.genome for c in candidates for a in c.ancestors}
        with self._transaction("candidates", durable=False):
            self._db.executemany(
                "INSERT OR IGNORE INTO genomes VALUES (?, ?, ?, ?)",
                [(key, g.phenotype, _dump(g.to_json()), g.describe()) for key, g in genomes.items()],
            )
            self._db.executemany(
                "INSERT INTO candidates VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        c.id,
                        c.phase,
                        c.generation,
                        c.genome.key,
                        c.seed,
                        c.budget.examples,
                        c.operator,
                        _dump(c.parents),
                        _dump([[a.id, a.genome.key, a.weights] for a in c.ancestors]),
                        c.inherited_examples,
                        c.known,
                    )
                    for c in candidates
                ],
            )

    def finish(self, evaluations: Sequence[Evaluation]) -> None:
        """Write evaluations, all or none.

        Slices may come by the hundred a second. Those that a power failure takes away are evaluated again, with the same
        results; so the disk is waited for once a second, and whenever anything else is written.
        """
        now = utc_now()
        slices = [e for e in evaluations if is_slice(e) or e.best is not None]
        durable = not all(map(is_slice, evaluations)) or time.monotonic() >= self._sync_again
        with self._transaction("evaluations", durable=durable):
            self._slices.write(slices)
            self._db.executemany(
                "INSERT INTO evaluations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        e.candidate.id,
                        e.status,
                        e.score,
                        _dump(dict(e.metrics)),
                        e.cost.examples_seen,
                        e.cost.lineage_examples,
                        e.cost.seconds,
                        e.parameters,
                        e.engine,
                        e.repeat_of,
                        e.weights,
                        e.error,
                        now,
                        place,
                    )
                    for place, e in enumerate(evaluations, self._places())
                ],
            )
        self._place = self._places() + len(evaluations)
        if durable:
            self._sync_again = time.monotonic() + SYNC_SECONDS

    def _places(self) -> int:
        """The place of the next result, in the order in which they come."""
        if self._place is None:
            (last,) = self._db.execute("SELECT max(place) FROM evaluations").fetchone()
            self._place = 0 if last is None else int(last) + 1
        return self._place

    def order(self, phase: Phase) -> list[int]:
        """Ids of the finished candidates of a phase, in the order in which their results came."""
        places = "e.place, e.candidate" if version_of(self._db) > 3 else "e.candidate"
        query = f"""SELECT e.candidate FROM evaluations e JOIN candidates c ON c.id = e.candidate
            WHERE c.phase = ? ORDER BY {places}"""
        return [row["candidate"] for row in self._select(query, (phase,))]

    def reopen(self) -> None:
        """Take back what follows a search, because the search goes on: the final, the champion's trainings, its scores."""
        with self._transaction("reopening"):
            later = "SELECT id FROM candidates WHERE phase != 'search'"
            for table in ("members", "broods", "evaluations"):
                self._db.execute(f"DELETE FROM {table} WHERE candidate IN ({later})")
            self._db.execute("DELETE FROM candidates WHERE phase != 'search'")
            self._db.execute("DELETE FROM run WHERE key = 'champion'")
            self._db.execute("UPDATE baselines SET test_score = NULL")

    def fill(self, tables: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
        """Write rows of another database of this kind as they are, leaving out those that do not fit.

        Args:
            tables: Rows as values by column, for each table.
        """
        with self._transaction("salvaged"):
            for table, rows in tables.items():
                known = {column[1] for column in self._db.execute(f"PRAGMA table_info({table})")}
                for row in rows:
                    names = [name for name in row if name in known]
                    marks = ", ".join("?" * len(names))
                    with suppress(sqlite3.IntegrityError):
                        self._db.execute(
                            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})",
                            [row[name] for name in names],
                        )

    def close_gaps(self) -> int:
        """Take back all candidates after the first that is missing, so that they are proposed again; how many.

        The champion is forgotten too: it may be another one, or lack the scores of what it is compared with.
        """
        with translated(self.path):
            ids = {int(row[0]) for row in self._db.execute("SELECT id FROM candidates")}
        first = next(i for i in range(len(ids) + 1) if i not in ids)
        with self._transaction("gaps"):
            for table in ("members", "broods", "evaluations"):
                self._db.execute(f"DELETE FROM {table} WHERE candidate >= ?", (first,))
            self._db.execute("DELETE FROM candidates WHERE id >= ?", (first,))
            self._db.execute("DELETE FROM run WHERE key = 'champion'")
            self._db.execute("UPDATE baselines SET test_score = NULL")
        return sum(i > first for i in ids)

    def rows(self, phase: Phase | None = None) -> list[Row]:
        """Every candidate with what came of it, in order of id."""
        where = "" if phase is None else "WHERE c.phase = ?"
        inherited = (
            "c.ancestors, c.inherited_examples"
            if version_of(self._db) > 1
            else "'[]' AS ancestors, 0 AS inherited_examples"
        )
        inherited += ", c.known" if version_of(self._db) > 3 else ", NULL AS known"
        inherited += ", b.best" if version_of(self._db) > 2 else ", NULL AS best"
        broods = "LEFT JOIN broods b ON b.candidate = c.id" if version_of(self._db) > 2 else ""
        query = f"""
            SELECT c.id, c.phase, c.generation, g.json AS genome, g.key, g.phenotype, g.description, c.seed, c.examples,
                   c.operator, c.parents, {inherited}, coalesce(e.status, 'pending') AS status, e.score,
                   coalesce(e.metrics, '{{}}') AS metrics, coalesce(e.examples_seen, 0) AS examples_seen,
                   coalesce(e.lineage_examples, 0) AS lineage_examples, coalesce(e.seconds, 0) AS seconds,
                   coalesce(e.parameters, 0) AS parameters, coalesce(e.engine, '') AS engine, e.repeat_of, e.weights,
                   coalesce(e.error, '') AS error
            FROM candidates c JOIN genomes g ON g.key = c.genome LEFT JOIN evaluations e ON e.candidate = c.id
            {broods} {where} ORDER BY c.id"""
        found = self._select(query, () if phase is None else (phase,))
        others = any(row["ancestors"] != "[]" or row["best"] for row in found)
        genomes = self._genomes() if others else {}
        return [self._row(row, genomes) for row in found]

    def _genomes(self) -> dict[str, tuple[Any, str]]:
        """Canonical JSON form and line of every genome, by key."""
        found = self._select("SELECT key, json, description FROM genomes")
        return {row["key"]: (self._json(row["json"]), row["description"]) for row in found}

    def _row(self, found: dict[str, Any], genomes: dict[str, tuple[Any, str]]) -> Row:
        values = {name: self._json(found[name]) for name in ("genome", "metrics", "parents", "ancestors")}
        try:
            ancestors = tuple(
                (int(i), genomes[key][0], str(weights)) for i, key, weights in values["ancestors"]
            )
            size = int(values["genome"]["size"]) if values["genome"].get("kind") == "brood" else 1
            best, text = (None, "") if found["best"] is None else genomes[found["best"]]
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(self.path, f"ancestors: {error}") from None
        made = {"parents": tuple(values["parents"]), "ancestors": ancestors, "size": size}
        return Row(**found | values | made | {"best": best, "best_text": text})

    def columns(self, *names: str) -> dict[int, dict[str, NDArray[Any]]]:
        """The numbers of the members of every slice, by candidate and name.

        Args:
            names: Which; all if none is named.

        Raises:
            StorageError: They are damaged.
        """
        if version_of(self._db) < 3:
            return {}
        where = f"WHERE name IN ({', '.join('?' * len(names))})" if names else ""
        found: dict[int, dict[str, NDArray[Any]]] = {}
        for row in self._select(f"SELECT candidate, name, type, numbers FROM members {where}", names):
            found.setdefault(row["candidate"], {})[row["name"]] = self._numbers(row)
        return found

    def _numbers(self, row: dict[str, Any]) -> NDArray[Any]:
        try:
            return read_numbers(row["type"], row["numbers"])
        except (TypeError, ValueError) as error:
            why = f"{row['name']} of candidate {row['candidate']}: {error}"
            raise damaged(self.path, why) from None

    def _select(self, query: str, arguments: Sequence[Any] = ()) -> list[dict[str, Any]]:
        with translated(self.path):
            cursor = self._db.execute(query, arguments)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def _json(self, text: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise damaged(self.path, str(error)) from None

    def count(self, phase: Phase | None = None) -> tuple[int, int]:
        """How many candidates there are, and how many of them are finished."""
        query = "SELECT count(*), count(e.candidate) FROM candidates c LEFT JOIN evaluations e ON e.candidate = c.id"
        with translated(self.path):
            if phase is None:
                asked, finished = self._db.execute(query).fetchone()
            else:
                asked, finished = self._db.execute(f"{query} WHERE c.phase = ?", (phase,)).fetchone()
        return asked, finished

    def evaluated(self, phase: Phase | None = None) -> int:
        """How many genomes are evaluated; the members of a slice count one by one."""
        sizes = "coalesce(b.size, 1)" if version_of(self._db) > 2 else "1"
        broods = "LEFT JOIN broods b ON b.candidate = e.candidate" if version_of(self._db) > 2 else ""
        query = f"SELECT coalesce(sum({sizes}), 0) FROM evaluations e JOIN candidates c ON c.id = e.candidate {broods}"
        with translated(self.path):
            if phase is None:
                return int(self._db.execute(query).fetchone()[0])
            return int(self._db.execute(f"{query} WHERE c.phase = ?", (phase,)).fetchone()[0])

    def set_baseline(self, baseline: Baseline) -> None:
        """Write a baseline, or write it anew."""
        b = baseline
        with self._transaction("baseline"):
            row = (b.name, b.valid_score, b.test_score, _dump(b.metrics), b.description, b.seconds)
            self._db.execute("INSERT OR REPLACE INTO baselines VALUES (?, ?, ?, ?, ?, ?)", row)

    def baselines(self) -> list[Baseline]:
        """The baselines, worst first."""
        found = self._select("SELECT * FROM baselines ORDER BY valid_score, name")
        return [Baseline(**row | {"metrics": self._json(row["metrics"])}) for row in found]

    def event(self, kind: str, message: str) -> None:
        """Write down a notable moment."""
        with self._transaction("event"):
            self._db.execute(
                "INSERT INTO events (time, kind, message) VALUES (?, ?, ?)", (utc_now(), kind, message)
            )

    def events(self) -> list[tuple[str, str, str]]:
        """Time, kind and message of every event, oldest first."""
        with translated(self.path):
            return self._db.execute("SELECT time, kind, message FROM events ORDER BY id").fetchall()


def utc_now() -> str:
    """The time, as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
