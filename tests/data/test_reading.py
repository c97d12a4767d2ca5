"""Reading takes little: text that is regular is not looked at field by field, arrays are copied once, moments are as before."""

from __future__ import annotations

import gc
import io
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from speciate import EvolvedRegressor, estimators
from speciate.data import kinds, load_data, moments, values
from speciate.data.columns import understand_columns
from speciate.data.repeats import _same
from speciate.data.sources import dialect
from speciate.errors import DataError


def peak_of(action: Any) -> tuple[int, Any]:
    """Bytes that an action takes at most beside those that were taken before, and its result."""
    gc.collect()
    tracemalloc.start()
    try:
        result = action()
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()


def file_of(folder: Path, frame: pd.DataFrame) -> tuple[str, int]:
    path = folder / "table.csv"
    frame.to_csv(path, index=False)
    return str(path), path.stat().st_size


def test_reading_takes_less_than_twice_what_pandas_takes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(30_000, 12)).round(7)).add_prefix("x")
    frame["y"] = np.where(rng.random(30_000) < 0.5, "yes", "no")
    path, size = file_of(tmp_path, frame)
    load_data(path, target="y", test=0.5)  # what is imported is not counted
    theirs, _ = peak_of(lambda: pd.read_csv(path).iloc[:, :-1].to_numpy(np.float32))
    ours, data = peak_of(lambda: load_data(path, target="y"))
    # The parser's own memory is not seen by tracemalloc, in neither.
    assert data.input_shape == (12,)
    assert ours < 2 * theirs + size


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_arrays_are_copied_once(dtype: Any) -> None:
    x = (100 * np.random.default_rng(0).normal(size=(20_000, 100))).astype(dtype)
    y = np.arange(20_000) % 2
    load_data((x[:100], y[:100]))
    took, data = peak_of(lambda: load_data((x, y)))
    inputs = 4 * x.size
    assert sum(map(len, (data.train, data.valid))) == 16_000
    assert took < 1.1 * x.nbytes + inputs + 20e6 * x.itemsize / 8


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_estimator_hands_an_array_on_as_it_is(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).normal(size=(200, 3)).astype(dtype)
    seen = []

    def load(source: Any, **settings: Any) -> None:
        seen.append(source[0])
        raise InterruptedError

    monkeypatch.setattr(estimators, "load_data", load)
    with pytest.raises(InterruptedError):
        EvolvedRegressor(evaluations=2, time_budget=None, random_state=0).fit(x, x[:, 0])
    assert np.shares_memory(seen[0], x)


REGULAR = [
    b"a,b\n1,2\n3,4\n",
    b"a,b\r\n1,2\r\n3,4",
    b'a,b\n"1,5",2\n"x\ny",4\n',
    b'"a","b"\n"",""\n1,2\n',
]
ODD = [
    b"a,b\n1,2\n\n3,4\n",  # a blank line
    b"a,b\n1,2\r3,4\n",
    b'a,b\n"x""y",2\n3,4\n',
    b'a,b\n5",2\n6",4\n',  # inches
    b'a,b\n"a,"b","c"\n1,2\n',
    b"a,b\n1,2,3\n4\n",
    b'a,b\n"1,2\n3,4\n',
    b"a,b\n1,2\n3\n",
    b"a,b\n1,2\n3,4\n5",
    b'a,b\n1,2\n3,4\n"5"',
]


@pytest.mark.parametrize("content", REGULAR)
def test_a_regular_file_is_seen_to_be(content: bytes) -> None:
    assert dialect._is_regular(content, ",", 2, 2)


@pytest.mark.parametrize("content", ODD)
def test_anything_else_is_looked_at_field_by_field(content: bytes) -> None:
    assert not dialect._is_regular(content, ",", 2, 2)


def test_what_is_seen_to_be_regular_is_so_for_the_parser_too() -> None:
    rng = np.random.default_rng(0)
    pieces = [b"a", b"1", b",", b",", b'"', b"\n", b"\n", b"\r\n", b" ", b";", "é".encode()]
    seen = 0
    for _ in range(20_000):
        content = b"a,b\n" + b"".join(pieces[i] for i in rng.integers(len(pieces), size=rng.integers(4, 14)))
        if dialect._is_regular(content, ",", 2, 2):
            seen += 1
            records = [record for _, record in dialect._records(content, ",", "")]
            assert {len(record) for record in records} == {2}, content
            assert len(records) > 2, content
    assert seen > 100


