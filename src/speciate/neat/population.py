"""A population as a table: packed rows of genes, no object per genome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.neat.activations import ACTIVATIONS, CODES
from speciate.neat.compiled.table import Table, empty
from speciate.neat.genome import ConnectionGene, NeatGenome, NodeGene
from speciate.neat.networks import Networks, TableNetworks

Rows = NDArray[np.integer[Any]] | NDArray[np.bool_] | slice | Sequence[int]


@dataclass(frozen=True, eq=False)
class Population:
    """N genomes, on axis 0 of every array.

    Attributes:
        inputs: Inputs of every network, without the bias.
        outputs: Outputs of every network.
        table: The genes; see `speciate.neat.compiled.table.Table` for shapes.
    """

    inputs: int
    outputs: int
    table: Table

    @property
    def size(self) -> int:
        """How many genomes there are."""
        return len(self.table.genes)

    def take(self, rows: Rows) -> Population:
        """The genomes in these rows, as a population of their own."""
        return Population(self.inputs, self.outputs, Table(*(column[rows] for column in self.table)))

    def networks(self) -> Networks:
        """The networks that the genomes describe."""
        return self._networks

    @cached_property
    def _networks(self) -> Networks:
        return TableNetworks(self.table, self.inputs, self.outputs)

    @property
    def connections(self) -> NDArray[np.integer[Any]]:
        """(N,) enabled connections of each genome."""
        places = np.arange(self.table.enabled.shape[1]) < self.table.genes[:, None]
        return np.asarray((self.table.enabled & places).sum(axis=1))

    @property
    def hidden(self) -> NDArray[np.integer[Any]]:
        """(N,) hidden nodes of each genome."""
        return np.asarray(self.table.node_counts - self.outputs)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as arrays by name."""
        ends = np.array([self.inputs, self.outputs])
        return {"ends": ends, **self.table._asdict()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Population:
        """The population whose `to_arrays` this is."""
        inputs, outputs = map(int, arrays["ends"])
        return cls(inputs, outputs, Table(*(np.ascontiguousarray(arrays[name]) for name in Table._fields)))

    def genome(self, row: int) -> NeatGenome:
        """One genome by itself."""
        t = self.table
        nodes = [
            NodeGene(int(t.nodes[row, k]), float(t.positions[row, k]), ACTIVATIONS[t.activations[row, k]])
            for k in range(t.node_counts[row])
        ]
        connections = [
            ConnectionGene(
                int(t.innovations[row, k]),
                int(t.sources[row, k]),
                int(t.targets[row, k]),
                float(t.weights[row, k]),
                bool(t.enabled[row, k]),
            )
            for k in range(t.genes[row])
        ]
        return NeatGenome(self.inputs, self.outputs, tuple(nodes), tuple(connections))

    @classmethod
    def of(cls, genomes: Sequence[NeatGenome]) -> Population:
        """The population of these genomes, which have equally many inputs and outputs."""
        table = empty(
            len(genomes),
            max(len(genome.connections) for genome in genomes),
            max(len(genome.nodes) for genome in genomes),
        )
        for row, genome in enumerate(genomes):
            table.genes[row], table.node_counts[row] = len(genome.connections), len(genome.nodes)
            for k, gene in enumerate(genome.connections):
                table.innovations[row, k], table.weights[row, k] = gene.innovation, gene.weight
                table.sources[row, k], table.targets[row, k] = gene.source, gene.target
                table.enabled[row, k] = gene.enabled
            for k, node in enumerate(genome.nodes):
                table.nodes[row, k], table.positions[row, k] = node.node, node.position
                table.activations[row, k] = CODES[node.activation]
        return cls(genomes[0].inputs, genomes[0].outputs, table)
