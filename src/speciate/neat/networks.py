"""A population's networks, evaluated together: what tasks see of a generation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.neat.compiled import forward
from speciate.neat.compiled.table import Table

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]
BoolArray = NDArray[np.bool_]


class TableNetworks:
    """The networks of a table of genomes.

    Args:
        table: The genomes.
        inputs: Of each network, without the bias.
        outputs: Of each.

    Attributes:
        size: How many networks there are.
        plan: What they compute, for machine code that runs a network by itself.
        slots: The most values that a network has.
        recurrent: Whether a network has a memory.
    """

    def __init__(self, table: Table, inputs: int, outputs: int) -> None:
        self.size, self.inputs, self.outputs = len(table.counts), inputs, outputs
        genes, nodes = map(int, table.counts.sum(axis=0))
        room = forward.empty_plan(self.size, nodes, genes, outputs)
        ids = max(inputs + outputs, int(table.nodes["node"].max(initial=0))) + 1
        forward.make_plan(table, inputs, outputs, ids, room)
        self.plan = room
        self.slots = inputs + 1 + table.nodes.shape[1]
        self.recurrent = bool(room.delayed.any())

    def start(self, owners: IntArray) -> TableColumns:
        """Fresh columns, all values 0; owners (columns,) says which network each one is."""
        return TableColumns(self, np.asarray(owners, np.int64))


class TableColumns:
    """Networks at work: a column is one network in one episode, or with one example."""

    def __init__(self, networks: TableNetworks, owners: NDArray[np.int64]) -> None:
        self._networks, self._owners = networks, owners
        # Without delays nothing is kept from step to step, and one row in the cache does for all columns.
        self._values = np.zeros((len(owners) if networks.recurrent else 1, networks.slots))

    def step(self, observations: FloatArray) -> FloatArray:
        """From (inputs, columns) to (outputs, columns)."""
        outputs = np.empty((self._networks.outputs, len(self._owners)))
        given = np.ascontiguousarray(observations, np.float64)
        forward.step(self._networks.plan, self._owners, given, self._values, outputs)
        return outputs

    def keep(self, alive: BoolArray) -> None:
        """Go on with these columns only; the mask has an element for every column that is left."""
        self._owners = self._owners[alive]
        if self._networks.recurrent:
            self._values = self._values[alive]

    def replace(self, columns: IntArray, owners: IntArray) -> None:
        """Give some columns to other networks, which begin with all values 0."""
        self._owners[columns] = owners
        if self._networks.recurrent:
            self._values[columns] = 0.0
