"""NEAT as a whole: it solves XOR, the same seed gives the same run, and one that is told the same goes on alike."""

from __future__ import annotations

import numpy as np
from cases import state

from speciate.neat.evolvers import Neat
from speciate.neat.population import Population
from speciate.neat.tasks import Xor


def run(evolver: Neat, generations: int) -> list[float]:
    best = []
    for _ in range(generations):
        scores = Xor().evaluate(evolver.networks(), 0)
        best.append(float(scores.fitness.max()))
        evolver.tell(scores.fitness)
    return best


def test_xor_is_solved() -> None:
    evolver = Neat(2, 1, 150, seed=0)
    for _ in range(60):
        scores = Xor().evaluate(evolver.networks(), 0)
        if scores.solved.any():
            break
        evolver.tell(scores.fitness)
    assert scores.solved.any()


def test_same_seed_same_run() -> None:
    assert run(Neat(2, 1, 60, seed=1), 10) == run(Neat(2, 1, 60, seed=1), 10)
    assert run(Neat(2, 1, 60, seed=1), 10) != run(Neat(2, 1, 60, seed=2), 10)


def test_an_evolver_that_is_told_the_same_goes_on_alike() -> None:
    whole, other = Neat(2, 1, 60, seed=1), Neat(2, 1, 60, seed=1)
    for _ in range(5):
        fitness = Xor().evaluate(whole.networks(), 0).fitness
        whole.tell(fitness)
        other.tell(fitness)
    assert state(whole) == state(other)
    assert run(whole, 10) == run(other, 10)
    assert state(whole) == state(other)


def test_genomes_alone_make_up_the_population() -> None:
    evolver = Neat(2, 1, 60, seed=1)
    run(evolver, 15)
    population = evolver.ask()
    genomes = [population.genome(row) for row in range(population.size)]
    again = Population.of(genomes)
    assert [again.genome(row) for row in range(again.size)] == genomes
    scores = [Xor().evaluate(some.networks(), 0).fitness for some in (population, again)]
    np.testing.assert_array_equal(*scores)
