"""How large a network from a stranger may be, and how much memory a row takes in any network."""

from __future__ import annotations

import math
from dataclasses import dataclass

from speciate.layers import LAYERS, Shape
from speciate.spaces import OUTPUT, NetworkGenome, count_multiplications, count_parameters, shapes

MOST_PARAMETERS = 250_000_000
MOST_VALUES = 250_000_000
"""Numbers that one row may make; the largest networks for images of 224 x 224 pixels make a fifth of it."""
MOST_OPERATIONS = 100_000_000_000
"""Multiplications that one row may take; the largest networks for such images take a fifth of it."""
MOST_SOURCES = 100
"""Inputs of one layer."""
VALUES_AT_ONCE = 2**26
"""Numbers of all rows that are predicted together, half a gigabyte in double precision."""


@dataclass(frozen=True)
class Needs:
    """What a network takes, worked out without building it.

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


def needs(genome: NetworkGenome, input_shape: Shape, outputs: int) -> Needs:
    """What a network takes.

    Raises:
        DataError: It cannot be built.
    """
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
    if need.parameters > MOST_PARAMETERS:
        raise ValueError(f"it has more than {MOST_PARAMETERS:,} parameters")
    if need.values > MOST_VALUES:
        raise ValueError(f"it makes more than {MOST_VALUES:,} numbers of one row")
    if need.operations > MOST_OPERATIONS:
        raise ValueError(f"it takes more than {MOST_OPERATIONS:,} multiplications for one row")
    if need.sources > MOST_SOURCES:
        raise ValueError(f"a layer has more than {MOST_SOURCES} inputs")
    if need.gene > MOST_PARAMETERS:
        raise ValueError(f"a gene is larger than {MOST_PARAMETERS:,}")


def rows_at_once(genome: NetworkGenome, input_shape: Shape, outputs: int) -> int:
    """How many rows to predict together: a power of two up to 1,024, fewer where they would take too much memory."""
    fitting = VALUES_AT_ONCE // needs(genome, input_shape, outputs).values
    return int(min(1024, 2 ** (max(1, fitting).bit_length() - 1)))
