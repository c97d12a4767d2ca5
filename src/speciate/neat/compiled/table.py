"""How a population lies in memory: a row a genome, its genes packed to the left in the order of their marks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from speciate.neat.compiled import compiled

Array = Any

CONNECTION = np.dtype(
    [("innovation", "i4"), ("source", "i4"), ("target", "i4"), ("enabled", "?"), ("weight", "f8")], align=True
)
"""A connection gene: its mark, the ids of the nodes at its ends, whether it counts, its weight."""

NODE = np.dtype([("node", "i4"), ("activation", "i1"), ("position", "f8")], align=True)
"""A node gene: its id; a code of `speciate.neat.genome`; its place, 0 for the inputs and 1 for the outputs."""

GENES, NODES = 0, 1
"""Where in `counts` the numbers of connection genes and of node genes are."""


class Table(NamedTuple):
    """N genomes of up to G connection genes and H node genes.

    Node ids: the inputs are 0 to inputs - 1, the bias is `inputs`, the outputs follow, hidden nodes after them. Inputs and
    bias are in every genome and have no genes; the outputs are the first node genes.
    """

    connections: Array  # (N, G) CONNECTION, by innovation
    nodes: Array  # (N, H) NODE, by id
    counts: Array  # (N, 2) int32, how many of each a row has


class GenomeRow(NamedTuple):
    """A row of a table; what is written to it is written to the table."""

    connections: Array  # (G,) CONNECTION
    nodes: Array  # (H,) NODE
    counts: Array  # (2,) int32


def empty(size: int, genes: int, nodes: int) -> Table:
    """A table with room for so many genes and nodes a genome."""
    return Table(
        np.zeros((size, genes), CONNECTION), np.zeros((size, nodes), NODE), np.zeros((size, 2), np.int32)
    )


@compiled.inline
def genome_of(table, row):
    """One row."""
    return GenomeRow(table.connections[row], table.nodes[row], table.counts[row])


@compiled
def copy_genome(genome, origin):
    """Write a whole genome over another one."""
    for at in range(origin.counts[GENES]):
        genome.connections[at] = origin.connections[at]
    for at in range(origin.counts[NODES]):
        genome.nodes[at] = origin.nodes[at]
    genome.counts[GENES] = origin.counts[GENES]
    genome.counts[NODES] = origin.counts[NODES]


@compiled
def alike(genome, other):
    """Whether two genomes compute the same with the same genes. What a mark or an id stands for is not looked at again."""
    same = genome.counts[GENES] == other.counts[GENES] and genome.counts[NODES] == other.counts[NODES]
    at = np.int64(0)
    while same and at < genome.counts[GENES]:
        ours, theirs = genome.connections[at], other.connections[at]
        same = ours.innovation == theirs.innovation and ours.enabled == theirs.enabled
        same = same and ours.weight == theirs.weight
        at += 1
    at = np.int64(0)
    while same and at < genome.counts[NODES]:
        same = genome.nodes[at].activation == other.nodes[at].activation
        at += 1
    return same


@compiled
def insert_gene(genome, innovation, source, target, weight):
    """Put a new, enabled connection gene where its mark belongs."""
    genes = genome.connections
    at = np.int64(genome.counts[GENES])
    while at > 0 and genes[at - 1].innovation > innovation:
        genes[at] = genes[at - 1]
        at -= 1
    genes[at].innovation = innovation
    genes[at].source = source
    genes[at].target = target
    genes[at].weight = weight
    genes[at].enabled = True
    genome.counts[GENES] += 1


@compiled
def insert_node(genome, node, position, activation):
    """Put a new node gene where its id belongs."""
    nodes = genome.nodes
    at = np.int64(genome.counts[NODES])
    while at > 0 and nodes[at - 1].node > node:
        nodes[at] = nodes[at - 1]
        at -= 1
    nodes[at].node = node
    nodes[at].position = position
    nodes[at].activation = activation
    genome.counts[NODES] += 1


@compiled.inline
def find_node(genome, node):
    """Where a node's gene is, or -1."""
    low, high = np.int64(0), np.int64(genome.counts[NODES])
    while low < high:
        middle = (low + high) >> 1
        if genome.nodes[middle].node < node:
            low = middle + 1
        else:
            high = middle
    return low if low < genome.counts[NODES] and genome.nodes[low].node == node else np.int64(-1)


@compiled.inline
def position_of(genome, node, inputs):
    """The place of a node that the genome has."""
    return 0.0 if node <= inputs else genome.nodes[find_node(genome, node)].position


@compiled.inline
def before(position, node, other_position, other):
    """Whether a node is computed before another one: nodes are in order of position, then id."""
    return position < other_position or (position == other_position and node < other)
