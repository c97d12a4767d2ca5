"""What rows and classes count: in data, in scores, in baselines, in training, and never in probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference
from sklearn.linear_model import LogisticRegression

from speciate import NetworkSpace, neuroevolve
from speciate.config import build
from speciate.config.building import load
from speciate.config.checking import Setting, configure
from speciate.config.settings import IN_MEMORY
from speciate.data import METRICS, load_data, score
from speciate.data.metrics import find_metric
from speciate.errors import ConfigurationError, DataError
from speciate.evaluators import SupervisedEvaluator, TrainingEvaluator
from speciate.evaluators.baselines import fit_baselines
from speciate.evaluators.intervals import scored
from speciate.inheritance.finished_network import Ancestry
from speciate.neat.tasks import TableTask
from speciate.networks import build as build_network
from speciate.networks import hand_made
from speciate.networks.network import Network, Origin
from speciate.records import Budget, Candidate

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3000, 3))
RISK = 1 / (1 + np.exp(-(1.2 * X[:, 0] - 3.9 + 0.5 * X[:, 1])))
FRAUD = pd.DataFrame(X, columns=["a", "b", "c"]).assign(fraud=np.where(RNG.random(3000) < RISK, "yes", "no"))
TINY = {
    "population": 4,
    "generations": 2,
    "examples": 1000,
    "final_examples": 4000,
    "finalists": 1,
    "repeats": 1,
    "backend": "inline",
}


def small(**columns: Any) -> pd.DataFrame:
    return FRAUD.head(300).assign(**columns)


@pytest.mark.fault(76)
@pytest.mark.parametrize("class_weights", ["none", "balanced"])
@pytest.mark.parametrize("metric", ["neg_log_loss", "accuracy", "balanced_accuracy"])
def test_a1_probabilities_are_those_of_the_data(metric: str, class_weights: str, tmp_path: Path) -> None:
    settings = {
        "data": IN_MEMORY,
        "target": "fraud",
        "metric": metric,
        "class_weights": class_weights,
        "refit": False,  # the scores are those of the networks that answer here
        **TINY,
    }
    config = configure({key: Setting(value) for key, value in settings.items()})
    run = build(config, source=load(config, FRAUD)).run(**config.limits)
    data = run.evaluator.data
    weighted = class_weights == "balanced" or metric == "balanced_accuracy"
    assert (data.class_weights is not None) == weighted
    model, share = run.model, np.mean(FRAUD["fraud"] == "yes")
    assert abs(model.predict_proba(FRAUD)[:, 1].mean() - share) < 0.02
    split = data.test.open()
    found = model._probabilities(model.outputs(split.x))
    plain = LogisticRegression().fit(data.train.x, data.train.y).predict_proba(split.x)
    losses = [reference.log_loss(split.y, p) for p in (found, plain)]
    assert losses[0] < losses[1] * (1.25 if weighted else 1.05)
    labels = np.where(model.predict(FRAUD) == "yes", 1, 0)
    truth = (FRAUD["fraud"] == "yes").to_numpy().astype(int)
    if weighted:
        assert reference.balanced_accuracy_score(truth, labels) > 0.65
    else:
        assert reference.accuracy_score(truth, labels) >= 1 - share - 0.002
    baselines = {row.name: row for row in run.store.baselines()}
    constant = baselines["majority"].test_score
    assert constant == pytest.approx(
        {"accuracy": np.mean(split.y == 0), "balanced_accuracy": 0.5}.get(metric, constant)
    )
    if metric == "neg_log_loss":
        assert baselines["linear"].test_score == pytest.approx(-losses[1], rel=0.03)
        assert run.champion.test_score == pytest.approx(-losses[0], rel=1e-4)
    for name, content in model.files().items():
        (tmp_path / name).write_bytes(content)
    alone, rows = standalone(tmp_path), FRAUD.head(40).drop(columns="fraud")
    said = alone.predict_proba(rows.to_dict("records"))
    assert np.allclose([each["yes"] for each in said], model.predict_proba(rows)[:, 1], atol=1e-5)
    assert alone.predict(rows.to_dict("records")) == model.predict(rows).tolist()
    assert ("class_weights" in (tmp_path / "model.json").read_text()) == weighted
    assert ("class weights" in (tmp_path / "README.md").read_text()) == weighted


def standalone(folder: Path) -> Any:
    """The module model.py of a champion's folder."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("model_of_a_test", folder / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.fault(76)
