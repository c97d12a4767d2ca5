"""Real data if they are there, and small files made to order."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def real():
    """A function from a path below the shared data folder to the file; skips the test if it is absent."""
    root = Path(os.environ.get("SPECIATE_DATA", Path(__file__).parents[3] / "shared" / "data"))

    def find(path):
        if not (root / path).exists():
            pytest.skip(f"no {path} in {root}; set SPECIATE_DATA to a folder that has it")
        return root / path

    return find


@pytest.fixture
def table():
    """300 rows: a number, a small whole number, a category, and a target of two classes."""
    rng = np.random.default_rng(0)
    n = 300
    return pd.DataFrame(
        {
            "size": rng.normal(size=n).round(4),
            "rooms": rng.integers(0, 6, n),
            "kind": rng.choice(["flat", "house", "hut"], n),
            "sold": rng.choice(["no", "yes"], n),
        }
    )


@pytest.fixture
def write(tmp_path):
    """A function from a table, text or bytes to a file's path."""

    def to_file(content, name="data.csv", **options):
        path = tmp_path / name
        if isinstance(content, pd.DataFrame):
            content = content.to_csv(index=False, **options)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return to_file
