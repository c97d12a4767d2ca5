"""What `load_data` decides: the task, the score, the splits, and what it hands over."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from speciate.data import load_data
from speciate.errors import ConfigurationError, DataError, UsageError


@pytest.mark.parametrize(
    ("y", "task", "classes"),
    [
        (["b", "a"], "classification", ("a", "b")),
        ([True, False], "classification", ("false", "true")),
        ([10, 9, 2], "classification", ("2", "9", "10")),
        ([1.0, 0.0], "classification", ("0", "1")),
        (["10", "9"], "classification", ("9", "10")),
        ([0.5, 1.5, 2.5, 3.25], "regression", ()),
        (list(range(0, 60, 2)), "regression", ()),
    ],
)
def test_the_task(y, task, classes):
    x = np.random.default_rng(0).normal(size=(60, 2))
    data = load_data((x, (y * 60)[:60]))
    assert (data.task, data.classes) == (task, classes)
    assert data.outputs == max(len(classes), 1)
    assert any(note.text.startswith(f"task: {task}, because") for note in data.notes)


def test_the_task_can_be_chosen():
    x, y = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 7
    data = load_data((x, y), task="regression")
    assert (data.task, data.metric, data.outputs) == ("regression", "r2", 1)
    assert data.train.y.dtype == np.float32
    assert data.target_mean == pytest.approx(data.train.y.mean())
    assert data.target_scale == pytest.approx(data.train.y.std())


def test_regression_targets_keep_their_units():
    data = load_data("sklearn:diabetes")
    assert 100 < data.train.y.mean() < 200
    assert load_data("sklearn:iris").target_scale == 1


@pytest.mark.fault(23)
def test_all_wrong_settings_at_once():
    with pytest.raises(ConfigurationError) as error:
        load_data("sklearn:iris", task="clasification", metric="acuracy", validation=1.5, test=-1, seed=-3)
    assert error.value.where == "task, metric, validation, test, seed"
    assert 'did you mean "classification"?' in error.value.hint
    assert 'did you mean "accuracy"?' in error.value.hint


@pytest.mark.fault(23)
@pytest.mark.parametrize(
    "setting",
    [
        {"validation": 0},
        {"validation": True},
        {"validation": "1"},
        {"test": 1.0},
        {"test": None},
        {"seed": 1.5},
        {"metric": "r2"},
        {"metric": "r2", "task": "classification"},
        {"validation": float("nan")},
    ],
)
def test_a_wrong_setting(setting):
    with pytest.raises(ConfigurationError) as error:
        load_data("sklearn:iris", **setting)
    assert error.value.where in setting


def test_the_test_rows_are_sealed():
    data = load_data("sklearn:iris")
    assert data.test.rows == 30
    assert data.test.opened == 0
    assert len(data.test.open()) == 30
    assert data.test.opened == 1
    worker = pickle.loads(pickle.dumps(data.without_test()))
    assert worker.test.rows == 30
    assert worker.fingerprint == data.fingerprint
    with pytest.raises(UsageError):
        worker.test.open()
    sealed = data.test.open().x.tobytes()
    assert sealed in pickle.dumps(data)
    assert sealed not in pickle.dumps(data.without_test())


def test_without_any_test_rows():
    data = load_data("sklearn:iris", test=0)
    assert (data.test.rows, len(data.train)) == (0, 120)
    x = np.random.default_rng(0).normal(size=(4, 2))
    assert len(load_data((x, [0, 0, 1, 1]), test=0).train) == 2


@pytest.mark.fault(43)
def test_the_fingerprint_tells_data_apart(table):
    same = load_data(table, target="sold")
    assert load_data(table.copy(), target="sold").fingerprint == same.fingerprint
    table.loc[100, "size"] += 1
    others = [
        load_data(table, target="sold"),
        load_data("sklearn:iris"),
        load_data("sklearn:iris", metric="f1_macro"),
        load_data("sklearn:iris", seed=1),
        load_data("sklearn:iris", validation=0.3),
    ]
    assert len({same.fingerprint, *(data.fingerprint for data in others)}) == 6


def test_the_summary_is_plain(table):
    lines = load_data(table, target="sold").summary()
    assert lines[0] == "table: 300 rows, 2 numeric columns, 1 categorical column -> 5 network inputs"
    assert lines[2] == "rows: 192 for training, 48 for validation, 60 for test (test is sealed until the end)"
    assert "images of 8 x 8" in load_data("sklearn:digits").summary()[0]
    assert "regression, mean" in load_data("sklearn:diabetes").summary()[1]


@pytest.mark.parametrize(
    ("X", "y"),
    [
        (np.zeros(5), np.arange(5)),
        (np.zeros((5, 2)), np.arange(4)),
        (np.zeros((1, 2)), [1]),
        (np.zeros((0, 2)), []),
        (np.zeros((6, 0)), [0, 1] * 3),
        (np.zeros((6, 2), dtype=complex), [0, 1] * 3),
        (np.zeros((6, 2, 2, 2, 2)), [0, 1] * 3),
        (np.zeros((6, 2)), np.zeros((6, 2))),
        (pd.DataFrame([[1, 2]] * 6, columns=["a", "a"]), [0, 1] * 3),
    ],
)
def test_arrays_that_cannot_be_used(X, y):
    with pytest.raises(DataError):
        load_data((X, y))


def test_arrays_keep_every_column():
    x = np.random.default_rng(0).normal(size=(60, 3))
    x[:, 1] = 5
    x[3, 0] = np.nan
    data = load_data((x, np.arange(60) % 2))
    assert data.preprocessing.columns == ("x0", "x1", "x2")
    every = data.preprocessing.transform(x)
    assert every.shape == (60, *data.input_shape)
    assert np.all(every[:, -2] == 0)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((8, 6), (1, 8, 6)), ((8, 6, 3), (3, 8, 6)), ((3, 8, 6), (3, 8, 6)), ((16, 5, 5), (16, 5, 5))],
)
def test_images_in_any_layout(shape, expected):
    x = np.random.default_rng(0).integers(0, 256, (30, *shape), dtype=np.uint8)
    data = load_data((x, np.arange(30) % 2))
    assert data.input_shape == expected
    every = np.concatenate([data.train.x, data.valid.x, data.test.open().x])
    assert every.shape == (30, *expected)
    flat = data.preprocessing.transform(
        x if shape == expected else np.moveaxis(x, -1, 1) if len(shape) == 3 else x
    )
    assert np.array_equal(flat, data.preprocessing.transform(x))
    axes = (0, 2, 3)
    assert np.allclose(data.train.x.mean(axis=axes), 0, atol=1e-4)
    assert np.allclose(data.train.x.std(axis=axes), 1, atol=1e-4)


def test_importing_is_cheap():
    code = "import sys, speciate.data; print([m for m in ('torch', 'pandas', 'sklearn', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_loading_never_imports_torch():
    code = "import sys; from speciate.data import load_data; load_data('sklearn:iris'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_real_tables(real):
    adult = load_data(real("tabular/adult.csv"), target="income")
    assert (adult.classes, adult.input_shape, adult.metric) == (("<=50K", ">50K"), (108,), "accuracy")
    assert len(adult.train) + len(adult.valid) + adult.test.rows == 32561
    letter = load_data(real("tabular/letter.csv"), target="class")
    assert (letter.outputs, letter.input_shape) == (26, (16,))
    housing = load_data(real("tabular/housing.csv"), target="medianHouseValue")
    assert (housing.task, housing.metric, housing.input_shape) == ("regression", "r2", (8,))
    wine = load_data(real("tabular/wine.csv"), target="quality")
    assert wine.classes == ("3", "4", "5", "6", "7", "8", "9")


def test_mnist(real):
    data = load_data(f"idx:{real('mnist')}")
    assert (len(data.train), len(data.valid), data.test.rows) == (50_000, 10_000, 10_000)
    assert data.input_shape == (1, 28, 28)
    assert data.preprocessing.to_json()["mean"] == pytest.approx([0.1307], abs=1e-3)
    assert data.preprocessing.to_json()["scale"] == pytest.approx([0.3081], abs=1e-3)
