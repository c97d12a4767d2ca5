"""Crossover: genes aligned by innovation number; Stanley & Miikkulainen 2002, section 3.2 and figure 4."""

from __future__ import annotations

import numpy as np

from speciate.neat.compiled import compiled
from speciate.neat.compiled.random import uniform
from speciate.neat.compiled.table import GENES, NODES

LAST = np.int64(2**31 - 1)
"""Greater than every mark."""


@compiled
def cross(mother, father, equal, child, state, rates, seen, stamp):
    """Write the child of two genomes.

    Matching genes come from either parent, or with probability `mate_average` have the mean of both weights; disjoint
    and excess genes come from the mother, the fitter parent, or by a toss of a coin from either if both are `equal`.

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
    ours, theirs = mother.counts[GENES], father.counts[GENES]
    i, j, count = np.int64(0), np.int64(0), np.int64(0)
    while i < ours or (equal and j < theirs):
        left = np.int64(mother.connections[i].innovation) if i < ours else LAST
        right = np.int64(father.connections[j].innovation) if j < theirs else LAST
        if left == right:
            taken = True
            enabled = mother.connections[i].enabled and father.connections[j].enabled
            if uniform(state) < 0.5:
                child.connections[count] = father.connections[j]
            else:
                child.connections[count] = mother.connections[i]
            if average:
                weights = mother.connections[i].weight + father.connections[j].weight
                child.connections[count].weight = 0.5 * weights
        elif left < right:
            taken, enabled = not equal or uniform(state) < 0.5, mother.connections[i].enabled
            child.connections[count] = mother.connections[i]
        else:
            taken, enabled = equal and uniform(state) < 0.5, father.connections[j].enabled
            child.connections[count] = father.connections[j]
        if taken and not enabled:
            child.connections[count].enabled = uniform(state) >= rates.inherit_disabled
        count += taken
        i += left <= right
        j += right <= left
    child.counts[GENES] = count
    _nodes(mother, father, equal, child, state, rates, seen, stamp)


@compiled
def _nodes(mother, father, equal, child, state, rates, seen, stamp):
    """The outputs, and the hidden nodes that the child's genes speak of; where a node's activations differ, either one."""
    if equal:
        for at in range(child.counts[GENES]):
            seen[child.connections[at].source] = stamp
            seen[child.connections[at].target] = stamp
    i, j, count = np.int64(0), np.int64(0), np.int64(0)
    ours, theirs = mother.counts[NODES], father.counts[NODES]
    while i < ours or (equal and j < theirs):
        left = np.int64(mother.nodes[i].node) if i < ours else LAST
        right = np.int64(father.nodes[j].node) if j < theirs else LAST
        if i < rates.outputs or (seen[min(left, right)] == stamp if equal else left <= right):
            child.nodes[count] = mother.nodes[i] if left <= right else father.nodes[j]
            differ = left == right and mother.nodes[i].activation != father.nodes[j].activation
            if differ and uniform(state) >= 0.5:
                child.nodes[count].activation = father.nodes[j].activation
            count += 1
        i += left <= right
        j += right <= left
    child.counts[NODES] = count