def test_a_byte_order_mark_and_other_encodings(tmp_path: Path) -> None:
    text = "Länge;y\n" + "".join(f"{i % 7},5;{i % 2}\n" for i in range(60))
    found = []
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        (tmp_path / "t.csv").write_bytes(text.encode(encoding))
        data = load_data(str(tmp_path / "t.csv"), target="y")
        found.append((data.preprocessing.columns, data.fingerprint))
    assert len(set(found)) == 1
    assert found[0][0] == ("Länge",)


def old_standards(block: NDArray[np.float64]) -> list[tuple[float, bool, float, float]]:
    """By scikit-learn, which copies everything several times."""
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    filled = imputer.fit_transform(block)
    scaler = StandardScaler().fit(filled)
    for i in np.flatnonzero((scaler.scale_ == 1) & (scaler.var_ != 1)):
        off = filled[:, i] - scaler.mean_[i]
        if np.ptp(off) > 16 * np.spacing(np.abs(filled[:, i]).max()):
            scaler.scale_[i] = (off / np.abs(off).max()).std() * np.abs(off).max()
    gaps = np.isnan(block).any(axis=0).tolist()
    rows = zip(np.nan_to_num(imputer.statistics_), gaps, scaler.mean_, scaler.scale_, strict=True)
    return [(float(a), b, float(c), float(d)) for a, b, c, d in rows]


def test_moments_are_to_the_last_bit_those_of_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    for _ in range(150):
        n, m = int(rng.integers(1, 400)), int(rng.integers(1, 12))
        monkeypatch.setattr(moments, "CELLS_AT_ONCE", int(rng.integers(1, 3000)))
        block = rng.normal(size=(n, m)) * 10.0 ** rng.integers(-100, 90, m) + rng.choice([0, 1e6, -3e99], m)
        block[rng.random(n) < 0.3, 0] = np.nan
        block[:, m // 2] = 1e9 + rng.integers(0, 3, n) * 1e-7 if n % 2 else block[0, m // 2]
        with np.errstate(all="ignore"):
            ours = moments.standards([np.ascontiguousarray(column) for column in block.T], slice(None))
            assert ours == old_standards(block)


@pytest.mark.parametrize("levels", [1, 49, 50, 51, 200])
def test_levels_are_those_of_scikit_learn(levels: int) -> None:
    rng = np.random.default_rng(levels)
    texts = np.array([f"k{i}" for i in np.r_[np.arange(levels), rng.integers(0, levels, 3 * levels)]], object)
    encoder = OneHotEncoder(max_categories=kinds.MOST_LEVELS, handle_unknown="infrequent_if_exist")
    encoder.fit(texts.reshape(-1, 1))
    rare = encoder.infrequent_categories_[0]
    shared = set() if rare is None else set(rare.tolist())
    entry, pooled = kinds._fit_category("k", kinds.CATEGORY.read(pd.Series(texts), {}))  # type: ignore[arg-type]
    assert entry.levels == tuple(t for t in encoder.categories_[0] if t not in shared)
    assert (pooled, entry.other) == (len(shared), bool(shared))


def test_rows_are_the_same_where_all_cells_are() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        n, m = int(rng.integers(1, 60)), int(rng.integers(1, 6))
        table = rng.integers(-1, 3, (n, m)).astype(float)
        table[rng.random((n, m)) < 0.1] = np.nan
        keys = _same(n, (np.ascontiguousarray(column) for column in table.T))
        rows = [row.tobytes() for row in table]
        assert (pd.factorize(keys)[0] == pd.factorize(np.array(rows, object))[0]).all()


def test_numbers_that_can_be_used_are_not_copied() -> None:
    column = np.array([1.0, np.nan, -1e100])
    assert values.usable(column) is column
    assert np.isnan(values.usable(np.array([np.inf, 1e101, -np.inf, np.nan]))).all()
    frame = pd.DataFrame(np.ones((30, 2)) * np.arange(30)[:, None], columns=["a", "b"])
    read = understand_columns(frame).read
    assert all(np.shares_memory(read[name], frame[name].to_numpy()) for name in frame)


def test_an_irregular_file_is_refused_as_ever(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,y\n" + "1,2\n" * 30 + "1,2,3\n")
    with pytest.raises(DataError, match="line 32: 3 fields, the header has 2"):
        load_data(str(tmp_path / "t.csv"), target="y")


def test_records_are_split_at_every_kind_of_line_end() -> None:
    content = 'a,b\r1,"x\r\ny"\r\n2,é\n'.encode()
    lines = [record for _, record in dialect._records(content, ",", "")]
    text = io.StringIO(content.decode(), newline="")
    assert lines == [["a", "b"], ["1", "x\r\ny"], ["2", "é"]]
    assert text.read() == content.decode()
