"""The mutation operators that a space may have: what each is called, which spaces it serves, and tables of their weights.

The mutations themselves lie above the spaces, in `speciate.mutation`; they register here, so that a space can check its
operators when it is made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import update_wrapper
from typing import Any, TypeVar

import numpy as np

from speciate.errors import ConfigurationError
from speciate.layers import LAYERS
from speciate.registry import Registry
from speciate.spaces.base import Space
from speciate.spaces.genome import NetworkGenome
from speciate.spaces.node import MERGES
from speciate.text import closest

Operator = Callable[[NetworkGenome, Space, np.random.Generator], NetworkGenome]
"""`(genome, space, rng) -> genome`: a new genome, or the one it was given where it cannot be applied."""

Function = TypeVar("Function", bound=Operator)
Weights = TypeVar("Weights", bound=Callable[[], Mapping[str, float]])

CHANGE = "change_"
"""What the names of operators that move a single gene begin with: there is one for every gene."""


class Mutation:
    """A registered mutation.

    Args:
        function: What it does.
        serves: Which spaces have a use for it.
    """

    def __init__(self, function: Operator, serves: Callable[[Space], bool]) -> None:
        self.function, self.serves = function, serves
        update_wrapper(self, function)  # it belongs to the module that wrote the function

    def __call__(self, genome: NetworkGenome, space: Space, rng: np.random.Generator) -> NetworkGenome:
        """A changed genome."""
        return self.function(genome, space, rng)


MUTATIONS: Registry[Mutation] = Registry(
    "speciate.mutations",
    "mutation operator",
    tuple(f"speciate.mutation.{file}" for file in ("identity", "mutations", "structure", "widths")),
)
"""The mutations by name."""

TABLES: Registry[Callable[[], Mapping[str, float]]] = Registry(
    "speciate.mutation_tables", "table of mutations", ("speciate.mutation.tables",)
)
"""What gives the weights of operators, by the name of the table."""


def has_layers(space: Space) -> bool:
    """Whether a space is one of networks."""
    return bool(space.layers)


def find_mutation(name: str) -> Mutation:
    """The mutation of a name. One that comes as a bare function, from an entry point, serves all spaces of networks.

    Raises:
        ConfigurationError: There is none.
    """
    found: Any = MUTATIONS.find(name)
    return found if isinstance(found, Mutation) else Mutation(found, has_layers)


def mutation_operator(
    name: str = "", *, serves: Callable[[Space], bool] = has_layers
) -> Callable[[Function], Function]:
    """Register a mutation under a name, by default that of the function.

    Args:
        name: What the weights of a space call it.
        serves: Which spaces have a use for it; by default those of networks. It is left out of the others.
    """

    def register(function: Function) -> Function:
        MUTATIONS.add(name or function.__name__, Mutation(function, serves))
        return function

    return register


def mutation_table(name: str) -> Callable[[Weights], Weights]:
    """Register a function that gives the weights of operators."""

    def register(function: Weights) -> Weights:
        TABLES.add(name, function)
        return function

    return register


def varies_depth(space: Space) -> bool:
    """Whether networks of a space differ in how many layers they have."""
    return space.depth[0] < space.depth[1]


def branches(space: Space) -> bool:
    """Whether networks of a space may have branches, and it knows the shapes without which they cannot be drawn."""
    return space.merges > 0 and space.input_shape is not None


def has_choice(space: Space) -> bool:
    """Whether a layer may be of another kind, and the space knows the shapes without which none can be chosen."""
    merges = sum(kind in MERGES for kind in space.layers)
    kinds = max(len(space.layers) - merges, merges if space.merges else 0)
    return space.input_shape is not None and kinds >= 2


def applicable(operators: Mapping[str, float] | str, space: Space) -> dict[str, float]:
    """The weights of those operators that a space has a use for.

    Args:
        operators: Their weights, or the name of a table.
        space: With everything but its operators.

    Raises:
        ConfigurationError: An operator is unknown, a weight is no number of at least 0, or none of them applies.
    """
    if isinstance(operators, str):
        operators = TABLES.find(operators)()
    for name, weight in operators.items():
        if type(weight) not in (int, float) or not 0 <= weight < math.inf:
            raise ConfigurationError(
                f"the weight of an operator must be a number of at least 0, got {name} = {weight!r:.40}"
            )
    genes = {gene for ranges in (space.hyper, *space.layers.values()) for gene in ranges}
    kept = {
        name: float(weight)
        for name, weight in operators.items()
        if _serves(name, space, genes) and weight > 0
    }
    if not kept:
        raise ConfigurationError(f"no mutation operator applies to the space, got {dict(operators)}")
    return kept


def _serves(name: str, space: Space, genes: set[str]) -> bool:
    if not name.startswith(CHANGE):
        return find_mutation(name).serves(space)
    gene = name.removeprefix(CHANGE)
    if gene not in genes and gene not in (known := _known_genes()):
        close = closest(gene, known | genes)
        raise ConfigurationError(
            f"there is no gene {gene!r:.60} for the mutation operator {name!r:.60}",
            hint=f"did you mean {CHANGE}{close}?" if close else f"genes: {', '.join(sorted(known | genes))}",
        )
    return gene in genes


def _known_genes() -> set[str]:
    """The genes of all layer types, and those that a table speaks of: a space may have none of them."""
    tables = {
        name.removeprefix(CHANGE) for table in TABLES.values() for name in table() if name.startswith(CHANGE)
    }
    return tables.union(*(layer.genes for layer in LAYERS.values()))
