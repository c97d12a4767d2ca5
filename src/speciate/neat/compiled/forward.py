"""What networks compute: from genes to the nodes that matter in their order, each with its incoming connections, and one step of many."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from speciate.neat.compiled import compiled
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


def empty_plan(size: int, nodes: int, edges: int, outputs: int) -> Plan:
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
def make_plan(table, inputs, outputs, ids, plan):
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


@compiled
def activate(code, x):
    """The activation with a code of `speciate.neat.genome`."""
    if code == 0:
        return 1.0 / (1.0 + math.exp(-4.9 * x))
    if code == 1:
        return math.tanh(x)
    if code == 2:
        return max(x, 0.0)
    if code == 3:
        return x
    if code == 4:
        return math.sin(x)
    if code == 5:
        return math.exp(-x * x)
    if code == 6:
        return abs(x)
    return 1.0 / (1.0 + math.exp(-x))


@compiled.inline
def advance(plan, genome, inputs, v):
    """One network makes one step: its nodes are computed in order, in place.

    Args:
        plan: The networks.
        genome: Which of them.
        inputs: How many it has.
        v: (slots,), its values, with those of inputs and bias set.
    """
    slot = inputs + 1
    for k in range(plan.first_node[genome], plan.first_node[genome + 1]):
        total = 0.0
        for e in range(plan.first_edge[k], plan.first_edge[k + 1]):
            total += plan.weights[e] * v[plan.slots[e]]
        v[slot] = activate(plan.operations[k], total)
        slot += 1


@compiled
def step(plan, owners, observations, values, outputs):
    """Every column's network makes one step.

    Nodes are computed in order, in place: what comes from a later node, or from the node itself, is the value of the
    step before.

    Args:
        plan: The networks.
        owners: (columns,) whose network a column is.
        observations: (inputs, columns).
        values: (columns, slots), kept from step to step; a single row if no network has a delayed connection.
        outputs: Filled, (outputs, columns).
    """
    inputs, columns = observations.shape
    shared = len(values) == 1
    for c in range(columns):
        genome = owners[c]
        v = values[0 if shared else c]
        for i in range(inputs):
            v[i] = observations[i, c]
        v[inputs] = 1.0
        advance(plan, genome, inputs, v)
        for o in range(len(outputs)):
            outputs[o, c] = v[plan.output_slots[genome, o]]
