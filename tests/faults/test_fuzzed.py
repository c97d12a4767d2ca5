"""500 random byte flips in a run's database: it is read or refused, never a crash, a hang or a change of the file."""

from __future__ import annotations

import io
import os
import random
import resource
import shutil
import sqlite3
import time
from contextlib import redirect_stdout, suppress
from pathlib import Path

import pytest
from tests.inside import speciate
from tests.store.freeze import FROZEN

from speciate.errors import ConfigurationError, StorageError
from speciate.report import write_report
from speciate.report.build import _circumstances, _findings
from speciate.report.data import ReportData
from speciate.report.page import render
from speciate.run.stored import recorded
from speciate.store import RunFolder, RunSummary, Store, connection, sensible
from speciate.store.health import examine_run
from speciate.store.salvage import salvage
from speciate.store.schema import FACTS, VERSION
from speciate.store.values import LARGEST
from speciate.terminal import print_json, print_run

FLIPS = 500


def flipped(content: bytes, number: int) -> bytes:
    """The content with one bit, byte or run of bytes changed, the same ones for the same number."""
    rng = random.Random(number)
    changed = bytearray(content)
    place = rng.randrange(len(changed)) if number % 4 else rng.randrange(200)  # the header matters most
    for i in range(place, min(len(changed), place + rng.choice((1, 1, 1, 8, 300)))):
        changed[i] ^= rng.randrange(1, 256)
    return bytes(changed)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "runs" / "fuzzed")
    folder.create()
    return folder


@pytest.fixture(scope="module")
def content() -> bytes:
    return (FROZEN / f"schema-{VERSION}.sqlite").read_bytes()


@pytest.mark.fault(16)
def test_every_flip_is_read_or_refused(folder: RunFolder, content: bytes) -> None:
    refused = 0
    for number in range(FLIPS):
        damaged = flipped(content, number)
        folder.database.write_bytes(damaged)
        try:
            store = Store(folder.database, readonly=True)
            try:
                (
                    store.rows(),
                    store.facts(),
                    store.baselines(),
                    store.events(),
                    store.columns(),
                    store.evaluated(),
                )
            finally:
                store.close()
            RunSummary.read(folder).to_json()
        except (StorageError, ConfigurationError):
            refused += 1
        examine_run(folder)
        assert folder.database.read_bytes() == damaged, f"flip {number} was changed by looking"
    assert 100 < refused < FLIPS


@pytest.mark.fault(16)
def test_what_is_left_is_salvaged_from_every_flip(folder: RunFolder, content: bytes) -> None:
    saved = 0
    for number in range(0, FLIPS, 10):
        damaged = flipped(content, number)
        folder.database.write_bytes(damaged)
        try:
            new, counts = salvage(folder)
        except StorageError:
            continue
        saved += 1
        assert folder.database.read_bytes() == damaged
        assert counts["candidates"] > 0
        store = Store(new.database, readonly=True)
        assert len(store.rows()) == counts["candidates"]
        store.close()
        shutil.rmtree(new.path)
    assert saved > 40


@pytest.mark.fault(16)
def test_the_command_says_what_is_wrong_in_a_few_lines(folder: RunFolder, content: bytes) -> None:
    runs = folder.path.parent.parent
    for number in range(0, FLIPS, 25):
        folder.database.write_bytes(flipped(content, number))
        for arguments in (["show", "fuzzed"], ["ls"], ["doctor", "fuzzed"], ["show", "fuzzed", "--json"]):
            done = speciate(*arguments, cwd=runs)
            assert done.returncode in (0, 74, 78), (number, arguments, done.stderr)
            assert "Traceback" not in done.stderr
            assert len(done.stderr.splitlines()) <= 6


@pytest.mark.fault(16)
def test_reports_of_flips(folder: RunFolder, content: bytes) -> None:
    for number in range(1, FLIPS, 250):
        folder.database.write_bytes(flipped(content, number))
        with suppress(StorageError, ConfigurationError):
            assert write_report(folder.path).is_file()


VIEW = """
DROP TABLE events;
CREATE VIEW events AS WITH RECURSIVE forever (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM forever)
    SELECT id, 'now' AS time, 'x' AS kind, 'y' AS message FROM forever;
"""
COLUMN = "ALTER TABLE run ADD COLUMN more AS (hex(zeroblob(100000000)));"
TRIGGER = "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM evaluations; END;"


@pytest.mark.fault(19)
@pytest.mark.parametrize("program", [VIEW, COLUMN, TRIGGER], ids=["view", "column", "trigger"])
def test_a_program_in_a_database_is_not_run(program: str, folder: RunFolder, content: bytes) -> None:
    folder.database.write_bytes(content)
    db = sqlite3.connect(folder.database)
    db.executescript(program)
    db.close()
    began = time.monotonic()
    for readonly in (True, False):
        with pytest.raises(StorageError, match="damaged"):
            Store(folder.database, readonly=readonly)
    assert examine_run(folder)["problems"]
    assert time.monotonic() - began < 60, "it was run"


