"""An asynchronous run that is killed goes on from what it had recorded, and the record says how everything came about."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.inside import shown, speciate

from speciate.algorithms import GuidedEvolution
from speciate.config import build, from_toml
from speciate.evaluators import SupervisedEvaluator
from speciate.records import Budget, Phase
from speciate.run.stored import candidate_of, evaluation_of
from speciate.store import Row, RunFolder, Store, WeightFolder
from speciate.testing import remade

from .test_stopping import assert_gone, finished, go_on, start, until

ASYNCHRONOUS = ["--asynchronous", "--inherit", "preserve", "--generations", "3"]

SMALL = [
    "--asynchronous",
    "--workers",
    "2",
    "--population",
    "3",
    "--generations",
    "3",
    "--examples",
    "200",
    "--final-examples",
    "200",
    "--finalists",
    "1",
    "--repeats",
    "1",
]


def recorded(folder: RunFolder) -> tuple[list[Row], list[int]]:
    """The search's candidates, and the order in which they finished."""
    store = Store(folder.database, readonly=True)
    try:
        return store.rows(Phase.SEARCH), store.order(Phase.SEARCH)
    finally:
        store.close()


def what_it_came_to(row: Row) -> Row:
    """A row without what the clock says."""
    return replace(row, seconds=0.0)


@pytest.mark.slow
@pytest.mark.fault(1)
def test_a_killed_run_keeps_its_record_and_goes_on(runs: Path, tmp_path: Path) -> None:
    folder = RunFolder(runs / "runs" / "overtaking")
    process = start("overtaking", runs, *ASYNCHRONOUS, workers="2")
    for count in (3, 8, 13):
        until(lambda count=count: finished(folder.path) >= count)  # type: ignore[misc]
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        assert_gone(workers)
        rows, order = recorded(folder)
        process = go_on("overtaking", runs)
        until(lambda count=count, p=process: finished(folder.path) > count or p.poll() is not None)  # type: ignore[misc]
        now, later = recorded(folder)
        assert later[: len(order)] == order
        done = [row for row in rows if row.status != "pending"]
        assert [what_it_came_to(now[row.id]) for row in done] == [what_it_came_to(row) for row in done]
        asked = [(row.id, row.key, row.parents, row.known, row.ancestors, row.seed) for row in rows]
        assert [(r.id, r.key, r.parents, r.known, r.ancestors, r.seed) for r in now[: len(rows)]] == asked
    assert process.wait() == 0
    summary = shown("overtaking", runs)
    assert (summary["status"], len(summary["scores"])) == ("finished", 18)
    assert_the_record_is_complete(folder, tmp_path)


def assert_the_record_is_complete(folder: RunFolder, scratch: Path) -> None:
    """Every candidate is proposed again from its record, and evaluated again to the last bit."""
    rows, order = recorded(folder)
    candidates = [candidate_of(row) for row in rows]
    evaluations = [evaluation_of(row, candidate) for row, candidate in zip(rows, candidates, strict=True)]
    config = from_toml(folder.configuration)
    search = build(config)
    assert isinstance(search.algorithm, GuidedEvolution)
    algorithm = search.algorithm.start(search.space, seed=0, budget=Budget(config.examples))
    assert remade(algorithm, candidates, [evaluations[i] for i in order]) == candidates
    assert isinstance(search.evaluator, SupervisedEvaluator)
    search.evaluator.weights = WeightFolder(scratch)
    for candidate, before in zip(candidates, evaluations, strict=True):  # ancestors have lower ids
        if before.repeat_of is None:
            again = search.evaluator.evaluate([candidate])[0]
            assert (again.status, again.score, again.weights) == (before.status, before.score, before.weights)


def test_it_is_said_and_stored(runs: Path) -> None:
    done = speciate("run", "sklearn:iris", *SMALL, "--name", "plain-order", cwd=runs)
    assert done.returncode == 0, done.stderr
    assert "asynchronous, 3 networks a generation" in " ".join(done.stdout.lower().split())
    with closing(sqlite3.connect(runs / "runs" / "plain-order" / "run.sqlite")) as db:
        known = [k for (k,) in db.execute("SELECT known FROM candidates WHERE phase = 'search' ORDER BY id")]
        final = [k for (k,) in db.execute("SELECT known FROM candidates WHERE phase != 'search'")]
    assert known[0] == 0
    assert known == sorted(known)
    assert known[-1] > 0
    assert set(final) == {None}
    assert shown("plain-order", runs)["asynchronous"] is True
    page = (runs / "runs" / "plain-order" / "report.html").read_text()
    assert "The run was asynchronous: children were made of whatever had finished by then" in page
    assert "--seed 0 --asynchronous" in page
    assert "whatever the number of workers" not in page
