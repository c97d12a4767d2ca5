"""What a network is made of: one layer type per file, and the modules that torch does not have beside it."""

from speciate.layers.activations import GAINS
from speciate.layers.base import Genes, LayerType, Map, Merge, Shape, Unitwise
from speciate.layers.conv import Conv
from speciate.layers.dense import Dense
from speciate.layers.depthwise import Depthwise
from speciate.layers.ends import Input, Output
from speciate.layers.merges import Add, Concat
from speciate.layers.norms import BatchNorm, LayerNorm
from speciate.layers.pooling import GlobalPool, Pool
from speciate.layers.simple import Activation, DropoutLayer, Flatten

LAYERS: dict[str, LayerType] = {
    layer.kind: layer
    for layer in (
        Input(),
        Dense(),
        Conv(),
        Depthwise(),
        Pool(),
        GlobalPool(),
        BatchNorm(),
        LayerNorm(),
        DropoutLayer(),
        Activation(),
        Flatten(),
        Add(),
        Concat(),
        Output(),
    )
}
"""Every layer type by its kind."""

__all__ = ["GAINS", "LAYERS", "Genes", "LayerType", "Map", "Merge", "Shape", "Unitwise"]
