"""The time of a run, with a clock that goes on by a thousandth of a second whenever it is read."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from tests.interrupting import StopAfter

from speciate.algorithms import AgingEvolution, RandomSearch
from speciate.algorithms.halving import cost_of
from speciate.backends import InlineBackend, ProcessBackend
from speciate.data import Data, load_data
from speciate.errors import EvaluationError
from speciate.evaluators import FunctionEvaluator, SupervisedEvaluator
from speciate.evaluators.baselines import fit_baselines
from speciate.evaluators.finish import Doubling, Finish, Together
from speciate.records import Budget, Candidate, Cost, Evaluation, Phase, Status
from speciate.run.allowance import REPORT, SCORING, Allowance, Pace
from speciate.run.limits import UNLIMITED, Stopwatch
from speciate.run.search import Search
from speciate.spaces import NetworkSpace
from speciate.store import Baseline, RunFolder, RunSummary, Store
from speciate.terminal.plan import finished_line
from speciate.terminal.screens import _cost
from speciate.testing import sphere, sphere_space
from speciate.training import Recipe
from speciate.training.compiled.engine import CompiledEngine
from speciate.training.jobs import Engine, Job
from speciate.training.reference import ReferenceEngine
from speciate.training.stacked.engine import StackedEngine

TICK = 4e-3


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock of which every reading takes some time; its reading, to be changed."""
    now = [1000.0]

    def read() -> float:
        now[0] += TICK
        return now[0]

    for name in ("monotonic", "perf_counter", "process_time"):
        monkeypatch.setattr(time, name, read)
    return now


@pytest.fixture(scope="module")
def iris() -> Data:
    return load_data("sklearn:iris")


class Watch(Stopwatch):
    """One that is set by hand."""

    now = 0.0

    @property
    def elapsed(self) -> float:
        return self.now


def allowance(store: Store, seconds: float | None, watch: Watch, finish: Finish | None = None) -> Allowance:
    evaluator: Any = SupervisedEvaluator.__new__(SupervisedEvaluator)
    evaluator.finish = finish or Together()
    return Allowance(store, seconds, watch, evaluator, store.event)


def candidate(number: int, phase: Phase, examples: int, *parents: int) -> Candidate:
    genome = sphere_space().sample(np.random.default_rng(number))
    return Candidate(number, genome, number, Budget(examples), parents, phase=phase)


def done(candidate: Candidate, seconds: float) -> Evaluation:
    return Evaluation(candidate, Status.OK, 0.5, cost=Cost(candidate.budget.examples, 0, seconds))


def test_shares_are_of_what_is_left_and_decided_once() -> None:
    store, watch = Store(), Watch()
    watch.now = 5.0
    first = allowance(store, 100.0, watch)
    rest = 100 - 5 - REPORT - SCORING[2]
    first.begin(Phase.SEARCH)
    assert not first.is_over(Phase.SEARCH)
    watch.now = 50.0  # decided is decided, for another session too
    second = allowance(store, 100.0, watch)
    second.begin(Phase.SEARCH)
    (found,) = {store.get("allowance")["search"], second._decided["search"]}
    assert found == pytest.approx(5 + rest / 4)  # the final may cost three times the search
    second.begin(Phase.FINAL)
    assert store.get("allowance")["final"] == pytest.approx(50 + 0.8 * (rest - 45))
    assert allowance(store, 200.0, watch)._decided == {"seconds": 200.0}  # another time, other shares
    assert allowance(store, None, watch).begin(Phase.FINAL) == math.inf


def test_a_busy_machine_gets_more_time_for_what_comes_last() -> None:
    found = allowance(Store(), 10.0, Watch())
    quiet = found.for_training
    found.stretch = 3.0
    assert quiet - found.for_training == pytest.approx(2 * (REPORT + SCORING[0]))


def test_a_run_whose_search_was_limited_alone_goes_on_like_that() -> None:
    store, watch = Store(), Watch()
    store.set(time_is_up=10.0)
    watch.now = 12.0
    old = allowance(store, 10.0, watch)
    assert not old.whole
    assert old.begin(Phase.FINAL) == old.left == math.inf
    assert old.late([candidate(1, Phase.FINAL, 10**9, 0)], 1) == set()
    assert old.is_over(Phase.SEARCH)
    assert not old.is_over(Phase.FINAL)


