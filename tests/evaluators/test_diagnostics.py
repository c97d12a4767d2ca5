"""What is measured of a champion's answers beside its score: hand-worked cases, limits on size, and what a whole run stores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from speciate.data import Data, Split, load_data
from speciate.evaluators.diagnostics import diagnose, labels, values
from speciate.evaluators.importance import importance
from speciate.intervals import wilson
from speciate.store import Diagnostics


def split(y: Any, weight: Any = None) -> Split:
    y = np.asarray(y)
    weight = None if weight is None else np.asarray(weight, np.float32)
    return Split(np.zeros((len(y), 1), np.float32), y, weight, np.arange(len(y)) * 10 + 1)


# Six rows of three classes: the second is called the third once, the third the first once.
Y = [0, 0, 1, 1, 2, 2]
P = np.array(
    [[0.9, 0.1, 0.0], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.0, 0.3, 0.7], [0.0, 0.0, 1.0], [0.5, 0.1, 0.4]]
)


def test_confusion_and_scores_per_class() -> None:
    found = labels(split(Y), P)
    assert found.matrix == ((2, 0, 0), (0, 1, 1), (1, 0, 1))
    assert found.confused == ()
    first, second, third = found.scores
    assert [one.rows for one in found.scores] == [2, 2, 2]
    assert first.precision is not None
    assert first.precision.value == pytest.approx(2 / 3, abs=1e-6)
    assert (first.precision.low, first.precision.high) == pytest.approx(wilson(2, 3), abs=1e-5)
    assert [one.recall and one.recall.value for one in found.scores] == [1, 0.5, 0.5]
    assert [one.f1 for one in found.scores] == pytest.approx([0.8, 2 / 3, 0.5], abs=1e-6)
    # Of the eight pairs of a row of the class and another, the first class is right in all, the third in 6.
    assert first.auc == 1
    assert third.auc == pytest.approx((4 + 3) / 8)
    assert second.precision is not None
    assert second.precision.value == 1


def test_the_surest_wrong_labels_come_first_by_their_row_number() -> None:
    found = labels(split(Y), P).wrong
    assert [(one.row, one.label, one.called, one.probability) for one in found] == [
        (31, 1, 2, 0.7),
        (51, 2, 0, 0.5),
    ]


def test_accuracy_on_the_most_certain_rows() -> None:
    found = {one.share: one for one in labels(split(Y), P).certain}
    assert found[0.5].rows == 3
    assert found[0.5].accuracy.value == 1  # those of 1.0, .9 and .8
    assert found[1.0].accuracy.value == pytest.approx(4 / 6, abs=1e-6)


def test_calibration_error_by_hand() -> None:
    # Bins of a fifteenth: .05 and .05 (one comes true), .95 (it does); (2/3) |1/2 - .05| + (1/3) |1 - .95|
    p = np.array([[0.95, 0.05], [0.95, 0.05], [0.05, 0.95]])
    found = labels(split([0, 1, 1]), p)
    assert [(b.rows, b.predicted, b.seen.value) for b in found.bins] == [(2, 0.05, 0.5), (1, 0.95, 1)]
    assert found.calibration_error == pytest.approx(2 / 3 * 0.45 + 1 / 3 * 0.05, abs=1e-6)


def test_roc_curve_and_its_area() -> None:
    p = np.array([0.1, 0.4, 0.35, 0.8])  # scikit-learn's own example
    found = labels(split([0, 0, 1, 1]), np.column_stack([1 - p, p]))
    assert found.roc == ((0, 0), (0, 0.5), (0.5, 0.5), (0.5, 1), (1, 1))
    assert found.auc is not None
    assert found.auc.value == 0.75
    # DeLong by hand: both sides have components (.5, 1), whose variance is 1/8, over two rows each.
    half = 1.959963984540054 * np.sqrt(0.125 / 2 + 0.125 / 2)
    assert (found.auc.low, found.auc.high) == (pytest.approx(0.75 - half, abs=1e-5), 1)


def test_weights_of_rows_count_and_leave_no_interval() -> None:
    found = labels(split(Y, [1, 1, 1, 3, 1, 1]), P)
    assert found.matrix[1] == (0, 1, 3)
    recall = found.scores[1].recall
    assert recall is not None
    assert (recall.value, recall.low) == (0.25, None)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("classes", [2, 5])
def test_equal_to_scikit_learn(classes: int, weighted: bool) -> None:
    rng = np.random.default_rng(classes)
    y, p = rng.integers(classes, size=300), rng.dirichlet(np.ones(classes), size=300).round(2)
    p += np.eye(classes)[y] * 0.3
    p /= p.sum(axis=1, keepdims=True)
    weight = rng.uniform(0.5, 2, size=300).astype(np.float32) if weighted else None
    found, called = labels(split(y, weight), p), p.argmax(axis=1)
    assert found.matrix == pytest.approx(
        reference.confusion_matrix(y, called, sample_weight=weight), rel=1e-5
    )
    scores = reference.precision_recall_fscore_support(y, called, sample_weight=weight)
    for i, one in enumerate(found.scores):
        assert one.precision is not None
        assert one.recall is not None
        assert (one.precision.value, one.recall.value, one.f1) == pytest.approx(
            [part[i] for part in scores[:3]], abs=1e-5
        )
    area = {"average": "macro", "multi_class": "ovr", "sample_weight": weight}
    assert found.auc is not None
    expected = reference.roc_auc_score(y, p[:, 1] if classes == 2 else p, **area)
    assert found.auc.value == pytest.approx(expected, abs=1e-5)
    if found.roc:
        false, true = zip(*found.roc, strict=True)
        assert reference.auc(false, true) == pytest.approx(expected, abs=2e-3)  # of fewer points


def test_class_weights_decide_what_a_row_is_called() -> None:
    assert labels(split([1]), np.array([[0.6, 0.4]]), (1.0, 2.0)).matrix == ((0, 0), (0, 1))


def test_values_by_hand() -> None:
    y = np.array([0.0, 1.0, 2.0, 3.0], np.float32)
    found = values(split(y), np.array([0.0, 1.0, 2.0, 7.0]))
    assert found.largest[0].row == 31
    assert (found.largest[0].value, found.largest[0].predicted) == (3, 7)
    assert found.residuals.mean == -1
    assert sum(found.residuals.counts) + found.residuals.below + found.residuals.above == 4
    assert found.within[0] == (0.5, 0)
    assert sorted(found.points) == [(0, 0), (1, 1), (2, 2), (3, 7)]


def test_perfect_and_hopeless_answers_are_measured_too() -> None:
    perfect = labels(split([0, 0, 1, 1]), np.eye(2)[[0, 0, 1, 1]])
    assert perfect.calibration_error == 0
    assert perfect.wrong == ()
    assert labels(split([0, 0]), np.eye(2)[[0, 0]]).auc is None  # without a row of the second class
    assert values(split(np.zeros(3)), np.zeros(3)).residuals.counts == (0, 3, 0)


@pytest.fixture(scope="module")
def table() -> Data:
    """One column is all, one is nothing; the one that is all makes several inputs."""
    rng = np.random.default_rng(0)
    letters = rng.choice(list("abc"), size=300)
    frame = pd.DataFrame({"noise": rng.normal(size=300), "all": letters, "y": letters == "a"})
    return load_data(frame, target="y")


def _knows(x: np.ndarray) -> np.ndarray:
    """Probabilities of a champion that looks at the inputs of the column `all` alone: noise, a, b, c."""
    return np.column_stack([1 - x[:, 1], x[:, 1]]).astype(np.float64)


def test_importance_finds_the_column_that_is_all(table: Data) -> None:
    test = table.test.open()
    assert {name: inputs.tolist() for name, inputs in table.preprocessing.inputs_of.items()} == {
        "noise": [0],
        "all": [1, 2, 3],
    }
    found = importance(table, test, _knows(test.x), _knows, 10)
    assert found is not None
    assert (found.columns, found.rows, [one.name for one in found.found]) == (2, 60, ["all", "noise"])
    first, second = (one.fall for one in found.found)
    # Shuffled, a row is right by chance: with share p of a's, 2 p (1 - p) are wrong.
    share = float(test.y.mean())
    assert first.low is not None
    assert first.high is not None
    assert first.low < 2 * share * (1 - share) < first.high
    assert (second.value, second.low, second.high) == (0, 0, 0)


def test_no_column_matters_more_than_a_score_can_fall(table: Data) -> None:
    test = table.test.open()
    few = Split(test.x[:12], test.y[:12])
    found = importance(table, few, _knows(few.x), _knows, 10)
    assert found is not None
    first, _ = (one.fall for one in found.found)
    assert first.low is not None
    assert first.high is not None
    score = table.score(few, _knows(few.x))
    assert score == 1
    assert 0 <= first.low < first.value < first.high <= 1
    wild = importance(table, few, 1 - _knows(few.x), _knows, 10)  # whose answers are all wrong as they are
    assert wild is not None
    assert all(one.fall.low is not None and one.fall.low >= -1 for one in wild.found)


def test_a_column_of_many_is_found(table: Data) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 300)).astype(np.float32)
    data = load_data((x, x[:, 217] > 0))
    test = data.test.open()

    def predict(x: np.ndarray) -> np.ndarray:
        sure = 1 / (1 + np.exp(-4 * x[:, 217].astype(np.float64)))
        return np.column_stack([1 - sure, sure])

    found = importance(data, test, predict(test.x), predict, 1000)
    assert found is not None
    assert found.columns == 300
    assert len(found.found) == 30
    assert found.found[0].name == "x217"
    assert found.found[0].fall.low is not None
    assert found.found[0].fall.low > 0


def test_too_much_to_predict_is_not_predicted(table: Data) -> None:
    rng = np.random.default_rng(0)
    data = load_data((rng.normal(size=(200, 300)), rng.integers(2, size=200)))
    assert importance(data, data.test.open(), np.zeros((40, 2)), _knows, 10**9) is None


def test_a_metric_without_a_value_leaves_importance_out(table: Data) -> None:
    test = table.test.open()
    assert importance(table, test, _knows(test.x), lambda x: np.full((len(x), 2), np.nan), 10) is None


def test_what_is_kept_is_small_and_can_be_read_again() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(1000), size=5000)
    many = Diagnostics(5000, True, labels(split(rng.integers(1000, size=5000)), p))
    y = rng.normal(size=50_000) * 1e9
    large = Diagnostics(50_000, True, values=values(split(y), y + rng.normal(size=50_000)))
    for found in (many, large):
        text = json.dumps(found.to_json(), allow_nan=False)
        assert len(text) < 60_000
        assert Diagnostics.of(json.loads(text)) == found
    assert many.labels is not None
    assert many.labels.matrix == ()
    assert len(many.labels.confused) == 20
    assert len(many.labels.scores) == 100


@pytest.mark.parametrize(
    "value", [None, [], "x", {"rows": "many"}, {"rows": 1, "sealed": True, "labels": {"matrix": [[1], [2]]}}]
)
def test_what_is_damaged_is_none(value: object) -> None:
    assert Diagnostics.of(value) is None


def test_answers_that_are_not_finite_have_no_diagnostics(table: Data) -> None:
    test = table.test.open()
    assert diagnose(table, test, np.full((60, 2), np.nan), _knows, 10, True) is None


def test_rows_keep_their_numbers(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1.5, 2.5, 3.5] * 20, "y": [1.25, None, 2.5] * 20}).to_csv(
        tmp_path / "a.csv", index=False
    )
    pd.DataFrame({"a": [7.5, 8.5, 9.5], "y": [None, 1.25, 2.5]}).to_csv(tmp_path / "b.csv", index=False)
    alone = load_data(tmp_path / "a.csv", target="y")
    parts = [alone.train.numbers, alone.valid.numbers, alone.test.open().numbers]
    assert sorted(np.concatenate(parts)) == [n for n in range(1, 61) if n % 3 != 2]
    assert load_data(
        tmp_path / "a.csv", target="y", test_file=tmp_path / "b.csv"
    ).test.open().numbers.tolist() == [
        2,
        3,
    ]