@pytest.mark.parametrize(
    ("metric", "asked", "weighted"),
    [
        ("auto", "none", True),
        ("auto", "balanced", True),
        ("recall_macro", "none", True),
        ("accuracy", "none", False),
        ("roc_auc", "none", False),
        ("f1_macro", "none", False),
        ("neg_log_loss", "balanced", True),
    ],
)
def test_a1_classes_are_weighted_where_the_metric_is_balanced_or_on_request(
    metric: str, asked: str, weighted: bool
) -> None:
    data = load_data(FRAUD, target="fraud", metric=metric, class_weights=asked)
    assert (data.class_weights is not None) == weighted
    assert data.weighting() == {"class_weights": "balanced" if weighted else "none"}
    even = load_data("sklearn:iris")
    assert even.weighting() == {}
    assert not even.start.any()
    if weighted:
        counts = np.bincount(data.train.y)
        assert data.class_weights == pytest.approx(len(data.train) / (2 * counts))
        assert data.weight is not None
        assert data.weight.mean() == pytest.approx(1)
        assert np.exp(data.shift) == pytest.approx(data.class_weights)


@pytest.mark.fault(76)
def test_a1_own_training_loops_know_nothing_of_class_weights() -> None:
    seen = []

    def loop(module: Any, genome: Any, data: Any, budget: Any, rng: Any) -> None:
        seen.append((data.class_weights, module[-1].bias.detach().softmax(0).numpy().copy()))

    data = load_data(FRAUD, target="fraud")
    found = TrainingEvaluator(loop, data).evaluate([Candidate(0, hand_made(), 1, Budget(10))])[0]
    shares = np.bincount(data.train.y) / len(data.train)
    assert seen[0][0] is None
    assert seen[0][1] == pytest.approx(shares, abs=1e-3)
    assert found.metrics["valid_neg_log_loss"] == pytest.approx(
        score("neg_log_loss", data.valid.y, np.tile(shares, (len(data.valid), 1))), rel=1e-3
    )


@pytest.mark.fault(76)
def test_a1_evolved_connections_are_weighted_alike() -> None:
    task = TableTask(load_data(FRAUD, target="fraud", metric="neg_log_loss", class_weights="balanced"))
    assert task.table()["class_weights"] == list(task.data.class_weights)
    y = task.data.train.y
    outputs = np.log([0.9, 0.1])[:, None, None] * np.ones((2, 1, len(y)))
    assert task._losses(outputs) == pytest.approx(-np.log([0.9, 0.1]).mean())  # both classes count the same
    plain = TableTask(load_data(FRAUD, target="fraud", metric="accuracy"))
    assert plain.table()["class_weights"] is None
    assert plain._losses(outputs) == pytest.approx(-np.log([0.9, 0.1])[plain.data.train.y].mean())


@pytest.mark.parametrize("name", METRICS)
def test_scores_of_weighted_rows_are_scikit_learns(name: str) -> None:
    rng = np.random.default_rng(1)
    weight = rng.exponential(size=60)
    if METRICS[name].task == "regression":
        y, p = rng.normal(size=60), rng.normal(size=60)
    else:
        y, p = np.arange(60) % 3, np.round(rng.dirichlet(np.ones(3), 60), 1) + 0.01
        p /= p.sum(axis=1, keepdims=True)
    g = p.argmax(axis=1) if p.ndim == 2 else p
    w = {"sample_weight": weight}
    expected = {
        "accuracy": lambda: reference.accuracy_score(y, g, **w),
        "balanced_accuracy": lambda: reference.balanced_accuracy_score(y, g, **w),
        "f1_macro": lambda: reference.f1_score(y, g, average="macro", **w),
        "roc_auc": lambda: np.mean([reference.roc_auc_score(y == c, p[:, c], **w) for c in range(3)]),
        "neg_log_loss": lambda: -reference.log_loss(y, p, **w),
        "r2": lambda: reference.r2_score(y, p, **w),
        "neg_root_mean_squared_error": lambda: -reference.root_mean_squared_error(y, p, **w),
        "neg_mean_absolute_error": lambda: -reference.mean_absolute_error(y, p, **w),
    }[name]()
    assert score(name, y, p, weight) == pytest.approx(expected, rel=1e-9)
    assert score(name, y, p, np.ones(60)) == pytest.approx(score(name, y, p), rel=1e-12)
    twice = np.r_[np.arange(60), np.arange(20)]  # a row that counts twice is there twice
    counts = np.where(np.arange(60) < 20, 2.0, 1.0)
    assert score(name, y, p, counts) == pytest.approx(score(name, y[twice], p[twice]), rel=1e-9)


