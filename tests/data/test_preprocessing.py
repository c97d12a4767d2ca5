"""The fitted preprocessing equals scikit-learn's, survives JSON, and refuses what it did not write."""

import copy
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from speciate.data import Preprocessing, load_data
from speciate.errors import DataError, DataWarning

TABLE = {
    "version": 1,
    "kind": "table",
    "columns": [
        {"name": "age", "type": "numeric", "fill": 30.0, "indicator": True, "mean": 40.0, "scale": 10.0},
        {
            "name": "day",
            "type": "date",
            "part": "month",
            "fill": 6.0,
            "indicator": False,
            "mean": 6.0,
            "scale": 2.0,
        },
        {
            "name": "job",
            "type": "category",
            "levels": ["cook", "clerk"],
            "missing_level": True,
            "other": False,
        },
        {"name": "town", "type": "category", "levels": ["Rome"], "missing_level": False, "other": True},
    ],
}
IMAGE = {
    "version": 1,
    "kind": "image",
    "shape": [3, 2, 2],
    "divide": 255.0,
    "mean": [0.5] * 3,
    "scale": [0.1] * 3,
}


def test_by_hand():
    rows = pd.DataFrame(
        {
            "age": ["50", "x", None, True],
            "day": ["2024-02-01", "2024-13-01", None, "2024-12-31 23:59"],
            "job": ["clerk", "?", "pilot", " cook "],
            "town": ["Rome", "Oslo", "NA", 7],
        }
    )
    expected = [
        [1.0, 0, -2, 0, 1, 0, 1, 0],
        [-1.0, 1, 0, 0, 0, 1, 0, 1],
        [-1.0, 1, 0, 0, 0, 0, 0, 1],
        [-3.9, 0, 3, 1, 0, 0, 0, 1],
    ]
    with pytest.warns(DataWarning) as said:
        assert np.allclose(Preprocessing.from_json(TABLE).transform(rows), expected)
    assert [str(warning.message) for warning in said] == [
        '"age": 1 of 4 values are not numbers, such as "x"; they count as missing',
        '"day": 1 of 4 values are not dates, such as "2024-13-01"; they count as missing',
        '"town": 2 of 4 values are none of the commoner 1 categories of the training rows, such as "Oslo"',
    ]


def test_adult(real):
    data = load_data(real("tabular/adult.csv"), target="income")
    rows = pd.read_csv(real("tabular/adult.csv"), keep_default_na=False)
    numeric = [c for c in data.preprocessing.columns if rows[c].dtype.kind in "iuf"]
    categories = [c for c in data.preprocessing.columns if c not in numeric]
    ours = data.preprocessing.transform(rows)
    counts = {c: set(rows[c].unique()) - {"?"} for c in categories}
    one_hot = sum(len(levels) for levels in counts.values()) + 3  # three of them have missing values
    assert ours.shape == (len(rows), len(numeric) + one_hot)
    standard = StandardScaler().fit_transform(
        rows[numeric]
    )  # on all rows: nearly the same as on the training rows
    assert np.allclose(ours[:, _numeric_places(data.preprocessing)], standard, atol=0.4)
    assert np.all(ours.sum(axis=1) - ours[:, _numeric_places(data.preprocessing)].sum(axis=1) > 7.9)


def _numeric_places(preprocessing):
    place, found = 0, []
    for entry in preprocessing.state.columns:
        if entry.type == "numeric":
            found.append(place)
        place += entry.width
    return found


def test_equals_scikit_learn_exactly(table):
    rng = np.random.default_rng(0)
    table["kind"] = table["kind"].astype(object)
    table.loc[rng.random(300) < 0.1, "size"] = np.nan
    table.loc[rng.random(300) < 0.1, "kind"] = None
    table["town"] = [f"t{min(int(i), 80)}" for i in rng.exponential(25, 300)]
    data = load_data(table, target="sold")
    groups = np.unique(table["sold"], return_inverse=True)[1]
    from speciate.data.splitting import DrawRows, split_rows
    from speciate.rng import Stream, generator

    train, valid, _ = split_rows(
        300, DrawRows(groups, generator(0, Stream.SPLIT)), validation=None, test=0.2, own_valid=0, own_test=0
    )
    filled = table.assign(kind=table["kind"].where(table["kind"].notna(), "~missing"))
    pipeline = ColumnTransformer(
        [
            ("size", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["size"]),
            ("gap", _gap(), ["size"]),
            ("rooms", StandardScaler(), ["rooms"]),
            ("kind", OneHotEncoder(sparse_output=False), ["kind"]),
            (
                "town",
                OneHotEncoder(sparse_output=False, max_categories=50, handle_unknown="infrequent_if_exist"),
                ["town"],
            ),
        ]
    ).fit(filled.iloc[train])
    assert np.allclose(data.train.x, pipeline.transform(filled.iloc[train]), atol=1e-6)
    assert np.allclose(data.valid.x, pipeline.transform(filled.iloc[valid]), atol=1e-6)


def _gap():
    from sklearn.impute import MissingIndicator

    return MissingIndicator(features="all")


cells = st.one_of(
    st.none(),
    st.floats(width=64),
    st.integers(-(10**400), 10**400).filter(lambda n: abs(n) < 10**15 or abs(n) > 10**300).map(str),
    st.text(max_size=5),
    st.sampled_from(
        ["?", "NA", "inf", "1e400", "-1e308", "1_000", "true", "2024-02-30", "2024-02-03", "Rome", "cook"]
    ),
    st.booleans(),
    st.dates(),
)


