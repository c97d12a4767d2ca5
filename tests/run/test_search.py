"""The main loop: results do not depend on workers, order or interruptions."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.interrupting import StopAfter

from speciate.algorithms import ALGORITHMS, AgingEvolution, Algorithm, GenerationalTournament, RandomSearch
from speciate.backends import Backend, InlineBackend, ProcessBackend
from speciate.data import load_data
from speciate.errors import BusyError, ConfigurationError, EvaluationError
from speciate.evaluators import Evaluator, FunctionEvaluator, SupervisedEvaluator
from speciate.records import Candidate, Evaluation, Genome
from speciate.run.callbacks import Callback
from speciate.run.search import Search
from speciate.spaces import NetworkSpace
from speciate.store import Row
from speciate.testing import sphere, sphere_space


def results(search: Search) -> list[tuple[Any, ...]]:
    """Everything that may not depend on where and when work was done."""
    return [
        (r.id, r.phase, r.generation, r.key, r.seed, r.operator, r.parents, r.status, r.score, r.metrics, r.examples_seen, r.weights)
        for r in search.rows
    ]  # fmt: skip


def on_the_sphere(algorithm: Algorithm, folder: Path | None = None, **settings: Any) -> Search:
    return Search(sphere_space(), algorithm, FunctionEvaluator(sphere), store=folder, examples=1, **settings)


@pytest.fixture(scope="module")
def iris() -> SupervisedEvaluator:
    return SupervisedEvaluator(load_data("sklearn:iris"))


def on_iris(evaluator: SupervisedEvaluator, folder: Path | None, **settings: Any) -> Search:
    space = NetworkSpace.mlp(features=4, rows=90, units=(4, 16))
    chosen = {
        "algorithm": GenerationalTournament(6),
        "backend": InlineBackend(),
        "finalists": 2,
        "repeats": 2,
        **settings,
    }
    return Search(space, evaluator=evaluator, store=folder, examples=300, final_examples=600, **chosen)


class Shuffled(InlineBackend):
    """Hands results over late and in a random order, as many workers would."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.order, self.done = random.Random(seed), list[Evaluation]()

    @property
    def free(self) -> int:
        return 5 - len(self._queue) - len(self.done)

    @property
    def idle(self) -> bool:
        return not self._queue and not self.done

    def wait(self) -> list[Evaluation]:
        self.done += super().wait() if self._queue else []
        return [self.done.pop(self.order.randrange(len(self.done)))]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_order_of_completion_changes_nothing(name: str) -> None:
    plain = on_the_sphere(ALGORITHMS[name](10)).run(evaluations=80)
    for seed in range(3):
        assert results(
            on_the_sphere(ALGORITHMS[name](10), backend=Shuffled(seed)).run(evaluations=80)
        ) == results(plain)


def test_workers_change_nothing(iris: SupervisedEvaluator, tmp_path: Path) -> None:
    plain = on_iris(iris, tmp_path / "a").run(generations=2)
    assert plain.champion is not None
    assert {row.phase for row in plain.rows} == {"search", "final", "champion"}
    for workers in (1, 2, 4):
        other = on_iris(iris, tmp_path / str(workers), backend=ProcessBackend(workers)).run(generations=2)
        assert results(other) == results(plain)
        assert other.champion == plain.champion
        assert other.store.get("diagnostics") == plain.store.get("diagnostics") is not None


@pytest.fixture(scope="module")
def plain(iris: SupervisedEvaluator) -> Search:
    """One that nothing happens to."""
    return on_iris(iris, None).run(generations=2)


@pytest.mark.fault(32)
@pytest.mark.parametrize("count", [1, 7, 14, 17])
def test_an_interrupted_run_ends_like_an_uninterrupted_one(
    iris: SupervisedEvaluator, plain: Search, tmp_path: Path, count: int
) -> None:
    first = on_iris(iris, tmp_path / "run", callbacks=[StopAfter(count)])
    with pytest.raises(KeyboardInterrupt):
        first.run(generations=2)
    assert first.store.get("status") == "interrupted"
    second = on_iris(iris, tmp_path / "run").run(generations=2)
    assert results(second) == results(plain)
    assert second.champion == plain.champion
    assert second.store.baselines()[0].test_score == plain.store.baselines()[0].test_score


DRIVER = """
import sys
from pathlib import Path
from tests.run.test_search import on_iris, results
from speciate.backends import ProcessBackend
from speciate.data import load_data
from speciate.evaluators import SupervisedEvaluator
from speciate.run.callbacks import Callback
class Say(Callback):
    def on_told(self, search, evaluations):
        print("told", flush=True)
search = on_iris(SupervisedEvaluator(load_data("sklearn:iris")), Path(sys.argv[1]), backend=ProcessBackend(2), callbacks=[Say()])
search.run(generations=2)
"""