def test_scikit_learns_scorers_take_weights_and_class_weights() -> None:
    y, p, weight = (
        np.array([0, 1, 1]),
        np.array([[0.7, 0.3], [0.6, 0.4], [0.1, 0.9]]),
        np.array([1.0, 2.0, 1.0]),
    )
    assert score("recall", y, p, weight) == pytest.approx(1 / 3)
    assert score("recall", y, p, weight, (0.5, 1.0)) == 1
    assert score("average_precision", y, p, None, (0.5, 1.0)) == score("average_precision", y, p)
    assert score("accuracy", y, p, None, (0.5, 1.0)) == 1
    assert not find_metric("neg_max_error").takes_weights


def test_intervals_of_weighted_rows() -> None:
    y, p = np.arange(200) % 2, np.tile([0.6, 0.4], (200, 1))
    weight = np.where(y == 0, 3.0, 1.0)
    found = scored("accuracy", y, p, weight).interval
    assert found.score == pytest.approx(0.75)
    assert 0.68 < found.low < 0.72 < 0.78 < found.high < 0.82
    assert scored("accuracy", y, p, None, (0.5, 1.0)).right.mean() == 0.5


@pytest.mark.fault(77)
@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.where(np.arange(300) == 5, -1.0, 1.0), "is negative in 1 row of 300"),
        (np.where(np.arange(300) < 2, np.nan, 1.0), "is not a number in 2 rows"),
        (np.where(np.arange(300) < 2, np.inf, 1.0), "is not a number in 2 rows"),
        (["x" if i == 3 else "1" for i in range(300)], "is not a number in 1 row"),
        (np.zeros(300), "is 0 in all 300 rows"),
    ],
)
@pytest.mark.parametrize("column", [True, False])
def test_weights_that_are_none(weight: Any, message: str, column: bool) -> None:
    given = {"weight_column": "w", "target": "fraud"} if column else {"weight_column": weight}
    with pytest.raises(DataError, match=message):
        load_data(small(w=weight) if column else (X[:300], X[:300, 0]), **given)


@pytest.mark.fault(77)
def test_weights_that_are_not_there() -> None:
    for name, message in (("q", 'no column "q"'), ("fraud", "it is the target")):
        with pytest.raises(DataError, match=message):
            load_data(small(), target="fraud", weight_column=name)
    with pytest.raises(DataError, match="300 rows but 7 weights"):
        load_data(small(), target="fraud", weight_column=np.ones(7))
    with pytest.raises(DataError, match="rows are no table"):
        load_data((np.zeros((40, 4, 4)), np.arange(40) % 2), weight_column="w")


@pytest.mark.fault(78)
def test_weights_that_have_no_use() -> None:
    weight = RNG.exponential(size=300)
    with pytest.raises(ConfigurationError, match="neg_max_error cannot count rows"):
        load_data((X[:300], X[:300, 0]), metric="neg_max_error", weight_column=weight)
    with pytest.raises(ConfigurationError, match="no classes to balance"):
        load_data((X[:300], X[:300, 0]), class_weights="balanced")


@pytest.mark.fault(78)
def test_class_weights_of_another_word() -> None:
    with pytest.raises(ConfigurationError, match='class_weights cannot be "balancd"'):
        load_data(small(), target="fraud", class_weights="balancd")


def test_a1_a_champion_of_connections_says_what_its_classes_counted(tmp_path: Path) -> None:
    table = FRAUD.head(900).assign(w=1.0 + np.arange(900) % 3)
    table.to_csv(tmp_path / "rows.csv", index=False)
    run = neuroevolve(
        f"table:{tmp_path / 'rows.csv'}",
        target="fraud",
        class_weights="balanced",
        weight_column="w",
        metric="neg_log_loss",
        population=10,
        generations=2,
        runs=str(tmp_path),
        backend="inline",
        finalists=0,
    )
    assert run.evaluator.data.train.weight is not None
    model = run.model
    share = np.average(table["fraud"] == "yes", weights=table["w"])
    assert abs(model.predict_proba(table)[:, 1].mean() - share) < 0.03
    labels = model.predict(table)
    assert 0.1 < np.mean(labels == "yes") < 0.7
    alone, rows = standalone(run.folder.path / "champion"), table.head(30)
    assert alone.predict(rows.to_dict("records")) == labels[:30].tolist()
    split = run.evaluator.data.test.open()
    own = run.evaluator.data.score(split, model._probabilities(model.outputs(split.x)))
    assert run.champion.test_score == pytest.approx(own)


