"""From genes to what is computed: the nodes that matter in their order, each with its incoming connections."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from speciate.neat.compiled.machine_code import compiled
from speciate.neat.compiled.table import GENES, NODES, before, genome_of

Array = Any


class Plan(NamedTuple):
    """All networks of a population, flat. A slot is a place among a network's values: inputs, bias, nodes in order."""

    first_node: Array  # (N + 1,) int64: where each genome's nodes begin
    operations: Array  # (nodes,) int8: activation codes
    first_edge: Array  # (nodes + 1,) int64: where each node's connections begin
    slots: Array  # (edges,) int32: where a connection reads
    weights: Array  # (edges,) float64
    output_slots: Array  # (N, outputs) int32
    delayed: Array  # (N,) bool: whether any connection reads a value of the step before


def empty(size: int, nodes: int, edges: int, outputs: int) -> Plan:
    """Room for so many nodes and connections in all."""
    return Plan(
        np.zeros(size + 1, np.int64),
        np.zeros(nodes, np.int8),
        np.zeros(nodes + 1, np.int64),
        np.zeros(edges, np.int32),
        np.zeros(edges),
        np.zeros((size, outputs), np.int32),
        np.zeros(size, np.bool_),
    )


@compiled
def make(table, inputs, outputs, ids, plan):
    """Fill a plan; `ids` is one more than the greatest node id."""
    order = np.empty(table.nodes.shape[1], np.int64)
    slot = np.full(ids, np.int64(-1))
    useful = np.zeros(ids, np.bool_)
    for node in range(inputs + 1):
        slot[node] = node
    nodes, edges = np.int64(0), np.int64(0)
    for row in range(len(table.counts)):
        genome = genome_of(table, row)
        _sort(genome, order)
        _mark_useful(genome, outputs, useful)
        used = np.int64(0)
        for k in range(genome.counts[NODES]):
            node = genome.nodes[order[k]]
            slot[node.node] = -1
            if useful[node.node]:
                slot[node.node] = inputs + 1 + used
                plan.operations[nodes + used] = node.activation
                used += 1
        for o in range(outputs):
            plan.output_slots[row, o] = slot[genome.nodes[o].node]
        plan.delayed[row] = _edges(genome, inputs, nodes, used, edges, slot, plan)
        edges = plan.first_edge[nodes + used]
        nodes += used
        plan.first_node[row + 1] = nodes


@compiled
def _sort(genome, order):
    """The places of a genome's nodes in the order of computation."""
    nodes = genome.nodes
    for k in range(genome.counts[NODES]):
        i = k
        while i > 0 and before(
            nodes[k].position, nodes[k].node, nodes[order[i - 1]].position, nodes[order[i - 1]].node
        ):
            order[i] = order[i - 1]
            i -= 1
        order[i] = k


@compiled
def _mark_useful(genome, outputs, useful):
    """The outputs, and every node from which a path of enabled connections leads to one."""
    for at in range(genome.counts[NODES]):
        useful[genome.nodes[at].node] = at < outputs
    changed = True
    while changed:
        changed = False
        for back in range(genome.counts[GENES]):
            gene = genome.connections[genome.counts[GENES] - 1 - back]
            if gene.enabled and useful[gene.target] and not useful[gene.source]:
                useful[gene.source] = changed = True


@compiled
def _edges(genome, inputs, nodes, used, edges, slot, plan):
    """A counting sort of the enabled connections by where they lead; within a node they stay in the order of their marks.

    Returns whether any of them is delayed.
    """
    first, base, delayed = plan.first_edge, nodes - inputs - 1, False
    for k in range(nodes, nodes + used):
        first[k] = 0
    for at in range(genome.counts[GENES]):
        gene = genome.connections[at]
        if gene.enabled and slot[gene.target] >= 0:
            first[base + slot[gene.target]] += 1
    for k in range(nodes, nodes + used):
        edges += first[k]
        first[k] = edges
    first[nodes + used] = edges
    for back in range(genome.counts[GENES]):
        gene = genome.connections[genome.counts[GENES] - 1 - back]
        to = slot[gene.target]
        if gene.enabled and to >= 0:
            first[base + to] -= 1
            plan.slots[first[base + to]], plan.weights[first[base + to]] = slot[gene.source], gene.weight
            delayed |= slot[gene.source] >= to
    return delayed
