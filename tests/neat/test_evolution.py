"""NEAT as a whole: it solves XOR, the same seed gives the same run, and a run that was brought back goes on alike."""

from __future__ import annotations

import numpy as np

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


def test_a_run_goes_on_from_its_arrays() -> None:
    whole = Neat(2, 1, 60, seed=1)
    run(whole, 5)
    other = Neat(2, 1, 60, seed=1)
    other.restore({name: array.copy() for name, array in whole.to_arrays().items()})
    assert run(whole, 10) == run(other, 10)
    for name, array in whole.to_arrays().items():
        np.testing.assert_array_equal(array, other.to_arrays()[name], err_msg=name)


def test_genomes_alone_make_up_the_population() -> None:
    evolver = Neat(2, 1, 60, seed=1)
    run(evolver, 15)
    population = evolver.ask()
    genomes = [population.genome(row) for row in range(population.size)]
    again = Population.of(genomes)
    assert [again.genome(row) for row in range(again.size)] == genomes
    scores = [Xor().evaluate(some.networks(), 0).fitness for some in (population, again)]
    np.testing.assert_array_equal(*scores)
