"""Torch's default precision is the program's affair; networks are of single precision."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_iris

from speciate.backends import InlineBackend
from speciate.data import load_data
from speciate.estimators import EvolvedClassifier
from speciate.evaluators import FunctionEvaluator, SupervisedEvaluator, TrainingEvaluator
from speciate.networks import hand_made
from speciate.records import Budget, Candidate

pytestmark = pytest.mark.fault(80)


@pytest.fixture
def double() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    assert torch.get_default_dtype() == torch.float64
    torch.set_default_dtype(torch.float32)


def test_b18_a_run_in_double_precision(double: None) -> None:
    X, y = load_iris(return_X_y=True)
    settings: dict[str, Any] = {
        "evaluations": 3,
        "examples": 100,
        "final_examples": 200,
        "finalists": 1,
        "repeats": 1,
    }
    made = EvolvedClassifier(**settings, time_budget=None, population=3, backend="inline")
    run = clone(made).fit(X, y)
    assert all(row.status == "ok" for row in run.run_.rows)
    assert {p.dtype for p in run.module_.parameters()} == {torch.float32}
    assert [part.dtype for part in run.model_.example()] == [torch.float32]
    torch.set_default_dtype(torch.float32)
    same = clone(made).fit(X, y)
    torch.set_default_dtype(torch.float64)
    assert run.run_.champion.weights == same.run_.champion.weights
    assert np.array_equal(run.predict_proba(X), same.predict_proba(X))


def test_b18_model_py_in_double_precision(double: None, tmp_path: Path) -> None:
    X, y = load_iris(return_X_y=True)
    few: dict[str, Any] = {
        "evaluations": 2,
        "examples": 50,
        "final_examples": 50,
        "finalists": 0,
        "population": 2,
    }
    model = EvolvedClassifier(**few, time_budget=None, backend="inline").fit(X, y).model_
    for name, content in model.files().items():
        (tmp_path / name).write_bytes(content)
    spec = spec_from_file_location("model_in_double_precision", tmp_path / "model.py")
    assert spec is not None
    assert spec.loader is not None
    alone = module_from_spec(spec)
    spec.loader.exec_module(alone)
    rows = [dict(zip(model.preprocessing.columns, row, strict=True)) for row in X]
    assert alone.predict(rows) == model.predict(X).tolist()


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("metric", ["accuracy", "neg_log_loss"])
def test_b18_training_loops_of_ones_own_are_as_in_worker_processes(metric: str) -> None:
    known = []

    def loop(module: Any, genome: Any, data: Any, budget: Any, rng: Any) -> None:
        known.append((torch.get_default_dtype(), torch.get_num_threads()))
        module(torch.from_numpy(data.train.x)).sum().backward()

    data = load_data("sklearn:iris", metric=metric)
    torch.set_num_threads(2)
    for evaluator in (TrainingEvaluator(loop, data), SupervisedEvaluator(data)):
        (found,) = evaluator.evaluate([Candidate(0, hand_made(), 1, Budget(50))])
        assert found.ok, found.error
    assert known == [(torch.float32, 1)]
    assert torch.get_num_threads() == 2


def test_b18_functions_have_one_thread_although_another_changes_that() -> None:
    threads = []

    def fitness(genome: Any) -> float:
        threads.append(torch.get_num_threads())
        torch.set_num_threads(2)
        return float(np.pi)

    backend = InlineBackend()
    backend.start(FunctionEvaluator(fitness))
    backend.submit([Candidate(i, hand_made(), 1, Budget(1)) for i in range(3)])
    while not backend.idle:
        backend.wait()
    assert threads == [1, 1, 1]
