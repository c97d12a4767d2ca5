"""Evolved networks under scikit-learn's whole contract: `fit`, `predict`, `clone`, pipelines, grid searches."""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    assert_all_finite,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from speciate.champion import Model
from speciate.config import RunConfig, build, remember
from speciate.config.building import device
from speciate.config.checking import Setting, configure
from speciate.config.settings import IN_MEMORY
from speciate.data import load_data
from speciate.data.cells import MISSING, text_of
from speciate.data.targets import WORDS
from speciate.run.search import Search
from speciate.store import new_folder

Rows = pd.DataFrame | NDArray[Any]


class _Evolved(BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """What both estimators share: the settings, the search, and how rows become inputs."""

    _task: str

    def __init__(
        self,
        *,
        time_budget: float | str | None = 60,
        population: int = 20,
        generations: int | None = None,
        evaluations: int | None = None,
        examples: int = 25_000,
        algorithm: str = "guided",
        metric: str = "auto",
        validation: float = 0.2,
        finalists: int = 5,
        repeats: int = 3,
        final_examples: int | str = "auto",
        ensemble: int | str = "auto",
        refit: bool = True,
        backend: str = "auto",
        workers: int | None = None,
        device: str = "auto",
        store: str | Path | None = None,
        class_weights: str = "none",
        ignore: list[str] | None = None,
        categorical: list[str] | None = None,
        numeric: list[str] | None = None,
        random_state: int | np.random.RandomState | None = 0,
        seed: int | str | None = "deprecated",
    ) -> None:
        self.time_budget = time_budget
        self.population = population
        self.generations = generations
        self.evaluations = evaluations
        self.examples = examples
        self.algorithm = algorithm
        self.metric = metric
        self.validation = validation
        self.finalists = finalists
        self.repeats = repeats
        self.final_examples = final_examples
        self.ensemble = ensemble
        self.refit = refit
        self.backend = backend
        self.workers = workers
        self.device = device
        self.store = store
        self.class_weights = class_weights
        self.ignore = ignore
        self.categorical = categorical
        self.numeric = numeric
        self.random_state = random_state
        self.seed = seed

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the search, which holds an open database: a copy predicts, and has no `run_`."""
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "run_"}

    def _fit_rows(self, X: Any, y: Any) -> tuple[Rows, NDArray[Any]]:
        """X and y in a form that the data layer takes, with scikit-learn's checks."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        rows = self._rows(X, reset=True)
        target = column_or_1d(y, warn=True)
        assert_all_finite(target, input_name="y")
        check_consistent_length(rows, target)
        return rows, target

    def _rows(self, X: Any, *, reset: bool) -> Rows:
        """X as a table, or an array (n, features), with the features of the first fit."""
        if isinstance(X, pd.DataFrame):
            rows: Rows = validate_data(self, X, reset=reset, skip_check_array=True)
            names = [str(name).strip() for name in X.columns]
        else:
            least = 2 if reset else 1
            rows = validate_data(
                self, X, reset=reset, dtype=None, ensure_all_finite=False, ensure_min_samples=least
            )
            names = [f"x{i}" for i in range(rows.shape[1])]
        if reset:
            self._columns = names
        return rows

    def _evolve(self, X: Rows, y: pd.Series[Any], sample_weight: Any, groups: Any) -> None:
        """Search, and keep the champion."""
        began = time.monotonic()
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        config = self._configuration()
        splitting = {**config.splitting, "weight_column": sample_weight, "group": groups}
        data = load_data((X, y), **splitting | {"keep_none": True}, keep_rare=True)
        self.run_: Search = build(config, source=data)
        if self.store is not None:
            folder = new_folder(Path(self.store), None)
            remember(config, folder)
            self.run_.keep_in(folder.path)
        self.run_.began = began
        self.run_.run(**config.limits)
        self.model_: Model = self.run_.model
        self.module_ = self.model_.module

    def _configuration(self) -> RunConfig:
        """The settings, checked together."""
        given = {**self.get_params(deep=False), "data": IN_MEMORY, "task": self._task, "test": 0.0}
        given["time"], given["device"] = given.pop("time_budget"), device(self.device)
        del given["store"], given["random_state"]
        given["seed"] = self._seed()
        plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in given.items()}
        places = {"time": "time_budget"}
        return configure({name: Setting(value, places.get(name, "")) for name, value in plain.items()})

    def _seed(self) -> Any:
        """The seed of this fit: a new one at every fit, unless `random_state` is a number."""
        given: Any = self.random_state
        if not isinstance(self.seed, str) or self.seed != "deprecated":
            warnings.warn("seed is called random_state now", FutureWarning, stacklevel=4)
            given = self.seed
        if given is None or isinstance(given, np.random.RandomState):
            return int(check_random_state(given).randint(2**31 - 1))
        return given

    def _new_rows(self, X: Any) -> Rows:
        """Rows to predict for, in the form that the model takes."""
        check_is_fitted(self, "model_")
        rows = self._rows(X, reset=False)
        if self.model_.preprocessing.kind == "image":
            return np.asarray(rows)
        return pd.DataFrame(rows).set_axis(self._columns, axis=1)


