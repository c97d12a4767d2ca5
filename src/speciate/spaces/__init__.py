"""What may be evolved: spaces, and the genomes that they sample."""

from speciate.spaces.base import Space
from speciate.spaces.genes import Choice, Gene, Integer, Real, Value
from speciate.spaces.genome import BINS, DEFAULTS, NetworkGenome
from speciate.spaces.kinds import SPACES, SpaceKind, default_kind, simplest_kind, space_kind
from speciate.spaces.network import NetworkSpace
from speciate.spaces.node import INPUT, MERGES, OUTPUT, Node, mark
from speciate.spaces.operators import MUTATIONS, TABLES, Mutation, mutation_operator, mutation_table
from speciate.spaces.parameters import ParameterSpace
from speciate.spaces.shapes import (
    count_multiplications,
    count_parameters,
    never_negative,
    output_shapes,
    shapes,
)

__all__ = [
    "BINS",
    "DEFAULTS",
    "INPUT",
    "MERGES",
    "MUTATIONS",
    "OUTPUT",
    "SPACES",
    "TABLES",
    "Choice",
    "Gene",
    "Integer",
    "Mutation",
    "NetworkGenome",
    "NetworkSpace",
    "Node",
    "ParameterSpace",
    "Real",
    "Space",
    "SpaceKind",
    "Value",
    "count_multiplications",
    "count_parameters",
    "default_kind",
    "mark",
    "mutation_operator",
    "mutation_table",
    "never_negative",
    "output_shapes",
    "shapes",
    "simplest_kind",
    "space_kind",
]
