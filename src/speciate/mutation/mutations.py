"""Mutations: plain functions from a genome to a new one. Arguments are never changed.

An operator that cannot be applied (removing a layer from the shallowest network) returns the genome it was given.
"""

from __future__ import annotations

from bisect import bisect
from functools import partial
from itertools import accumulate

import numpy as np

from speciate.errors import EvaluationError
from speciate.mutation.structure import add_layer, connect, disconnect, remove_layer, split
from speciate.signatures import is_own
from speciate.spaces import NetworkGenome, Node, Space
from speciate.spaces.operators import CHANGE, Operator, find_mutation, mutation_operator
from speciate.spaces.surgery import with_node

ATTEMPTS = 20
"""How often `mutate` tries again when nothing changed."""

SEVERAL = "several"
"""What a child was made by that was mutated more than once."""


def mutate(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> tuple[NetworkGenome, str]:
    """A child made by one operator, drawn by its weight in the space, and the operator's name.

    The child belongs to the space if its parent does, and differs from it unless nothing in the space can change.

    Raises:
        DataError: The space knows the shape of its examples, and the parent cannot be built for them.
    """
    names = list(space.operators)
    totals = list(accumulate(space.operators.values()))
    child, name = genome, names[0]
    for _ in range(ATTEMPTS):
        name = names[bisect(totals, rng.random() * totals[-1], hi=len(names) - 1)]
        child = operator(name)(genome, space, rng)
        if child is not genome and not child.alike(genome):
            break
    return child, name


def mutate_often(
    genome: NetworkGenome, space: Space, rng: np.random.Generator, more: float = 0.5
) -> tuple[NetworkGenome, str]:
    """The same, and with probability `more` mutated once more, each time: `SEVERAL` is then what made it."""
    child, name = mutate(genome, space, rng)
    while rng.random() < more:
        child, name = mutate(child, space, rng)[0], SEVERAL
    return child, name


def operator(name: str) -> Operator:
    """The mutation of a name: a registered one, or `change_` and the name of a gene.

    What it makes of a genome of a space belongs to the space; where that fails, it returns the genome that it was given.

    Raises:
        ConfigurationError: There is no such operator.
    """
    mutation = (
        partial(change, gene=name.removeprefix(CHANGE)) if name.startswith(CHANGE) else find_mutation(name)
    )

    own = name.startswith(CHANGE) or is_own(mutation)

    def guarded(genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
        child = mutation(genome, space, rng) if own else _from_outside(name, mutation, genome, space, rng)
        sure = own and space.ranges_only  # our own never leave the ranges
        return child if sure or space.admits(child, genome) else genome

    return guarded


def _from_outside(
    name: str, mutation: Operator, genome: NetworkGenome, space: Space, rng: np.random.Generator
) -> NetworkGenome:
    """What a mutation of one's own makes of a genome.

    Raises:
        EvaluationError: It fails, or gives something else.
    """
    try:
        child = mutation(genome, space, rng)
    except Exception as error:
        why = f"{type(error).__name__}: {getattr(error, 'what', error)}"
        raise EvaluationError(f"the mutation operator {name!r} failed", why=why) from error
    if not isinstance(child, NetworkGenome):
        raise EvaluationError(
            f"the mutation operator {name!r} gives a {type(child).__name__}, not a genome",
            hint="return a changed genome, or the one that was given",
        )
    return child


def change(genome: NetworkGenome, space: Space, rng: np.random.Generator, gene: str) -> NetworkGenome:
    """Move one gene a small step: a hyper-parameter, or the gene of one random layer that has it."""
    if gene in space.hyper:
        value = space.hyper[gene].step(genome.hyper_parameters[gene], rng)
        return genome.with_genes(hyper={**genome.hyper_parameters, gene: value})
    having = [n for n in genome.layers if gene in space.layers.get(n.kind, {}) and n.mark not in space.fixed]
    if not having:
        return genome
    node = having[int(rng.integers(len(having)))]
    value = space.layers[node.kind][gene].step(dict(node.genes)[gene], rng)
    return with_node(genome, node.with_gene(gene, value))


@mutation_operator()
def resample(
    genome: NetworkGenome, space: Space, rng: np.random.Generator, rate: float = 0.2
) -> NetworkGenome:
    """The article's mutation: each gene is drawn anew with probability `rate`; then layers and branches may come or go.

    Steps that would leave the space are left out.

    Source: "Design by Evolution" (2017): a layer is removed or added with probability `rate` each. Where there may be
    branches, one is closed or opened with the same probability.
    """
    hyper = {n: space.hyper[n].sample(rng) if rng.random() < rate else v for n, v in genome.hyper}
    child = genome.with_genes(hyper=hyper)
    if not space.layers:
        return child
    for node in child.layers:
        if node.mark not in space.fixed:
            drawn = {n: g.sample(rng) for n, g in space.layers[node.kind].items() if rng.random() < rate}
            changed = with_node(child, Node.make(node.mark, node.kind, {**dict(node.genes), **drawn}))
            child = changed if space.admits(changed, genome) else child
    steps: list[Operator] = [remove_layer, add_layer]
    steps += [disconnect, (split, connect)[int(rng.integers(2))]] if space.merges else []
    for step in steps:
        if rng.random() < rate:
            changed = step(child, space, rng)
            child = changed if space.admits(changed, genome) else child
    return child
