"""The memory of a run: one SQLite file, one writer, every finished evaluation in one transaction."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from numpy.typing import NDArray

from speciate import files
from speciate.errors import StorageError
from speciate.failpoints import crash_point
from speciate.records import Candidate, Evaluation, Phase
from speciate.store.connection import (
    check,
    check_pages,
    connect,
    damaged,
    insert,
    is_blank,
    migrate,
    open_to_read,
    refuse_odd,
    translated,
    version_of,
)
from speciate.store.rows import ASKED, COUNTS, GENOMES, ROWS, Baseline, Event, Json, Row
from speciate.store.schema import APPLICATION_ID, CHAMPION, FACTS, SCHEMA, VERSION
from speciate.store.slices import SliceTables, genome_row, read_numbers
from speciate.store.weights import is_name
from speciate.text import quoted

SYNC_SECONDS = 1.0
"""How much work on slices a power failure may take away."""

CANDIDATE = ("id", "phase", "generation", "seed", "operator", "inherited_examples", "known", "fold")
EVALUATION = ("status", "score", "parameters", "engine", "repeat_of", "weights", "error")
"""Columns that hold what records have under the same name, as it is."""


class Store:
    """A run's database; a context manager that closes it.

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
        begun = path is not None and path.with_name("manifest.json").exists()
        with translated(path):
            if path is not None:
                refuse_odd(path)
            if readonly and (path is None or not path.is_file()):
                raise StorageError("there is no run here", where=str(path), hint="speciate ls lists the runs")
            empty = path is None or not path.exists() or path.stat().st_size == 0
            if empty and begun:
                raise damaged(path, "it is empty or missing, and the run had begun")
            if readonly and path is not None:
                self._db = open_to_read(path)
            else:
                self._db = connect(path)
                try:
                    self._prepare(empty or (not begun and is_blank(self._db)))
                except BaseException:
                    self._db.close()
                    raise
            self._slices = SliceTables(self._db)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _prepare(self, new: bool) -> None:
        """Make the tables, or bring them up to date; what is damaged is not written to."""
        if not new:
            check(self._db, self.path)
            check_pages(self._db, self.path)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA foreign_keys = ON")
        if new:
            with self._transaction("schema"):
                for statement in SCHEMA.split(";"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                self._db.execute(f"PRAGMA user_version = {VERSION}")
        elif version_of(self._db) != VERSION:
            self._migrate()

    def _migrate(self) -> None:
        """Bring a run of an older version up to date, in one transaction, once there is a copy of it beside it."""
        assert self.path is not None
        version = version_of(self._db)
        copy = self.path.with_name(f"{self.path.stem}.schema-{version}{self.path.suffix}")
        files.write_file(copy, self._db.serialize(), "backup")
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
        self._select("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def set(self, **values: Any) -> None:
        """Write facts about the run: anything JSON can hold."""
        rows = [{"key": key, "value": json.dumps(value, allow_nan=False)} for key, value in values.items()]
        with self._transaction("facts"):
            insert(self._db, "run", rows, "REPLACE")

    def get(self, key: str, default: Any = None) -> Any:
        """A fact about the run.

        Raises:
            StorageError: It is of another type than in any run.
        """
        found = self._select("SELECT value FROM run WHERE key = ?", key)
        value = self._json(found[0]["value"]) if found else default
        if value is not None and key in FACTS and type(value) not in FACTS[key]:
            raise damaged(self.path, f"the fact {key} is {quoted(value)}, which it is in no run")
        if key == "champion" and value and (lacking := [name for name in CHAMPION if name not in value]):
            raise damaged(self.path, f"the champion lacks {', '.join(lacking)}")
        return value

    def facts(self) -> dict[str, Any]:
        """All facts about the run."""
        return {row["key"]: self._json(row["value"]) for row in self._select("SELECT key, value FROM run")}

    def add(self, candidates: Sequence[Candidate]) -> None:
        """Write candidates, before the work on them begins.

        Candidates that a power failure takes away are proposed again, the same ones; so nothing waits for the disk. The
        next `finish` waits for all that was written before it.
        """
        genomes = {c.genome.key: c.genome for c in candidates}
        genomes |= {a.genome.key: a.genome for c in candidates for a in c.ancestors}
        rows = [
            {name: getattr(c, name) for name in CANDIDATE}
            | {
                "genome": c.genome.key,
                "examples": c.budget.examples,
                "parents": _dump(c.parents),
                "ancestors": _dump([[a.id, a.genome.key, a.weights] for a in c.ancestors]),
            }
            for c in candidates
        ]
        with self._transaction("candidates", durable=False):
            insert(self._db, "genomes", [genome_row(genome) for genome in genomes.values()], "IGNORE")
            insert(self._db, "candidates", rows)

    def finish(self, evaluations: Sequence[Evaluation]) -> None:
        """Write evaluations, all or none.

        Slices may come by the hundred a second. Those that a power failure takes away are evaluated again, with the same
        results; so the disk is waited for once a second, and whenever anything else is written.
        """
        now, first = utc_now(), self._next_place()
        slices = [e for e in evaluations if e.candidate.slice is not None or e.best is not None]
        single = any(e.candidate.slice is None for e in evaluations)
        durable = single or time.monotonic() >= self._sync_again
        rows = [
            {name: getattr(e, name) for name in EVALUATION}
            | asdict(e.cost)
            | {
                "candidate": e.candidate.id,
                "metrics": _dump(dict(e.metrics)),
                "finished": now,
                "place": place,
            }
            for place, e in enumerate(evaluations, first)
        ]
        with self._transaction("evaluations", durable=durable):
            self._slices.write(slices)
            insert(self._db, "evaluations", rows)
        self._place = first + len(rows)
        if durable:
            self._sync_again = time.monotonic() + SYNC_SECONDS

    def _next_place(self) -> int:
        """The place of the next result, in the order in which they come."""
        if self._place is None:
            last = self._select("SELECT max(place) AS last FROM evaluations")[0]["last"]
            self._place = 0 if last is None else int(last) + 1
        return self._place

    def order(self, phase: Phase) -> list[int]:
        """Ids of the finished candidates of a phase, in the order in which their results came."""
        query = """SELECT e.candidate FROM evaluations e JOIN candidates c ON c.id = e.candidate
            WHERE c.phase = ? ORDER BY e.place, e.candidate"""
        return [row["candidate"] for row in self._select(query, phase)]

    def reopen(self) -> None:
        """Take back what follows a search, because the search goes on: the final, the champion's trainings, its scores."""
        with self._transaction("reopening"):
            self._take_back("phase != 'search'")

    def take_up(self) -> None:
        """Take back what was unfinished because the time was up: there is more now."""
        with self._transaction("reopening"):
            self._db.execute("DELETE FROM evaluations WHERE status = 'unfinished'")

    def close_gaps(self) -> int:
        """Take back all candidates after the first that is missing, so that they are proposed again; how many.

        The champion is forgotten too: it may be another one, or lack the scores of what it is compared with.
        """
        ids = {int(row["id"]) for row in self._select("SELECT id FROM candidates")}
        first = next(i for i in range(len(ids) + 1) if i not in ids)
        with self._transaction("gaps"):
            self._take_back("id >= ?", first)
        return sum(i > first for i in ids)

    def _take_back(self, which: str, *arguments: int) -> None:
        """Delete candidates and what came of them, the champion, and the test scores that go with it."""
        chosen = f"SELECT id FROM candidates WHERE {which}"
        for table in ("members", "broods", "evaluations"):
            self._db.execute(f"DELETE FROM {table} WHERE candidate IN ({chosen})", arguments)
        self._db.execute(f"DELETE FROM candidates WHERE {which}", arguments)
        self._db.execute("DELETE FROM run WHERE key = 'champion'")
        self._db.execute("UPDATE baselines SET test_score = NULL")

    def fill(self, tables: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
        """Write rows of another database of this kind as they are, leaving out those that do not fit.

        Args:
            tables: Rows as values by column, for each table.
        """
        with self._transaction("salvaged"):
            for table, rows in tables.items():
                known = {column["name"] for column in self._db.execute(f"PRAGMA table_info({table})")}
                for row in rows:
                    with suppress(sqlite3.IntegrityError):
                        insert(self._db, table, [{name: row[name] for name in row if name in known}])

    def rows(self, phase: Phase | None = None) -> list[Row]:
        """Every candidate with what came of it, in order of id."""
        found = self._select(ROWS, phase)
        genomes: dict[str, tuple[Json, str]] = {}
        if any(row["sources"] != "[]" or row["best_form"] for row in found):
            every = self._select(GENOMES)
            genomes = {row["key"]: (Json(row["json"]), row["description"]) for row in every}
        return [self._row(row, genomes) for row in found]

    def _row(self, found: sqlite3.Row, genomes: Mapping[str, tuple[Json, str]]) -> Row:
        values = dict(found)
        try:
            if found["is_slice"] is None:
                raise ValueError("its genome is no JSON object")
            form = values["form"] = genomes[found["key"]][0] if genomes else Json(found["form"])
            values["is_slice"] = bool(found["is_slice"])
            for name in ("metrics", "parents", "sources"):
                values[name] = self._json(found[name])
            values["parents"] = tuple(values["parents"])
            values["sources"] = tuple(
                (int(i), genomes[key][0], str(name)) for i, key, name in values["sources"]
            )
            for name in (found["weights"], *(name for _, _, name in values["sources"])):
                if name is not None and not is_name(name):
                    raise ValueError(f"{quoted(name)} is not the name of a weight file")
            if found["is_slice"]:
                values["size"] = int(form.value["size"])
            if found["best_form"] is not None:
                values["best_form"], values["best_text"] = genomes[found["best_form"]]
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise damaged(self.path, f"candidate {found['id']}: {error}") from None
        return Row(**values)

    def columns(self, *names: str) -> dict[int, dict[str, NDArray[Any]]]:
        """The numbers of the members of every slice, by candidate and name.

        Args:
            names: Which; all if none is named.

        Raises:
            StorageError: They are damaged.
        """
        where = f"WHERE name IN ({', '.join('?' * len(names))})" if names else ""
        columns: dict[int, dict[str, NDArray[Any]]] = {}
        for row in self._select(f"SELECT candidate, name, type, numbers FROM members {where}", *names):
            try:
                numbers = read_numbers(row["type"], row["numbers"])
            except (TypeError, ValueError) as error:
                why = f"{row['name']} of candidate {row['candidate']}: {error}"
                raise damaged(self.path, why) from None
            columns.setdefault(row["candidate"], {})[row["name"]] = numbers
        return columns

    def _select(self, query: str, *arguments: Any) -> list[sqlite3.Row]:
        with translated(self.path):
            return self._db.execute(query, arguments).fetchall()

    def _json(self, text: str) -> Any:
        if text in ("{}", "[]"):  # three of four in a long run
            return {} if text == "{}" else []
        try:
            return json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise damaged(self.path, str(error)) from None

    def count(self, phase: Phase | None = None) -> tuple[int, int]:
        """How many candidates there are, and how many of them are finished."""
        found = self._select(COUNTS, phase)[0]
        return found["asked"], found["finished"]

    def generations(self, phase: Phase | None = None) -> int:
        """How many generations of candidates there are."""
        return int(self._select(COUNTS, phase)[0]["generations"])

    def asked(self) -> int:
        """How many genomes the search was asked for; the members of a slice count one by one, whether it is evaluated or not."""
        return int(self._select(ASKED, Phase.SEARCH)[0]["asked"])

    def evaluated(self, phase: Phase | None = None) -> int:
        """How many genomes are evaluated; the members of a slice count one by one."""
        return int(self._select(COUNTS, phase)[0]["evaluated"])

    def is_complete(self, limit: int) -> bool:
        """Whether a search of so many genomes, and all that followed it, is evaluated."""
        asked, finished = self.count()
        return asked == finished and self.evaluated(Phase.SEARCH) >= limit

    def set_baseline(self, baseline: Baseline) -> None:
        """Write a baseline, or write it anew. What was said of its absence no longer holds and is withdrawn."""
        row = asdict(baseline) | {"metrics": _dump(baseline.metrics)}
        absent = (f"{baseline.name} is left out of %", f"the {baseline.name} network is left out of %")
        late = f"there was no time to train the {baseline.name} network %"
        with self._transaction("baseline"):
            for said in (*absent, late):  # LIKE ignores case
                self._db.execute("DELETE FROM events WHERE kind = 'baseline' AND message LIKE ?", (said,))
            insert(self._db, "baselines", [row], "REPLACE")

    def baselines(self) -> list[Baseline]:
        """The baselines, worst first."""
        found = self._select("SELECT * FROM baselines ORDER BY valid_score, name")
        return [Baseline(**dict(row) | {"metrics": self._json(row["metrics"])}) for row in found]

    def event(self, kind: str, message: str) -> None:
        """Write down a notable moment."""
        with self._transaction("event"):
            insert(self._db, "events", [{"time": utc_now(), "kind": kind, "message": message}])

    def events(self) -> list[Event]:
        """Every event, oldest first."""
        return [Event(*row) for row in self._select("SELECT time, kind, message FROM events ORDER BY id")]


def utc_now() -> str:
    """The time, as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
