"""Small runs that tests of champions start from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from speciate.algorithms import RandomSearch
from speciate.backends import InlineBackend
from speciate.data import load_data
from speciate.evaluators import SupervisedEvaluator
from speciate.run.search import Search
from speciate.spaces import NetworkSpace


def search(source: str, target: str | None, folder: Path, seed: int = 0) -> Search:
    data = load_data(source, target=target)
    return Search(
        NetworkSpace.mlp(features=20, rows=300, depth=(1, 2)),
        RandomSearch(2),
        SupervisedEvaluator(data),
        backend=InlineBackend(),
        store=folder,
        examples=400,
        finalists=0,
        final_examples=1500,
        seed=seed,
    )


def mixed_table(rows: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age, job = rng.normal(40, 10, rows).round(1), rng.choice(["clerk", "cook", 'müller, "x"', "01"], rows)
    table = pd.DataFrame(
        {
            "age": [None if rng.random() < 0.1 else value for value in age],
            "job": [None if rng.random() < 0.1 else value for value in job],
            "day": pd.Timestamp("2023-03-01") + pd.to_timedelta(rng.integers(0, 400, rows), "D"),
            "member": rng.choice(["True", "False"], rows),
        }
    )
    table["kind"] = np.where((age > 40) ^ (job == "cook"), "<b>x</b>", "y|z")
    table["price"] = age * 1000 + 5000 * (job == "cook")
    return table


def champion_folder(of: Search) -> Path:
    assert of.folder is not None
    return of.folder.champion
