from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from speciate.algorithms import RandomSearch
from speciate.errors import BusyError, ConfigurationError, CreationError, StorageError
from speciate.records import Budget, Candidate, Cost, Evaluation, Phase, Status
from speciate.spaces import NetworkSpace
from speciate.store import Baseline, RunFolder, Store, new_folder
from speciate.store.schema import VERSION


def candidates(count: int) -> list[Candidate]:
    return RandomSearch(2).start(NetworkSpace.article(), seed=0, budget=Budget(10)).ask(count)


def evaluation(candidate: Candidate) -> Evaluation:
    return Evaluation(
        candidate, Status.OK, 0.1 + 0.2, {"loss": 1 / 3}, Cost(10, 30, 0.5), 7, "reference", None, "ab" * 32
    )


def test_what_is_written_is_read_back_to_the_last_bit(tmp_path: Path) -> None:
    store = Store(tmp_path / "run.sqlite")
    three = candidates(3)
    store.add(three)
    store.finish([evaluation(three[0]), Evaluation(three[1], Status.DIVERGED, error="boom")])
    store.close()
    rows = Store(tmp_path / "run.sqlite", readonly=True).rows()
    assert [row.status for row in rows] == ["ok", "diverged", "pending"]
    first = rows[0]
    assert (first.score, first.metrics, first.seed) == (0.1 + 0.2, {"loss": 1 / 3}, three[0].seed)
    assert (first.examples_seen, first.lineage_examples, first.seconds) == (10, 30, 0.5)
    assert (first.generation, rows[2].generation) == (0, 1)
    assert first.genome == three[0].genome.to_json()
    assert rows[1].error == "boom"
    assert rows[1].score is None


def test_a_transaction_is_all_or_nothing() -> None:
    store = Store()
    two = candidates(2)
    store.add(two)
    with pytest.raises(StorageError):
        store.finish([evaluation(two[0]), evaluation(two[0])])  # the second breaks the key
    assert store.count() == (2, 0)


def test_facts_events_and_baselines() -> None:
    store = Store()
    store.set(name="heron", limit=3)
    store.set(limit=4)
    assert store.facts() == {"name": "heron", "limit": 4}
    assert store.get("nothing", 5) == 5
    store.event("champion", "candidate 3")
    assert [event[1:] for event in store.events()] == [("champion", "candidate 3")]
    store.set_baseline(Baseline("linear", 0.5, None, {}, "a line", 0.1))
    store.set_baseline(Baseline("linear", 0.5, 0.4, {"test_low": 0.3}, "a line", 0.1))
    assert store.baselines() == [Baseline("linear", 0.5, 0.4, {"test_low": 0.3}, "a line", 0.1)]


def test_reopening_takes_back_what_follows_the_search() -> None:
    store = Store()
    search, final = candidates(2)
    final = Candidate(1, final.genome, 1, Budget(10), (0,), "retrain", 0, Phase.FINAL)
    store.add([search, final])
    store.finish([evaluation(search), evaluation(final)])
    store.set(champion={"id": 0})
    store.reopen()
    assert [row.phase for row in store.rows()] == ["search"]
    assert store.get("champion") is None


def test_the_schema_says_whose_it_is(tmp_path: Path) -> None:
    Store(tmp_path / "run.sqlite").close()
    db = sqlite3.connect(tmp_path / "run.sqlite")
    assert db.execute("PRAGMA application_id").fetchone()[0] == 0x53504543
    assert db.execute("PRAGMA user_version").fetchone()[0] == VERSION
    assert (
        "of everything random"
        in db.execute("SELECT sql FROM sqlite_master WHERE name = 'candidates'").fetchone()[0]
    )
    db.close()


@pytest.mark.fault(16)
@pytest.mark.parametrize(
    "content", [b"not a database at all, just text" * 40, b"SQLite format 3\0" + b"\xff" * 4000]
)
def test_a_damaged_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.sqlite"
    path.write_bytes(content)
    with pytest.raises(StorageError):
        Store(path, readonly=True)
    assert path.read_bytes() == content


@pytest.mark.fault(16)
def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE cats (name TEXT)")
    db.commit()
    db.close()
    before = path.read_bytes()
    for readonly in (True, False):
        with pytest.raises(StorageError, match="not the database of a run"):
            Store(path, readonly=readonly)
    assert path.read_bytes() == before


@pytest.mark.fault(17)
def test_a_newer_run_names_the_version_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    Store(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(ConfigurationError, match="schema 99"):
        Store(path)


def test_a_missing_run_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no run here"):
        Store(tmp_path / "run.sqlite", readonly=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault(14)
def test_a_locked_run_names_its_owner(tmp_path: Path) -> None:
    first, second = RunFolder(tmp_path), RunFolder(tmp_path)
    first.lock()
    with pytest.raises(BusyError, match=r"process \d+ on "):
        second.lock()
    first.unlock()
    second.lock()
    second.unlock()


@pytest.mark.fault(15)
def test_names_are_never_shared(tmp_path: Path) -> None:
    assert new_folder(tmp_path, "heron").path == tmp_path / "heron"
    with pytest.raises(CreationError, match="a folder named heron already"):
        new_folder(tmp_path, "heron")
    assert len({new_folder(tmp_path).path.name for _ in range(30)}) == 30
    for name in ("../up", "", "a/b", ".hidden", "x" * 200):
        with pytest.raises(CreationError):
            new_folder(tmp_path, name)
