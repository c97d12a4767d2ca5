"""Mutation of weights and structure; Stanley & Miikkulainen 2002, sections 3.1 and 4.1."""

from __future__ import annotations

import numpy as np

from speciate.neat.compiled import compiled
from speciate.neat.compiled.innovations import connection_mark, lookup, node_mark
from speciate.neat.compiled.random import below, signed, uniform
from speciate.neat.compiled.table import (
    GENES,
    NODES,
    before,
    find_node,
    insert_gene,
    insert_node,
    position_of,
)


@compiled
def mutate(child, marks, state, rates):
    """Everything that may happen to a new genome: a node or a connection is added, weights change, an activation changes."""
    drawn = uniform(state)
    structural = drawn < rates.add_node + rates.add_connection
    if drawn < rates.add_node:
        add_node(child, marks, state, rates)
    elif structural:
        add_connection(child, marks, state, rates)
    if not (structural and rates.structure_alone) and uniform(state) < rates.mutate_weights:
        mutate_weights(child, state, rates)
    if rates.mutate_activation > 0.0 and uniform(state) < rates.mutate_activation:
        mutate_activation(child, state, rates)


@compiled
def mutate_weights(child, state, rates):
    """Every weight gets a uniform step of at most `weight_power`, or with probability `replace_weight` a new value."""
    for at in range(child.counts[GENES]):
        if uniform(state) < rates.replace_weight:
            child.connections[at].weight = signed(state) * rates.weight_range
        else:
            child.connections[at].weight += signed(state) * rates.weight_power


@compiled
def mutate_activation(child, state, rates):
    """One hidden node gets an activation drawn from those that are allowed."""
    hidden = child.counts[NODES] - rates.outputs
    if hidden > 0:
        at = rates.outputs + below(state, hidden)
        child.nodes[at].activation = rates.activations[below(state, len(rates.activations))]


@compiled
def add_node(child, marks, state, rates):
    """Split an enabled connection: it is disabled; what leads into the new node weighs 1, what leads out as the old one.

    The bias is not split: its node would be a constant. The node's place is between the ends; within a loop it is right
    after the source, so that the signal is still delayed by one step.
    """
    at = _split(child, state, rates)
    if at < 0:
        return
    gene = child.connections[at]
    source, target, weight = np.int64(gene.source), np.int64(gene.target), gene.weight
    low, high = position_of(child, source, rates.inputs), position_of(child, target, rates.inputs)
    forward = before(low, source, high, target)
    middle = low + 0.5 * (high - low) if forward else low
    if forward and middle >= high:  # after some fifty splits no number between them is left
        return
    node = _new_node(child, marks, np.int64(gene.innovation), rates)
    if not before(low, source, middle, node):
        return
    gene.enabled = False
    insert_node(child, node, middle, rates.activations[below(state, len(rates.activations))])
    insert_gene(child, connection_mark(marks, source, node), source, node, 1.0)
    insert_gene(child, connection_mark(marks, node, target), node, target, weight)


@compiled
def _split(child, state, rates):
    """Where a connection is that may be split, or -1.

    In small genomes each is passed over with probability `split_later`, from the oldest up, and none may be left in the
    end; in large ones, or if that probability is 1, all are equally likely.
    """
    count = np.int64(0)
    for at in range(child.counts[GENES]):
        gene = child.connections[at]
        count += gene.enabled and gene.source != rates.inputs
    if count == 0:
        return np.int64(-1)
    left = np.int64(0)
    if rates.split_later < 1.0 and child.counts[GENES] < rates.split_genome:
        while uniform(state) < rates.split_later:
            left += 1
    else:
        left = below(state, count)
    for at in range(child.counts[GENES]):
        gene = child.connections[at]
        if gene.enabled and gene.source != rates.inputs:
            if left == 0:
                return at
            left -= 1
    return np.int64(-1)


@compiled
def _new_node(child, marks, innovation, rates):
    """The id of the node that splits a connection, which this genome may have split before."""
    first, occurrence = rates.inputs + 1 + rates.outputs, np.int64(0)
    while True:
        known = np.int64(lookup(marks.node_slots, marks.nodes, innovation, occurrence))
        if known < 0 or find_node(child, first + known) < 0:
            return first + node_mark(marks, innovation, occurrence)
        occurrence += 1


@compiled
def add_connection(child, marks, state, rates):
    """Connect two nodes that are not connected, with a random weight; gives up after some tries."""
    inputs = rates.inputs
    for _ in range(rates.tries):
        k = below(state, inputs + 1 + child.counts[NODES])
        end = child.nodes[below(state, np.int64(child.counts[NODES]))]
        source = k if k <= inputs else np.int64(child.nodes[k - inputs - 1].node)
        target = np.int64(end.node)
        if not rates.recurrent:
            output = inputs < source <= inputs + rates.outputs
            start = position_of(child, source, inputs)
            if output or not before(start, source, end.position, target):
                continue
        if not _connected(child, source, target):
            mark = connection_mark(marks, source, target)
            insert_gene(child, mark, source, target, signed(state) * rates.weight_range)
            return


@compiled.inline
def _connected(child, source, target):
    """Whether the genome has this connection, enabled or not."""
    for at in range(child.counts[GENES]):
        gene = child.connections[at]
        if gene.source == source and gene.target == target:
            return True
    return False
