"""Crossover: genes aligned by innovation number; Stanley & Miikkulainen 2002, section 3.2 and figure 4."""

from __future__ import annotations

import numpy as np

from speciate.neat.compiled.machine_code import compiled
from speciate.neat.compiled.random import uniform
from speciate.neat.compiled.table import GENES, NODES

LAST = np.int64(2**31 - 1)
"""Greater than every mark."""


@compiled
def cross(mother, father, equal, child, state, rates, seen, stamp):
    """Write the child of two genomes.

    Matching genes come from either parent, or with probability `mate_average` have the mean of both weights; disjoint
    and excess genes come from the mother, who is the fitter one, or by a toss of a coin from either if both are `equal`.

    Args:
        mother: The fitter parent's genome.
        father: The other one's.
        equal: Whether both are equally fit.
        child: Where the genes are written.
        state: Random numbers.
        rates: Chances.
        seen: Scratch with a place for every node id.
        stamp: A number that `seen` does not contain yet.
    """
    average = uniform(state) < rates.mate_average
    theirs = father.counts[GENES]
    i, j, count = np.int64(0), np.int64(0), np.int64(0)
    while i < mother.counts[GENES] or (equal and j < theirs):
        left = np.int64(mother.connections[i].innovation) if i < mother.counts[GENES] else LAST
        right = np.int64(father.connections[j].innovation) if j < theirs else LAST
        if left <= right:
            take = left == right or not equal or uniform(state) < 0.5
        else:
            take = equal and uniform(state) < 0.5
        if take:
            _inherit(child, count, mother, i, father, j, left, right, average, state, rates)
            count += 1
        i += left <= right
        j += right <= left
    child.counts[GENES] = count
    _nodes(mother, father, child, state, rates, seen, stamp)


@compiled
def _inherit(child, at, mother, i, father, j, left, right, average, state, rates):
    """One gene of one parent or of both; disabled in either, it stays so with probability `inherit_disabled`."""
    enabled = True
    if left <= right:
        child.connections[at] = mother.connections[i]
        enabled = mother.connections[i].enabled
    if right <= left:
        enabled = enabled and father.connections[j].enabled
        if right < left or uniform(state) < 0.5:
            child.connections[at] = father.connections[j]
    if left == right and average:
        child.connections[at].weight = 0.5 * (mother.connections[i].weight + father.connections[j].weight)
    child.connections[at].enabled = enabled or uniform(state) >= rates.inherit_disabled


@compiled
def _nodes(mother, father, child, state, rates, seen, stamp):
    """The outputs, and the hidden nodes that the child's genes speak of; a node of both has either's activation."""
    for at in range(child.counts[GENES]):
        seen[child.connections[at].source] = stamp
        seen[child.connections[at].target] = stamp
    i, j, count = np.int64(0), np.int64(0), np.int64(0)
    ours, theirs = mother.counts[NODES], father.counts[NODES]
    while i < ours or j < theirs:
        left = np.int64(mother.nodes[i].node) if i < ours else LAST
        right = np.int64(father.nodes[j].node) if j < theirs else LAST
        if i < rates.outputs or seen[min(left, right)] == stamp:
            if left < right or (left == right and uniform(state) < 0.5):
                child.nodes[count] = mother.nodes[i]
            else:
                child.nodes[count] = father.nodes[j]
            count += 1
        i += left <= right
        j += right <= left
    child.counts[NODES] = count
