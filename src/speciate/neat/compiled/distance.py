"""Compatibility distance and the assignment to species; Stanley & Miikkulainen 2002, section 3.3, equation 1."""

from __future__ import annotations

import numpy as np

from speciate.neat.compiled.machine_code import compiled


@compiled
def distance(table, row, other, other_row, dense, rates):
    """Delta = c1 E / N + c2 D / N + c3 W of a genome to another one, whose weights are spread out in `dense` by innovation.

    N is the number of genes of the larger one, or 1 if both have fewer than `small_genome`.
    """
    genes, others = table.genes[row], other.genes[other_row]
    last = table.innovations[row, genes - 1] if genes else -1
    others_last = other.innovations[other_row, others - 1] if others else -1
    matching, excess, difference = 0, 0, 0.0
    for at in range(genes):
        innovation = table.innovations[row, at]
        weight = dense[innovation]
        if weight == weight:
            matching += 1
            difference += abs(weight - table.weights[row, at])
        elif innovation > others_last:
            excess += 1
    at = others - 1
    while at >= 0 and other.innovations[other_row, at] > last:
        excess += 1
        at -= 1
    disjoint = genes + others - 2 * matching - excess
    larger = max(genes, others)
    n = larger if larger >= rates.small_genome else 1
    mean = difference / matching if matching else 0.0
    return rates.c1 * excess / n + rates.c2 * disjoint / n + rates.c3 * mean


@compiled
def spread(dense, table, row):
    """Write a genome's weights at the places of their innovations."""
    for at in range(table.genes[row]):
        dense[table.innovations[row, at]] = table.weights[row, at]


@compiled
def clear(dense, table, row):
    """Undo `spread`."""
    for at in range(table.genes[row]):
        dense[table.innovations[row, at]] = np.nan


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
    size = len(species)
    nearest = np.full(size, np.inf)
    home = np.zeros(size, np.int32)
    waiting = np.arange(size)
    left = size
    known = len(representatives.genes)
    for s in range(known):
        spread(dense, representatives, s)
        left = _join(
            table, waiting, left, representatives, s, s, threshold, dense, rates, species, nearest, home
        )
        clear(dense, representatives, s)
    founded = 0
    while left and known + founded < most:
        founder = waiting[0]
        founders[founded] = founder
        spread(dense, table, founder)
        left = _join(
            table,
            waiting,
            left,
            table,
            founder,
            known + founded,
            threshold,
            dense,
            rates,
            species,
            nearest,
            home,
        )
        clear(dense, table, founder)
        founded += 1
    for i in range(left):
        species[waiting[i]] = home[waiting[i]]
    return founded


@compiled
def _join(table, waiting, left, other, other_row, s, threshold, dense, rates, species, nearest, home):
    """Let those of the waiting genomes that are near enough join species s; returns how many still wait, in order."""
    kept = 0
    for i in range(left):
        row = waiting[i]
        delta = distance(table, row, other, other_row, dense, rates)
        if delta < threshold:
            species[row] = s
            continue
        if delta < nearest[row]:
            nearest[row] = delta
            home[row] = s
        waiting[kept] = row
        kept += 1
    return kept