@pytest.mark.parametrize("after", ["none", "balanced"])
@pytest.mark.parametrize("before", ["none", "balanced"])
def test_a1_a_network_to_start_from_keeps_its_probabilities(before: str, after: str) -> None:
    def data(class_weights: str) -> Any:
        return load_data(FRAUD.head(600), target="fraud", metric="neg_log_loss", class_weights=class_weights)

    genome = hand_made()
    old, new = data(before), data(after)
    module = build_network(genome, (3,), 2, np.random.default_rng(0))
    tensors = {name: value.numpy() for name, value in module.state_dict().items()}
    origin = Origin(classes=old.classes, class_weights=old.class_weights or ())
    came = Network(genome, tensors, origin)
    fitted = Ancestry.of(came, NetworkSpace.mlp(units=(4, 256)), new, 0, False).network
    assert fitted.whole
    answers = [SupervisedEvaluator(d).predict(n, new.valid.x) for d, n in ((old, came), (new, fitted))]
    assert np.allclose(*answers, atol=1e-6)


def test_a_weight_column_is_no_input_and_is_kept_with_its_rows() -> None:
    weight = np.arange(300) % 4 * 0.5
    data = load_data(small(w=weight), target="fraud", weight_column="w")
    plain = load_data(small(), target="fraud")
    assert data.preprocessing.columns == ("a", "b", "c") == plain.preprocessing.columns
    parts = [data.train, data.valid, data.test.open()]
    entry = data.preprocessing.state.columns[0]
    for part in parts:
        rows = np.abs(part.x[:, :1] * entry.scale + entry.mean - X[:300, 0]).argmin(axis=1)
        assert part.weight == pytest.approx(weight[rows], rel=1e-6)  # the mean of those above 0 is 1
    assert sum(map(len, parts)) == np.sum(weight > 0)
    texts = [note.text for note in data.notes]
    assert any('weight "w" is 0 in 75 rows of 300: left out' in text for text in texts)
    assert any('count by the weight "w", 0.5 to 1.5' in text for text in texts)
    assert data.fingerprint != plain.fingerprint


def test_equal_weights_are_no_weights() -> None:
    plain, same = load_data(small(), target="fraud"), load_data(small(w=7), target="fraud", weight_column="w")
    assert same.train.weight is None
    assert same.fingerprint == plain.fingerprint


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30, 1e60])
def test_weights_of_any_size(scale: float) -> None:
    weight = RNG.exponential(size=300)
    data = load_data(small(), target="fraud", weight_column=weight * scale)
    assert data.train.weight is not None
    assert np.mean(np.r_[data.train.weight, data.valid.weight, data.test.open().weight]) == pytest.approx(1)


def test_weights_decide_what_is_learned_and_measured() -> None:
    """Two halves say opposite things; one of them counts nearly nothing."""
    y = np.where((X[:600, 0] > 0) ^ (np.arange(600) % 2 == 0), "yes", "no")
    weight = np.where(np.arange(600) % 2, 1.0, 1e-3)
    data = load_data((X[:600], y), weight_column=weight, metric="accuracy")
    baselines = {row.name: row.valid_score for row, _ in fit_baselines(data)}
    assert min(baselines["linear"], baselines["gradient boosting"]) > 0.95
    (found,) = SupervisedEvaluator(data).evaluate([Candidate(0, hand_made(), 1, Budget(5000))])
    assert found.engine == "compiled"
    assert found.score > 0.95
    task = TableTask(data)
    right, wrong = (5 * s * np.stack([-task._columns[:1], task._columns[:1]]) for s in (1, -1))
    assert task._losses(right)[0] < 0.2 < 2 < task._losses(wrong)[0]


def test_mean_of_weighted_targets() -> None:
    y = np.r_[np.zeros(300), np.ones(300)] + X[:600, 0] * 1e-3
    weight = np.r_[np.full(300, 3.0), np.ones(300)]
    data = load_data((X[:600], y), weight_column=weight)
    ((constant, answer),) = fit_baselines(data, only=["mean"])
    assert answer(data.valid.x)[0] == pytest.approx(0.25, abs=0.05)
    assert constant.valid_score == pytest.approx(0, abs=0.02)