@pytest.mark.fault(19)
def test_pipes_and_endless_files_in_a_strangers_folder_hold_nobody_up(
    folder: RunFolder, content: bytes
) -> None:
    folder.database.write_bytes(content)
    folder.weights.path.mkdir()
    pipe, endless, huge = ("a" * 64, "b" * 64, "c" * 64)
    os.mkfifo(folder.weights.file(pipe))
    folder.weights.file(endless).symlink_to("/dev/zero")
    with folder.weights.file(huge).open("wb") as file:
        file.truncate(2**42)
    other = folder.path.with_name("\x1b[31mred [bold]x")
    other.mkdir()
    os.mkfifo(other / "run.sqlite")
    for name in (pipe, endless, huge):
        assert not folder.weights.is_sound(name)
    with pytest.raises(StorageError):
        folder.weights.load(pipe)
    assert len([p for p in examine_run(folder)["problems"] if "was altered" in p]) == 3
    done = speciate("ls", cwd=folder.path.parent.parent)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout


VALUES = [
    "UPDATE genomes SET json = '{\"nodes\": [' || replace(hex(zeroblob(100000)), '0', '[') || ''",
    "UPDATE run SET value = '1e999999' WHERE key = 'seconds'",
    "UPDATE candidates SET id = id - 100000000",
    "UPDATE candidates SET parents = '\"x\"'",
    "UPDATE evaluations SET status = 'splendid'",
    "UPDATE evaluations SET metrics = '[]', score = 'high'",
    "INSERT OR REPLACE INTO events VALUES (1, x'ff', x'00ff', zeroblob(20000))",
    'UPDATE candidates SET ancestors = \'[[0, "nobody", "../../../etc/passwd"]]\'',
    "INSERT INTO broods VALUES (0, 999999999999, NULL)",
    "INSERT INTO broods VALUES (0, 1, NULL); INSERT INTO members VALUES (0, 'fitness', 'O', x'80049503')",
]


@pytest.mark.fault(19)
@pytest.mark.parametrize("statement", VALUES, ids=range(len(VALUES)))
def test_values_that_no_run_has_are_shown_or_refused(
    statement: str, folder: RunFolder, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LONGEST", 10_000)
    folder.database.write_bytes(content)
    db = sqlite3.connect(folder.database)
    db.executescript(statement)
    db.close()
    runs = folder.path.parent.parent
    for arguments in (["show", "fuzzed"], ["ls"], ["doctor", "fuzzed"], ["resume", "fuzzed"]):
        done = speciate(*arguments, cwd=runs)
        assert done.returncode in (0, 74), (arguments, done.stderr)
        assert "unexpected" not in done.stderr, (arguments, done.stderr)


ODD = [
    *(None, -1, 0, 2**31, 2_000_000_000, 10**15, 2**63 - 1, -(2**63), 1e308, -1e308, float("inf"), 0.5),
    *(
        "",
        "x",
        "null",
        "[]",
        "{}",
        "5",
        '{"id": 3}',
        "[[0, 0, 0]]",
        "true",
        '"text"',
        "[" * 3000,
        '{"a":' * 3000,
    ),
    *(
        "../../victim/notes",
        "/etc/passwd",
        "\x1b[31m",
        "ok",
        "pending",
        "brood",
        b"\xff\x00",
        b"",
        "9" * 400,
        "NaN",
    ),
]
"""Values of every type and size, to be put where a run has others."""

COLUMNS = {
    "run": ("key", "value"),
    "genomes": ("key", "phenotype", "json", "description"),
    "candidates": (
        *("id", "phase", "generation", "genome", "seed", "examples", "operator", "parents", "ancestors"),
        *("inherited_examples", "known"),
    ),
    "evaluations": (
        *(
            "candidate",
            "status",
            "score",
            "metrics",
            "examples_seen",
            "lineage_examples",
            "seconds",
            "parameters",
        ),
        *("engine", "repeat_of", "weights", "error", "finished", "place"),
    ),
    "baselines": ("name", "valid_score", "test_score", "metrics", "description", "seconds"),
    "events": ("id", "time", "kind", "message"),
}


@pytest.mark.fault(51)
@pytest.mark.fault(54)
def test_b7_b13_2000_values_of_other_types_and_sizes(folder: RunFolder, content: bytes) -> None:
    """What looks at a run takes what is there, or refuses it in one way; and takes neither time nor memory for it."""
    rng = random.Random(1)
    folder.database.write_bytes(content)
    refused = 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Store(folder.database) as store, redirect_stdout(io.StringIO()):
        db = store._db
        db.execute("PRAGMA foreign_keys = OFF")
        keys = {
            table: [row[0] for row in db.execute(f"SELECT {columns[0]} FROM {table}")]
            for table, columns in COLUMNS.items()
        }
        for turn in range(2000):
            table = rng.choice([*COLUMNS, "run", "candidates"])
            column, value = rng.choice(COLUMNS[table]), rng.choice(ODD)
            column = "value" if table == "run" else column
            where = f"WHERE {COLUMNS[table][0]} = ?" if rng.random() < 0.8 else "WHERE ? IS NOT NULL"
            db.execute("BEGIN")
            with suppress(sqlite3.IntegrityError, OverflowError):
                db.execute(
                    f"UPDATE OR IGNORE {table} SET {column} = ? {where}", (value, rng.choice(keys[table]))
                )
            try:
                summary = RunSummary.of(store, folder).to_json()
                if turn % 20 == 0:
                    print_json(summary)
                    with sensible(store.path):
                        print_run(summary)
                if turn % 100 == 0:
                    run = RunSummary.of(store, folder, largest=LARGEST)
                    render(ReportData(_findings(run), _circumstances(run)))
                for key in FACTS:
                    store.get(key)
                for row in store.rows() if turn % 5 == 0 else ():
                    recorded(row)
            except (StorageError, ConfigurationError):
                refused += 1
            db.execute("ROLLBACK")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000, "KiB"
    assert 200 < refused < 2000
