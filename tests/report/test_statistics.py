"""Intervals, tests and boxes against numbers from books and from a calculator."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from speciate.report import statistics
from speciate.report.comparing import ComparedRuns, Contrast
from speciate.report.comparison_page import least_p
from speciate.report.scores import Scale


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


@pytest.mark.fault(87)
@pytest.mark.parametrize("n", [2, 3, 5, 20])
@pytest.mark.parametrize(
    "metric", ["accuracy", "f1_macro", "roc_auc", "matthews_corrcoef", "r2", "neg_log_loss"]
)
def test_a15_intervals_hold_nothing_that_cannot_be(n, metric):
    rng, (low, high) = np.random.default_rng(n), Scale(metric).bounds
    for spread in (1e-6, 0.1, 1.0, 5.0):
        values = np.clip(high - spread * rng.exponential(size=n), low, high).tolist()
        found = statistics.estimate(values, (low, high))
        assert low <= found.low <= found.mean <= found.high <= high
        change = statistics.paired(values, values[::-1], (low, high)).difference
        assert -(high - low) <= change.low <= change.mean <= change.high <= high - low


def test_a15_three_seeds_of_wine_by_hand():
    # Bartlett's angle: asin(sqrt(m)) -+ t(0.975, 2) * sd / sqrt(3) / (2 sqrt(m (1 - m)))
    found = statistics.estimate([1.0, 1.0, 0.5], (0.0, 1.0))
    angle, turn = math.asin(math.sqrt(5 / 6)), 4.302653 / 6 / 2 / math.sqrt(5 / 36)
    assert (found.low, found.high) == (pytest.approx(math.sin(angle - turn) ** 2, abs=1e-6), 1.0)
    free = statistics.estimate([1.0, 1.0, 0.5])
    assert free.high == pytest.approx(5 / 6 + 4.302653 / 6, abs=1e-6)  # 155 %
    same = statistics.estimate([1.0, 1.0], (0.0, 1.0))
    assert (same.low, same.high) == (1.0, 1.0)


def test_a15_with_many_values_it_is_students_t():
    values = np.random.default_rng(0).uniform(0.4, 0.6, 500).tolist()
    free, bound = statistics.estimate(values), statistics.estimate(values, (0.0, 1.0))
    assert (bound.low, bound.high) == (pytest.approx(free.low, abs=1e-5), pytest.approx(free.high, abs=1e-5))


def test_a15_values_outside_the_bounds_have_none():
    assert statistics.estimate([0.5, 3.0], (0.0, 1.0)) == statistics.estimate([0.5, 3.0])


@pytest.mark.fault(87)
@pytest.mark.parametrize("seeds", [1, 2, 3, 5, 6])
def test_a15_what_is_said_of_p_is_counted(seeds):
    pair = statistics.paired([0.9] * seeds, [0.9 - 0.01 * (k + 1) for k in range(seeds)])
    contrast = Contrast("random", tuple(range(seeds)), (), pair, pair)
    said = least_p(ComparedRuns("c", (), (contrast,), ()))
    if 1 < seeds < 6:
        assert said == f" With {seeds} pairs Wilcoxon's p cannot be below {pair.wilcoxon_p:.2g}."
    else:
        assert said == ""
