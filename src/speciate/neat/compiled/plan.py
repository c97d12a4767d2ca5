"""From genes to what is computed: the nodes that matter in their order, each with its incoming connections."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from speciate.neat.compiled.machine_code import compiled
from speciate.neat.compiled.mutation import before

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
    width = table.nodes.shape[1]
    order = np.empty(width, np.int64)
    slot = np.full(ids, -1, np.int32)
    useful = np.zeros(ids, np.bool_)
    for node in range(inputs + 1):
        slot[node] = node
    nodes, edges = 0, 0
    for row in range(len(table.genes)):
        count = table.node_counts[row]
        _sort(table, row, count, order)
        _mark_useful(table, row, count, outputs, useful)
        used = 0
        for k in range(count):
            at = order[k]
            node = table.nodes[row, at]
            slot[node] = -1
            if useful[node]:
                slot[node] = inputs + 1 + used
                plan.operations[nodes + used] = table.activations[row, at]
                used += 1
        for o in range(outputs):
            plan.output_slots[row, o] = slot[table.nodes[row, o]]
        plan.delayed[row], edges = _edges(table, row, inputs, nodes, used, edges, slot, plan)
        nodes += used
        plan.first_node[row + 1] = nodes
    plan.first_edge[nodes] = edges
    return nodes, edges


@compiled
def _sort(table, row, count, order):
    """The places of a genome's nodes in the order of computation."""
    for k in range(count):
        i = k
        position, node = table.positions[row, k], table.nodes[row, k]
        while i > 0 and before(
            position, node, table.positions[row, order[i - 1]], table.nodes[row, order[i - 1]]
        ):
            order[i] = order[i - 1]
            i -= 1
        order[i] = k


@compiled
def _mark_useful(table, row, count, outputs, useful):
    """The outputs, and every node from which a path of enabled connections leads to one."""
    for at in range(count):
        useful[table.nodes[row, at]] = at < outputs
    changed = True
    while changed:
        changed = False
        for at in range(table.genes[row] - 1, -1, -1):
            source = table.sources[row, at]
            if table.enabled[row, at] and useful[table.targets[row, at]] and not useful[source]:
                useful[source] = changed = True


@compiled
def _edges(table, row, inputs, nodes, used, edges, slot, plan):
    """A counting sort of the enabled connections by where they lead; within a node they stay in the order of their marks."""
    first = plan.first_edge
    for k in range(used + 1):
        first[nodes + k] = 0
    for at in range(table.genes[row]):
        to = slot[table.targets[row, at]]
        if table.enabled[row, at] and to >= 0:
            first[nodes + to - inputs] += 1
    first[nodes] = edges
    for k in range(used):
        first[nodes + k + 1] += first[nodes + k]
    end = first[nodes + used]
    delayed = False
    for at in range(table.genes[row]):
        source, to = slot[table.sources[row, at]], slot[table.targets[row, at]]
        if table.enabled[row, at] and to >= 0:
            k = nodes + to - inputs - 1
            plan.slots[first[k]] = source
            plan.weights[first[k]] = table.weights[row, at]
            first[k] += 1
            delayed |= source >= to
    for k in range(used, 0, -1):
        first[nodes + k] = first[nodes + k - 1]
    first[nodes] = edges
    return delayed, end
