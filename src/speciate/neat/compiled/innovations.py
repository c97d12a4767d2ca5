"""Historical marks by content: the same structural change gets the same number in every genome of a run.

Stanley & Miikkulainen 2002, section 3.2, remember a list of the innovations of one generation. Here the list covers the
whole run, so that a change that comes up again later is known to be the same: a connection is its two ends, a node is the
connection that it split and how often that genome had split it before. Marks still rise in the order of first appearance.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from speciate.neat.compiled import compiled

Array = Any
NOTHING = np.zeros((0, 2), np.int32)
SHIFT, SPREAD, DOWN = np.int64(32), np.uint64(0x9E3779B97F4A7C15), np.uint64(20)


class MarkTables(NamedTuple):
    """What every mark stands for, and open-addressed hash tables from content to mark (-1: free)."""

    connections: Array  # (capacity, 2) int32: source, target
    nodes: Array  # (capacity, 2) int32: innovation of the split connection, occurrence
    counts: Array  # (2,) int64: connections, hidden nodes
    connection_slots: Array  # (2**k,) int32
    node_slots: Array  # (2**k,) int32


@compiled
def _slot(slots, contents, first, second):
    """Where a content is in a hash table, or the free slot where it would be."""
    key = (first << SHIFT) | second
    mask = len(slots) - 1
    at = np.int64((np.uint64(key) * SPREAD) >> DOWN) & mask
    while slots[at] >= 0:
        mark = slots[at]
        if contents[mark, 0] == first and contents[mark, 1] == second:
            break
        at = (at + 1) & mask
    return at


@compiled
def lookup(slots, contents, first, second):
    """The mark of a content, or -1."""
    return np.int64(slots[_slot(slots, contents, first, second)])


@compiled
def _mark(slots, contents, counts, which, first, second):
    """The mark of a content, a new one if it is the first time."""
    at = _slot(slots, contents, first, second)
    if slots[at] < 0:
        new = counts[which]
        slots[at] = new
        contents[new, 0] = first
        contents[new, 1] = second
        counts[which] = new + 1
    return np.int64(slots[at])


@compiled
def connection_mark(marks, source, target):
    """The innovation number of a connection."""
    return _mark(marks.connection_slots, marks.connections, marks.counts, 0, source, target)


@compiled
def node_mark(marks, innovation, occurrence):
    """The number of a hidden node."""
    return _mark(marks.node_slots, marks.nodes, marks.counts, 1, innovation, occurrence)


@compiled
def fill(slots, contents, count):
    """Enter the first marks into an empty hash table."""
    for known in range(count):
        first, second = np.int64(contents[known, 0]), np.int64(contents[known, 1])
        slots[_slot(slots, contents, first, second)] = known


class Innovations:
    """A growing list of the connections and nodes of a run, each with the content that it stands for; numbers are never reused.

    Args:
        connections: (C, 2), those that are known already.
        nodes: (N, 2).
    """

    def __init__(self, connections: Array = NOTHING, nodes: Array = NOTHING) -> None:
        self.marks = _tables(connections, nodes, max(64, len(connections), len(nodes)))

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
            known = self.marks
            self.marks = _tables(known.connections[: self.connections], known.nodes[: self.nodes], 2 * wanted)


def _tables(connections: Array, nodes: Array, room: int) -> MarkTables:
    """Lists with room for so many of each, and hash tables that are at most half full."""
    slots = 1 << (2 * room - 1).bit_length()
    marks = MarkTables(
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
