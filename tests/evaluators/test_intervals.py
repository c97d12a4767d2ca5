from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from speciate.data import score
from speciate.evaluators.intervals import RESAMPLES, difference, scored
from speciate.intervals import Lead, newcombe, verdict, wilson


def test_wilson_by_hand() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263 gives 0.2553 to 0.3662.
    low, high = wilson(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson(10, 10)[1] == pytest.approx(1.0)
    assert wilson(0, 10)[0] == 0.0


def test_wilson_is_that_of_scipy_bit_by_bit() -> None:
    cases = [(hits, n) for n in (*range(1, 40), 360, 12_345) for hits in range(0, n + 1, 1 + n // 40)]
    for hits, n in cases:
        found = binomtest(hits, n).proportion_ci(method="wilson")
        assert wilson(hits, n) == (found.low, found.high)


def test_accuracy_uses_wilson() -> None:
    y = np.array([0, 1] * 50)
    outputs = np.eye(2)[np.where(np.arange(100) < 90, y, 1 - y)]
    found = scored("accuracy", y, outputs).interval
    assert found.score == 0.9
    assert (found.low, found.high) == wilson(90, 100)
    assert found.rows == 100


def test_the_bootstrap_covers_what_theory_says(rng: np.random.Generator) -> None:
    y = rng.standard_normal(2000)
    errors = rng.standard_normal(2000)
    found = scored("neg_mean_absolute_error", y, y + errors).interval
    half = 1.96 * np.abs(errors).std() / np.sqrt(2000)
    assert found.high - found.score == pytest.approx(half, rel=0.25)
    assert found == scored("neg_mean_absolute_error", y, y + errors).interval


def test_resamples_that_lack_a_class_are_left_out(rng: np.random.Generator) -> None:
    outputs = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    found = scored("roc_auc", np.array([0, 1, 0]), outputs).interval
    assert found.low <= found.score <= found.high


def test_newcombe_by_hand() -> None:
    # Fagerland, Lydersen & Laake 2014, Statistics in Medicine 33, on Bentur et al. 2009: -0.507 to -0.026.
    low, high = newcombe(1, 1, 7, 12)
    assert (round(low, 3), round(high, 3)) == (-0.507, -0.026)
    assert newcombe(1, 7, 1, 12) == pytest.approx((-high, -low))


def answers(right: np.ndarray) -> np.ndarray:
    """Probabilities of two classes, of which the second is the true one."""
    return np.stack([1.0 - right, right.astype(float)], axis=1)


def test_intervals_that_overlap_can_belong_to_a_difference_that_is_more_than_chance() -> None:
    # 359 rows: one network gets 354 right, the other 345 of these same rows.
    rows, y = np.arange(359), np.ones(359, dtype=np.int64)
    best, other = (scored("accuracy", y, answers(rows < right)) for right in (354, 345))
    assert best.interval.low < other.interval.high
    found = difference(best, other)
    assert found.score == pytest.approx(9 / 359)
    assert 0 < found.low < found.score < found.high
    assert found.rows == 359
    back = difference(other, best)
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))


def test_a_network_does_not_differ_from_itself() -> None:
    y = np.ones(359, dtype=np.int64)
    same = scored("accuracy", y, answers(np.arange(359) < 345))
    found = difference(same, same)
    assert found.low < found.score == 0 < found.high
    everything = scored("accuracy", y, answers(y > 0))
    assert difference(everything, everything).score == 0


def test_the_bootstrap_of_pairs_covers_what_theory_says(rng: np.random.Generator) -> None:
    y, hard = rng.standard_normal(2000), rng.standard_normal(2000)
    first, second = (y + hard * (1 + 0.1 * rng.random(2000)) + shift for shift in (0.0, 0.02))
    metric = "neg_mean_absolute_error"
    found = difference(scored(metric, y, first), scored(metric, y, second))
    changes = np.abs(second - y) - np.abs(first - y)
    assert found.score == pytest.approx(changes.mean())
    half = 1.96 * changes.std() / np.sqrt(2000)
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.15)
    alone = scored(metric, y, first).interval
    assert found.high - found.low < (alone.high - alone.low) / 4  # what is hard is hard for both


def test_pairs_are_resampled_together(rng: np.random.Generator) -> None:
    y, first, second = rng.standard_normal((3, 30))
    found = difference(scored("r2", y, first), scored("r2", y, second))
    twin, draws = [], np.random.Generator(np.random.Philox(0))
    for _ in range(RESAMPLES):
        rows = draws.integers(30, size=30)
        twin.append(score("r2", y[rows], first[rows]) - score("r2", y[rows], second[rows]))
    assert (found.low, found.high) == tuple(np.quantile(twin, [0.025, 0.975]))


def test_how_a_champion_stands() -> None:
    trees, net, line, most = (
        Lead("trees", -0.012, -0.02, -0.004),
        Lead("net", 0.01, -0.01, 0.03),
        Lead("line", 0.05, 0.04, 0.06),
        Lead("most", 0.3, 0.2, 0.4),
    )
    assert verdict([most, net, line, trees]) == (
        "behind trees by 0.0120 [0.0040, 0.0200]; level with net (difference 0.0100 [-0.0100, 0.0300]); "
        "ahead of line by 0.0500 [0.0400, 0.0600] and most"
    )
    assert (
        verdict([most], lambda value: f"{100 * value:.1f}", " points")
        == "ahead of most by 30.0 points [20.0, 40.0]"
    )
    assert verdict([Lead("edge", 0.1, 0.0, 0.2)]).startswith(
        "level with edge"
    )  # an interval that ends at 0 does not exclude it
    unknown = "; whether that is more than chance was not measured"
    assert verdict([Lead("b", 0.2), Lead("a", 0.1)]) == "ahead of a by 0.1000" + unknown
    assert verdict([Lead("a", 0.0)]) == "level with a" + unknown
    assert verdict([Lead("a", -0.1), most]) == "ahead of most by 0.3000 [0.2000, 0.4000]"
    assert verdict([]) == ""
