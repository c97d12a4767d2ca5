"""What may be evolved: spaces, and the genomes that they sample."""

from speciate.spaces.base import Space
from speciate.spaces.genes import Choice, Gene, Integer, Real, Value
from speciate.spaces.genome import INPUT, OUTPUT, NetworkGenome, Node, mark
from speciate.spaces.network import ARTICLE, LOCAL, PRESERVING, NetworkSpace
from speciate.spaces.parameters import ParameterSpace
from speciate.spaces.shapes import count_multiplications, count_parameters, shapes

__all__ = [
    "ARTICLE",
    "INPUT",
    "LOCAL",
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
    "shapes",
]
