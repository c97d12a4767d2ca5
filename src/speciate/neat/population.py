"""A population as a table: packed rows of genes, no object per genome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.neat.compiled.table import CONNECTION, NODES, Table, empty
from speciate.neat.genome import ACTIVATIONS, CODES, ConnectionGene, NeatGenome, NodeGene
from speciate.neat.networks import TableNetworks

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
        return len(self.table.counts)

    def take(self, rows: Rows) -> Population:
        """The genomes in these rows, as a population of their own."""
        return Population(self.inputs, self.outputs, Table(*(column[rows] for column in self.table)))

    def networks(self) -> TableNetworks:
        """The networks that the genomes describe."""
        return self._networks

    @cached_property
    def _networks(self) -> TableNetworks:
        return TableNetworks(self.table, self.inputs, self.outputs)

    @property
    def connections(self) -> NDArray[np.integer[Any]]:
        """(N,) enabled connections of each genome."""
        places = np.arange(self.table.connections.shape[1]) < self.table.counts[:, :1]
        return np.asarray((self.table.connections["enabled"] & places).sum(axis=1))

    @property
    def hidden(self) -> NDArray[np.integer[Any]]:
        """(N,) hidden nodes of each genome."""
        return np.asarray(self.table.counts[:, NODES] - self.outputs)

    def genome(self, row: int) -> NeatGenome:
        """One genome by itself."""
        genes, nodes = self.table.counts[row]
        return NeatGenome(
            self.inputs,
            self.outputs,
            tuple(
                NodeGene(int(n["node"]), float(n["position"]), ACTIVATIONS[n["activation"]])
                for n in self.table.nodes[row, :nodes]
            ),
            tuple(
                ConnectionGene(
                    int(c["innovation"]),
                    int(c["source"]),
                    int(c["target"]),
                    float(c["weight"]),
                    bool(c["enabled"]),
                )
                for c in self.table.connections[row, :genes]
            ),
        )

    @classmethod
    def of(cls, genomes: Sequence[NeatGenome]) -> Population:
        """The population of these genomes, which have equally many inputs and outputs."""
        widest = [
            max(len(genes) for genes in kind)
            for kind in zip(*((g.connections, g.nodes) for g in genomes), strict=True)
        ]
        table = empty(len(genomes), *widest)
        for row, genome in enumerate(genomes):
            table.counts[row] = len(genome.connections), len(genome.nodes)
            for k, gene in enumerate(genome.connections):
                for name in CONNECTION.names or ():
                    table.connections[name][row, k] = getattr(gene, name)
            for k, node in enumerate(genome.nodes):
                table.nodes[row, k] = node.node, CODES[node.activation], node.position
        return cls(genomes[0].inputs, genomes[0].outputs, table)
