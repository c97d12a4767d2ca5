"""scikit-learn's contract, and what tables add to it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier, BaggingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

from speciate.champion import load_model
from speciate.errors import ConfigurationError, DataError, DataWarning
from speciate.estimators import EvolvedClassifier, EvolvedRegressor
from speciate.store import new_folder

pytestmark = pytest.mark.fault(31)

TINY: dict[str, Any] = {
    "time_budget": None,
    "population": 2,
    "evaluations": 2,
    "examples": 200,
    "finalists": 0,
    "final_examples": 1000,
    "backend": "inline",
}


WITHOUT = {
    "check_sample_weight_equivalence_on_dense_data": "a row that is there twice is drawn, split and batched otherwise than one "
    "that counts twice; rows of weight 0 and equal weights are tested below"
}


@parametrize_with_checks(
    [EvolvedClassifier(**TINY), EvolvedRegressor(**TINY)], expected_failed_checks=lambda estimator: WITHOUT
)
def test_the_whole_contract(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def people() -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(0)
    age, job = rng.normal(40, 10, 300), rng.choice(["clerk", "cook"], 300)
    table = pd.DataFrame({"age": age, "job": pd.Categorical(job), "note": ["same"] * 300})
    table.loc[::9, "age"], table.loc[::7, "job"] = np.nan, None
    return table, pd.Series(np.where((age > 40) ^ (job == "cook"), "yes", "no"), name="agrees")


def test_tables_with_categories_and_gaps(people: tuple[pd.DataFrame, pd.Series]) -> None:
    table, agrees = people
    classifier = EvolvedClassifier(**TINY).fit(table, agrees)
    assert classifier.feature_names_in_.tolist() == ["age", "job", "note"]
    assert classifier.classes_.tolist() == ["no", "yes"]
    assert classifier.score(table, agrees) > 0.6
    assert isinstance(classifier.module_, nn.Sequential)
    assert classifier.run_.champion.test_score is None
    assert classifier.model_.description.target == "agrees"
    new = table.head(4).astype({"job": object})
    new.loc[0, "job"] = "never seen"
    assert classifier.predict(new).shape == (4,)
    assert np.allclose(classifier.predict_proba(new).sum(axis=1), 1)


def test_columns_in_another_order_are_refused(people: tuple[pd.DataFrame, pd.Series]) -> None:
    table, agrees = people
    classifier = EvolvedClassifier(**TINY).fit(table, agrees)
    for other in (
        table[["job", "age", "note"]],
        table[["age", "job"]],
        table.rename(columns={"age": "years"}),
    ):
        with pytest.raises(ValueError, match="feature names should match"):
            classifier.predict(other)


def test_tables_and_arrays_may_be_mixed(people: tuple[pd.DataFrame, pd.Series]) -> None:
    table, agrees = people
    from_table = EvolvedClassifier(**TINY).fit(table, agrees)
    with pytest.warns(UserWarning, match="valid feature names"):
        labels = from_table.predict(table.to_numpy(dtype=object))
    assert labels.tolist() == from_table.predict(table).tolist()
    from_array = EvolvedClassifier(**TINY).fit(table.to_numpy(dtype=object), agrees)
    with pytest.warns(UserWarning, match="without feature names"):
        assert from_array.predict(table).tolist() == from_array.predict(table.to_numpy(dtype=object)).tolist()


@pytest.mark.parametrize(
    "labels",
    [
        ["NA", "x", "y"],
        [" x", "x", "y"],
        [10, 9, -1],
        [0.0, 1.0, 2.0],
        [True, False, True],
        ["b", "a", "10"],
    ],
)
def test_labels_of_any_kind_come_back(labels: list[Any]) -> None:
    X, codes = load_iris(return_X_y=True)
    y = np.array(labels)[codes]
    classifier = EvolvedClassifier(**{**TINY, "final_examples": 4000}).fit(X, y)
    assert classifier.classes_.tolist() == sorted(set(labels))
    assert classifier.predict(X).dtype == y.dtype
    assert classifier.score(X, y) > 0.8


@pytest.mark.parametrize(
    ("labels", "named"),
    [
        (["None", "x"], ("None", "x")),
        (["1.0", "01"], ("01", "1.0")),
        (["?", "x"], ("0", "1")),
        ([7, 8], ("7", "8")),
    ],
)
def test_a6_labels_in_the_card_are_those_that_were_given(labels: list[Any], named: tuple[str, ...]) -> None:
    X = np.random.default_rng(0).normal(size=(60, 2))
    y = np.array(labels)[(X[:, 0] > 0).astype(int)]
    classifier = EvolvedClassifier(**TINY).fit(X, y)
    assert classifier.model_.classes == named
    assert set(classifier.predict(X).tolist()) <= set(labels)


def test_columns_are_named_as_in_the_command(people: tuple[pd.DataFrame, pd.Series]) -> None:
    table, agrees = people
    table = table.assign(zip=[10, 20, 30] * 100, size=["1", "x", "2"] * 100)
    given = {"ignore": ["age"], "categorical": ["zip"], "numeric": ["size"]}
    classifier = EvolvedClassifier(**TINY, **given).fit(table, agrees)
    kinds = {column.name: column.kind for column in classifier.run_.evaluator.data.columns}
    assert kinds == {"age": None, "job": "category", "note": None, "zip": "category", "size": "numeric"}
    with pytest.warns(DataWarning, match="1 of 3 values are not numbers"):
        assert classifier.predict(table.head(3)).shape == (3,)
    with pytest.raises(DataError, match="no column"):
        EvolvedClassifier(**TINY, ignore=["agee"]).fit(table, agrees)


def test_a_class_with_one_row_is_kept_for_training() -> None:
    X, y = load_iris(return_X_y=True)
    classifier = EvolvedClassifier(**TINY).fit(X[:101], y[:101])
    assert classifier.classes_.tolist() == [0, 1, 2]
    assert classifier.predict_proba(X).shape == (150, 3)
    with pytest.raises(DataError, match="no class has enough rows"):
        EvolvedClassifier(**TINY).fit(X[[0, 50, 100]], y[[0, 50, 100]])


def test_clone_grid_search_and_pipeline() -> None:
    X, y = load_iris(return_X_y=True)
    estimator = EvolvedClassifier(**TINY)
    assert clone(estimator).get_params() == estimator.get_params()
    grid = GridSearchCV(estimator, {"random_state": np.array([0, 1]), "algorithm": ["random"]}, cv=2).fit(
        X, y
    )
    assert grid.best_score_ > 0.4
    assert cross_val_score(make_pipeline(StandardScaler(), estimator), X, y, cv=2).shape == (2,)


def test_the_same_seed_gives_the_same_network(people: tuple[pd.DataFrame, pd.Series]) -> None:
    table = people[0]
    y = table["age"].fillna(40) * 100
    first, second = (EvolvedRegressor(**TINY).fit(table, y).predict(table) for _ in range(2))
    assert np.array_equal(first, second)
    other = EvolvedRegressor(**TINY, random_state=1).fit(table, y)
    assert not np.array_equal(first, other.predict(table))


@pytest.mark.fault(79)
@pytest.mark.parametrize("kind", [EvolvedClassifier, EvolvedRegressor])
def test_a18_members_of_an_ensemble_differ(kind: Any) -> None:
    X, y = load_iris(return_X_y=True)
    wrapper = BaggingClassifier if kind is EvolvedClassifier else BaggingRegressor
    bag = wrapper(kind(**TINY), n_estimators=3, random_state=0, bootstrap=False).fit(X, y)
    assert len({member.random_state for member in bag.estimators_}) == 3
    answers = [member.predict(X).tobytes() for member in bag.estimators_]
    assert len(set(answers)) == 3
    again = wrapper(kind(**TINY), n_estimators=3, random_state=0, bootstrap=False).fit(X, y)
    assert [member.predict(X).tobytes() for member in again.estimators_] == answers


@pytest.mark.fault(79)
def test_a18_random_state_is_a_number_none_or_a_random_state() -> None:
    def seeds(state: Any, fits: int = 2) -> list[int]:
        estimator = EvolvedClassifier(**TINY, random_state=state)
        return [estimator._configuration().seed for _ in range(fits)]

    assert seeds(7) == seeds(np.int64(7)) == [7, 7]
    assert len(set(seeds(None, 4))) == 4
    assert seeds(np.random.RandomState(1)) == seeds(np.random.RandomState(1))
    assert len(set(seeds(np.random.RandomState(1), 4))) == 4
    with pytest.warns(FutureWarning, match="seed is called random_state"):
        assert EvolvedClassifier(**TINY, seed=5)._configuration().seed == 5
    for wrong in (-1, "0", 0.5):
        with pytest.raises((ConfigurationError, ValueError)):
            seeds(wrong)


@pytest.mark.fault(79)
def test_b20_each_fit_has_a_folder_of_its_own_below_the_store(tmp_path: Path) -> None:
    X, y = load_iris(return_X_y=True)
    estimator = EvolvedClassifier(**TINY, store=tmp_path / "runs")
    grid = GridSearchCV(estimator, {"random_state": [0, 1]}, cv=2, error_score="raise").fit(X, y)
    runs = sorted((tmp_path / "runs").iterdir())
    assert len(runs) == 5
    assert grid.best_estimator_.run_.folder.path in runs
    assert all((run / "champion" / "model.json").is_file() for run in runs)


def test_b20_many_runs_find_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = np.random.default_rng(0)
    monkeypatch.setattr(os, "urandom", lambda count: b"ab" + drawn.bytes(count - 2))
    assert len({new_folder(tmp_path).path for _ in range(8)}) == 8


@pytest.mark.fault(77)
@pytest.mark.parametrize("kind", [EvolvedClassifier, EvolvedRegressor])
def test_weights_of_the_estimators(kind: Any) -> None:
    X, y = load_iris(return_X_y=True)
    weight = np.random.default_rng(0).exponential(size=len(y))
    plain = kind(**TINY).fit(X, y)
    same = kind(**TINY).fit(X, y, sample_weight=np.full(len(y), 3.0))
    assert np.array_equal(plain.predict(X), same.predict(X))
    assert plain.run_.evaluator.data.fingerprint == same.run_.evaluator.data.fingerprint
    other = kind(**TINY).fit(X, y, sample_weight=weight)
    assert other.run_.evaluator.data.fingerprint != plain.run_.evaluator.data.fingerprint
    left = np.arange(len(y)) % 3 > 0  # rows of weight 0 are rows that are not there
    without = kind(**TINY).fit(X[left], y[left], weight[left])
    zeros = kind(**TINY).fit(X, y, weight * left)
    assert np.array_equal(without.predict(X), zeros.predict(X))
    scaled = kind(**TINY).fit(X[left], y[left], weight[left] * 1e30)
    assert np.allclose(
        *(e.module_[-1].weight.detach().numpy() for e in (scaled, without)), rtol=1e-3, atol=1e-4
    )
    for wrong, message in (
        (-weight, "[Nn]egative"),
        (np.where(weight > 1, np.nan, weight), "NaN"),
        (weight * 0, "0 in all|all zero|zero"),
        (weight[1:], "shape"),
    ):
        with pytest.raises(ValueError, match=message):
            kind(**TINY).fit(X, y, sample_weight=wrong)


@pytest.mark.fault(76)
def test_class_weights_of_the_estimator() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 2))
    y = np.where(X[:, 0] + 0.5 * rng.normal(size=600) > 1.8, "rare", "usual")
    settings = {**TINY, "examples": 2000, "final_examples": 8000}
    plain = EvolvedClassifier(**settings, metric="accuracy").fit(X, y)
    weighted = EvolvedClassifier(**settings, metric="accuracy", class_weights="balanced").fit(X, y)
    assert plain.run_.evaluator.data.class_weights is None
    for fitted in (plain, weighted):
        assert abs(fitted.predict_proba(X)[:, 0].mean() - np.mean(y == "rare")) < 0.03
    assert np.array_equal(plain.predict(X), plain.classes_[plain.predict_proba(X).argmax(axis=1)])
    assert balanced_accuracy_score(y, weighted.predict(X)) > balanced_accuracy_score(y, plain.predict(X))
    with pytest.raises(ConfigurationError, match="no classes to balance"):
        EvolvedRegressor(**TINY, class_weights="balanced").fit(X, X[:, 0])


def test_copies_predict_without_the_search(people: tuple[pd.DataFrame, pd.Series]) -> None:
    table, agrees = people
    classifier = EvolvedClassifier(**TINY).fit(table, agrees)
    copy = pickle.loads(pickle.dumps(classifier))
    assert np.array_equal(copy.predict_proba(table), classifier.predict_proba(table))
    assert not hasattr(copy, "run_")


def test_a_run_that_is_kept(people: tuple[pd.DataFrame, pd.Series], tmp_path: Path) -> None:
    table, agrees = people
    classifier = EvolvedClassifier(**TINY, store=tmp_path / "runs").fit(table, agrees)
    (run,) = (tmp_path / "runs").iterdir()
    assert classifier.run_.folder.path == run
    model = load_model(run)
    assert model.predict(table).tolist() == classifier.predict(table).tolist()
    assert (run / "run.toml").is_file()
    assert "There were no test rows" in (run / "champion" / "README.md").read_text()


def test_settings_are_checked_in_fit() -> None:
    X, y = load_iris(return_X_y=True)
    wrong = EvolvedClassifier(population=0, algorithm="agin", time_budget="soon")
    with pytest.raises(ConfigurationError) as caught:
        wrong.fit(X, y)
    for name in ("population", "algorithm", "time"):
        assert name in str(caught.value)
    with pytest.raises(NotFittedError):
        wrong.predict(X)


def test_a_time_budget_ends_the_search() -> None:
    X, y = load_iris(return_X_y=True)
    settings = {**TINY, "evaluations": None, "time_budget": 0.01}
    assert len(EvolvedClassifier(**settings).fit(X, y).run_.rows) < 20


def test_scikit_learn_is_imported_by_the_estimators_alone() -> None:
    code = "import sys, speciate.run.search, speciate.champion; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