@pytest.mark.fault(1)
def test_a_killed_run_ends_like_an_uninterrupted_one(
    iris: SupervisedEvaluator, plain: Search, tmp_path: Path
) -> None:
    root = Path(__file__).parents[2]
    folder = tmp_path / "run"
    for kills in (3, 4):
        driver = subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        assert driver.stdout is not None
        for _ in range(kills):
            assert driver.stdout.readline() == "told\n"
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        driver.stdout.close()
    resumed = on_iris(iris, folder).run(generations=2)
    assert results(resumed) == results(plain)
    assert resumed.champion == plain.champion
    assert resumed.store.get("diagnostics") == plain.store.get("diagnostics")


def test_a_finished_run_is_not_run_again(iris: SupervisedEvaluator, tmp_path: Path) -> None:
    first = on_iris(iris, tmp_path / "run").run(generations=1)
    before = results(first)
    again = on_iris(iris, tmp_path / "run").run(generations=1)
    assert results(again) == before
    assert iris.data.test.opened >= 1


def test_a_prolonged_run_is_like_a_longer_one(iris: SupervisedEvaluator, tmp_path: Path) -> None:
    on_iris(iris, tmp_path / "run").run(generations=1)
    prolonged = on_iris(iris, tmp_path / "run").run(generations=2)
    assert results(prolonged) == results(on_iris(iris, None).run(generations=2))
    assert "prolonged" in {kind for _, kind, _ in prolonged.store.events()}


@pytest.mark.fault(43)
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": 1}, "seed: was 0, is 1"),
        ({"algorithm": GenerationalTournament(7)}, "algorithm"),
        ({"finalists": 3}, "finalists"),
    ],
)
def test_other_settings_are_refused_and_named(
    iris: SupervisedEvaluator, tmp_path: Path, change: dict[str, Any], named: str
) -> None:
    before = results(on_iris(iris, tmp_path / "run").run(generations=1))
    with pytest.raises(ConfigurationError, match=named):
        on_iris(iris, tmp_path / "run", **change).run(generations=1)
    assert results(on_iris(iris, tmp_path / "run").run(generations=1)) == before


@pytest.mark.fault(43)
def test_other_data_are_refused(iris: SupervisedEvaluator, tmp_path: Path) -> None:
    on_iris(iris, tmp_path / "run").run(generations=1)
    other = SupervisedEvaluator(load_data("sklearn:iris", seed=1))
    with pytest.raises(ConfigurationError, match="other data"):
        on_iris(other, tmp_path / "run").run(generations=1)


def test_the_seal_is_opened_only_for_the_champion(tmp_path: Path) -> None:
    evaluator = SupervisedEvaluator(load_data("sklearn:iris"))
    with pytest.raises(KeyboardInterrupt):
        on_iris(evaluator, None, callbacks=[StopAfter(16)]).run(generations=2)
    assert evaluator.data.test.opened == 0


def test_elites_and_repeats_are_not_trained_again() -> None:
    search = on_the_sphere(GenerationalTournament(10)).run(generations=4)
    elites = [row for row in search.rows if row.operator == "elite"]
    assert len(elites) == 6
    by_id = {row.id: row for row in search.rows}
    for row in elites:
        assert row.engine == "repeat"
        assert row.examples_seen == 0
        assert row.repeat_of is not None
        assert by_id[row.repeat_of].score == row.score
        assert by_id[row.repeat_of].repeat_of is None


def test_budgets_and_limits() -> None:
    assert len(on_the_sphere(RandomSearch(10)).run(evaluations=25).rows) == 25
    assert len(on_the_sphere(RandomSearch(10)).run(generations=3).rows) == 30
    for limits in ({"generations": 0}, {"seconds": -1}, {"generations": 1, "evaluations": 1}):
        with pytest.raises(ConfigurationError):
            on_the_sphere(RandomSearch(10)).run(**limits)  # type: ignore[arg-type]


def test_a_time_limit_is_part_of_the_run(tmp_path: Path) -> None:
    search = on_the_sphere(AgingEvolution(10), tmp_path / "run").run(seconds=1e-9)
    assert search.store.get("time_is_up") == 1e-9
    asked = results(search)
    assert results(on_the_sphere(AgingEvolution(10), tmp_path / "run").run(seconds=1e-9)) == asked
    longer = on_the_sphere(AgingEvolution(10), tmp_path / "run").run(seconds=1e-8)
    assert longer.store.get("time_is_up") == 1e-8


def test_a_run_without_training_can_be_prolonged_too(tmp_path: Path) -> None:
    on_the_sphere(AgingEvolution(10), tmp_path / "run").run(generations=2)
    prolonged = on_the_sphere(AgingEvolution(10), tmp_path / "run").run(generations=5)
    assert results(prolonged) == results(on_the_sphere(AgingEvolution(10)).run(generations=5))
    assert prolonged.champion == on_the_sphere(AgingEvolution(10)).run(generations=5).champion


