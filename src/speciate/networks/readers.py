"""How layers of torch are read, one rule a type: what they become in a genome, and what of them has no counterpart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import nn

from speciate.layers.convolution import Conv2d
from speciate.layers.dropout import Dropout
from speciate.layers.linear import Linear
from speciate.layers.normalization import BatchNorm1d, BatchNorm2d
from speciate.layers.norms import EPSILON
from speciate.networks.reading import Reader, UnfitError, array, require, side
from speciate.spaces import Value


def _linear(reader: Reader, layer: nn.Module) -> None:
    assert isinstance(layer, nn.Linear)
    if len(reader.incoming) == 3:
        raise UnfitError("it would be applied to each row of an image", "put Flatten() before it")
    reader.settled()
    reader.check(layer.in_features)
    reader.flat = False  # a dense layer flattens what it gets
    weight, bias = array(layer.weight, 0, 0), array(layer.bias, 0, layer.out_features)
    genes: dict[str, Value] = {"units": int(layer.out_features), "activation": "linear", "dropout": 0.0}
    reader.add("dense", genes, {"weight": weight, "bias": bias}, (int(layer.out_features),))


def _conv(reader: Reader, layer: nn.Module) -> None:
    assert isinstance(layer, nn.Conv2d)
    _, height, width = reader.image()
    reader.check(layer.in_channels)
    kernel, stride = side(layer, "kernel_size"), side(layer, "stride")
    if kernel % 2 == 0:
        raise UnfitError(f"its kernel has the even side {kernel}", "use an odd kernel_size")
    require(layer, padding_mode="zeros", dilation=(1, 1))
    words: dict[object, object] = {"same": kernel // 2, "valid": 0}
    padding = words.get(layer.padding, layer.padding)
    if padding not in (kernel // 2, (kernel // 2, kernel // 2)):
        raise UnfitError(f"its padding is {layer.padding}", f"use padding={kernel // 2}, half the kernel")
    genes: dict[str, Value] = {"kernel": kernel, "stride": stride, "activation": "linear"}
    depthwise = layer.groups == layer.in_channels == layer.out_channels
    if layer.groups != 1 and not depthwise:
        raise UnfitError(
            f"it has {layer.groups} groups", "use one group, or one for each channel and as many outputs"
        )
    if layer.groups == 1:
        genes["channels"] = int(layer.out_channels)
    tensors = {"weight": array(layer.weight, 0, 0), "bias": array(layer.bias, 0, layer.out_channels)}
    shape = (int(layer.out_channels), -(-height // stride), -(-width // stride))
    reader.add("conv" if layer.groups == 1 else "depthwise", genes, tensors, shape)


def _activation(name: str) -> Callable[[Reader, nn.Module], None]:
    def read(reader: Reader, layer: nn.Module) -> None:
        if isinstance(layer, nn.ELU):
            require(layer, alpha=1.0)
        if isinstance(layer, nn.GELU):
            require(layer, approximate="none")
        last = reader.items[-1] if reader.items and not reader.flat else None
        # A layer has one activation, and dropout comes behind it.
        if last is not None and last.genes.get("activation") == "linear" and not last.genes.get("dropout"):
            last.genes["activation"] = name
        else:
            reader.add("activation", {"activation": name}, {}, reader.incoming)

    return read


def _dropout(reader: Reader, layer: nn.Module) -> None:
    assert isinstance(layer, nn.Dropout)
    if not 0 <= layer.p < 1:
        raise UnfitError(f"it drops everything (p = {layer.p})", "use p below 1")
    last = reader.items[-1] if reader.items and not reader.flat else None
    if layer.p == 0:
        return
    if last is not None and last.kind == "dense" and not last.genes["dropout"]:
        last.genes["dropout"] = float(layer.p)
    else:
        reader.add("dropout", {"dropout": float(layer.p)}, {}, reader.incoming)


def _flatten(reader: Reader, layer: nn.Module) -> None:
    require(layer, start_dim=1, end_dim=-1)
    reader.flat = reader.flat or len(reader.shape) == 3
    reader.pooled = False


def _batch_norm(reader: Reader, layer: nn.Module) -> None:
    assert isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)
    shape = reader.incoming
    reader.settled()
    if len(shape) != (3 if isinstance(layer, nn.BatchNorm2d) else 1):
        raise UnfitError(
            f"what comes in has the shape {shape}", "use BatchNorm1d for vectors, BatchNorm2d for images"
        )
    reader.check(layer.num_features)
    require(layer, eps=EPSILON, track_running_stats=True)
    count = np.array(0 if layer.num_batches_tracked is None else int(layer.num_batches_tracked), np.int64)
    tensors = {
        "weight": array(layer.weight, 1, shape[0]),
        "bias": array(layer.bias, 0, shape[0]),
        "running_mean": array(layer.running_mean, 0, shape[0]),
        "running_var": array(layer.running_var, 1, shape[0]),
        "num_batches_tracked": count,
    }
    reader.add("batch_norm", {}, tensors, shape)


def _layer_norm(reader: Reader, layer: nn.Module) -> None:
    assert isinstance(layer, nn.LayerNorm)
    reader.settled()
    if len(reader.incoming) != 1 or tuple(layer.normalized_shape) != reader.incoming:
        raise UnfitError(
            f"it normalizes {tuple(layer.normalized_shape)}, and what comes in has the shape {reader.incoming}",
            "for images use GroupNorm(1, channels)",
        )
    _norm(reader, layer)


def _group_norm(reader: Reader, layer: nn.Module) -> None:
    assert isinstance(layer, nn.GroupNorm)
    require(layer, num_groups=1)
    reader.settled()
    reader.check(layer.num_channels)
    _norm(reader, layer)


def _norm(reader: Reader, layer: nn.LayerNorm | nn.GroupNorm) -> None:
    shape = reader.incoming
    require(layer, eps=EPSILON)
    weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
    tensors = {"weight": array(weight, 1, shape[0]), "bias": array(bias, 0, shape[0])}
    reader.add("layer_norm", {}, tensors, shape)


def _pool(mode: str) -> Callable[[Reader, nn.Module], None]:
    def read(reader: Reader, layer: nn.Module) -> None:
        channels, height, width = reader.image()
        size, stride = side(layer, "kernel_size"), side(layer, "stride")
        if size != stride:
            raise UnfitError(f"its squares of {size} are {stride} apart", f"use stride={size}")
        if side(layer, "padding"):
            raise UnfitError("it pads the image", "use padding=0")
        require(layer, ceil_mode=False)
        if mode == "max":
            require(layer, dilation=1, return_indices=False)
        else:
            require(layer, divisor_override=None)
        if min(height, width) < size:
            raise UnfitError(f"squares of {size} do not fit into {height} x {width} places", "")
        if size > 1:
            reader.add("pool", {"size": size, "mode": mode}, {}, (channels, height // size, width // size))

    return read


def _global_pool(mode: str) -> Callable[[Reader, nn.Module], None]:
    def read(reader: Reader, layer: nn.Module) -> None:
        channels, _, _ = reader.image()
        size = layer.output_size
        if size not in (1, (1, 1)) or getattr(layer, "return_indices", False):
            raise UnfitError(f"its output has {size} places", "use an output_size of 1")
        reader.add("global_pool", {"mode": mode}, {}, (channels,))
        reader.pooled = True

    return read


def _nothing(reader: Reader, layer: nn.Module) -> None:
    """A layer that changes nothing."""


READERS: dict[type[nn.Module], Callable[[Reader, nn.Module], None]] = {
    nn.Linear: _linear,
    Linear: _linear,
    nn.Conv2d: _conv,
    Conv2d: _conv,
    nn.BatchNorm1d: _batch_norm,
    BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    BatchNorm2d: _batch_norm,
    nn.LayerNorm: _layer_norm,
    nn.GroupNorm: _group_norm,
    nn.MaxPool2d: _pool("max"),
    nn.AvgPool2d: _pool("mean"),
    nn.AdaptiveMaxPool2d: _global_pool("max"),
    nn.AdaptiveAvgPool2d: _global_pool("mean"),
    nn.Dropout: _dropout,
    Dropout: _dropout,
    nn.Flatten: _flatten,
    nn.Identity: _nothing,
    nn.Tanh: _activation("tanh"),
    nn.Sigmoid: _activation("sigmoid"),
    nn.ReLU: _activation("relu"),
    nn.ELU: _activation("elu"),
    nn.GELU: _activation("gelu"),
    nn.SiLU: _activation("silu"),
}
"""How layers of each type are read; types are exact, because a subclass may compute something else."""
