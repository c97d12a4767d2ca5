"""What practitioners pick for a table: `python -m benchmarks.rival_models NAME TRAIN TEST TASK SEED THREADS` prints scores.

Every model has the default settings of its library. Columns are read as its users would: text as categories, in the way
that the library wants them; what is nearly all numbers as numbers; identifiers, different in every row, are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.real_tables import TARGET, classification_scores, regression_scores

MISSING = ["?", " ", ""]
"""Cells that say nothing, besides those that pandas knows."""

NUMBERS = 0.95
"""Share of numbers among its values from which a column of text is one of numbers."""


@dataclass(frozen=True)
class Job:
    """What a model is told.

    Attributes:
        regression: Whether the target is a number.
        categories: Names of the columns of categories.
        seed: Of everything random.
        threads: How many it may use.
    """

    regression: bool
    categories: list[str]
    seed: int
    threads: int


@dataclass(frozen=True)
class Rival:
    """A model that is compared.

    Attributes:
        package: What it comes in.
        make: The unfitted model, by scikit-learn's rules.
        ranked: Whether it counts in the ranks.
    """

    package: str
    make: Callable[[Job], Any]
    ranked: bool = True

    @property
    def version(self) -> str | None:
        """Package and version, or None where it is not installed."""
        try:
            return f"{self.package} {metadata.version(self.package)}"
        except metadata.PackageNotFoundError:
            return None


def _catboost(job: Job) -> Any:
    from catboost import CatBoostClassifier, CatBoostRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    def text(x: pd.DataFrame) -> pd.DataFrame:
        return x.assign(**{name: x[name].astype(str) for name in job.categories})

    make = CatBoostRegressor if job.regression else CatBoostClassifier
    model = make(
        random_seed=job.seed,
        thread_count=job.threads,
        cat_features=job.categories,
        verbose=0,
        allow_writing_files=False,
    )
    return make_pipeline(FunctionTransformer(text), model)


def _hist(job: Job) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    make = HistGradientBoostingRegressor if job.regression else HistGradientBoostingClassifier
    return make(random_state=job.seed)


def _lightgbm(job: Job) -> Any:
    from lightgbm import LGBMClassifier, LGBMRegressor

    make = LGBMRegressor if job.regression else LGBMClassifier
    return make(random_state=job.seed, n_jobs=job.threads, verbose=-1)


def _forest(job: Job) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    make = RandomForestRegressor if job.regression else RandomForestClassifier
    from sklearn.preprocessing import OrdinalEncoder

    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return _prepared(job, encoder, [], make(300, random_state=job.seed, n_jobs=job.threads))


def _mlp(job: Job) -> Any:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    return _one_hot(job, (MLPRegressor if job.regression else MLPClassifier)(random_state=job.seed))


def _linear(job: Job) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge

    return _one_hot(job, Ridge() if job.regression else LogisticRegression(max_iter=1000))


def _one_hot(job: Job, model: Any) -> Any:
    """A model behind one column a category and standardized numbers."""
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return _prepared(job, encoder, [StandardScaler()], model)


def _prepared(job: Job, encoder: Any, numbers: list[Any], model: Any) -> Any:
    """A model behind an encoder of categories; missing numbers are medians."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    rest = make_pipeline(SimpleImputer(strategy="median"), *numbers)
    return make_pipeline(make_column_transformer((encoder, job.categories), remainder=rest), model)


def _pytabkit(name: str, job: Job, **settings: Any) -> Any:
    import pytabkit
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    medians: dict[str, Any] = {}

    def filled(x: pd.DataFrame) -> pd.DataFrame:
        """Missing numbers, which these do not take, are the training rows' medians: the first rows that pass."""
        numbers = x.columns.difference(job.categories)
        medians.setdefault("known", x[numbers].median())
        return x.fillna({name: medians["known"][name] for name in numbers})

    make = getattr(pytabkit, f"{name}_{'Regressor' if job.regression else 'Classifier'}")
    model = make(random_state=job.seed, n_threads=job.threads, device="cpu", **settings)
    return make_pipeline(FunctionTransformer(filled), model)


RIVALS = {
    "CatBoost": Rival("catboost", _catboost),
    "HistGB": Rival("scikit-learn", _hist),
    "LightGBM": Rival("lightgbm", _lightgbm),
    "RF 300": Rival("scikit-learn", _forest),
    "RealMLP-TD": Rival("pytabkit", lambda job: _pytabkit("RealMLP_TD", job)),
    "sklearn MLP": Rival("scikit-learn", _mlp),
    "linear": Rival("scikit-learn", _linear),
    "TabM": Rival(
        "pytabkit",
        lambda job: _pytabkit("TabM_D", job, tabm_k=16, d_block=128, num_emb_type="pwl"),
        ranked=False,
    ),
}
"""The rivals by name. TabM is small (16 members, blocks of 128): as its defaults have it, a table takes many minutes."""


def read(train: str, test: str, regression: bool) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Both parts of a table, and the names of the columns of categories."""
    kinds = {} if regression else {TARGET: str}
    parts = [pd.read_csv(file, na_values=MISSING, dtype=kinds) for file in (train, test)]
    categories = []
    for name in parts[0].columns.drop(TARGET):
        known = parts[0][name].dropna()
        if pd.api.types.is_numeric_dtype(known):
            continue
        if known.nunique() == len(parts[0]):
            parts = [part.drop(columns=name) for part in parts]
        elif pd.to_numeric(known, errors="coerce").notna().mean() >= NUMBERS:
            for part in parts:
                part[name] = pd.to_numeric(part[name], errors="coerce")
        else:
            texts = [part[name].fillna("missing").astype(str) for part in parts]
            known_texts = pd.CategoricalDtype(sorted({*texts[0], "missing"}))
            for part, text in zip(parts, texts, strict=True):
                part[name] = text.where(text.isin(known_texts.categories), "missing").astype(known_texts)
            categories.append(name)
    return parts[0], parts[1], categories


def scores(name: str, train: str, test: str, regression: bool, seed: int, threads: int) -> dict[str, Any]:
    """Fit a rival and score it on the test rows; `fit` is what fitting and predicting took of the processor, in seconds."""
    rows, new, categories = read(train, test, regression)
    x, y, new_x, new_y = rows.drop(columns=TARGET), rows[TARGET], new.drop(columns=TARGET), new[TARGET]
    model = RIVALS[name].make(Job(regression, categories, seed, threads))
    started = time.process_time()
    model.fit(x, y.to_numpy())
    answers = model.predict(new_x) if regression else model.predict_proba(new_x)
    spent = time.process_time() - started
    if regression:
        found = regression_scores(new_y.to_numpy(float), np.asarray(answers, float).reshape(-1))
    else:
        classes = [str(label) for label in model.classes_]
        found = classification_scores(new_y.to_numpy(str), np.asarray(answers, float), classes)
    return {**found, "fit": round(spent, 2), "version": RIVALS[name].version}


def main() -> None:
    """Fit one rival, and print its scores as the last line."""
    known = argparse.ArgumentParser(prog="python -m benchmarks.rival_models")
    known.add_argument("name", choices=RIVALS)
    known.add_argument("train")
    known.add_argument("test")
    known.add_argument("task", choices=("classification", "regression"))
    known.add_argument("seed", type=int)
    known.add_argument("threads", type=int)
    given = known.parse_args()
    warnings.simplefilter("ignore")  # such as that the MLP has not converged: those are its defaults
    regression = given.task == "regression"
    found = scores(given.name, given.train, given.test, regression, given.seed, given.threads)
    sys.stdout.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
