from __future__ import annotations

import numpy as np
import pytest

from speciate.evaluators.intervals import interval, wilson


def test_wilson_by_hand() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263 gives 0.2553 to 0.3662.
    low, high = wilson(81 / 263, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson(1.0, 10)[1] == pytest.approx(1.0)
    assert wilson(0.0, 10)[0] == 0.0


def test_accuracy_uses_wilson() -> None:
    y = np.array([0, 1] * 50)
    outputs = np.eye(2)[np.where(np.arange(100) < 90, y, 1 - y)]
    found = interval("accuracy", y, outputs)
    assert found.score == 0.9
    assert (found.low, found.high) == wilson(0.9, 100)
    assert found.rows == 100


def test_the_bootstrap_covers_what_theory_says(rng: np.random.Generator) -> None:
    y = rng.standard_normal(2000)
    errors = rng.standard_normal(2000)
    found = interval("neg_mean_absolute_error", y, y + errors)
    half = 1.96 * np.abs(errors).std() / np.sqrt(2000)
    assert found.high - found.score == pytest.approx(half, rel=0.25)
    assert found == interval("neg_mean_absolute_error", y, y + errors)


def test_resamples_that_lack_a_class_are_left_out(rng: np.random.Generator) -> None:
    outputs = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    found = interval("roc_auc", np.array([0, 1, 0]), outputs)
    assert found.low <= found.score <= found.high
