"""Sources of one's own: registered by a decorator, or named as module:function."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from speciate.data import load_data, load_rows, source
from speciate.errors import DataError

MODULE = """
import pandas as pd
def flowers():
    return pd.DataFrame({"a": range(100), "b": [i % 7 for i in range(100)], "kind": ["x", "y"] * 50})
def broken():
    raise RuntimeError("the server is down")
"""


def test_a_registered_function_reads_what_stands_behind_its_prefix() -> None:
    @source("test_db")
    def read(where: str) -> Any:
        rng = np.random.default_rng(len(where))
        return rng.normal(size=(80, 3)), np.arange(80) % 2

    data = load_data("test_db:three")
    assert (data.name, data.source, data.outputs) == ("three", "test_db:three", 2)
    shown, inputs = load_rows("test_db:three", data.preprocessing)
    assert len(shown) == len(inputs) == 80


def test_a_function_of_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "garden_of_tests.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    data = load_data("garden_of_tests:flowers", target="kind")
    assert data.classes == ("x", "y")
    with pytest.raises(DataError, match="cannot be read") as caught:
        load_data("garden_of_tests:broken")
    assert "the server is down" in caught.value.why


@pytest.mark.parametrize("source", ["nowhere_at_all:thing", "sklern:iris", "openml:nothing"])
def test_what_is_no_source_is_refused(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError):
        load_data(source)


def test_what_a_function_gives_is_checked() -> None:
    @source("test_nothing")
    def read(where: str) -> Any:
        return None

    with pytest.raises(DataError, match="NoneType is not a type of data source"):
        load_data("test_nothing:x")
