"""The sizes of a network, worked out from its genome without allocating anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from speciate.errors import DataError
from speciate.layers import LAYERS, Shape
from speciate.spaces.genome import NetworkGenome
from speciate.spaces.node import INPUT, OUTPUT


def shapes(
    genome: NetworkGenome, input_shape: Shape, outputs: int, *, valid: bool = False
) -> dict[str, list[Shape]]:
    """The input shapes of every layer by mark. The head's have its own width as a second one.

    Args:
        genome: The network.
        input_shape: Shape of one example.
        outputs: Width of the head.
        valid: Whether the graph and the values of genes are known to be valid, as those of a space are, and need no check.

    Raises:
        DataError: A layer is unknown, has impossible genes, or cannot take its inputs.
    """
    noted: dict[str, list[Shape]] | None = genome.notes.get((shapes, input_shape, outputs))
    if noted is not None:
        return dict(noted)
    if not valid:
        check_ends(genome)
    sources = genome.sources
    found: dict[str, list[Shape]] = {}
    out: dict[str, Shape] = {}
    for node in genome.nodes:
        try:
            layer = LAYERS[node.kind]
        except KeyError:
            raise DataError(
                f"there is no layer type {node.kind!r}",
                hint=f"import the module that registers it; known: {', '.join(LAYERS)}",
            ) from None
        genes = dict(node.genes)
        if not valid and genes.keys() != set(layer.genes):
            raise DataError(f"a {node.kind} layer has genes {list(layer.genes)}, got {sorted(genes)}")
        if not valid and (problems := layer.problems(genes)):
            raise DataError(f"a {node.kind} layer cannot be built: {'; '.join(problems)}")
        inputs = [out[source] for source in sources[node.mark]]
        inputs = [input_shape] if node.kind == INPUT else inputs
        inputs = [*inputs, (outputs,)] if node.kind == OUTPUT else inputs
        try:
            out[node.mark] = layer.shape(genes, inputs)
        except (ValueError, IndexError) as error:
            raise DataError(f"a {node.kind} layer cannot take its inputs: {error}") from None
        found[node.mark] = inputs
    if not valid:
        genome.notes[shapes, input_shape, outputs] = found
    return dict(found)


def output_shapes(genome: NetworkGenome, inputs: Mapping[str, Sequence[Shape]]) -> dict[str, Shape]:
    """The output shape of every layer by mark, given what `shapes` found."""
    return {n.mark: LAYERS[n.kind].shape(dict(n.genes), inputs[n.mark]) for n in genome.nodes}


def never_negative(genome: NetworkGenome) -> dict[str, bool]:
    """By mark, whether no output of a layer is ever negative, whatever the weights are and the network is shown."""
    found: dict[str, bool] = {}
    for node in genome.nodes:
        sources = genome.sources[node.mark]
        positive = bool(sources) and all(found[source] for source in sources)
        found[node.mark] = LAYERS[node.kind].never_negative(dict(node.genes), positive)
    return found


def check_ends(genome: NetworkGenome) -> None:
    """Refuse a graph that does not lead from one input to one output with every layer on the way.

    Raises:
        DataError: It does not.
    """
    kinds, sources, targets = [node.kind for node in genome.nodes], genome.sources, genome.targets
    for mark in (INPUT, OUTPUT):
        if kinds.count(mark) != 1 or mark not in sources:
            raise DataError(f"a network has one {mark}, and this one has {kinds.count(mark)}")
    for node in genome.nodes:
        if not targets[node.mark] and node.mark != OUTPUT:
            raise DataError(f"a {node.kind} layer leads nowhere")
        if not sources[node.mark] and node.mark != INPUT:
            raise DataError(f"nothing leads to a {node.kind} layer")
    if sources[INPUT] or targets[OUTPUT]:
        raise DataError("a network begins with its input and ends with its output")


def belongs(kind: str, sources: Sequence[str], genome: NetworkGenome) -> bool:
    """Whether a layer of a kind may take the outputs of layers with these marks; see `LayerType.in_front`."""
    layer = LAYERS.get(kind)
    return layer is None or not layer.in_front or (tuple(sources) == (INPUT,) and not genome.bins)


def count_parameters(genome: NetworkGenome, input_shape: Shape, outputs: int, *, valid: bool = False) -> int:
    """Trainable parameters of the network; arguments as in `shapes`.

    Raises:
        DataError: It cannot be built.
    """
    inputs = shapes(genome, input_shape, outputs, valid=valid)
    return sum(LAYERS[node.kind].parameters(dict(node.genes), inputs[node.mark]) for node in genome.nodes)


def count_multiplications(genome: NetworkGenome, input_shape: Shape, outputs: int) -> int:
    """Multiplications that an example takes in the products of all layers.

    Raises:
        DataError: It cannot be built.
    """
    return multiplications(genome, shapes(genome, input_shape, outputs))


def multiplications(genome: NetworkGenome, inputs: Mapping[str, Sequence[Shape]]) -> int:
    """The same, given what `shapes` found."""
    return sum(LAYERS[n.kind].multiplications(dict(n.genes), inputs[n.mark]) for n in genome.nodes)