def fail(genome: Genome) -> float:
    raise RuntimeError("the pump is broken")


def sometimes(genome: Genome) -> float:
    if genome.to_json()["hyper"]["x0"] > 0.5:
        raise RuntimeError("too far")
    return sphere(genome)


@pytest.mark.fault(3)
def test_a_failure_is_a_record_and_the_run_goes_on() -> None:
    search = Search(sphere_space(), AgingEvolution(20), FunctionEvaluator(sometimes), examples=1).run(
        evaluations=100
    )
    failed = [row for row in search.rows if row.status == "error"]
    assert failed
    assert all("RuntimeError: too far" in row.error and row.score is None for row in failed)
    assert not {parent for row in search.rows for parent in row.parents} & {row.id for row in failed}


@pytest.mark.fault(4)
def test_the_same_failure_five_times_in_a_row_stops_the_run(tmp_path: Path) -> None:
    search = Search(
        sphere_space(), AgingEvolution(20), FunctionEvaluator(fail), store=tmp_path / "run", examples=1
    )
    with pytest.raises(EvaluationError, match="in the same way") as caught:
        search.run(evaluations=100)
    assert "the pump is broken" in caught.value.why
    assert search.store.get("status") == "failed"


@pytest.mark.fault(6)
@pytest.mark.parametrize("value", [float("nan"), None, "0.9", [0.9], True])
def test_a_score_that_is_no_number_is_an_error_that_names_it(value: object) -> None:
    evaluator = FunctionEvaluator(lambda genome: value)  # type: ignore[arg-type, return-value]
    candidate = RandomSearch(1).start(sphere_space(), seed=0, budget=_budget()).ask(1)[0]
    evaluation = evaluator.evaluate([candidate])[0]
    assert evaluation.status == "error"
    assert "must be a" in evaluation.error


def _budget() -> Any:
    from speciate.records import Budget

    return Budget(1)


@pytest.mark.fault(14)
def test_a_run_has_one_writer(iris: SupervisedEvaluator, tmp_path: Path) -> None:
    class Second(Callback):
        error = ""

        def on_start(self, search: Search) -> None:
            try:
                on_iris(iris, tmp_path / "run").run(generations=1)
            except BusyError as error:
                self.error = str(error)

    second = Second()
    on_iris(iris, tmp_path / "run", callbacks=[second]).run(generations=1)
    assert f"process {os.getpid()}" in second.error


def test_bad_arguments_are_refused(iris: SupervisedEvaluator) -> None:
    for bad in ({"seed": -1}, {"finalists": -1}, {"repeats": 0}):
        with pytest.raises(ConfigurationError, match="must be a whole number"):
            on_iris(iris, None, **bad)


def test_by_hand() -> None:
    """The README's promise: ask, evaluate, tell."""
    from speciate.records import Budget

    algorithm = AgingEvolution(10).start(sphere_space(), seed=0, budget=Budget(1))
    evaluator: Evaluator = FunctionEvaluator(sphere)
    best: Evaluation | None = None
    for _ in range(40):
        candidates: list[Candidate] = algorithm.ask(4)
        evaluations = evaluator.evaluate(candidates)
        algorithm.tell(evaluations)
        best = max([*evaluations, *([best] if best else [])], key=lambda e: e.fitness)
    assert best is not None
    assert best.fitness > -0.5


def test_rows_are_json(iris: SupervisedEvaluator) -> None:
    search = on_iris(iris, None).run(generations=1)
    rows: list[Row] = search.rows
    json.dumps([row.genome for row in rows] + [row.metrics for row in rows], allow_nan=False)
    assert isinstance(search.backend, Backend)


@pytest.mark.parametrize("name", list(ALGORITHMS))
def test_patience_ends_the_same_search_wherever_it_runs(name: str, tmp_path: Path) -> None:
    def made(folder: Path | None, patience: int | None, backend: Backend | None = None) -> Search:
        algorithm = ALGORITHMS[name](population_size=6)
        algorithm.plateau = patience
        return on_the_sphere(algorithm, folder, backend=backend or InlineBackend())

    search = made(tmp_path / "run", 12).run(evaluations=500)
    ended = results(search)
    assert 12 < len(ended) < 500
    assert [kind for _, kind, _ in search.store.events()].count("plateau") == 1
    scores = [row.score for row in search.store.rows() if row.score is not None]
    ends = range(len(scores) - 6, len(scores) + 1)  # some were on their way
    assert any(end - 1 - scores.index(max(scores[:end])) >= 12 for end in ends)
    assert results(made(None, 12, Shuffled(0)).run(evaluations=500)) == ended
    again = made(tmp_path / "run", 12).run(evaluations=500)  # nothing is done again
    assert results(again) == ended
    assert again.is_complete
    more = len(ended) + 20
    longer = made(tmp_path / "run", None).run(evaluations=more)
    assert results(longer) == results(made(None, None).run(evaluations=more))
