"""Numbers in bins."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from speciate.champion.assembling import put_in
from speciate.champion.standalone.bins import Bins
from speciate.data import load_data
from speciate.data.encoding import Encoding, numbers, options

BY_HAND = Encoding(((0.0, 1.0, 3.0), (), (-1.0, 1.0)))


def test_by_hand() -> None:
    x = np.array([[-0.5, 7, 0], [0.25, 8, 1.5], [2, 9, 9], [3.5, -7, -9]], np.float32)
    expected = [[-2.5, -0.5, 7, 0], [-1, -0.5, 8, 1.5], [0.5, 0.5, 9, 3], [0.5, 2, -7, -3]]
    assert BY_HAND(x).tolist() == expected
    assert BY_HAND.width == 4


def test_beyond_the_outer_edges_a_bin_goes_on_by_its_width_at_most() -> None:
    assert BY_HAND(np.array([[-1e6, 0, 0], [1e6, 0, 0]], np.float32))[:, :2].tolist() == [
        [-3.5, -0.5],
        [0.5, 3.5],
    ]


def test_edges_are_quantiles_of_what_differs() -> None:
    x = np.stack([np.arange(101), np.arange(101) % 2, np.full(101, 5), np.arange(101) // 50], 1).astype(
        np.float32
    )
    assert Encoding.fit(x, 4).edges == ((0.0, 25.0, 50.0, 75.0, 100.0), (), (), (0.0, 1.0, 2.0))[:4]
    assert numbers(x).tolist() == [True, False, False, True]


def test_a_value_that_most_rows_share_takes_one_bin() -> None:
    x = np.concatenate([np.zeros(92), np.arange(1, 9)]).astype(np.float32)[:, None]
    assert Encoding.fit(x, 4).edges == ((0.0, 1.0, 3.0, 6.0, 8.0),)  # of 0, 0, 1, ... 8
    assert Encoding.fit(x, 8).edges == (tuple(float(i) for i in range(9)),)


def test_few_values_are_all_edges() -> None:
    x = np.repeat(np.arange(5), [1000, 1, 1, 10, 100]).astype(np.float32)[:, None]
    assert Encoding.fit(x, 32).edges == ((0.0, 1.0, 2.0, 3.0, 4.0),)


def test_more_bins_than_rows_are_as_many_as_there_are() -> None:
    assert Encoding.fit(np.array([[1], [2], [4]], np.float32), 10**12).edges == ((1.0, 2.0, 4.0),)


def test_a_linear_function_of_a_number_is_one_of_its_bins() -> None:
    x = np.random.default_rng(0).normal(size=(200, 1)).astype(np.float32)
    encoding = Encoding.fit(x, 8)
    edges = np.array(encoding.edges[0])
    inside = x[(x > edges[0]) & (x < edges[-1])][:, None]
    mean = 1 - (np.arange(8) + 0.5) / 8
    assert np.allclose((encoding(inside) / 2 + mean) @ np.diff(edges) + edges[0], inside[:, 0], atol=1e-5)


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=3, max_size=40), st.integers(1, 64))
def test_encodings_rise_with_the_number_and_stay_bounded(values: list[float], bins: int) -> None:
    x = np.sort(np.array(values, np.float32))[:, None]
    found = Encoding.fit(x, bins)(x)
    assert np.isfinite(found).all()
    assert (np.diff(found, axis=0) >= 0).all()
    if found.shape[1] > 1:
        assert found.min() >= -4
        assert found.max() <= 4


def test_numbers_in_bins_are_centered() -> None:
    x = np.random.default_rng(0).normal(size=(4000, 1)).astype(np.float32)
    assert np.abs(Encoding.fit(x, 16)(x).mean(axis=0)).max() < 0.05


@pytest.mark.parametrize("seed", range(5))
def test_model_py_encodes_alike(seed: int) -> None:
    x = np.random.default_rng(seed).standard_t(2, size=(300, 4)).astype(np.float32)
    x[:, 2] = x[:, 2] > 0
    encoding = Encoding.fit(x[:200], 16)
    bins = Bins(encoding.width)
    put_in(bins, [None, encoding], np.zeros(1))
    assert np.allclose(bins(torch.from_numpy(x)).numpy(), encoding(x), atol=1e-6)


@pytest.mark.parametrize("source", ["sklearn:wine", "sklearn:diabetes", "sklearn:iris"])
def test_data_in_bins_are_what_their_encoding_makes(source: str) -> None:
    data = load_data(source)
    (bins, *_) = data.bins
    made = data.encoded(bins)
    assert made.input_shape == made.train.x.shape[1:] == made.valid.x.shape[1:]
    assert made.encoding == data.encoding_for(bins)
    assert np.array_equal(made.encoding(data.valid.x), made.valid.x)
    assert made.test.rows == data.test.rows
    assert made.preprocessing == data.preprocessing
    assert made.facts()["input_shape"] == [data.facts()["widths"][str(bins)]]
    assert data.encoded(0) is data


def test_what_is_too_small_too_large_or_an_image_has_no_bins() -> None:
    rng = np.random.default_rng(0)
    assert options(rng.normal(size=(63, 3)).astype(np.float32)) == ()
    assert options(rng.normal(size=(300, 3)).astype(np.float32)) == (8, 16, 32)
    assert options((rng.normal(size=(300, 3)) > 0).astype(np.float32)) == ()
    assert options(rng.normal(size=(20_000, 200)).astype(np.float32)) == (8,)
    assert options(rng.normal(size=(300, 1, 4, 4)).astype(np.float32)) == ()
