"""A training loop of one's own: its networks come back, inherit and export like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from speciate import Search, TrainingEvaluator, load_model
from speciate.algorithms import AgingEvolution, RandomSearch
from speciate.backends import InlineBackend, ProcessBackend
from speciate.champion import export
from speciate.data import Data, load_data
from speciate.errors import UsageError
from speciate.evaluators import Evaluator, FunctionEvaluator
from speciate.records import Budget, Candidate, Genome
from speciate.spaces import NetworkSpace
from speciate.testing import EvaluatorContract, sphere

SPACE = NetworkSpace.mlp(features=4, rows=90, units=(4, 16))


def loop(module: Any, genome: Any, data: Data, budget: Budget, rng: np.random.Generator) -> None:
    """Plain full-batch training at a rate that the search has found."""
    optimizer = torch.optim.Adam(module.parameters(), genome.hyper_parameters["learning_rate"])
    x, y = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
    for _ in range(max(1, budget.examples // len(x))):
        rows = torch.from_numpy(rng.permutation(len(x)))
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(module(x[rows]), y[rows]).backward()
        optimizer.step()


def accuracy(module: Any, genome: Any, data: Data, budget: Budget, rng: np.random.Generator) -> float:
    """The same with a score of its own."""
    loop(module, genome, data, budget, rng)
    with torch.inference_mode():
        found = module.eval()(torch.from_numpy(data.valid.x)).argmax(1).numpy()
    return float((found == data.valid.y).mean())


def some(count: int, examples: int = 900) -> list[Candidate]:
    return RandomSearch(10).start(SPACE, seed=0, budget=Budget(examples)).ask(count)


@pytest.fixture(scope="module")
def iris() -> Data:
    return load_data("sklearn:iris", seed=0)


def search(evaluator: Evaluator, folder: Path | None = None, **settings: Any) -> Search:
    given = {"backend": InlineBackend(), "finalists": 2, "repeats": 1, "examples": 900, **settings}
    return Search(SPACE, AgingEvolution(3), evaluator, store=folder, final_examples=1800, **given)


class TestTraining(EvaluatorContract):
    def make(self) -> Evaluator:
        return TrainingEvaluator(loop, load_data("sklearn:iris"))

    def candidates(self) -> list[Candidate]:
        return some(3)

    def hopeless(self) -> Candidate:
        from dataclasses import replace

        genome = some(1)[0].genome
        return replace(some(1)[0], genome=replace(genome, hyper=()))  # type: ignore[type-var]


def test_the_champion_comes_back_and_exports(iris: Data, tmp_path: Path) -> None:
    run = search(TrainingEvaluator(loop, iris), tmp_path / "run").run(evaluations=6)
    champion = run.champion
    assert champion is not None
    assert champion.weights
    assert champion.test_score is not None
    assert {row.name for row in run.store.baselines()} == {
        "majority",
        "linear",
        "gradient boosting",
        "hand-made",
    }
    expected = run.model.predict_proba(iris.test.open().x * 0 + 1.0)
    read = load_model(tmp_path / "run")
    assert np.array_equal(read.predict_proba(iris.test.open().x * 0 + 1.0), expected)  # type: ignore[union-attr]
    assert export(tmp_path / "run", tmp_path / "network.pt2", "torch").is_file()
    assert (tmp_path / "run" / "champion" / "model.py").is_file()
    again = search(TrainingEvaluator(loop, iris), tmp_path / "run")
    assert again.model.description.weights == run.model.description.weights


def test_its_own_score_counts_and_its_source_is_part_of_the_run(iris: Data, tmp_path: Path) -> None:
    run = search(TrainingEvaluator(accuracy, iris), tmp_path / "run").run(evaluations=4)
    assert all(0 <= (row.score or 0) <= 1 and not row.metrics for row in run.rows)
    with pytest.raises(Exception, match="other settings"):
        search(TrainingEvaluator(loop, iris), tmp_path / "run").run(evaluations=4)


def test_workers_change_nothing_and_weights_are_inherited(iris: Data) -> None:
    def scores(backend: Any) -> list[Any]:
        evaluator = TrainingEvaluator(loop, iris, inherit="preserve")
        rows = search(evaluator, backend=backend).run(evaluations=9).rows
        assert any(row.ancestors for row in rows)
        return [(row.id, row.score, row.weights, row.lineage_examples) for row in rows]

    assert scores(InlineBackend()) == scores(ProcessBackend(2))


def diverges(module: Any, *_: Any) -> float:
    return float("nan")


def broken(module: Any, *_: Any) -> float:
    raise RuntimeError("no")


def meddling(module: Any, *_: Any) -> None:
    module.extra = torch.nn.Linear(2, 2)


@pytest.mark.parametrize(
    ("train", "status", "said"),
    [(diverges, "diverged", ""), (broken, "error", "RuntimeError: no"), (meddling, "error", "which tensors")],
)
def test_what_goes_wrong_is_a_record(iris: Data, train: Any, status: str, said: str) -> None:
    (found,) = TrainingEvaluator(train, iris).evaluate(some(1))
    assert found.status == status
    assert said in found.error


def test_the_loop_does_not_see_the_test_rows(iris: Data) -> None:
    def peeks(module: Any, genome: Genome, data: Data, *_: Any) -> float:
        return float(len(data.test.open().x))

    (found,) = TrainingEvaluator(peeks, iris).evaluate(some(1))
    assert found.status == "error"


def test_a_function_has_no_network_and_says_what_has() -> None:
    from speciate.testing import sphere_space

    run = Search(sphere_space(), RandomSearch(4), FunctionEvaluator(sphere), examples=1).run(evaluations=4)
    with pytest.raises(UsageError, match="no trained champion") as caught:
        _ = run.model
    assert "TrainingEvaluator" in caught.value.hint
