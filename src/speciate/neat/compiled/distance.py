"""Compatibility distance and the assignment to species; Stanley & Miikkulainen 2002, section 3.3, equation 1."""

from __future__ import annotations

import numpy as np

from speciate.neat.compiled import compiled
from speciate.neat.compiled.table import GENES, genome_of


@compiled.inline
def distance(genome, other, dense, rates):
    """Delta = c1 E / N + c2 D / N + c3 W of a genome to another one, whose weights are spread out in `dense` by innovation.

    N is the number of genes of the larger one, or 1 if both have fewer than `small_genome`.
    """
    genes, others = genome.counts[GENES], other.counts[GENES]
    last = genome.connections[genes - 1].innovation if genes else -1
    others_last = other.connections[others - 1].innovation if others else -1
    matching, excess, difference = 0, 0, 0.0
    for at in range(genes):
        gene = genome.connections[at]
        weight = dense[gene.innovation]
        if weight == weight:
            matching += 1
            difference += abs(weight - gene.weight)
        else:
            excess += gene.innovation > others_last
    at = others - 1
    while at >= 0 and other.connections[at].innovation > last:
        excess += 1
        at -= 1
    disjoint = genes + others - 2 * matching - excess
    larger = max(genes, others)
    n = larger if larger >= rates.small_genome else 1
    mean = difference / matching if matching else 0.0
    return rates.c1 * excess / n + rates.c2 * disjoint / n + rates.c3 * mean


@compiled
def spread(dense, genome):
    """Write a genome's weights at the places of their innovations."""
    for at in range(genome.counts[GENES]):
        dense[genome.connections[at].innovation] = genome.connections[at].weight


@compiled
def clear(dense, genome):
    """Undo `spread`."""
    for at in range(genome.counts[GENES]):
        dense[genome.connections[at].innovation] = np.nan


@compiled
def assign(table, representatives, threshold, most, dense, rates, species, founders):
    """Put every genome into the first species whose representative is nearer than the threshold.

    Those that fit nowhere found new species in the order of their rows, up to `most` species in all; then they go where
    the distance is least.

    Args:
        table: The genomes.
        representatives: A table of those of the species that there are.
        threshold: delta_t.
        most: How many species there may be.
        dense: Scratch, NaN, with a place for every innovation.
        rates: The coefficients.
        species: Filled with each genome's species; the founders' are numbered after the representatives'.
        founders: Filled with the rows of the genomes that founded new species.

    Returns:
        How many species were founded.
    """
    size, known = len(species), len(representatives.counts)
    nearest, s = np.full(size, np.inf), np.int64(known)
    waiting = np.empty(BLOCK, np.int64)
    for start in range(0, size, BLOCK):
        left = min(BLOCK, size - start)
        for i in range(left):
            waiting[i] = start + i
        tried = np.int64(0)
        while left and (tried < s or s < most):
            if tried == s:
                founders[s - known] = waiting[0]
                s += 1
            if tried < known:
                home = genome_of(representatives, tried)
            else:
                home = genome_of(table, founders[tried - known])
            spread(dense, home)
            left = _join(table, waiting, left, home, tried, threshold, dense, rates, species, nearest)
            clear(dense, home)
            tried += 1
    return s - known


BLOCK = 1024
"""How many genomes are compared with one species after another: so many stay in the cache."""


@compiled
def _join(table, waiting, left, home, s, threshold, dense, rates, species, nearest):
    """Let those of the waiting genomes join species s that are near enough; returns how many still wait, in order.

    The others note the species if it is the nearest so far.
    """
    kept = np.int64(0)
    for i in range(left):
        row = waiting[i]
        delta = distance(genome_of(table, row), home, dense, rates)
        if delta < nearest[row]:
            nearest[row] = delta
            species[row] = s
        if delta < threshold:
            species[row] = s
        else:
            waiting[kept] = row
            kept += 1
    return kept