@pytest.mark.filterwarnings("ignore::speciate.errors.DataWarning")
@given(st.lists(st.tuples(cells, cells, cells, cells), min_size=1, max_size=6))
def test_any_cell_gives_finite_inputs(rows):
    table = pd.DataFrame(rows, columns=["age", "day", "job", "town"], dtype=object)
    try:
        inputs = Preprocessing.from_json(TABLE).transform(table)
    except DataError:  # a column in which nothing can be read
        return
    assert inputs.shape == (len(rows), 8)
    assert inputs.dtype == np.float32
    assert np.isfinite(inputs).all()


@pytest.mark.filterwarnings("ignore::speciate.errors.DataWarning")
@given(st.lists(st.lists(st.floats(), min_size=3, max_size=3), min_size=12, max_size=20), st.booleans())
@settings(max_examples=30)
def test_any_numbers_give_finite_inputs(rows, as_images):
    x = np.array(rows)
    if as_images:
        x = x[:, None, None, :]
    data = load_data((x, np.arange(len(rows)) % 2), validation=0.3)
    for split in (data.train, data.valid, data.test.open()):
        assert np.isfinite(split.x).all()
    again = Preprocessing.from_json(json.loads(json.dumps(data.preprocessing.to_json())))
    assert np.array_equal(again.transform(x), data.preprocessing.transform(x))


@pytest.mark.parametrize("state", [TABLE, IMAGE])
def test_json_round_trip(state):
    first = Preprocessing.from_json(state)
    again = Preprocessing.from_json(json.loads(json.dumps(first.to_json())))
    assert again.to_json() == state
    assert again == first
    assert hash(again) == hash(first)


def test_images_in_any_layout_become_the_same():
    steps = Preprocessing.from_json(IMAGE)
    x = np.random.default_rng(0).integers(0, 256, (4, 3, 2, 2), dtype=np.uint8)
    expected = (x / 255 - 0.5) / 0.1
    for form in (x, np.moveaxis(x, 1, 3), x.reshape(4, -1), x.astype(float)):
        assert np.allclose(steps.transform(form), expected, atol=1e-5)
    for wrong in (x[:, :2], x[..., None], np.zeros((4, 11)), np.array(["a"]), np.array(3)):
        with pytest.raises(DataError):
            steps.transform(wrong)


def _changed(state, path, value):
    state = copy.deepcopy(state)
    at = state
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return state


@pytest.mark.fault(19)
@pytest.mark.parametrize(
    "hostile",
    [
        None,
        [],
        "table",
        {},
        {"kind": "table"},
        {"kind": ["table"], "version": 1},
        {"kind": "pickle", "version": 1},
        _changed(TABLE, ["version"], 2),
        _changed(TABLE, ["version"], True),
        _changed(TABLE, ["columns"], []),
        _changed(TABLE, ["columns"], {"0": 1}),
        _changed(TABLE, ["columns", 0], "age"),
        _changed(TABLE, ["columns", 0, "type"], "code"),
        _changed(TABLE, ["columns", 0, "name"], 5),
        _changed(TABLE, ["columns", 0, "scale"], 0),
        _changed(TABLE, ["columns", 0, "scale"], -1.0),
        _changed(TABLE, ["columns", 0, "scale"], "1"),
        _changed(TABLE, ["columns", 0, "mean"], float("nan")),
        _changed(TABLE, ["columns", 0, "mean"], 10**400),
        _changed(TABLE, ["columns", 0, "fill"], None),
        _changed(TABLE, ["columns", 0, "indicator"], 1),
        _changed(TABLE, ["columns", 0, "more"], 1),
        _changed(TABLE, ["columns", 1, "part"], "second"),
        _changed(TABLE, ["columns", 2, "levels"], "cook"),
        _changed(TABLE, ["columns", 2, "levels"], ["cook", 5]),
        _changed(TABLE, ["columns", 2, "levels"], ["cook", "cook"]),
        _changed(TABLE, ["columns", 3, "name"], "job"),
        _changed(TABLE, ["columns", 1, "name"], "age"),
        _changed(TABLE, ["more"], 1),
        _changed(_changed(TABLE, ["columns", 3, "levels"], []), ["columns", 3, "other"], False),
        _changed(IMAGE, ["shape"], [10**6, 10**6, 10**6]),
        _changed(IMAGE, ["shape"], [3, 2]),
        _changed(IMAGE, ["shape"], [3, 2, 0]),
        _changed(IMAGE, ["shape"], [3, 2, 2.0]),
        _changed(IMAGE, ["shape"], 12),
        _changed(IMAGE, ["mean"], [0.5]),
        _changed(IMAGE, ["scale"], [0.1, 0.1, 0]),
        _changed(IMAGE, ["divide"], 0),
    ],
)
def test_hostile_json_is_refused(hostile):
    with pytest.raises(DataError) as error:
        Preprocessing.from_json(hostile)
    assert error.value.why
    assert len(str(error.value)) < 2000


junk = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
places = [
    ["version"],
    ["kind"],
    ["columns"],
    ["columns", 0],
    ["columns", 1, "part"],
    ["columns", 2, "levels"],
]
places += [["columns", 0, key] for key in TABLE["columns"][0]]


@pytest.mark.fault(19)
@pytest.mark.filterwarnings("ignore::speciate.errors.DataWarning")
@given(st.sampled_from(places), junk)
def test_junk_is_refused_or_harmless(path, value):
    try:
        steps = Preprocessing.from_json(_changed(TABLE, path, value))
    except DataError:
        return
    row = pd.DataFrame({name: ["2024-05-31" if name == "day" else "1"] for name in steps.columns})
    assert np.isfinite(steps.transform(row)).all()
