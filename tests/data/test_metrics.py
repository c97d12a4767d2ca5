"""Every score equals scikit-learn's, and says what is wrong where there is none."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics as reference
from sklearn.linear_model import LogisticRegression, Ridge

from speciate.data import METRICS, score
from speciate.errors import ConfigurationError, EvaluationError


def _expected(name, y, p):
    labels = np.arange(p.shape[1]) if p.ndim == 2 else None
    guess = p.argmax(axis=1) if p.ndim == 2 else p
    if name == "roc_auc":
        if p.shape[1] == 2:
            return reference.roc_auc_score(y, p[:, 1])
        return reference.roc_auc_score(y, p, multi_class="ovr", average="macro", labels=labels)
    if name == "neg_log_loss":
        return -reference.log_loss(y, p, labels=labels)
    functions = {
        "accuracy": reference.accuracy_score,
        "balanced_accuracy": reference.balanced_accuracy_score,
        "f1_macro": lambda y, g: reference.f1_score(y, g, average="macro"),
        "r2": reference.r2_score,
        "neg_root_mean_squared_error": lambda y, g: -reference.root_mean_squared_error(y, g),
        "neg_mean_absolute_error": lambda y, g: -reference.mean_absolute_error(y, g),
    }
    return functions[name](y, guess)


@pytest.mark.parametrize("name", METRICS)
@given(st.integers(2, 5), st.integers(0, 10_000), st.booleans())
def test_equal_to_scikit_learn(name, classes, seed, ties):
    rng = np.random.default_rng(seed)
    n = 40
    if METRICS[name].task == "regression":
        y, p = rng.normal(size=n).astype(np.float32), rng.normal(size=n).astype(np.float32)
    else:
        y, p = rng.integers(0, classes, n), rng.dirichlet(np.ones(classes), n)
        if ties:
            p = np.round(p * 4) + 0.5
            p /= p.sum(axis=1, keepdims=True)
        assume(len(np.unique(y)) == classes)
    assert score(name, y, p) == pytest.approx(_expected(name, y, p), rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("name", METRICS)
def test_higher_is_better(name):
    if METRICS[name].task == "regression":
        y = np.linspace(0, 1, 20)
        assert score(name, y, y) > score(name, y, y + 0.1) > score(name, y, y * 0 - 3)
    else:
        y = np.arange(20) % 2
        right = np.stack([1.0 - y, y], axis=1) * 0.8 + 0.1
        assert score(name, y, right) > score(name, y, right[::-1])


@pytest.mark.fault(6)
@pytest.mark.parametrize(
    ("name", "y", "outputs", "message"),
    [
        ("roc_auc", [0, 0, 0], [[0.5, 0.5]] * 3, "roc_auc is nan"),
        ("accuracy", [0, 1], [[np.nan, 1.0], [0.0, 1.0]], "accuracy is undefined: 1 of 4"),
        ("r2", [1.0, 2.0], [np.inf, 2.0], "r2 is undefined: 1 of 2"),
        ("r2", [1.0, 2.0], [[1.0], [2.0]], "r2 cannot be computed"),
        ("accuracy", [0, 1], [0.0, 1.0], "accuracy cannot be computed"),
        ("accuracy", [], np.zeros((0, 2)), "accuracy cannot be computed"),
        ("accuracy", [0, 1, 1], [[0.0, 1.0]] * 2, "accuracy cannot be computed"),
    ],
)
def test_no_score(name, y, outputs, message):
    with pytest.raises(EvaluationError, match=message):
        score(name, np.array(y), np.array(outputs))


def test_an_unknown_metric():
    with pytest.raises(ConfigurationError, match='no metric "acc"') as error:
        score("acc", np.array([0]), np.array([[1.0]]))
    assert "accuracy" in error.value.hint


@pytest.mark.parametrize(
    "name",
    ["f1", "average_precision", "matthews_corrcoef", "neg_brier_score", "precision", "d2_log_loss_score"],
)
def test_any_scorer_of_scikit_learn_for_classes(name):
    y = np.arange(60) % 2
    rng = np.random.default_rng(0)
    x = (y + rng.normal(size=60))[:, None]
    model = LogisticRegression().fit(x, y)
    assert score(name, y, model.predict_proba(x)) == pytest.approx(reference.get_scorer(name)(model, x, y))


@pytest.mark.parametrize(
    "name", ["neg_median_absolute_error", "explained_variance", "neg_mean_pinball_loss", "max_error"]
)
def test_any_scorer_of_scikit_learn_for_numbers(name):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    y = x[:, 0] + rng.normal(size=60)
    model = Ridge().fit(x, y)
    if name not in reference.get_scorer_names():
        with pytest.raises(ConfigurationError):
            score(name, y, model.predict(x))
        return
    assert score(name, y, model.predict(x)) == pytest.approx(reference.get_scorer(name)(model, x, y))


def test_scorers_that_do_not_fit_say_so():
    with pytest.raises(EvaluationError, match="cannot be computed") as caught:
        score("f1", np.arange(9) % 3, np.full((9, 3), 1 / 3))
    assert "multiclass" in caught.value.why
    with pytest.raises(ConfigurationError, match="no metric"):
        score("rand_score", np.arange(4) % 2, np.full((4, 2), 0.5))
