"""Splits are disjoint, complete, stratified and repeatable."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from speciate.data.splitting import DrawRows, share_out, split_rows
from speciate.rng import Stream, generator

sizes = st.lists(st.integers(3, 60), min_size=1, max_size=6)
fractions = st.floats(0.05, 0.6)


def labels(sizes, seed=0):
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes)).astype(np.int64)


@given(sizes, fractions, fractions, st.integers(0, 2**32))
def test_disjoint_complete_and_stratified(sizes, validation, test, seed):
    groups = labels(sizes)
    draw = DrawRows(groups, generator(seed, Stream.SPLIT))
    parts = split_rows(len(groups), draw, validation=validation, test=test, own_valid=0, own_test=0)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(groups)))
    for rows in parts:
        assert set(groups[rows].tolist()) == set(range(len(sizes)))
    train, valid, sealed = (np.bincount(groups[rows]) for rows in parts)
    assert np.all(np.abs(sealed - np.array(sizes) * test) <= 1)
    assert np.all(np.abs(valid - (train + valid) * validation) <= 1)


@given(st.integers(0, 50), st.integers(1, 40), st.integers(0, 2**32))
def test_own_rows_are_kept(own_valid, own_test, seed):
    n = 90 + own_valid + own_test
    train, valid, sealed = split_rows(
        n,
        DrawRows(np.zeros(n, dtype=np.int64), generator(seed, Stream.SPLIT)),
        validation=None,
        test=0.2,
        own_valid=own_valid,
        own_test=own_test,
    )
    assert sealed.tolist() == list(range(n - own_test, n))
    if own_valid:
        assert valid.tolist() == list(range(90, 90 + own_valid))
    else:
        assert (len(train), len(valid)) == (75, 15)


def test_the_seed_decides():
    def draw(seed):
        drawn = share_out(labels([30, 20]), 0.3, generator(seed, Stream.SPLIT))
        return drawn.tolist()

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_rounding_by_hand():
    # 10 rows of which 3 are drawn; exact shares 1.5, 0.9 and 0.6: rounded down 1, 0, 0; two are left for .9 and .6
    drawn = share_out(labels([5, 3, 2]), 0.3, generator(0, Stream.SPLIT))
    assert np.bincount(labels([5, 3, 2])[drawn]).tolist() == [1, 1, 1]
