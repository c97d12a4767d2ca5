"""The tables against the slow twins: gene by gene over whole runs, and output by output over random networks."""

from __future__ import annotations

import numpy as np
import pytest
from generation_twin import TwinNeat
from neat_twin import TwinNetwork

from speciate.neat.evolvers import Neat
from speciate.neat.genome import ACTIVATIONS
from speciate.neat.parameters import PAPER, TUNED, NeatParameters
from speciate.neat.population import Population

BUSY = PAPER.but(add_node=0.3, add_connection=0.4, interspecies=0.2)
CASES = {
    "paper": PAPER,
    "tuned": TUNED,
    "busy": BUSY,
    "recurrent": BUSY.but(recurrent=True, activations=ACTIVATIONS, mutate_activation=0.3),
    "averages": BUSY.but(
        mate_average=0.4, mate_only=0.2, structure_alone=True, small_genome=5, split_later=1.0
    ),
    "crowded": BUSY.but(species_limit=4, compatibility_threshold=1.5, stagnation=3, population_stagnation=4),
    "steered": BUSY.but(species_target=6, species_limit=9, c1=1.5, c2=0.5, c3=0.7),
}


def fitness_of(population: Population, generation: int, coarse: bool) -> np.ndarray:
    """Something that depends on the genes, with ties where it is coarse, and negative now and then."""
    weights = population.table.connections["weight"]
    places = np.arange(weights.shape[1]) < population.table.counts[:, :1]
    fitness = np.sin(np.where(places, weights, 0.0).sum(axis=1)) + 0.02 * population.hidden
    return np.round(fitness * 3) if coarse else fitness + (1.0 if generation % 3 else 0.0)


def assert_same(population: Population, twin: TwinNeat) -> None:
    for row, slow in enumerate(twin.genomes):
        fast = population.genome(row)
        assert [gene.innovation for gene in fast.connections] == sorted(slow.genes)
        for gene in fast.connections:
            theirs = slow.genes[gene.innovation]
            assert (gene.source, gene.target, gene.enabled) == (theirs.source, theirs.target, theirs.enabled)
            assert gene.weight == theirs.weight
        nodes = {node.node: (node.position, node.activation) for node in fast.nodes}
        assert nodes == {node: (n.position, n.activation) for node, n in slow.nodes.items()}


def assert_same_species(evolver: Neat, twin: TwinNeat) -> None:
    assert list(evolver.species.ids) == [kind.number for kind in twin.kinds]
    assert list(evolver.species.improved) == [kind.improved for kind in twin.kinds]
    assert evolver.threshold == pytest.approx(twin.threshold, rel=1e-12)
    for s, kind in enumerate(twin.kinds):
        assert list(np.flatnonzero(evolver.belongs == s)) == sorted(kind.members)


@pytest.mark.parametrize("coarse", [False, True], ids=["distinct", "ties"])
@pytest.mark.parametrize("name", CASES)
def test_a_run_is_the_twins_gene_by_gene(name: str, coarse: bool) -> None:
    rules: NeatParameters = CASES[name]
    fast, slow = Neat(3, 2, 40, 7, rules), TwinNeat(3, 2, 40, 7, rules)
    for generation in range(12):
        assert_same(fast.ask(), slow)
        assert_same_species(fast, slow)
        assert fast.facts()["copied"].tolist() == slow.copied
        fitness = fitness_of(fast.ask(), generation, coarse)
        fast.tell(fitness)
        slow.tell(fitness.tolist())
    assert_same(fast.ask(), slow)
    assert fast.ask().hidden.max() >= 1


@pytest.mark.parametrize("recurrent", [False, True], ids=["feed-forward", "recurrent"])
def test_networks_are_the_twins_output_by_output(recurrent: bool) -> None:
    rules = CASES["recurrent"].but(
        recurrent=recurrent, replace_weight=0.5, weight_range=1.0, weight_power=0.1
    )
    fast, slow = Neat(3, 2, 60, 3, rules), TwinNeat(3, 2, 60, 3, rules)
    for generation in range(15):
        fitness = fitness_of(fast.ask(), generation, False)
        fast.tell(fitness)
        slow.tell(fitness.tolist())
    rng = np.random.default_rng(0)
    owners = rng.permutation(np.repeat(np.arange(60), 2))
    columns, twins = fast.networks().start(owners), [TwinNetwork(slow.genomes[owner]) for owner in owners]
    population = fast.ask()
    assert any(population.genome(row).recurrent for row in range(population.size)) is recurrent
    for _ in range(6):
        observations = rng.normal(size=(3, len(twins)))
        outputs = columns.step(observations)
        expected = np.array([twin.step(list(o)) for twin, o in zip(twins, observations.T, strict=True)]).T
        np.testing.assert_allclose(outputs, expected, rtol=1e-9, atol=1e-12)
        alive = rng.random(len(twins)) < 0.8
        columns.keep(alive)
        twins = [twin for twin, lives in zip(twins, alive, strict=True) if lives]
