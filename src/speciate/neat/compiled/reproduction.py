"""A generation's children: which parents each has, and what becomes of their genes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from speciate.neat.compiled import compiled
from speciate.neat.compiled.crossover import cross
from speciate.neat.compiled.mutation import mutate
from speciate.neat.compiled.random import begin, below, signed, uniform
from speciate.neat.compiled.table import GENES, NODES, alike, copy_genome, genome_of

Array = Any


class Rates(NamedTuple):
    """The parameters that the loops over genes need; `speciate.neat.parameters` says what they mean."""

    inputs: int
    outputs: int
    c1: float
    c2: float
    c3: float
    small_genome: int
    mutate_weights: float
    replace_weight: float
    weight_power: float
    weight_range: float
    inherit_disabled: float
    mate_average: float
    mutation_only: float
    mate_only: float
    interspecies: float
    add_node: float
    add_connection: float
    mutate_activation: float
    split_later: float
    split_genome: int
    tries: int
    recurrent: bool
    structure_alone: bool
    activations: Array  # (kinds,) int8
    output_activation: int


class Selection(NamedTuple):
    """What selection decided: the members of each species from the fittest down, and how many children each one has."""

    members: Array  # (N,) int64, rows grouped by species
    starts: Array  # (S,) int64, where each species begins in `members`
    survivors: Array  # (S,) int64, how many of each may have children
    quotas: Array  # (S,) int64, children
    elites: Array  # (S,) int64, how many of the children are unchanged copies of the first members


@compiled
def pair(selection, fitness, key, rates, mothers, fathers, changed):
    """Choose the parents of every child: the fitter one is the mother; no father (-1) means a copy, mutated if `changed`."""
    state = np.empty(1, np.uint64)
    child = 0
    for s in range(len(selection.quotas)):
        for nth in range(selection.quotas[s]):
            mother, father = selection.members[selection.starts[s] + nth], -1
            if nth >= selection.elites[s]:
                begin(state, key, 2 * child)
                mother = _survivor(selection, s, state)
                if uniform(state) >= rates.mutation_only:
                    father = _survivor(selection, _mate_species(selection, s, state, rates), state)
                if father == mother:
                    father = -1
                if father >= 0 and fitness[father] > fitness[mother]:
                    mother, father = father, mother
            mothers[child], fathers[child] = mother, father
            changed[child] = nth >= selection.elites[s]
            child += 1


@compiled
def _survivor(selection, s, state):
    return selection.members[selection.starts[s] + below(state, selection.survivors[s])]


@compiled
def _mate_species(selection, s, state, rates):
    """The species itself, or with probability `interspecies` another one that has children."""
    others = 0
    for t in range(len(selection.quotas)):
        others += t != s and selection.quotas[t] > 0
    if others == 0 or uniform(state) >= rates.interspecies:
        return s
    left, t = below(state, others), -1
    while left >= 0:
        t += 1
        left -= t != s and selection.quotas[t] > 0
    return t


@compiled
def reproduce(parents, children, draft, marks, fitness, mothers, fathers, changed, key, rates, seen, copied):
    """Write all children, each first as the only row of `draft`, which is wide enough for any.

    Those that are too long for the children's table are left out: call again with a wider one. The marks that are known by
    then do not change what comes of it.

    Args:
        parents: The generation before.
        children: Where the children go.
        draft: A table of one row.
        marks: The innovations; new ones are added.
        fitness: Of the parents.
        mothers: Each child's fitter parent.
        fathers: The other one, or -1.
        changed: Whether a child is mutated.
        key: What its random numbers start from.
        rates: Chances.
        seen: Scratch with a place for every node id, filled with -1.
        copied: (N,), filled: whether a child is its mother again, unchanged.

    Returns:
        The genes and the nodes of the children that have most of them.
    """
    state, child = np.empty(1, np.uint64), genome_of(draft, 0)
    genes, nodes = np.int64(0), np.int64(0)
    for row in range(len(mothers)):
        mother, father = genome_of(parents, mothers[row]), fathers[row]
        begin(state, key, 2 * row + 1)
        if father < 0:
            copy_genome(child, mother)
        else:
            equal = fitness[father] == fitness[mothers[row]]
            cross(mother, genome_of(parents, father), equal, child, state, rates, seen, row)
        if changed[row] and (father < 0 or uniform(state) >= rates.mate_only):
            mutate(child, marks, state, rates)
        copied[row] = alike(child, mother)
        genes, nodes = max(genes, child.counts[GENES]), max(nodes, child.counts[NODES])
        if genes <= children.connections.shape[1] and nodes <= children.nodes.shape[1]:
            copy_genome(genome_of(children, row), child)
    return genes, nodes


@compiled
def first_weights(table, key, weight_range):
    """Random weights for the first generation."""
    state = np.empty(1, np.uint64)
    for row in range(len(table.counts)):
        begin(state, key, row)
        for at in range(table.counts[row, GENES]):
            table.connections[row, at].weight = signed(state) * weight_range


@compiled
def choose_representatives(selection, sizes, key, chosen):
    """A random member of each species."""
    state = np.empty(1, np.uint64)
    for s in range(len(sizes)):
        begin(state, key, s)
        chosen[s] = selection.members[selection.starts[s] + below(state, sizes[s])]
