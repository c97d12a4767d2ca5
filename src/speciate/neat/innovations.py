"""The run's list of innovations: what every historical mark stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.neat.compiled.marks import Marks, fill


class Innovations:
    """A growing list of connections and nodes, each with the content that it stands for; numbers are never reused."""

    def __init__(self) -> None:
        self.marks = _marks(np.zeros((0, 2), np.int32), np.zeros((0, 2), np.int32), 64)

    @property
    def connections(self) -> int:
        """How many connections are known."""
        return int(self.marks.counts[0])

    @property
    def nodes(self) -> int:
        """How many hidden nodes are known."""
        return int(self.marks.counts[1])

    def make_room(self, children: int) -> None:
        """See to it that so many children can each bring a node and its two connections."""
        wanted = max(self.connections + 2 * children, self.nodes + children)
        if wanted > len(self.marks.connections):
            self.marks = _marks(self._known("connections", 0), self._known("nodes", 1), 2 * wanted)

    def _known(self, name: str, which: int) -> NDArray[np.int32]:
        return np.asarray(getattr(self.marks, name)[: self.marks.counts[which]])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as arrays by name."""
        return {"connections": self._known("connections", 0), "nodes": self._known("nodes", 1)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Innovations:
        """The innovations whose `to_arrays` this is."""
        known = cls()
        connections, nodes = arrays["connections"], arrays["nodes"]
        known.marks = _marks(connections, nodes, max(64, len(connections), len(nodes)))
        return known


def _marks(connections: NDArray[Any], nodes: NDArray[Any], room: int) -> Marks:
    """Lists with room for so many of each, and hash tables that are at most half full."""
    slots = 1 << (2 * room - 1).bit_length()
    marks = Marks(
        np.zeros((room, 2), np.int32),
        np.zeros((room, 2), np.int32),
        np.array([len(connections), len(nodes)], np.int64),
        np.full(slots, -1, np.int32),
        np.full(slots, -1, np.int32),
    )
    marks.connections[: len(connections)], marks.nodes[: len(nodes)] = connections, nodes
    fill(marks.connection_slots, marks.connections, len(connections))
    fill(marks.node_slots, marks.nodes, len(nodes))
    return marks
