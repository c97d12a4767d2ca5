"""A power failure: what was not synchronized with the disk is gone. What the run has acknowledged is still there."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tests.faults.power import restored
from tests.run.test_search import on_iris, results

from speciate.data import load_data
from speciate.evaluators import SupervisedEvaluator
from speciate.run.search import Search

ROOT = Path(__file__).parents[2]

DRIVER = """
import sys
from pathlib import Path
from tests.faults import power
power.install(Path(sys.argv[2]))  # before anything opens a database
from speciate.run.callbacks import Callback
from speciate.store import new_folder
from tests.faults.test_power_loss import heirs
class Say(Callback):
    def on_told(self, search, evaluations):
        print(*(e.candidate.id for e in evaluations), flush=True)
folder = new_folder(Path(sys.argv[1]), "run")
heirs(folder.path, callbacks=[Say()]).run(generations=3)
"""


def heirs(folder: Path | None, **settings: object) -> Search:
    """A search in which children inherit weights, so that files and rows depend on each other."""
    evaluator = SupervisedEvaluator(load_data("sklearn:iris"), inherit="preserve")
    return on_iris(evaluator, folder, **settings)


@pytest.fixture(scope="module")
def plain() -> Search:
    return heirs(None).run(generations=3)


@pytest.mark.slow
@pytest.mark.fault(2)
@pytest.mark.parametrize("told", [9, 17])
def test_what_was_acknowledged_survives_a_power_failure(told: int, tmp_path: Path, plain: Search) -> None:
    runs, disk = tmp_path / "runs", tmp_path / "disk"
    runs.mkdir()
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(runs), str(disk)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert driver.stdout is not None
    acknowledged: set[int] = set()
    while len(acknowledged) < told:
        acknowledged |= {int(number) for number in driver.stdout.readline().split()}
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    driver.stdout.close()
    after = restored(disk, runs, tmp_path / "after")
    again = heirs(after / "run")
    kept = {row.id: row for row in again.rows if row.status != "pending"}
    assert acknowledged <= set(kept), "a result was told and is lost"
    assert results(again.run(generations=3)) == results(plain)
    assert again.champion == plain.champion
    kinds = {kind for _, kind, _ in again.store.events()}
    assert not kinds & {"restored", "lost"}, "a row named weights that were lost"


@pytest.mark.fault(2)
def test_the_disk_that_forgets_does_forget(tmp_path: Path) -> None:
    """The check can fail: what is written without fsync is gone, and so is a file whose folder was not synchronized."""
    code = """
import os, sys
from pathlib import Path
from tests.faults import power
power.install(Path(sys.argv[2]))
runs = Path(sys.argv[1])
def write(path, content, file=True, folder=True):
    with path.open("wb") as f:
        f.write(content); f.flush()
        if file: os.fsync(f.fileno())
    if folder:
        d = os.open(path.parent, os.O_RDONLY); os.fsync(d); os.close(d)
write(runs / "whole", b"1")
write(runs / "empty", b"2", file=False)
write(runs / "changed", b"3")
with (runs / "changed").open("ab") as f: f.write(b"4")
write(runs / "gone", b"5", folder=False)
import sqlite3
for level in ("FULL", "OFF"):
    db = sqlite3.connect(runs / level, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL"); db.execute(f"PRAGMA synchronous = FULL"); db.execute("CREATE TABLE t (x)")
    db.execute(f"PRAGMA synchronous = {level}"); db.execute("INSERT INTO t VALUES (1)")
d = os.open(runs, os.O_RDONLY); os.fsync(d); os.close(d)
(runs / "gone").rename(runs / "renamed")
os.kill(os.getpid(), 9)
"""
    runs, disk = tmp_path / "runs", tmp_path / "disk"
    runs.mkdir()
    subprocess.run(
        [sys.executable, "-c", code, str(runs), str(disk)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    after = restored(disk, runs, tmp_path / "after")
    found = {
        file.name: file.read_bytes()
        for file in after.iterdir()
        if file.name.islower() and "-" not in file.name
    }
    assert found == {
        "whole": b"1",
        "empty": b"",
        "changed": b"3",
        "gone": b"5",
    }  # the folder was synchronized before the rename
    counts = {}
    for level in ("FULL", "OFF"):
        db = sqlite3.connect(after / level)
        counts[level] = db.execute("SELECT count(*) FROM t").fetchone()[0]
        db.close()
    assert counts == {"FULL": 1, "OFF": 0}
