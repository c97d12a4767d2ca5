"""Numbers that are large beside how much they differ, or tiny, or huge: as targets and as inputs, the same as without that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from speciate.data import Data, load_data, score
from speciate.errors import DataError
from speciate.evaluators import SupervisedEvaluator
from speciate.evaluators.baselines import fit_baselines
from speciate.evaluators.intervals import scored
from speciate.neat.tasks import TableTask
from speciate.networks import hand_made
from speciate.networks.network import Network
from speciate.records import Budget, Candidate, Phase
from speciate.store.weights import WeightFolder

pytestmark = pytest.mark.fault(75)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 3))
B = X @ [1.0, -2.0, 0.5]
TARGETS: dict[str, Callable[[np.ndarray], Any]] = {
    "0": lambda b: b,
    "1e7": lambda b: 1e7 + b,
    "1e8": lambda b: 1e8 + b,
    "1e9": lambda b: 1e9 + b,
    "1e12": lambda b: 1e12 + b,
    "-1e12": lambda b: b - 1e12,
    "days": lambda b: 20240000 + b,
    "unix seconds": lambda b: 1.7e9 + 60 * b,
    "1e-40": lambda b: 1e-40 * b,
    "1e-20": lambda b: 1e-20 * b,
    "1e20": lambda b: 1e20 * b,
    "1e39": lambda b: 1e39 * b,
    "1e40": lambda b: 1e40 * b,
    "1e40 off": lambda b: 1e40 * (b + 1e6),
    "whole": lambda b: 10**12 + np.round(1e5 * b).astype(np.int64),
    "2**62": lambda b: 2**62 + np.round(1e7 * b).astype(np.int64),
}


def table(y: Any) -> pd.DataFrame:
    return pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=y)


def linear(data: Data) -> float:
    ((baseline, _),) = fit_baselines(data, only=["linear"])
    return baseline.valid_score


@pytest.mark.parametrize("name", TARGETS)
def test_a2_targets(name: str, tmp_path: Any) -> None:
    y = np.asarray(TARGETS[name](B), dtype=np.float64)
    data = load_data(table(TARGETS[name](B)), target="y", task="regression")
    assert np.isin(data.train.y, y).all() or name in (
        "0",
        "1e-20",
        "1e20",
    )  # single precision is good enough there
    learned = data.standardized(data.train.y)
    assert learned.std() == pytest.approx(1)
    plain = load_data(table(B), target="y")
    assert np.abs(learned - plain.standardized(plain.train.y)).max() < 2e-3
    assert linear(data) > 0.999
    evaluator = SupervisedEvaluator(data, weights=WeightFolder(tmp_path))
    trained = Candidate(0, hand_made(), 5, Budget(10_000), phase=Phase.CHAMPION)
    (found,) = evaluator.evaluate([trained])
    assert found.score > 0.999
    network = Network(hand_made(), evaluator.weights.load(found.weights))
    split = data.test.open()
    answers = evaluator.predict(network, split.x)
    assert answers.dtype == np.float64
    tested = scored("r2", split.y, answers).interval
    assert 0.999 < tested.low <= tested.score <= tested.high <= 1
    error = -score("neg_root_mean_squared_error", split.y, answers)
    assert error == pytest.approx(np.sqrt(1 - tested.score) * np.std(split.y, dtype=np.float64), rel=1e-3)
    assert -score("neg_mean_absolute_error", split.y, answers) < error


@pytest.mark.parametrize("name", ["1e12", "1e39", "1e-40", "2**62"])
def test_a2_targets_of_evolved_connections(name: str) -> None:
    task = TableTask(load_data(table(TARGETS[name](B)), target="y"))
    plain = TableTask(load_data(table(B), target="y"))
    outputs = RNG.normal(size=(1, 2, len(task.data.train)))
    assert task._losses(outputs) == pytest.approx(plain._losses(outputs), rel=1e-3)


INPUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "1e7": lambda x: 1e7 + x,
    "1e9": lambda x: 1e9 + 0.001 * x,
    "1e12": lambda x: 1e12 + x,
    "1e12, little": lambda x: 1e12 + 0.01 * x,
    "-1e12": lambda x: x - 1e12,
    "1e-40": lambda x: 1e-40 * x,
    "1e40": lambda x: 1e40 * x,
    "each another": lambda x: np.stack([1e12 + x[:, 0], 1e-40 * x[:, 1], 1e40 * x[:, 2]], axis=1),
}


@pytest.mark.parametrize("kind", ["table", "pair", "npz"])
@pytest.mark.parametrize("name", INPUTS)
def test_a2_inputs(name: str, kind: str, tmp_path: Any) -> None:
    values = INPUTS[name](X)
    target = None
    source: Any = (values, B)
    if kind == "table":
        source, target = pd.DataFrame(values, columns=["a", "b", "c"]).assign(y=B), "y"
    elif kind == "npz":
        source = str(tmp_path / "rows.npz")
        np.savez(source, x=values, y=B)
    data = load_data(source, target=target, task="regression")
    assert data.train.x.std(axis=0) == pytest.approx(1, rel=1e-3)
    assert linear(data) > 0.999


def test_a2_inputs_of_images() -> None:
    for far in (0.0, 1e9, 1e12):
        data = load_data(((far + X).reshape(-1, 1, 1, 3), B))
        assert data.train.x.std() == pytest.approx(1, rel=1e-3)
        assert linear(data) > 0.999


def test_a2_what_does_not_differ_is_no_noise() -> None:
    values = np.stack([X[:, 0], np.where(X[:, 1] > 0, 0.1 + 0.2, 0.3)], axis=1)
    assert np.abs(load_data((values, B)).train.x[:, 1]).max() < 1e-12


def test_a2_what_was_read_rightly_keeps_its_fingerprint() -> None:
    data = load_data("sklearn:diabetes")
    assert data.train.y.dtype == np.float32
    assert data.fingerprint == FINGERPRINT


FINGERPRINT = "509271ea9002d338a7ea87ad5634131bd1765edb465b0a89b50dc1c8eb49799b"


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (2**62 + np.arange(600), "too large to be told apart"),
        (2**63 - 700 + np.arange(600)[::-1], "too large to be told apart"),
        (-(2**62) + np.arange(600) % 40, "too large to be told apart"),
        (1e200 * B, "beyond 1e[+]100 in all 600 rows"),
        (np.full(600, np.inf), "not finite"),
        (np.full(600, 1e12), "is 1e[+]12 in all 600 rows"),
    ],
)
def test_a2_what_cannot_be_learned_is_said_as_it_is(y: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_data(table(y), target="y", task="regression")
