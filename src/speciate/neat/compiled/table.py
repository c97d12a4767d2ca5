"""How a population lies in memory: a row a genome, its genes packed to the left in the order of their marks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from speciate.neat.compiled.machine_code import compiled

Array = Any


class Table(NamedTuple):
    """N genomes of up to G connection genes and H node genes.

    Node ids: the inputs are 0 to inputs - 1, the bias is `inputs`, the outputs follow, hidden nodes after them. Inputs and
    bias are in every genome and have no genes; the outputs are the first node genes.
    """

    innovations: Array  # (N, G) int32, ascending in each row
    sources: Array  # (N, G) int32, node ids
    targets: Array  # (N, G) int32, node ids
    weights: Array  # (N, G) float64
    enabled: Array  # (N, G) bool
    genes: Array  # (N,) int32, how many connection genes a row has
    nodes: Array  # (N, H) int32, ids, ascending in each row
    positions: Array  # (N, H) float64: 0 is the inputs' and 1 the outputs' place; signals go up without delay
    activations: Array  # (N, H) int8, codes of `speciate.neat.activations`
    node_counts: Array  # (N,) int32


def empty(size: int, genes: int, nodes: int) -> Table:
    """A table with room for so many genes and nodes a genome."""
    return Table(
        np.zeros((size, genes), np.int32),
        np.zeros((size, genes), np.int32),
        np.zeros((size, genes), np.int32),
        np.zeros((size, genes)),
        np.zeros((size, genes), np.bool_),
        np.zeros(size, np.int32),
        np.zeros((size, nodes), np.int32),
        np.zeros((size, nodes)),
        np.zeros((size, nodes), np.int8),
        np.zeros(size, np.int32),
    )


@compiled
def put_gene(table, row, at, origin, origin_row, origin_at):
    """Copy one connection gene."""
    table.innovations[row, at] = origin.innovations[origin_row, origin_at]
    table.sources[row, at] = origin.sources[origin_row, origin_at]
    table.targets[row, at] = origin.targets[origin_row, origin_at]
    table.weights[row, at] = origin.weights[origin_row, origin_at]
    table.enabled[row, at] = origin.enabled[origin_row, origin_at]


@compiled
def put_node(table, row, at, origin, origin_row, origin_at):
    """Copy one node gene."""
    table.nodes[row, at] = origin.nodes[origin_row, origin_at]
    table.positions[row, at] = origin.positions[origin_row, origin_at]
    table.activations[row, at] = origin.activations[origin_row, origin_at]


@compiled
def copy_genome(table, row, origin, origin_row):
    """Copy a whole genome."""
    for at in range(origin.genes[origin_row]):
        put_gene(table, row, at, origin, origin_row, at)
    for at in range(origin.node_counts[origin_row]):
        put_node(table, row, at, origin, origin_row, at)
    table.genes[row] = origin.genes[origin_row]
    table.node_counts[row] = origin.node_counts[origin_row]


@compiled
def insert_gene(table, row, innovation, source, target, weight):
    """Put a new, enabled connection gene where its mark belongs."""
    at = table.genes[row]
    while at > 0 and table.innovations[row, at - 1] > innovation:
        put_gene(table, row, at, table, row, at - 1)
        at -= 1
    table.innovations[row, at] = innovation
    table.sources[row, at] = source
    table.targets[row, at] = target
    table.weights[row, at] = weight
    table.enabled[row, at] = True
    table.genes[row] += 1


@compiled
def insert_node(table, row, node, position, activation):
    """Put a new node gene where its id belongs."""
    at = table.node_counts[row]
    while at > 0 and table.nodes[row, at - 1] > node:
        put_node(table, row, at, table, row, at - 1)
        at -= 1
    table.nodes[row, at] = node
    table.positions[row, at] = position
    table.activations[row, at] = activation
    table.node_counts[row] += 1


@compiled
def find_node(table, row, node):
    """Where a node's gene is in its row, or -1."""
    low, high = 0, int(table.node_counts[row])
    while low < high:
        middle = (low + high) // 2
        if table.nodes[row, middle] < node:
            low = middle + 1
        else:
            high = middle
    return low if low < table.node_counts[row] and table.nodes[row, low] == node else -1


@compiled
def position_of(table, row, node, inputs):
    """The place of a node that the genome has."""
    return 0.0 if node <= inputs else table.positions[row, find_node(table, row, node)]
