"""What the user says about the parts: rows that belong together, the order of time, files of their own; rows that repeat others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speciate.config import RunConfig, Setting, configure
from speciate.config.neuro import NeuroConfig
from speciate.data import Data, load_data
from speciate.data.splitting import DrawLatest, DrawUnits, split_rows
from speciate.errors import ConfigurationError, DataError
from speciate.estimators import EvolvedClassifier


def people(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n)})
    table["patient"] = rng.integers(0, 40, n)
    table["day"] = pd.date_range("2020-01-01", periods=n).astype(str)
    table["y"] = np.where(table.a + table.b > 0, "yes", "no")
    return table


def parts(data: Data, table: pd.DataFrame, column: str) -> list[set[Any]]:
    """The values of a column in each part; rows are recognized by their number in column `a`."""
    i = data.preprocessing.columns.index("a")
    entry: Any = data.preprocessing.state.columns[i]  # type: ignore[union-attr]
    order = np.argsort(table.a.to_numpy(), kind="stable")
    found = []
    for split in (data.train, data.valid, data.test.open()):
        a = split.x[:, i].astype(np.float64) * entry.scale + entry.mean
        at = np.clip(np.searchsorted(table.a.to_numpy()[order], a), 1, len(table) - 1)
        near = np.abs(table.a.to_numpy()[order][at - 1] - a) < np.abs(table.a.to_numpy()[order][at] - a)
        found.append(set(table[column].to_numpy()[order][at - near]))
    return found


def notes(data: Data, level: str = "") -> str:
    return "\n".join(note.text for note in data.notes if level in ("", note.level))


@pytest.mark.fault(81)
def test_no_group_is_in_two_parts_and_the_plan_says_so() -> None:
    table = people()
    data = load_data(table, target="y", group="patient")
    train, valid, test = parts(data, table, "patient")
    assert not train & valid | train & test | valid & test
    assert len(train | valid | test) == table.patient.nunique()
    assert "patient" not in data.preprocessing.columns
    assert '"patient" is no input: rows of a group stay together' in notes(data)
    assert data.split == data.facts()["split"] == 'at random, rows with the same "patient" together'
    assert abs(data.test.rows - 60) < 10
    assert abs(np.mean(data.train.y) - np.mean(data.test.open().y)) < 0.1


units = st.lists(st.integers(1, 30), min_size=3, max_size=30)


@pytest.mark.fault(81)
@settings(max_examples=200, deadline=None)
@given(units, st.integers(1, 4), st.floats(0.05, 0.5), st.integers(0, 1000))
def test_units_stay_whole_and_no_part_is_empty(sizes: list[int], k: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.repeat(np.arange(len(sizes)), sizes)).astype(np.int64)
    classes = rng.integers(0, k, len(codes))
    found = split_rows(
        len(codes), DrawUnits(classes, codes, rng), validation=share, test=share, own_valid=0, own_test=0
    )
    assert sorted(np.concatenate(found).tolist()) == list(range(len(codes)))
    assert all(len(rows) for rows in found)
    for i in range(3):
        for j in range(i):
            assert not np.intersect1d(codes[found[i]], codes[found[j]]).size


@pytest.mark.fault(81)
@pytest.mark.parametrize("n", [300, 30])
def test_units_of_one_size_are_stratified(n: int) -> None:
    codes = np.repeat(np.arange(n), 10)
    classes = np.repeat(np.arange(n) % 3, 10)
    draw = DrawUnits(classes, codes, np.random.default_rng(0))
    for rows, share in zip(
        split_rows(10 * n, draw, validation=None, test=0.2, own_valid=0, own_test=0),
        (0.64, 0.16, 0.2),
        strict=True,
    ):
        assert np.abs(np.bincount(classes[rows]) - share * 10 * n / 3).max() <= 10


@pytest.mark.fault(81)
def test_groups_that_are_too_few_or_too_large() -> None:
    table = people()
    with pytest.raises(DataError, match=r'"patient" has 1 group, too few for 3 parts'):
        load_data(table.assign(patient=1), target="y", group="patient")
    giant = table.assign(patient=np.where(np.arange(300) < 250, 99, table.patient))
    data = load_data(giant, target="y", group="patient")
    assert '"99" of "patient" has 83.3% of the rows' in notes(data, "warning")
    assert "instead of 20.0%: rows stay together" in notes(data, "warning")
    assert abs(len(data.valid) - data.test.rows) < 10  # both get as much of what is left
    alone = load_data(table.assign(patient=np.arange(300)), target="y", group="patient")
    assert "is different in every row: it keeps nothing together" in notes(alone, "warning")
    gaps = load_data(
        table.assign(patient=table.patient.where(table.patient > 2)), target="y", group="patient"
    )
    assert "each counts as a group of its own" in notes(gaps, "warning")


@pytest.mark.fault(81)
@pytest.mark.parametrize("column", ["day", "number", "stamp", "zone"])
def test_the_latest_rows_are_for_the_test(column: str) -> None:
    table = people().sample(frac=1, random_state=1)
    day = pd.to_datetime(table.day)
    table["number"] = (day - day.min()).dt.days // 7
    table["stamp"] = day
    table["zone"] = [f"{d}T12:00+0{i % 3}:00" for i, d in enumerate(table.day)]
    others = [name for name in ("day", "number", "stamp", "zone") if name != column]
    data = load_data(table.drop(columns=others), target="y", time_column=column)
    train, valid, test = parts(data, table, "day")
    assert max(train) < min(valid)
    assert max(valid) < min(test)
    assert abs(data.test.rows - 60) <= 7
    assert f'"{column}" is no input: rows in the order of time, training from ' in notes(data)
    assert column not in data.preprocessing.columns
    assert data.split == f'the latest by "{column}"'


@pytest.mark.fault(81)
def test_times_that_are_missing_equal_or_none() -> None:
    table = people()
    gaps = load_data(table.assign(day=table.day.where(table.index > 4)), target="y", time_column="day")
    assert '"day" is missing in 5 rows of 300: left out' in notes(gaps, "warning")
    assert len(gaps.train) + len(gaps.valid) + gaps.test.rows == 295
    with pytest.raises(DataError, match='first "soon" in row 3'):
        load_data(table.assign(day=table.day.where(table.index != 2, "soon")), target="y", time_column="day")
    with pytest.raises(DataError, match="2 different times, too few for 3 parts"):
        load_data(table.assign(day=table.index % 2), target="y", time_column="day")
    with pytest.raises(DataError, match=r'1 class of "y" has no training row: "new" \(10\)'):
        load_data(table.assign(y=table.y.where(table.index < 290, "new")), target="y", time_column="day")
    times = np.array([1.0, 1, 1, 2, 2, 3, 3, 3, 3, 4])
    assert DrawLatest(times)(np.arange(10), 0.2, 2).sum() == 1  # 1 or 5 rows: 1 is nearer to 2


@pytest.mark.fault(81)
def test_a17_the_same_rows_ten_times_over() -> None:
    table = people().drop(columns=["patient", "day"])
    data = load_data(pd.concat([table] * 10), target="y")
    train, valid, test = parts(data, table, "a")
    assert not train & valid | train & test | valid & test
    assert "2,700 of 3,000 rows repeat the inputs of another row: equal rows stay in one part" in notes(
        data, "warning"
    )
    assert (len(data.train), len(data.valid), data.test.rows) == (1920, 480, 600)
    assert data.split == "at random, rows with the same inputs together"
    images = np.random.default_rng(0).integers(0, 255, (40, 8, 8), dtype=np.uint8)
    data = load_data((np.concatenate([images] * 5), np.tile(np.arange(40) % 2, 5)))
    assert "160 of 200 rows repeat" in notes(data, "warning")
    seen = {row.tobytes() for row in data.train.x}
    assert not any(row.tobytes() in seen for row in (*data.valid.x, *data.test.open().x))


@pytest.mark.fault(81)
def test_a17_few_repeats_are_counted_and_change_nothing() -> None:
    table = people().drop(columns=["patient", "day"])
    before = load_data(table, target="y")
    assert before.split == "at random"
    numbered = load_data(table.assign(n=np.arange(300.0) ** 2 % 7), target="y")
    assert [len(numbered.train), len(numbered.valid)] == [len(before.train), len(before.valid)]
    few = table.copy()
    few.loc[:1, ["a", "b"]] = few.loc[100, ["a", "b"]].to_numpy()  # 2 of 300 are fewer than 1 %
    for data in (load_data(few, target="y", seed=seed) for seed in range(3)):
        assert "stay in one part" not in notes(data)
    xor = pd.DataFrame(np.random.default_rng(0).integers(0, 2, (400, 2)), columns=list("ab"))
    data = load_data(xor.assign(y=xor.a ^ xor.b), target="y")
    assert "as is to be expected of columns with so few different values" in notes(data, "info")
    assert len({tuple(row) for row in data.test.open().x}) == 4


@pytest.mark.fault(81)
def test_a17_the_same_inputs_with_other_answers() -> None:
    table = people().drop(columns=["patient", "day"])
    other = table.assign(y=np.where(table.y == "yes", "no", "yes"))
    data = load_data(pd.concat([table, other[:30]]), target="y")
    assert "60 of 330 rows have the inputs of another row, but another target" in notes(data, "warning")


@pytest.mark.fault(82)
def test_rows_in_files_of_their_own(write: Any) -> None:
    table = people().drop(columns=["patient", "day"])
    data_file, valid_file, test_file = (
        write(table[a:b][order], name)
        for a, b, order, name in (
            (0, 200, ["a", "b", "y"], "data.csv"),
            (200, 240, ["y", "b", "a"], "valid.csv"),
            (230, 300, ["a", "y", "b"], "test.csv"),
        )
    )
    data = load_data(str(data_file), target="y", validation_file=str(valid_file), test_file=str(test_file))
    assert (len(data.train), len(data.valid), data.test.rows) == (200, 40, 70)
    assert parts(data, table, "a") == [set(table.a[:200]), set(table.a[200:240]), set(table.a[230:])]
    assert "10 of 70 test rows have the inputs of a training or validation row" in notes(data, "warning")
    only = load_data(str(data_file), target="y", test_file=str(test_file))
    assert only.split == data.split == "as they were given"
    assert (len(only.train) + len(only.valid), only.test.rows) == (200, 70)


@pytest.mark.fault(82)
def test_files_that_do_not_fit(write: Any) -> None:
    table = people()
    data, test = table[:200], table[200:]
    for other, words in (
        (test.drop(columns="b"), 'it lacks "b"'),
        (test.assign(extra=1), 'it has "extra" besides'),
        (test.rename(columns={"y": "z"}), 'there is no column "y" to predict'),
        (test.assign(y="new"), r'1 class of "y" ha'),
        (test.assign(y=None), "missing in all 100 rows"),
    ):
        with pytest.raises(DataError, match=words):
            load_data(data, target="y", test_file=other)
    with pytest.raises(DataError, match='groups of "patient" are among both the training and the test rows'):
        load_data(data, target="y", test_file=test, group="patient")
    with pytest.raises(DataError, match="one is a table, the other are arrays"):
        load_data((np.zeros((9, 8)), np.arange(9) % 2), test_file=(np.zeros((9, 8, 8)), np.arange(9) % 2))


@pytest.mark.fault(82)
@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"test": 0.3, "test_file": "t.csv"}, "test"),
        ({"validation": 0.3, "validation_file": "v.csv"}, "validation"),
        ({"group": "g", "time_column": "t"}, "group"),
        ({"group": "y"}, "group"),
        ({"time_column": "y"}, "time_column"),
        ({"test_file": "d.csv"}, "test_file"),
        ({"validation_file": "t.csv", "test_file": "t.csv"}, "test_file"),
    ],
)
def test_contradictions_are_refused_at_once(given: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load_data("d.csv", target="y", **given)
    assert key in error.value.where
    settings = {"data": "d.csv", "target": "y", **given}
    with pytest.raises(ConfigurationError, match=key) as error:
        configure({name: Setting(value, f"--{name}") for name, value in settings.items()})
    assert error.value.exit_code == 78
    with pytest.raises(ValueError, match="contradictory"):
        NeuroConfig(task="table:d.csv", target="y", **given)
    assert RunConfig(data="d.csv", target="y", test=0.2, test_file="t.csv").splitting["test_file"] == "t.csv"


@pytest.mark.fault(81)
def test_groups_of_an_estimator() -> None:
    table = people()
    tiny: dict[str, Any] = {"time_budget": None, "population": 2, "evaluations": 2, "examples": 200}
    more: dict[str, Any] = {"finalists": 0, "final_examples": 200, "backend": "inline"}
    fitted = EvolvedClassifier(**tiny, **more).fit(table[["a", "b"]], table.y, groups=table.patient)
    data = fitted.run_.evaluator.data
    assert data is not None
    train, valid, _ = (parts(data, table, "patient") if data.test.rows else [set(), set(), set()]) or []
    assert not train & valid
    assert '"groups" is no input' in notes(data)
    with pytest.raises(DataError, match="there are 300 rows but 3 groups"):
        EvolvedClassifier(**tiny, **more).fit(table[["a", "b"]], table.y, groups=[1, 2, 3])


@pytest.mark.fault(83)
@pytest.mark.parametrize("shape", [(50, 3), (3, 50), (128, 9), (200, 1), (10, 3), (24, 5)])
def test_a19_windows_of_time_are_no_images(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(0).normal(size=(60, *shape))
    y = np.arange(60) % 2
    with pytest.raises(DataError, match="could be windows of time or images") as error:
        load_data((x, y))
    assert f"reshape(len(x), {shape[0] * shape[1]})" in error.value.hint
    assert load_data((x.reshape(60, -1), y)).input_shape == (shape[0] * shape[1],)
    assert load_data((x.reshape(60, 1, *shape), y)).input_shape == (1, *shape)


@pytest.mark.fault(83)
@pytest.mark.parametrize("shape", [(8, 8), (28, 28), (3, 3), (6, 7), (40, 12), (3, 8, 10), (8, 10, 3)])
def test_a19_images_are_said_to_be_images(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=(60, *shape))
    data = load_data((x, np.arange(60) % 2))
    assert f"rows of shape {shape} are used as images of" in notes(data)


@pytest.mark.fault(83)
def test_a19_in_an_archive_and_in_an_estimator(tmp_path: Any) -> None:
    x, y = np.zeros((60, 50, 3)), np.arange(60) % 2
    np.savez(tmp_path / "windows.npz", x=x, y=y)
    with pytest.raises(DataError, match="windows of time"):
        load_data(str(tmp_path / "windows.npz"))
    with pytest.raises(ValueError, match="dim 3"):
        EvolvedClassifier().fit(x, y)
