"""How large a network from a stranger may be, and how much memory a row takes in any network of layers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from speciate.layers import LAYERS, Shape
from speciate.spaces import OUTPUT, NetworkGenome, count_multiplications, count_parameters, shapes

VALUES_AT_ONCE = 2**26
"""Numbers of all rows that are predicted together, half a gigabyte in double precision."""


@dataclass(frozen=True)
class Needs:
    """What networks take, worked out without building them.

    Attributes:
        parameters: Trainable parameters.
        values: Numbers that a row makes: the outputs of all layers, and the largest copy of neighborhoods that a convolution
            works on.
        operations: Multiplications that a row takes, and values that its layers read.
        sources: The most inputs of a layer.
        gene: The largest whole number among the genes.
    """

    parameters: int
    values: int
    operations: int
    sources: int
    gene: int


LIMITS = {
    "parameters": (250_000_000, "it has more than {:,} parameters"),
    "values": (250_000_000, "it makes more than {:,} numbers of one row"),
    "operations": (100_000_000_000, "it takes more than {:,} multiplications for one row"),
    "sources": (100, "a layer has more than {:,} inputs"),
    "gene": (250_000_000, "a gene is larger than {:,}"),
}
"""The most of each need, and what is said of more. The largest networks for images of 224 x 224 pixels make and take a fifth."""


def needs(networks: Iterable[tuple[NetworkGenome, Shape, int]]) -> Needs:
    """What networks take that answer one after another, given by genome, shape of what they take, and width of the head.

    Raises:
        DataError: One cannot be built.
    """
    found = [_needs(*network) for network in networks]
    added = {name: sum(getattr(need, name) for need in found) for name in ("parameters", "operations")}
    most = {name: max(getattr(need, name) for need in found) for name in ("values", "sources", "gene")}
    return Needs(**added, **most)


def _needs(genome: NetworkGenome, input_shape: Shape, outputs: int) -> Needs:
    inputs = shapes(genome, input_shape, outputs)
    made, copied, read = math.prod(input_shape), 0, 0
    for node in genome.nodes:
        layer, genes, taken = LAYERS[node.kind], dict(node.genes), inputs[node.mark]
        shape = layer.shape(genes, taken)
        made += math.prod(shape)
        copied = max(copied, layer.multiplications(genes, taken) // shape[0])
        read += sum(map(math.prod, taken[:-1] if node.kind == OUTPUT else taken))
    whole = [value for node in genome.nodes for _, value in node.genes if type(value) is int]
    return Needs(
        parameters=count_parameters(genome, input_shape, outputs),
        values=made + copied,
        operations=count_multiplications(genome, input_shape, outputs) + read,
        sources=max(map(len, genome.sources.values())),
        gene=max(whole, default=0),
    )


def check(need: Needs) -> None:
    """Refuse what takes absurd amounts.

    Raises:
        ValueError: It does.
    """
    for name, (most, text) in LIMITS.items():
        if getattr(need, name) > most:
            raise ValueError(text.format(most))


def rows_at_once(networks: Iterable[tuple[NetworkGenome, Shape, int]]) -> int:
    """How many rows to predict together: a power of two up to 1,024, fewer where they would take too much memory."""
    fitting = VALUES_AT_ONCE // needs(networks).values
    return int(min(1024, 2 ** (max(1, fitting).bit_length() - 1)))