def test_what_would_not_be_finished_is_not_begun() -> None:
    watch = Watch()
    found = allowance(Store(), 100.0, watch)
    for number, seconds in ((0, 1.0), (1, 8.0)):
        found.tell([done(candidate(number, Phase.SEARCH, 1000), seconds)])
    found._decided["final"] = found._decided["refit"] = 20.0
    again = [
        candidate(n, Phase.FINAL, 2000, parent) for n, parent in ((2, 0), (3, 1), (4, 1), (5, 0), (6, 0))
    ]
    # 2 s and 16 s at once, 16 s after them would be 9 + 16 s: out; then 2 s each
    assert found.late(again, 2) == {4}
    assert found.late(again, 1) == {4, 6}
    assert found.late(again[:1], 1) == set()
    watch.now = 18.5
    assert found.late(again[:1], 1) == {2}
    assert found.late([candidate(7, Phase.SEARCH, 10**9)], 1) == set()


def test_trainings_that_take_longer_than_thought_change_what_is_thought() -> None:
    pace = Pace()
    pace.tell([done(candidate(0, Phase.SEARCH, 1000), 1.0), done(candidate(1, Phase.SEARCH, 1000), 3.0)])
    assert pace.typical == 2.0
    longer = candidate(3, Phase.FINAL, 4000, 0)
    assert pace.seconds(longer) == pytest.approx(4.0)
    assert pace.slow == pytest.approx(3e-3)
    pace.tell([done(candidate(2, Phase.FINAL, 2000, 1), 12.0)])  # and not 6
    assert pace.seconds(longer) == pytest.approx(8.0)
    assert pace.seconds(candidate(4, Phase.FINAL, 10, 99)) == 0.0  # nothing is known of it


def test_what_can_be_afforded_is_told_by_what_things_have_cost(iris: Data) -> None:
    store = Store()
    rows = [done(candidate(n, Phase.SEARCH, 1000), 4.0 if n < 2 else 0.5) for n in range(5)]
    store.add([e.candidate for e in rows])
    store.finish(rows)
    watch = Watch()
    found = allowance(store, 100.0, watch)
    rest = found.for_training
    # the first of each of two workers are left out; three of 1000 examples took 1.5 s, two at a time
    expected = 2 * 3 * cost_of(0, 1000) / 1.5 * rest
    assert found.affordable(store.rows(), 2) == pytest.approx(expected)
    watch.now = 90.0
    assert allowance(store, 100.0, watch).affordable(store.rows(), 2) == pytest.approx(expected)


ENGINES: list[Callable[[], Engine]] = [ReferenceEngine, StackedEngine, lambda: CompiledEngine(2)]


@pytest.mark.parametrize("make", ENGINES)
@pytest.mark.parametrize("until", [0.0, math.inf])
def test_an_engine_stops_at_its_next_step(make: Callable[[], Engine], until: float) -> None:
    torch.manual_seed(0)
    jobs = [
        Job(
            torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2)),
            Recipe("adam", 0.01, 0.0, 8, 800_000 if until == 0 else 80),
            np.random.default_rng(0),
        )
        for _ in range(2)
    ]
    x, y = torch.randn(50, 3), torch.randint(2, (50,))
    for outcome in make().train(jobs, x, y, until=until):
        assert outcome.stopped == (until == 0)
        assert not outcome.diverged
        assert (outcome.examples_seen < 800_000) if until == 0 else (outcome.examples_seen == 80)


def on_iris(data: Data, folder: Path | None, finish: Finish, examples: int = 100, **more: Any) -> Search:
    space = NetworkSpace.table(features=4, rows=90, outputs=3, units=(4, 16))
    evaluator = SupervisedEvaluator(data, finish=finish, machine_code="none")
    evaluator._fitted = 0, list(fit_baselines(data, 0, {"majority"}))
    given = {"backend": InlineBackend(), "finalists": 3, "repeats": 2, **more}
    return Search(space, AgingEvolution(4), evaluator, store=folder, examples=examples, **given)


def statuses(search: Search, phase: Phase) -> set[str]:
    return {row.status for row in search.store.rows(phase)}


@pytest.mark.parametrize("finish", [Together(), Doubling()])
def test_all_of_it_takes_its_time(finish: Finish, clock: list[float], iris: Data, tmp_path: Path) -> None:
    began = clock[0]
    search = on_iris(iris, tmp_path / "run", finish)
    search.run(seconds=12.0)
    assert clock[0] - began < 12 - REPORT
    assert search.champion is not None
    assert search.champion.weights
    assert len(search.store.rows(Phase.SEARCH)) > 4
    before = [(row.id, row.status, row.score) for row in search.rows]
    again = on_iris(iris, tmp_path / "run", finish).run(seconds=12.0)
    assert [(row.id, row.status, row.score) for row in again.rows] == before
    assert again.champion == search.champion


