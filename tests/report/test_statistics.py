"""Intervals, tests and boxes against numbers from books and from a calculator."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from speciate.report import statistics


def test_mean_and_interval_by_hand():
    # 1, 2, 3, 4: mean 2.5, sd sqrt(5/3); t(0.975, 3) = 3.182446
    found = statistics.estimate([1, 2, 3, 4])
    half = 3.182446 * math.sqrt(5 / 3) / 2
    assert (found.n, found.mean, found.sd) == (4, 2.5, pytest.approx(math.sqrt(5 / 3)))
    assert (found.low, found.high) == (pytest.approx(2.5 - half), pytest.approx(2.5 + half))


def test_an_interval_needs_two_values():
    assert statistics.estimate([]) == statistics.Estimate(0, None, None, None, None)
    assert statistics.estimate([3.0]) == statistics.Estimate(1, 3.0, None, None, None)


def test_paired_differences_of_student_1908():
    # Student (1908), hours of sleep gained by ten patients with two drugs: t = 4.0621, p = 0.002833
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = statistics.paired(first, second)
    assert found.difference.mean == pytest.approx(1.58)
    assert (found.difference.low, found.difference.high) == (
        pytest.approx(0.7001142, abs=1e-6),
        pytest.approx(2.4598858, abs=1e-6),
    )
    assert found.effect == pytest.approx(4.062128 / math.sqrt(10), abs=1e-6)
    assert found.t_p == pytest.approx(0.002833, abs=1e-6)
    assert (found.wins, found.losses) == (9, 0)
    assert found.wilcoxon_p == pytest.approx(stats.wilcoxon(np.subtract(second, first)).pvalue)


def test_the_smallest_possible_wilcoxon_p_of_five_pairs():
    found = statistics.paired([0, 0, 0, 0, 0], [1, 2, 3, 4, 5])
    assert found.wilcoxon_p == pytest.approx(2 / 2**5)


def test_equal_pairs_do_not_differ():
    found = statistics.paired([1.0, 2.0], [1.0, 2.0])
    assert (found.difference.mean, found.effect, found.t_p, found.wilcoxon_p) == (0, None, 1.0, 1.0)


def test_a_constant_difference_has_no_effect_size():
    found = statistics.paired([1.0, 2.0], [2.0, 3.0])
    assert (found.difference.mean, found.effect, found.t_p) == (1.0, None, None)


def test_box_by_hand():
    # 1..8 and an outlier: quartiles of 9 values are the 3rd, 5th and 7th
    found = statistics.box([1, 2, 3, 4, 5, 6, 7, 8, 100])
    assert found == statistics.Box(1, 3, 5, 7, 8, pytest.approx(136 / 9))
    assert statistics.box([]) is None
    assert statistics.box([2.0]) == statistics.Box(2, 2, 2, 2, 2, 2)


def test_a_density_has_area_one():
    grid = np.linspace(-10, 12, 2000)
    values = statistics.density([0.0, 1.0, 2.0], grid, 0.01)
    assert np.trapezoid(values, grid) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("effect", "word"),
    [(None, "undefined"), (0.1, "negligible"), (-0.3, "small"), (0.6, "medium"), (-2, "large")],
)
def test_words_for_effects(effect, word):
    assert statistics.effect_size(effect) == word
