"""Crossover: genes aligned by innovation number; Stanley & Miikkulainen 2002, section 3.2 and figure 4."""

from __future__ import annotations

from speciate.neat.compiled.machine_code import compiled
from speciate.neat.compiled.random import uniform
from speciate.neat.compiled.table import put_gene, put_node


@compiled
def cross(parents, mother, father, equal, child, row, state, rates, seen, stamp):
    """Write the child of two genomes into a row of another table.

    Matching genes come from either parent, or with probability `mate_average` have the mean of both weights; disjoint
    and excess genes come from the mother, who is the fitter one, or by a toss of a coin from either if both are `equal`.
    """
    average = uniform(state) < rates.mate_average
    i, j, count = 0, 0, 0
    while i < parents.genes[mother] or (equal and j < parents.genes[father]):
        left = parents.innovations[mother, i] if i < parents.genes[mother] else LAST
        right = parents.innovations[father, j] if j < parents.genes[father] else LAST
        if left == right:
            _matching(parents, mother, i, father, j, average, child, row, count, state, rates)
            i += 1
            j += 1
            count += 1
        elif left < right:
            if not equal or uniform(state) < 0.5:
                _alone(parents, mother, i, child, row, count, state, rates)
                count += 1
            i += 1
        else:
            if equal and uniform(state) < 0.5:
                _alone(parents, father, j, child, row, count, state, rates)
                count += 1
            j += 1
    child.genes[row] = count
    _nodes(parents, mother, father, child, row, state, rates, seen, stamp)


LAST = 2**31 - 1


@compiled
def _matching(parents, mother, i, father, j, average, child, row, at, state, rates):
    """A gene that both have."""
    if uniform(state) < 0.5:
        put_gene(child, row, at, parents, mother, i)
    else:
        put_gene(child, row, at, parents, father, j)
    if average:
        child.weights[row, at] = 0.5 * (parents.weights[mother, i] + parents.weights[father, j])
    both = parents.enabled[mother, i] and parents.enabled[father, j]
    child.enabled[row, at] = both or uniform(state) >= rates.inherit_disabled


@compiled
def _alone(parents, parent, i, child, row, at, state, rates):
    """A gene that one parent has."""
    put_gene(child, row, at, parents, parent, i)
    child.enabled[row, at] = parents.enabled[parent, i] or uniform(state) >= rates.inherit_disabled


@compiled
def _nodes(parents, mother, father, child, row, state, rates, seen, stamp):
    """The outputs, and the hidden nodes that the child's genes speak of; a node of both has either's activation."""
    for at in range(child.genes[row]):
        seen[child.sources[row, at]] = stamp
        seen[child.targets[row, at]] = stamp
    i, j, count = 0, 0, 0
    while i < parents.node_counts[mother] or j < parents.node_counts[father]:
        left = parents.nodes[mother, i] if i < parents.node_counts[mother] else LAST
        right = parents.nodes[father, j] if j < parents.node_counts[father] else LAST
        wanted = i < rates.outputs or seen[min(left, right)] == stamp
        if wanted:
            if left < right or (left == right and uniform(state) < 0.5):
                put_node(child, row, count, parents, mother, i)
            else:
                put_node(child, row, count, parents, father, j)
            count += 1
        if left <= right:
            i += 1
        if right <= left:
            j += 1
    child.node_counts[row] = count
