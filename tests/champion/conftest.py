"""Small finished runs: a table with everything that tables have, a regression, and images."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from small_runs import mixed_table, search

from speciate.run.search import Search


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV with missing numbers and categories, dates and truth values."""
    path = tmp_path_factory.mktemp("data") / "people.csv"
    mixed_table().to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def classifier(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Search:
    frame = pd.read_csv(table).drop(columns="price")
    path = table.with_name("kinds.csv")
    frame.to_csv(path, index=False)
    return search(str(path), "kind", tmp_path_factory.mktemp("runs") / "kinds").run(evaluations=2)


@pytest.fixture(scope="session")
def regressor(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Search:
    frame = pd.read_csv(table).drop(columns="kind")
    path = table.with_name("prices.csv")
    frame.to_csv(path, index=False)
    return search(str(path), "price", tmp_path_factory.mktemp("runs") / "prices").run(evaluations=2)


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Search:
    return search("sklearn:digits", None, tmp_path_factory.mktemp("runs") / "digits").run(evaluations=2)
