"""Successive halving: which networks go on, at what length and learning rate, and which are trained on all folds."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speciate.algorithms import Halving
from speciate.algorithms.halving import OVERHEAD, SEEDS, SLOWER, cost_of, lengths_of
from speciate.algorithms.proposal import genome_of
from speciate.records import Budget, Candidate, Evaluation, Phase, Status
from speciate.spaces import NetworkGenome, NetworkSpace

SPACE = NetworkSpace.mlp(features=2, rows=100)
RICH = 1e18

Score = Callable[[Candidate], float | None]
"""The score of a training; None if it fails."""


def entrants(count: int) -> list[Candidate]:
    """Networks with the ids 10, 11, ..., whose learning rates are 0.01, 0.02, ..."""
    rng = np.random.default_rng(0)
    genomes = [SPACE.sample(rng) for _ in range(count)]
    return [
        Candidate(10 + i, with_rate(genome, 0.01 * (i + 1)), i, Budget(100))
        for i, genome in enumerate(genomes)
    ]


def with_rate(genome: NetworkGenome, rate: float) -> NetworkGenome:
    return replace(genome, hyper=tuple({**genome.hyper_parameters, "learning_rate": rate}.items()))


def rate_of(candidate: Candidate) -> float:
    rate = genome_of(candidate).hyper_parameters["learning_rate"]
    assert isinstance(rate, float)
    return round(rate, 6)


def halving(count: int = 4, lengths: Any = (100, 400), budget: float = RICH, **more: Any) -> Halving:
    made = Halving(entrants(count), lengths, budget, lambda genome: 0, **more)
    return made.start(SPACE, seed=0, budget=Budget(1), first_id=50)


def told(candidate: Candidate, score: Score) -> Evaluation:
    value = score(candidate)
    if value is None:
        return Evaluation(candidate, Status.DIVERGED)
    return Evaluation(candidate, Status.OK, value, {"loss": -value})


def play(algorithm: Halving, score: Score) -> list[Candidate]:
    """All that it asks for."""
    asked: list[Candidate] = []
    while new := algorithm.ask(1000):
        asked += new
        algorithm.tell([told(candidate, score) for candidate in new])
    return asked


def trainings(asked: list[Candidate]) -> list[tuple[str, int, float, int, int]]:
    """Operator, source, learning rate, examples and fold of each."""
    return [(c.operator, c.parents[0], rate_of(c), c.budget.examples, c.fold) for c in asked]


def by_source(candidate: Candidate) -> float:
    """Later entrants are better, longer trainings too, and slower ones a little."""
    return candidate.parents[0] + candidate.budget.examples / 1e4 - rate_of(candidate) / 1e3


def test_the_better_half_goes_on_with_its_own_rate_and_a_smaller_one() -> None:
    asked = trainings(play(halving(), by_source))
    assert asked[:4] == [("halving", 10 + i, 0.01 * (i + 1), 100, 0) for i in range(4)]
    assert asked[4:8] == [
        ("halving", 13, 0.04, 400, 0),
        ("halving", 13, 0.04 * SLOWER, 400, 0),
        ("halving", 12, 0.03, 400, 0),
        ("halving", 12, 0.03 * SLOWER, 400, 0),
    ]
    # then the best of all rungs get what they lack of four seeds, the best first
    rest = [training for training in asked[8:] if training[0] == "folds"]
    assert rest == asked[8:]
    assert rest[:SEEDS] == [("folds", 13, 0.016, 400, 0)] * 3 + [("folds", 13, 0.04, 400, 0)]
    assert len(rest) == 8 * (SEEDS - 1)


def test_candidates_are_of_the_final_and_have_fresh_seeds() -> None:
    asked = play(halving(), by_source)
    assert {c.phase for c in asked} == {Phase.FINAL}
    assert [c.id for c in asked] == list(range(50, 50 + len(asked)))
    assert len({c.seed for c in asked}) == len(asked)


def test_where_more_examples_do_not_help_no_longer_rung_follows() -> None:
    def worse(candidate: Candidate) -> float:
        return candidate.parents[0] - candidate.budget.examples

    asked = play(halving(lengths=(100, 400, 1600)), worse)
    assert [c.budget.examples for c in asked if c.operator == "halving"] == [100] * 4 + [400] * 4
    assert asked[-1].operator == "folds"
    assert (asked[8].parents, asked[8].budget.examples) == ((13,), 100)  # the shorter one is the best


def test_folds_are_completed() -> None:
    asked = play(halving(2, (100,), parts=5, first=2), by_source)
    assert trainings(asked) == [
        ("halving", 10, 0.01, 100, 0),
        ("halving", 10, 0.01, 100, 1),
        ("halving", 11, 0.02, 100, 0),
        ("halving", 11, 0.02, 100, 1),
        *(("folds", 11, 0.02, 100, fold) for fold in (2, 3, 4)),
        *(("folds", 10, 0.01, 100, fold) for fold in (2, 3, 4)),
    ]


def test_a_rung_scored_on_all_folds_lacks_nothing() -> None:
    asked = play(halving(2, (100,), parts=3, first=9), by_source)
    assert [c.fold for c in asked] == [0, 1, 2, 0, 1, 2]
    assert {c.operator for c in asked} == {"halving"}


def test_a_network_that_failed_is_last_and_not_trained_on_further_folds() -> None:
    def failing(candidate: Candidate) -> float | None:
        return None if candidate.parents[0] == 13 else by_source(candidate)

    asked = play(halving(lengths=(100,), parts=2), failing)
    assert [c.parents[0] for c in asked if c.operator == "folds"] == [12, 11, 10]
    asked = play(halving(), failing)
    assert [c.parents[0] for c in asked if c.budget.examples == 400][:4] == [12, 12, 11, 11]


def test_where_all_that_were_to_be_complete_fail_the_next_best_is() -> None:
    def unlucky(candidate: Candidate) -> float | None:
        return None if candidate.fold and candidate.parents[0] > 11 else by_source(candidate)

    share = cost_of(0, 100)
    asked = play(halving(lengths=(100,), budget=8 * share, parts=3), unlucky)
    assert [(c.parents[0], c.fold) for c in asked] == [
        *((source, 0) for source in (10, 11, 12, 13)),
        *((source, fold) for source in (13, 12, 11) for fold in (1, 2)),
    ]

    def hopeless(candidate: Candidate) -> float | None:
        return None if candidate.fold else by_source(candidate)

    asked = play(halving(lengths=(100,), budget=8 * share, parts=3), hopeless)
    assert [(c.parents[0], c.fold) for c in asked[4:]] == [(s, f) for s in (13, 12, 11, 10) for f in (1, 2)]
    assert [c.parents[0] for c in play(halving(), lambda c: None)] == [10, 11, 12, 13, 10, 10, 11, 11]


def test_the_budget_bounds_every_rung_and_the_folds() -> None:
    one = cost_of(0, 100)
    assert one == OVERHEAD * 100
    # half of it for two rungs: all at 100 examples, then a quarter, one and a half at 400; at least two networks are taken
    asked = play(halving(9, budget=24 * one, parts=5), by_source)
    assert [c.budget.examples for c in asked if c.operator == "halving"] == [100] * 9 + [400] * 2
    # .3 of it for the folds, 7.2 trainings at 100 examples: the first gets what it lacks all the same, and nothing else
    assert [(c.parents[0], c.budget.examples) for c in asked if c.operator == "folds"] == [(18, 400)] * 4
    poor = play(halving(9, budget=0, parts=2), by_source)
    assert [c.operator for c in poor] == ["halving"] * 9 + ["folds"]


def test_large_networks_cost_more() -> None:
    sizes = dict(zip([c.genome.key for c in entrants(4)], (0, OVERHEAD, 0, 0), strict=True))
    for budget, folds in ((6, 1), (19, 1), (20, 2), (60, 2)):  # half of it for a rung that costs five a fold
        algorithm = Halving(
            entrants(4), (100,), budget * cost_of(0, 100), lambda g: sizes[g.key], parts=3, first=2
        )
        asked = algorithm.start(SPACE, seed=0, budget=Budget(1)).ask(1000)
        assert [(c.parents[0], c.fold) for c in asked] == [
            (i, f) for i in (10, 11, 12, 13) for f in range(folds)
        ]


def test_equal_scores_are_told_apart_by_the_loss() -> None:
    losses = {10: -0.3, 11: -0.1, 12: -0.2}

    def evaluation(candidate: Candidate) -> Evaluation:
        return Evaluation(candidate, Status.OK, 0.9, {"loss": losses[candidate.parents[0]]})

    for loss, order in (("loss", [11, 12, 10]), (None, [10, 11, 12])):
        algorithm = halving(3, (100,), parts=2, loss=loss)
        algorithm.tell([evaluation(candidate) for candidate in algorithm.ask(10)])
        assert [c.parents[0] for c in algorithm.ask(10)] == order


def test_lengths() -> None:
    assert lengths_of(1000, None) == (2000, 8000, 32000, 128000)
    assert lengths_of(1000, 500) == (500,)


@pytest.mark.fault(1)
@given(st.randoms(use_true_random=False), st.sampled_from([1, 3, 5]), st.sampled_from([0.0, 2e8, RICH]))
def test_stopped_anywhere_with_results_in_any_order_it_proposes_the_same(
    order: random.Random, parts: int, budget: float
) -> None:
    seed = order.randrange(2**20)

    def score(candidate: Candidate) -> float | None:
        drawn = float(np.random.default_rng([seed, candidate.id]).random())
        return None if drawn < 0.15 else drawn

    def made() -> Halving:
        return halving(5, budget=budget, parts=parts, loss="loss")

    whole = play(made(), score)
    asked: list[Candidate] = []
    running: list[Candidate] = []
    done: list[Evaluation] = []
    first, stop = made(), order.randrange(len(whole) + 1)
    while len(done) < stop:
        new = first.ask(4 - len(running))
        asked, running = asked + new, running + new
        done.append(told(running.pop(order.randrange(len(running))), score))
        first.tell(done[-1:])
    again = made()
    again.replay(asked, done)
    again.tell([told(candidate, score) for candidate in running])
    assert asked + play(again, score) == whole
