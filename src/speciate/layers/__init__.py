"""What a network is made of: one layer type per file."""

from speciate.layers.activations import GAINS
from speciate.layers.base import Genes, LayerType, Shape
from speciate.layers.dense import Dense
from speciate.layers.ends import Input, Output

LAYERS: dict[str, LayerType] = {layer.kind: layer for layer in (Input(), Dense(), Output())}
"""Every layer type by its kind."""

__all__ = ["GAINS", "LAYERS", "Dense", "Genes", "Input", "LayerType", "Output", "Shape"]
