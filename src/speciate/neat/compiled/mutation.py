"""Mutation of weights and structure; Stanley & Miikkulainen 2002, sections 3.1 and 4.1."""

from __future__ import annotations

from speciate.neat.compiled.machine_code import compiled
from speciate.neat.compiled.marks import connection_mark, lookup, mark
from speciate.neat.compiled.random import below, signed, uniform
from speciate.neat.compiled.table import find_node, insert_gene, insert_node, position_of


@compiled
def mutate(child, row, marks, state, rates):
    """Everything that may happen to a new genome: a node or a connection is added, weights change, an activation changes."""
    drawn = uniform(state)
    if drawn < rates.add_node:
        add_node(child, row, marks, state, rates)
    elif drawn < rates.add_node + rates.add_connection:
        add_connection(child, row, marks, state, rates)
    if uniform(state) < rates.mutate_weights:
        mutate_weights(child, row, state, rates)
    if rates.mutate_activation > 0.0 and uniform(state) < rates.mutate_activation:
        mutate_activation(child, row, state, rates)


@compiled
def mutate_weights(child, row, state, rates):
    """Every weight gets a uniform step of at most `weight_power`, or with probability `replace_weight` a new value."""
    for at in range(child.genes[row]):
        if uniform(state) < rates.replace_weight:
            child.weights[row, at] = signed(state) * rates.weight_range
        else:
            child.weights[row, at] += signed(state) * rates.weight_power


@compiled
def mutate_activation(child, row, state, rates):
    """One hidden node gets an activation drawn from those that are allowed."""
    hidden = child.node_counts[row] - rates.outputs
    if hidden > 0:
        at = rates.outputs + below(state, hidden)
        child.activations[row, at] = rates.activations[below(state, len(rates.activations))]


@compiled
def before(position, node, other_position, other):
    """Whether a node is computed before another one: nodes are in order of position, then id."""
    return position < other_position or (position == other_position and node < other)


@compiled
def add_node(child, row, marks, state, rates):
    """Split an enabled connection: it is disabled; what leads into the new node weighs 1, what leads out as the old one.

    The bias is not split: its node would be a constant. The node's place is between the ends; within a loop it is right
    after the source, so that the signal is still delayed by one step.
    """
    inputs, count = rates.inputs, 0
    for at in range(child.genes[row]):
        count += child.enabled[row, at] and child.sources[row, at] != inputs
    if count == 0:
        return
    left, at = below(state, count), -1
    while left >= 0:
        at += 1
        left -= child.enabled[row, at] and child.sources[row, at] != inputs
    source, target = child.sources[row, at], child.targets[row, at]
    low, high = position_of(child, row, source, inputs), position_of(child, row, target, inputs)
    forward = before(low, source, high, target)
    middle = low + 0.5 * (high - low) if forward else low
    if forward and middle >= high:  # no number between them is left, after some fifty splits
        return
    node = _new_node(child, row, marks, child.innovations[row, at], rates)
    if forward and not before(low, source, middle, node):
        return
    activation = rates.activations[below(state, len(rates.activations))]
    weight = child.weights[row, at]
    child.enabled[row, at] = False
    insert_node(child, row, node, middle, activation)
    insert_gene(child, row, connection_mark(marks, source, node), source, node, 1.0)
    insert_gene(child, row, connection_mark(marks, node, target), node, target, weight)


@compiled
def _new_node(child, row, marks, innovation, rates):
    """The id of the node that splits a connection, which this genome may have split before."""
    first, occurrence = rates.inputs + 1 + rates.outputs, 0
    while True:
        known = lookup(marks.node_slots, marks.nodes, innovation, occurrence)
        if known < 0 or find_node(child, row, first + known) < 0:
            break
        occurrence += 1
    return first + mark(marks.node_slots, marks.nodes, marks.counts, 1, innovation, occurrence)


@compiled
def add_connection(child, row, marks, state, rates):
    """Connect two nodes that are not connected, with a random weight; gives up after some tries."""
    inputs = rates.inputs
    for _ in range(rates.tries):
        k = below(state, inputs + 1 + child.node_counts[row])
        at = below(state, child.node_counts[row])
        source = k if k <= inputs else child.nodes[row, k - inputs - 1]
        target = child.nodes[row, at]
        if not rates.recurrent:
            if inputs < source <= inputs + rates.outputs:
                continue
            if not before(position_of(child, row, source, inputs), source, child.positions[row, at], target):
                continue
        if not _connected(child, row, source, target):
            weight = signed(state) * rates.weight_range
            insert_gene(child, row, connection_mark(marks, source, target), source, target, weight)
            return


@compiled
def _connected(child, row, source, target):
    """Whether the genome has this connection, enabled or not."""
    for at in range(child.genes[row]):
        if child.sources[row, at] == source and child.targets[row, at] == target:
            return True
    return False
