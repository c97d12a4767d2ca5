"""What a network is made of: layer types, each of which stands in one class with all that is known of it."""

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
    checked,
    layer,
)
from speciate.layers.words import described

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
