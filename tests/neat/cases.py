"""Small genomes for cases worked by hand; the parents of figure 4, and calls of single operators."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from speciate.neat.compiled.innovations import Innovations
from speciate.neat.compiled.reproduction import Rates
from speciate.neat.compiled.table import GenomeRow, Table, empty
from speciate.neat.evolvers.neat import Neat, rates
from speciate.neat.genome import ConnectionGene, NeatGenome, NodeGene
from speciate.neat.parameters import PAPER
from speciate.neat.population import Population

Wire = tuple[int, int, int, float, bool]


def genome(wires: Iterable[Wire], hidden: Iterable[tuple[int, float]] = (), inputs: int = 2) -> NeatGenome:
    """One output; wires are (innovation, source, target, weight, enabled), hidden nodes (id, position)."""
    output = NodeGene(inputs + 1, 1.0, "sigmoid")
    nodes = (output, *(NodeGene(node, position, "sigmoid") for node, position in hidden))
    return NeatGenome(inputs, 1, nodes, tuple(ConnectionGene(*wire) for wire in wires))


# Page 109, figure 4, with everything numbered from 0: inputs 0 and 1, the third one as the bias 2, output 3, hidden 4 and 5.
FIRST = genome(
    [
        (0, 0, 3, 1.0, True),
        (1, 1, 3, 1.0, False),
        (2, 2, 3, 1.0, True),
        (3, 1, 4, 1.0, True),
        (4, 4, 3, 1.0, True),
        (7, 0, 4, 1.0, True),
    ],
    [(4, 0.5)],
)
SECOND = genome(
    [
        (0, 0, 3, 2.0, True),
        (1, 1, 3, 3.0, False),
        (2, 2, 3, 1.0, True),
        (3, 1, 4, 1.0, True),
        (4, 4, 3, 0.5, False),
        (5, 4, 5, 2.0, True),
        (6, 5, 3, 2.0, True),
        (8, 2, 4, 2.0, True),
        (9, 0, 5, 2.0, True),
    ],
    [(4, 0.5), (5, 0.75)],
)


def row_of(table: Table, row: int = 0) -> GenomeRow:
    return GenomeRow(table.connections[row], table.nodes[row], table.counts[row])


def roomy(genomes: list[NeatGenome], more: int = 8) -> Table:
    """The genomes in a table with room to grow."""
    tight = Population.of(genomes).table
    table = empty(len(genomes), tight.connections.shape[1] + more, tight.nodes.shape[1] + more)
    table.connections[:, : tight.connections.shape[1]] = tight.connections
    table.nodes[:, : tight.nodes.shape[1]] = tight.nodes
    table.counts[:] = tight.counts
    return table


def read(table: Table, row: int = 0, inputs: int = 2) -> NeatGenome:
    return Population(inputs, 1, table).genome(row)


def the_rates(inputs: int = 2, **changes: Any) -> Rates:
    return rates(PAPER.but(**changes), inputs, 1)


def randomness(seed: int = 0) -> np.ndarray:
    return np.array([seed], np.uint64)


def known(genomes: list[NeatGenome]) -> Innovations:
    """Innovations in which the genomes' connections have their numbers."""
    wires = {c.innovation: (c.source, c.target) for g in genomes for c in g.connections}
    count = max(wires) + 1
    connections = np.array([wires.get(i, (0, 0)) for i in range(count)], np.int32)
    found = Innovations(connections)
    found.make_room(10)
    return found


def changed(before: NeatGenome, operator: Callable[..., None], seed: int = 0, **settings: Any) -> NeatGenome:
    """What an operator that makes structure makes of a genome."""
    table = roomy([before])
    operator(row_of(table), known([before]).marks, randomness(seed), the_rates(before.inputs, **settings))
    return read(table, inputs=before.inputs)


def state(evolver: Neat) -> list[bytes]:
    """All that decides how NEAT goes on, but for parameters and seed."""
    species, marks = evolver.species, evolver.innovations.marks
    parts = [
        *evolver.population.table,
        species.ids,
        species.born,
        species.best,
        species.improved,
        evolver.belongs,
    ]
    known = [
        marks.connections[: marks.counts[0]],
        marks.nodes[: marks.counts[1]],
        np.array(evolver.threshold),
    ]
    return [np.ascontiguousarray(part).tobytes() for part in (*parts, *known)]
