"""The parts of model.py mean the same as the library's own preprocessing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speciate.champion.standalone import command, image, table
from speciate.data import Preprocessing
from speciate.data.cells import MISSING
from speciate.data.schema import ImageState
from speciate.errors import DataError

PLAIN = st.one_of(
    st.text(max_size=12),
    st.sampled_from(sorted(MISSING)),
    st.sampled_from(
        ["1e400", "-inf", "Infinity", "1_000", "TRUE", " 3 ", "1e100", "1.1e100", "٣", "0x10", "3,5"]
    ),
    st.sampled_from(
        ["2024-02-30", "2024-05-31", "2024-05-31T10:30", "2024-05-31 10:30:15.5+02:00", "2024-05-31T1"]
    ),
    st.none(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.datetimes(),
    st.dates(),
    st.sampled_from([np.float64(2), np.float32(0.5), np.int64(7), pd.NaT, pd.NA, np.nan]),
)
COLUMNS: list[dict[str, Any]] = [
    {"name": "n", "type": "numeric", "fill": 2.0, "indicator": True, "mean": 1.5, "scale": 3.0},
    {"name": "m", "type": "numeric", "fill": 2.0, "indicator": False, "mean": -1.0, "scale": 1e-300},
    {
        "name": "d",
        "type": "date",
        "part": "days",
        "fill": 9.0,
        "indicator": True,
        "mean": 0.0,
        "scale": 500.0,
    },
    {"name": "d", "type": "date", "part": "hour", "fill": 9.0, "indicator": False, "mean": 0.0, "scale": 5.0},
    {"name": "a", "type": "category", "levels": ["1", "x"], "missing_level": True, "other": True},
    {"name": "b", "type": "category", "levels": ["true"], "missing_level": False, "other": True},
    {"name": "c", "type": "category", "levels": ["x"], "missing_level": True, "other": False},
]


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=40)
@given(st.lists(st.tuples(PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN), max_size=6))
def test_rows_of_a_table(rows: list[tuple[Any, ...]]) -> None:
    """The library and model.py read the same, and refuse the same."""
    records = [dict(zip("nmdabc", row, strict=True)) for row in rows]
    frame = pd.DataFrame({name: pd.Series([r[name] for r in records], dtype=object) for name in "nmdabc"})
    state = Preprocessing.from_json({"version": 1, "kind": "table", "columns": COLUMNS})
    try:
        found = table.table_inputs(records, COLUMNS).numpy()
    except ValueError:
        with pytest.raises(DataError):
            state.transform(frame)
        return
    assert np.array_equal(found, state.transform(frame))


def test_a_row_that_lacks_a_column() -> None:
    with pytest.raises(ValueError, match="row 2 has no column 'a'"):
        table.table_inputs([dict.fromkeys("nmdabc"), dict.fromkeys("nmdbc")], COLUMNS)


@pytest.mark.parametrize(
    ("shape", "raw"),
    [
        ((1, 4, 5), (4, 5)),
        ((1, 4, 5), (20,)),
        ((1, 4, 5), (4, 5, 1)),
        ((3, 4, 5), (3, 4, 5)),
        ((3, 4, 5), (4, 5, 3)),
        ((3, 4, 5), (60,)),
        ((20,), (20,)),
        ((20,), (4, 5)),
        ((1, 4, 5), (5, 4)),
        ((3, 4, 5), (12, 5)),
        ((3, 4, 5), (5, 4, 3)),
        ((20,), (21,)),
    ],
)
def test_images(shape: tuple[int, ...], raw: tuple[int, ...], rng: np.random.Generator) -> None:
    channels = shape[0] if len(shape) == 3 else 1
    mean, scale = rng.uniform(size=channels), rng.uniform(0.1, 1, channels)
    rows = rng.integers(0, 256, (6, *raw)).astype(float)
    rows.flat[0], rows.flat[1] = np.nan, np.inf
    state = ImageState(shape, 255.0, tuple(mean.tolist()), tuple(scale.tolist()))
    try:
        expected = Preprocessing(state).transform(rows)
    except DataError:
        with pytest.raises(ValueError, match="does not fit"):
            image.image_inputs(rows.tolist(), shape, 255.0, state.mean, state.scale)
        return
    assert np.allclose(image.image_inputs(rows, shape, 255.0, state.mean, state.scale), expected, atol=1e-6)


def test_rows_that_are_not_numbers() -> None:
    for rows in ([["a"]], [[1.0], [1.0, 2.0]], [[None]]):
        with pytest.raises(ValueError, match="not numbers of one shape"):
            image.image_inputs(rows, (1,), 1.0, [0.0], [1.0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n", [{"a": "1", "b": "2"}]),
        ("\ufeff a ; b \n1,5; 2\n\n3;4\n", [{"a": "1,5", "b": "2"}, {"a": "3", "b": "4"}]),
        ('a\tb\n"x\ty"\t1.5\n', [{"a": "x\ty", "b": "1.5"}]),
        ("a|b\n1,000|2\n", [{"a": "1,000", "b": "2"}]),
        ("c,b;a\n1;2\n", None),
        ("a,b\n1\n", None),
        ("a,b,a\n1,2,3\n", None),
        ("", None),
        ("a,b\n", []),
    ],
)
def test_text_tables(text: str, expected: list[dict[str, str]] | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match=r"columns? missing|fields|the same name"):
            command.read_table(text.encode(), ["a", "b"])
    else:
        assert command.read_table(text.encode(), ["a", "b"]) == expected
        assert command.read_table(text.removeprefix("\ufeff").encode("utf-16"), ["a", "b"]) == expected


def test_a_text_table_of_many_columns() -> None:
    names = [f"column {i}" for i in range(20_000)]
    text = ",".join(names) + "\n" + ",".join("1" for _ in names) + "\n"
    assert command.read_table(text.encode(), names) == [dict.fromkeys(names, "1")]