@pytest.mark.parametrize("finish", [Together(), Doubling()])
@pytest.mark.parametrize("seconds", [0.001, 2.0, 2.6])
def test_however_short_the_time_there_is_a_champion(
    finish: Finish, seconds: float, clock: list[float], iris: Data
) -> None:
    search = on_iris(iris, None, finish, examples=20_000)
    search.run(seconds=seconds)
    assert "unfinished" in statuses(search, Phase.SEARCH)
    champion = search.champion
    assert champion is not None
    assert 0 < champion.examples <= 20_000
    assert search.model.predict_proba([[5.1, 3.5, 1.4, 0.2]]).shape == (1, 3)


def test_a_run_that_is_interrupted_has_used_its_time_and_decides_nothing_again(
    clock: list[float], iris: Data, tmp_path: Path
) -> None:
    first = on_iris(iris, tmp_path / "run", Together(), callbacks=[StopAfter(5)])
    with pytest.raises(KeyboardInterrupt):
        first.run(seconds=30.0)
    assert first.champion is None
    decided, rows = first.store.get("allowance"), [(row.id, row.score) for row in first.rows]
    used = first.store.get("seconds")
    clock[0] += 10_000  # nobody was there
    second = on_iris(iris, tmp_path / "run", Together())
    second.began = clock[0] - 29.0  # and starting took long
    second.run(seconds=30.0)
    said = [message for _, kind, message in second.store.events() if kind == "baseline"]
    assert len(said) == len(set(said))
    assert second.champion is not None
    assert second.champion.weights
    assert second.store.get("allowance").items() >= decided.items()
    assert [(row.id, row.score) for row in second.rows][:5] == [(i, s) for (i, s) in rows if s is not None][
        :5
    ]
    assert second.store.get("seconds") >= used + 29


def test_more_time_takes_up_what_was_unfinished(clock: list[float], iris: Data, tmp_path: Path) -> None:
    short = on_iris(iris, tmp_path / "run", Doubling(), examples=2000).run(seconds=2.0)
    (late, *_) = [row for row in short.rows if row.status == "unfinished"]
    longer = on_iris(iris, tmp_path / "run", Doubling(), examples=2000).run(seconds=25.0)
    assert longer.rows[late.id].status == "ok"
    assert longer.rows[late.id].key == late.key


def test_where_nothing_is_trained_there_is_a_result_however_short_the_time(tmp_path: Path) -> None:
    search = Search(sphere_space(), RandomSearch(10), FunctionEvaluator(sphere), examples=1)
    search.run(seconds=1e-9)
    assert search.champion is not None


def test_a_worker_gives_up_what_waits(iris: Data) -> None:
    backend = ProcessBackend(1)
    backend.until = time.monotonic() - 1
    backend.start(SupervisedEvaluator(iris))
    try:
        backend.submit([candidate(n, Phase.SEARCH, 100) for n in range(3)])
        assert [e.status for e in backend.wait()] == [Status.UNFINISHED] * 3
        assert backend.idle
    finally:
        backend.close()


