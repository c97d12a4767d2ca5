"""What a network is made of: layer types, each of which stands in one class with all that is known of it."""

from __future__ import annotations

from speciate.layers.activations import GAINS
from speciate.layers.base import (
    LAYERS,
    MERGES,
    Genes,
    LayerType,
    Map,
    Merge,
    Shape,
    Tensors,
    Unitwise,
    layer,
)
from speciate.layers.words import described
from speciate.registry import is_own


def checked(kind: str, genes: Genes, input_shape: Shape | None) -> str:
    """Try a layer type that does not belong to the package, before a search begins with it.

    Args:
        kind: Its kind.
        genes: Some values of its genes.
        input_shape: That of an example; None if it is not known.

    Returns:
        A hash of its source; empty for one of Speciate's own.

    Raises:
        ConfigurationError: It cannot be built or exported, or its sizes are wrong; says what.
    """
    if is_own(LAYERS[kind]):
        return ""
    from speciate.layers.checking import checked as tried

    return tried(LAYERS[kind], tuple(sorted(genes.items())), input_shape)


__all__ = [
    "GAINS",
    "LAYERS",
    "MERGES",
    "Genes",
    "LayerType",
    "Map",
    "Merge",
    "Shape",
    "Tensors",
    "Unitwise",
    "checked",
    "described",
    "layer",
]
