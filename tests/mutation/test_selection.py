from __future__ import annotations

from collections import Counter

import numpy as np

from speciate.mutation import best, tournament


def test_best_puts_the_earlier_first_among_equals() -> None:
    assert best([1.0, 3.0, 3.0, -np.inf, 2.0], 3) == [1, 2, 4]
    assert best([], 3) == []


def test_the_plain_tournament_over_everybody_finds_the_best(rng: np.random.Generator) -> None:
    assert {tournament([1.0, 5.0, 2.0], 3, rng) for _ in range(50)} == {1}
    assert {tournament([1.0, 5.0, 2.0], 99, rng) for _ in range(50)} == {1}


def test_ranks_win_with_p_and_p_times_1_minus_p_and_the_rest(rng: np.random.Generator) -> None:
    wins = Counter(tournament([1.0, 2.0, 3.0], 3, rng, p=0.85) for _ in range(10_000))
    expected = {2: 0.85, 1: 0.85 * 0.15, 0: 0.15 * 0.15}
    for index, share in expected.items():
        deviation = np.sqrt(share * (1 - share) / 10_000)
        assert abs(wins[index] / 10_000 - share) < 5 * deviation


def test_a_tournament_of_one_is_a_random_draw(rng: np.random.Generator) -> None:
    wins = Counter(tournament([1.0, 2.0, 3.0, 4.0], 1, rng) for _ in range(4000))
    assert all(abs(wins[i] - 1000) < 140 for i in range(4))  # five standard deviations