def test_a_final_that_breaks_off_has_a_champion_of_one_fold(
    clock: list[float], iris: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = Allowance.late

    def no_folds(self: Allowance, candidates: Any, parallel: int) -> set[int]:
        found = {c.id for c in candidates if c.phase is Phase.FINAL and c.fold > 0}
        return found | late(self, candidates, parallel)

    monkeypatch.setattr(Allowance, "late", no_folds)
    search = on_iris(iris, None, Together()).run(seconds=30.0, evaluations=6)
    assert statuses(search, Phase.FINAL) == {"ok", "unfinished"}
    champion = search.champion
    assert champion is not None
    of_fold_0 = {row.id for row in search.store.rows(Phase.FINAL) if row.status == "ok"}
    assert {row.fold for row in search.store.rows(Phase.FINAL) if row.id in of_fold_0} == {0}
    assert champion.members or champion.trainings
    assert search.model.predict_proba([[5.1, 3.5, 1.4, 0.2]]).shape == (1, 3)


@pytest.mark.parametrize("failed", [True, False])
def test_no_network_at_all_is_said(
    failed: bool, clock: list[float], iris: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(self: Any, candidate: Candidate, cost: Any = None) -> Evaluation:
        return Evaluation(candidate, Status.DIVERGED if failed else Status.UNFINISHED)

    monkeypatch.setattr(SupervisedEvaluator, "_train", lambda self, cs: [none(self, c) for c in cs])
    with pytest.raises(EvaluationError):
        on_iris(iris, None, Together()).run(seconds=5.0)


def test_fewer_rows_where_baselines_have_little_time(iris: Data) -> None:
    notes: list[str] = []
    found = [b.name for b, _ in fit_baselines(iris, 0, None, notes.append, lambda: 0.0)]
    assert found == ["majority"]
    assert len(notes) == 2
    assert all("no time" in note for note in notes)
    assert [b.name for b, _ in fit_baselines(iris, 0, {"majority", "linear"}, None, lambda: 5.0)] == [
        "majority",
        "linear",
    ]


@pytest.mark.parametrize("finish", [Together(), Doubling()])
def test_without_time_for_a_final_the_best_of_the_search_is_the_champion_as_it_is(
    finish: Finish, clock: list[float], iris: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Allowance,
        "late",
        lambda self, candidates, parallel: {c.id for c in candidates if c.phase is not Phase.SEARCH},
    )
    search = on_iris(iris, None, finish).run(seconds=30.0, evaluations=6)
    assert statuses(search, Phase.FINAL) == {"unfinished"}
    best = max(search.store.rows(Phase.SEARCH), key=lambda row: row.score or 0.0)
    champion = search.champion
    assert champion is not None
    assert (champion.id, champion.weights, champion.valid_score) == (best.id, best.weights, best.score)
    assert search.model.predict_proba([[5.1, 3.5, 1.4, 0.2]]).shape == (1, 3)
    assert not any(row.ancestors or row.inherited_examples for row in search.rows)  # kept, and not inherited


def test_a_champion_is_trained_again_as_a_whole_or_not_at_all(
    clock: list[float], iris: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = Allowance.late

    def but_one(self: Allowance, candidates: Any, parallel: int) -> set[int]:
        again = [c.id for c in candidates if c.phase is Phase.REFIT]
        return set(again[1:]) if again else late(self, candidates, parallel)

    monkeypatch.setattr(Allowance, "late", but_one)
    search = on_iris(iris, tmp_path / "run", Together(3)).run(seconds=60.0, evaluations=6)
    assert statuses(search, Phase.REFIT) == {"ok", "unfinished"}
    champion = search.champion
    assert champion is not None
    assert not champion.refit
    assert {search.rows[number].phase for number in champion.trainings} == {Phase.FINAL}
    (said,) = [message for _, kind, message in search.store.events() if kind == "refit"]
    assert "could not be trained again on all rows, as there was no time" in said
    assert "refit" not in RunSummary.read(RunFolder(tmp_path / "run")).to_json()["champion"]


def test_what_is_fitted_after_all_is_not_said_to_be_left_out() -> None:
    store = Store()
    for said in (
        "Gradient boosting is left out of the comparison: there is no time to fit it",
        "Linear is left out of the comparison: there is no time to fit it",
        "The hand-made network is left out of the comparison: there is no time to train it",
        "There was no time to train the hand-made network as long and to score it on the test rows.",
    ):
        store.event("baseline", said)
    store.event("other", "Linear is left out of the comparison: not a note")
    store.set_baseline(Baseline("gradient boosting", 0.9, None, {}, "", 0.0))
    assert [words[:10] for _, kind, words in store.events()] == [
        "Linear is ",
        "The hand-m",
        "There was ",
        "Linear is ",
    ]
    store.set_baseline(Baseline("hand-made", 0.9, None, {}, "", 0.0))
    assert [words[:10] for _, kind, words in store.events()] == ["Linear is "] * 2


def test_less_time_than_was_used_is_said() -> None:
    store = Store()
    search: Any = SimpleNamespace(store=store, seconds=10.0, limit=UNLIMITED)
    assert finished_line(search) == "the run has 0 networks in 0 generations already"
    store.set(seconds=23.2)
    assert finished_line(search) == "10 s is less than the 23 s already used"


def test_what_is_unfinished_has_not_failed() -> None:
    shown = {
        "solved": None, "evaluations": 30, "generations": 2, "history": [], "examples_seen": 9, "seconds": 1.0,
        "champion_trainings": [], "engines": {}, "failures": {"diverged": 2, "unfinished": 20},
    }  # fmt: skip
    lines = dict(_cost(shown))
    assert (lines["failed"], lines["unfinished"]) == ("2 diverged", "20 trainings when the time was up")
    assert "failed" not in dict(_cost({**shown, "failures": {"unfinished": 1}}))
