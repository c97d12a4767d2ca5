"""Folds: every row but those for test is for validation once; and all rows together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speciate.data import Data, load_data
from speciate.data.splitting import FOLDS, DrawLatest, DrawRows, DrawUnits, fold_rows


def table(rows: int, **columns: Any) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({"x": rng.normal(size=rows), "y": rng.normal(size=rows), **columns})


@given(st.integers(4, 200), st.integers(1, 4), st.integers(0, 2**20))
def test_rows_are_spread_evenly_with_their_classes(rows: int, kinds: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, kinds, rows + 50)
    train = np.sort(rng.permutation(rows + 50)[:rows])
    folds = fold_rows(DrawRows(classes, rng), train)
    if folds is None:  # only where too few rows of every class leave one of the folds without any
        assert np.bincount(classes[train]).max() < FOLDS
        return
    sizes = np.bincount(folds, minlength=FOLDS)
    assert sizes[0] == 0
    assert sizes.sum() == rows
    assert sizes[1:].min() > 0
    for kind in range(kinds):
        inside = np.bincount(folds[classes[train] == kind], minlength=FOLDS)[1:]
        if inside.sum() >= 4:
            assert inside.min() >= 1
            assert np.abs(inside - inside.sum() / 4).max() < 2.5


@given(st.integers(4, 30), st.integers(0, 2**20))
def test_units_stay_whole(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    units = rng.permutation(np.repeat(np.arange(count), rng.integers(1, 9, count)))
    train = np.flatnonzero(rng.random(len(units)) < 0.9)
    folds = fold_rows(DrawUnits(np.zeros(len(units), np.int64), units, rng), train)
    assert folds is not None or len(np.unique(units[train])) < FOLDS
    for unit in np.unique(units[train]) if folds is not None else ():
        assert len(np.unique(folds[units[train] == unit])) == 1


def test_there_are_none_where_rows_cannot_be_exchanged(tmp_path: Any) -> None:
    assert fold_rows(DrawLatest(np.arange(50.0)), np.arange(40)) is None
    assert load_data(table(50, t=np.arange(50)), target="y", time_column="t").parts == 1
    table(20).to_csv(tmp_path / "valid.csv", index=False)
    table(50).to_csv(tmp_path / "test.csv", index=False)
    given_rows = load_data(table(60), target="y", validation_file=tmp_path / "valid.csv")
    assert (given_rows.folds, given_rows.parts) == (None, 1)
    assert load_data(table(60), target="y", test_file=tmp_path / "test.csv").parts == FOLDS
    assert load_data(table(6), target="y", test=0.4).parts == 1


def test_there_are_none_where_the_metric_needs_a_class_that_a_fold_lacks() -> None:
    labels = np.array(["a"] * 40 + ["b"] * 5)  # three of them for training
    for metric, parts in (
        ("accuracy", FOLDS),
        ("neg_log_loss", FOLDS),
        ("roc_auc", 1),
        ("average_precision", FOLDS),
    ):
        data = load_data(table(45).assign(y=labels), target="y", metric=metric)
        assert np.bincount(data.train.y).tolist() == [26, 3]
        assert (metric, data.parts) == (metric, parts)
    assert load_data(table(46).assign(y=[*labels, "b"]), target="y", metric="roc_auc").parts == FOLDS


@pytest.fixture(scope="module")
def weighted() -> Data:
    return load_data(
        table(53, w=np.linspace(1, 2, 53), g=np.arange(53) // 2), target="y", weight_column="w", group="g"
    )


def rows_in(split: Any) -> set[float]:
    return set(split.y.tolist())


def test_every_row_is_for_validation_once_and_for_training_otherwise(weighted: Data) -> None:
    free = rows_in(weighted.train) | rows_in(weighted.valid)
    seen: list[float] = []
    for number in range(weighted.parts):
        part = weighted.fold(number)
        assert rows_in(part.train) | rows_in(part.valid) == free
        assert not rows_in(part.train) & rows_in(part.valid)
        assert part.test is weighted.test
        assert (part.target_mean, part.preprocessing) == (weighted.target_mean, weighted.preprocessing)
        seen += part.valid.y.tolist()
        for split in (part.train, part.valid):
            by_target = dict(
                zip(
                    weighted.train.joined(weighted.valid).y,
                    weighted.train.joined(weighted.valid).weight,
                    strict=True,
                )
            )
            assert [by_target[y] for y in split.y] == split.weight.tolist()
    assert sorted(seen) == sorted(free)
    assert weighted.fold(0) is weighted
    assert weighted.fold(2).weight is not None
    assert weighted.fold(2).weight.mean() == pytest.approx(1)


def test_whole_has_all_rows_for_training(weighted: Data) -> None:
    assert len(weighted.whole().train) == 53
    assert rows_in(weighted.whole().train) == set(table(53)["y"].astype(weighted.train.y.dtype).tolist())
    assert weighted.whole().weight.mean() == pytest.approx(1)
    assert weighted.whole().parts == 1
    assert len(load_data(table(30), target="y", test=0.0).whole().train) == 30
