"""What may be evolved: spaces, and the genomes that they sample."""

from speciate.spaces.base import Space
from speciate.spaces.genes import Choice, Gene, Integer, Real, Value
from speciate.spaces.genome import NetworkGenome
from speciate.spaces.network import NetworkSpace
from speciate.spaces.node import INPUT, MERGES, OUTPUT, Node, mark
from speciate.spaces.operators import ARTICLE, LOCAL, PRESERVING
from speciate.spaces.parameters import ParameterSpace
from speciate.spaces.shapes import (
    count_multiplications,
    count_parameters,
    never_negative,
    output_shapes,
    shapes,
)

__all__ = [
    "ARTICLE",
    "INPUT",
    "LOCAL",
    "MERGES",
    "OUTPUT",
    "PRESERVING",
    "Choice",
    "Gene",
    "Integer",
    "NetworkGenome",
    "NetworkSpace",
    "Node",
    "ParameterSpace",
    "Real",
    "Space",
    "Value",
    "count_multiplications",
    "count_parameters",
    "mark",
    "never_negative",
    "output_shapes",
    "shapes",
]