class EvolvedClassifier(ClassifierMixin, _Evolved):  # type: ignore[misc] # scikit-learn has no types
    """Evolve a neural network that tells classes apart.

    Args:
        time_budget: Seconds, or text such as "10m", for the whole fit: the search gets a part of it, and what would not be finished
            in time is not begun. None for no limit. Whichever of the limits is reached first counts.
        population: Networks in a generation.
        generations: How many generations to try at most.
        evaluations: How many networks to try at most, instead of generations.
        examples: Training examples that each network may see.
        algorithm: A key of `speciate.algorithms.ALGORITHMS`.
        metric: What to evolve, such as "accuracy" or "neg_log_loss".
        validation: Share of the rows that networks are compared on. No rows are kept for a test: that is what
            scikit-learn's own splits are for.
        finalists: Networks that are trained again before one is champion; 0 for no final.
        repeats: Trainings of each finalist.
        final_examples: Training examples of the champion, or "auto" to go on until it stops improving.
        ensemble: Networks that answer together at most; 1 for a single one, "auto" for up to 8.
        refit: Whether they are trained again on all rows at the end.
        backend: "auto", "inline" or "processes".
        workers: Worker processes; None for one a core.
        device: "auto", "cpu", "cuda" or "mps".
        store: A folder to keep runs in, each fit in a folder of its own below it (`run_.folder`); None keeps them in memory.
        class_weights: "balanced" lets every class count the same in training, as it always does where the metric is
            "balanced_accuracy"; `predict` then gives the label that suits that, and probabilities stay those of the data.
        ignore: Columns of X to leave out.
        categorical: Columns that are categories although they look like numbers; those of an array are x0, x1, ...
        numeric: Columns that are numbers; other texts in them are missing.
        random_state: Seed of everything random; None, or a `numpy.random.RandomState`, draws another for each fit.
        seed: An old name of `random_state`.

    Attributes:
        classes_: Labels, sorted.
        n_features_in_: Columns of X.
        feature_names_in_: Their names, if X was a table.
        module_: The network, a plain torch module: from standardized inputs, `model_.preprocessing.transform(X)`, to a logit for each
            class.
        model_: The network with its preprocessing; it can be written with `speciate.champion.write_champion`.
        run_: The search; `run_.champion`, `run_.rows`. Not in pickled or copied estimators.
    """

    _task = "classification"

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Evolve.

        Args:
            X: A DataFrame, whose text columns become categories, or an array (n, features); may lack values.
            y: (n,) labels of any kind.
            sample_weight: (n,) what each row counts, in training and in scores; rows of weight 0 are left out.
            groups: (n,) says which rows belong together, so that no group is both trained and validated on.

        Raises:
            DataError: Nothing can be learned from these rows.
            ConfigurationError: A setting cannot be used.
        """
        name = getattr(y, "name", None) or "y"
        X, y = self._fit_rows(X, y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        texts = [str(label) if isinstance(label, str) else text_of(label) for label in self.classes_]
        lost = any(text is None or text != text.strip() or text in MISSING - WORDS for text in texts)
        if lost or len(set(texts)) < len(texts):  # labels that would not survive as text
            texts = [str(code) for code in range(len(texts))]
        labels = np.array(texts, dtype=object)[codes]
        self._evolve(X, pd.Series(labels, name=name), sample_weight, groups)
        self._places = {text: place for place, text in enumerate(texts)}
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities (n, classes), in the order of `classes_`."""
        rows = self._new_rows(X)
        shares = self.model_.predict_proba(rows)
        found = np.zeros((len(shares), len(self.classes_)))
        found[:, [self._places[label] for label in self.model_.classes]] = shares
        return found

    def predict(self, X: Any) -> NDArray[Any]:
        """The label for each row: the most probable one, or where classes are weighted the one that suits the weights."""
        rows = self._new_rows(X)
        labels = self.model_.predict(rows)
        return np.asarray(self.classes_[[self._places[label] for label in labels]])


class EvolvedRegressor(RegressorMixin, _Evolved):  # type: ignore[misc] # scikit-learn has no types
    """Evolve a neural network that predicts a number. The arguments are those of `EvolvedClassifier`.

    Attributes:
        n_features_in_: Columns of X.
        feature_names_in_: Their names, if X was a table.
        module_: The network, a plain torch module: from standardized inputs, `model_.preprocessing.transform(X)`, to standardized
            values.
        model_: The network with its preprocessing.
        run_: The search. Not in pickled or copied estimators.
    """

    _task = "regression"

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Evolve.

        Args:
            X: A DataFrame, whose text columns become categories, or an array (n, features); may lack values.
            y: (n,) numbers.
            sample_weight: (n,) what each row counts, in training and in scores; rows of weight 0 are left out.
            groups: (n,) says which rows belong together, so that no group is both trained and validated on.

        Raises:
            DataError: Nothing can be learned from these rows.
            ConfigurationError: A setting cannot be used.
        """
        name = getattr(y, "name", None) or "y"
        X, y = self._fit_rows(X, y)
        numbers = y if y.dtype.kind in "iu" else y.astype(np.float64)
        self._evolve(X, pd.Series(numbers, name=name), sample_weight, groups)
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """The value for each row."""
        rows = self._new_rows(X)
        return np.asarray(self.model_.predict(rows))
