"""A user's own `torch.nn.Sequential`, with its weights, as a network that a search can start from."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from speciate.errors import DataError
from speciate.layers import Shape
from speciate.layers.convolution import Conv2d
from speciate.layers.dropout import Dropout
from speciate.layers.linear import Linear
from speciate.layers.normalization import BatchNorm1d, BatchNorm2d
from speciate.layers.norms import EPSILON
from speciate.networks.build import build
from speciate.networks.network import Network, Origin
from speciate.networks.state import Tensors, layer_tensors, replace_tensors
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, Node, Value, mark

HYPER: Mapping[str, Value] = {"optimizer": "adam", "learning_rate": 1e-3, "weight_decay": 1e-4}
"""How an imported network is trained at first, where nobody says; gentle, because its weights are worth something."""


def from_module(
    module: nn.Module,
    input_shape: Shape | int,
    *,
    name: str = "",
    classes: tuple[str, ...] = (),
    hyper: Mapping[str, Value] | None = None,
    examples: int = 0,
) -> Network:
    """A trained `torch.nn.Sequential` as a network that a search can start from. It computes the same, to float precision.

    Args:
        module: Linear, Conv2d (odd square kernels with zero padding of half their side; one group, or one a channel),
            BatchNorm1d and 2d, LayerNorm of vectors, GroupNorm with one group, MaxPool2d and AvgPool2d of squares side by side,
            AdaptiveAvgPool2d(1), AdaptiveMaxPool2d(1), Dropout, Flatten, Tanh, Sigmoid, ReLU, ELU, GELU, SiLU, and Sequentials of
            them. The last layer is Linear and gives logits, or one value in the target's own units. Its evaluation mode counts.
        input_shape: Shape of one example: (features,), or (channels, height, width).
        name: What to call it.
        classes: Labels in the order of its outputs; without them, those of the data that it is used on, if there are as many.
        hyper: Hyper-parameters of its training, where they differ from `HYPER`.
        examples: Training examples that it was shown, repetitions counted. The more they are in proportion to what is shown
            now, the more gently it is trained on; 0 counts its weights as if they were fresh.

    Raises:
        DataError: Something in it has no counterpart; names the layer, its place, why, and what to do.
    """
    shape = (input_shape,) if isinstance(input_shape, int) else tuple(input_shape)
    reader = _Reader(shape)
    for place, layer in _leaves(module, ""):
        reader.read(place, layer)
    items = reader.finish()
    nodes = _nodes(items[:-1])
    genome = NetworkGenome.path(nodes, {**HYPER, **(hyper or {})})
    outputs = len(items[-1].tensors["bias"])
    if classes and len(classes) != outputs:
        raise DataError(f"{len(classes)} classes were named, and the head has {outputs} outputs")
    origin = Origin(name or "an imported network", classes=tuple(map(str, classes)), examples=examples)
    return Network(genome, _tensors(genome, items, shape), origin)


@dataclass(slots=True)
class _Item:
    """A layer on its way into a genome."""

    kind: str
    genes: dict[str, Value] = field(default_factory=dict)
    tensors: dict[str, np.ndarray] = field(default_factory=dict)


def _leaves(module: nn.Module, place: str) -> Iterator[tuple[str, nn.Module]]:
    """The layers of nested Sequentials, each with its place, such as "2.0"."""
    if type(module) is not nn.Sequential:
        yield place, module
        return
    for number, part in zip(module._modules, module, strict=True):  # a layer may stand in two places
        yield from _leaves(part, f"{place}.{number}".lstrip("."))


class _Reader:
    """Reads layers in order and keeps track of the shape of what goes from one to the next.

    Args:
        shape: Of one example.

    Raises:
        DataError: The shape is neither that of a vector nor that of an image.
    """

    def __init__(self, shape: Shape) -> None:
        if len(shape) not in (1, 3) or not all(type(n) is int and n > 0 for n in shape):
            raise DataError(
                f"input_shape must be (features,) or (channels, height, width), got {shape}",
                hint="it is the shape of one example, without the batch",
            )
        self.shape = shape
        self.items: list[_Item] = []
        self.flat = False  # a Flatten that waits for what comes next: Linear needs none in a genome
        self.pooled = False  # torch still has height and width 1 here
        self.seen: set[int] = set()

    def read(self, place: str, layer: nn.Module) -> None:
        """The next layer."""
        where = f"layer {place}" if place else "the module"
        try:
            rule = READERS.get(type(layer))
            if rule is None:
                raise _UnfitError("it has no counterpart here", _hint(layer))
            if layer._forward_hooks or layer._forward_pre_hooks:
                raise _UnfitError("it has hooks, which may compute anything", "remove the hooks")
            if any(True for _ in layer.parameters()) and id(layer) in self.seen:
                raise _UnfitError("it stands in two places and shares its weights", "give each place a copy")
            self.seen.add(id(layer))
            rule(self, layer)
        except _UnfitError as error:
            what = f"{where} ({type(layer).__name__}) cannot be imported"
            raise DataError(what, why=error.why, hint=error.hint) from None

    def finish(self) -> list[_Item]:
        """All layers, the head last."""
        last = self.items[-1] if self.items else None
        if (
            last is None
            or last.kind != "dense"
            or last.genes["activation"] != "linear"
            or last.genes["dropout"]
        ):
            found = "nothing" if last is None else f"{last.kind} {dict(last.genes) or ''}".strip()
            raise DataError(
                f"the last layer must be a Linear that gives logits or a value, got {found}",
                hint="leave out Softmax and the like: the loss has them",
            )
        last.kind = OUTPUT
        return self.items

    @property
    def incoming(self) -> Shape:
        """The shape of what the next layer gets."""
        return (math.prod(self.shape),) if self.flat else self.shape

    def add(self, kind: str, genes: dict[str, Value], tensors: dict[str, np.ndarray], shape: Shape) -> None:
        """A layer that is not Linear, behind a Flatten that waits."""
        if self.flat:
            self.items.append(_Item("flatten"))
            self.flat = False
        self.items.append(_Item(kind, genes, tensors))
        self.shape = shape

    def image(self) -> tuple[int, int, int]:
        """The incoming shape, which has to be that of an image."""
        self.settled()
        if len(self.incoming) != 3:
            raise _UnfitError(
                f"it takes images, and what comes in has the shape {self.incoming}", "put it before Flatten"
            )
        channels, height, width = self.incoming
        return channels, height, width

    def settled(self) -> None:
        """Refuse what stands between global pooling and Flatten, where torch has images of one place."""
        if self.pooled:
            raise _UnfitError(
                "it stands between global pooling and Flatten", "put Flatten() right behind the pooling"
            )

    def check(self, units: int) -> None:
        """Refuse what was made for another number of units or channels."""
        if units != self.incoming[0]:
            raise _UnfitError(f"it is for {units} units or channels, and {self.incoming[0]} come in", "")


class _UnfitError(Exception):
    """A layer that cannot be imported."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.why, self.hint = why, hint


def _hint(layer: nn.Module) -> str:
    if isinstance(layer, nn.Softmax | nn.LogSoftmax):
        return "leave it out: the head gives logits"
    if isinstance(layer, nn.Dropout1d | nn.Dropout2d | nn.AlphaDropout):
        return "use Dropout"
    known = ", ".join(sorted({kind.__name__ for kind in READERS}))
    return f"use a torch.nn.Sequential of {known}"


def _require(layer: nn.Module, **values: object) -> None:
    """Refuse a layer whose attributes are not these."""
    for name, wanted in values.items():
        found = getattr(layer, name)
        if found != wanted:
            raise _UnfitError(f"its {name} is {found!r} and must be {wanted!r}", f"use {name}={wanted!r}")


def _array(tensor: torch.Tensor | None, default: float, size: int) -> np.ndarray:
    """A tensor as float32; one that is not there as a constant."""
    if tensor is None:
        return np.full(size, default, np.float32)
    if not torch.is_floating_point(tensor):
        raise _UnfitError(f"its weights are {tensor.dtype}", "use floating point weights")
    values = tensor.detach().cpu().to(torch.float32).numpy().copy()
    if not np.isfinite(values).all():
        raise _UnfitError("a weight is not a finite number", "train it again")
    return values


def _side(layer: nn.Module, name: str) -> int:
    """A number that may be given once or for each axis."""
    value = getattr(layer, name)
    found = {value} if isinstance(value, int) else set(value)
    if len(found) != 1:
        raise _UnfitError(f"its {name} is {value}, not square", f"use one number for {name}")
    return int(found.pop())


def _linear(reader: _Reader, layer: nn.Module) -> None:
    assert isinstance(layer, nn.Linear)
    if len(reader.incoming) == 3:
        raise _UnfitError("it would be applied to each row of an image", "put Flatten() before it")
    reader.settled()
    reader.check(layer.in_features)
    reader.flat = False  # a dense layer flattens what it gets
    weight, bias = _array(layer.weight, 0, 0), _array(layer.bias, 0, layer.out_features)
    genes: dict[str, Value] = {"units": int(layer.out_features), "activation": "linear", "dropout": 0.0}
    reader.add("dense", genes, {"weight": weight, "bias": bias}, (int(layer.out_features),))


def _conv(reader: _Reader, layer: nn.Module) -> None:
    assert isinstance(layer, nn.Conv2d)
    _, height, width = reader.image()
    reader.check(layer.in_channels)
    kernel, stride = _side(layer, "kernel_size"), _side(layer, "stride")
    if kernel % 2 == 0:
        raise _UnfitError(f"its kernel has the even side {kernel}", "use an odd kernel_size")
    _require(layer, padding_mode="zeros", dilation=(1, 1))
    words: dict[object, object] = {"same": kernel // 2, "valid": 0}
    padding = words.get(layer.padding, layer.padding)
    if padding not in (kernel // 2, (kernel // 2, kernel // 2)):
        raise _UnfitError(f"its padding is {layer.padding}", f"use padding={kernel // 2}, half the kernel")
    genes: dict[str, Value] = {"kernel": kernel, "stride": stride, "activation": "linear"}
    depthwise = layer.groups == layer.in_channels == layer.out_channels
    if layer.groups != 1 and not depthwise:
        raise _UnfitError(
            f"it has {layer.groups} groups", "use one group, or one for each channel and as many outputs"
        )
    if layer.groups == 1:
        genes["channels"] = int(layer.out_channels)
    tensors = {"weight": _array(layer.weight, 0, 0), "bias": _array(layer.bias, 0, layer.out_channels)}
    shape = (int(layer.out_channels), -(-height // stride), -(-width // stride))
    reader.add("conv" if layer.groups == 1 else "depthwise", genes, tensors, shape)


def _activation(name: str) -> Callable[[_Reader, nn.Module], None]:
    def read(reader: _Reader, layer: nn.Module) -> None:
        if isinstance(layer, nn.ELU):
            _require(layer, alpha=1.0)
        if isinstance(layer, nn.GELU):
            _require(layer, approximate="none")
        last = reader.items[-1] if reader.items and not reader.flat else None
        # A layer has one activation, and dropout comes behind it.
        if last is not None and last.genes.get("activation") == "linear" and not last.genes.get("dropout"):
            last.genes["activation"] = name
        else:
            reader.add("activation", {"activation": name}, {}, reader.incoming)

    return read


def _dropout(reader: _Reader, layer: nn.Module) -> None:
    assert isinstance(layer, nn.Dropout)
    if not 0 <= layer.p < 1:
        raise _UnfitError(f"it drops everything (p = {layer.p})", "use p below 1")
    last = reader.items[-1] if reader.items and not reader.flat else None
    if layer.p == 0:
        return
    if last is not None and last.kind == "dense" and not last.genes["dropout"]:
        last.genes["dropout"] = float(layer.p)
    else:
        reader.add("dropout", {"dropout": float(layer.p)}, {}, reader.incoming)


def _flatten(reader: _Reader, layer: nn.Module) -> None:
    _require(layer, start_dim=1, end_dim=-1)
    reader.flat = reader.flat or len(reader.shape) == 3
    reader.pooled = False


def _batch_norm(reader: _Reader, layer: nn.Module) -> None:
    assert isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)
    shape = reader.incoming
    reader.settled()
    if len(shape) != (3 if isinstance(layer, nn.BatchNorm2d) else 1):
        raise _UnfitError(
            f"what comes in has the shape {shape}", "use BatchNorm1d for vectors, BatchNorm2d for images"
        )
    reader.check(layer.num_features)
    _require(layer, eps=EPSILON, track_running_stats=True)
    count = np.array(0 if layer.num_batches_tracked is None else int(layer.num_batches_tracked), np.int64)
    tensors = {
        "weight": _array(layer.weight, 1, shape[0]),
        "bias": _array(layer.bias, 0, shape[0]),
        "running_mean": _array(layer.running_mean, 0, shape[0]),
        "running_var": _array(layer.running_var, 1, shape[0]),
        "num_batches_tracked": count,
    }
    reader.add("batch_norm", {}, tensors, shape)


def _layer_norm(reader: _Reader, layer: nn.Module) -> None:
    assert isinstance(layer, nn.LayerNorm)
    reader.settled()
    if len(reader.incoming) != 1 or tuple(layer.normalized_shape) != reader.incoming:
        raise _UnfitError(
            f"it normalizes {tuple(layer.normalized_shape)}, and what comes in has the shape {reader.incoming}",
            "for images use GroupNorm(1, channels)",
        )
    _norm(reader, layer)


def _group_norm(reader: _Reader, layer: nn.Module) -> None:
    assert isinstance(layer, nn.GroupNorm)
    _require(layer, num_groups=1)
    reader.settled()
    reader.check(layer.num_channels)
    _norm(reader, layer)


def _norm(reader: _Reader, layer: nn.LayerNorm | nn.GroupNorm) -> None:
    shape = reader.incoming
    _require(layer, eps=EPSILON)
    weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
    tensors = {"weight": _array(weight, 1, shape[0]), "bias": _array(bias, 0, shape[0])}
    reader.add("layer_norm", {}, tensors, shape)


def _pool(mode: str) -> Callable[[_Reader, nn.Module], None]:
    def read(reader: _Reader, layer: nn.Module) -> None:
        channels, height, width = reader.image()
        size, stride = _side(layer, "kernel_size"), _side(layer, "stride")
        if size != stride:
            raise _UnfitError(f"its squares of {size} are {stride} apart", f"use stride={size}")
        if _side(layer, "padding"):
            raise _UnfitError("it pads the image", "use padding=0")
        _require(layer, ceil_mode=False)
        if mode == "max":
            _require(layer, dilation=1, return_indices=False)
        else:
            _require(layer, divisor_override=None)
        if min(height, width) < size:
            raise _UnfitError(f"squares of {size} do not fit into {height} x {width} places", "")
        if size > 1:
            reader.add("pool", {"size": size, "mode": mode}, {}, (channels, height // size, width // size))

    return read


def _global_pool(mode: str) -> Callable[[_Reader, nn.Module], None]:
    def read(reader: _Reader, layer: nn.Module) -> None:
        channels, _, _ = reader.image()
        size = layer.output_size
        if size not in (1, (1, 1)) or getattr(layer, "return_indices", False):
            raise _UnfitError(f"its output has {size} places", "use an output_size of 1")
        reader.add("global_pool", {"mode": mode}, {}, (channels,))
        reader.pooled = True

    return read


def _nothing(reader: _Reader, layer: nn.Module) -> None:
    """A layer that changes nothing."""


READERS: dict[type[nn.Module], Callable[[_Reader, nn.Module], None]] = {
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


def _nodes(items: list[_Item]) -> list[Node]:
    """Layers with historical marks, as if each had been put between the one before and the head."""
    nodes: list[Node] = []
    for item in items:
        before = nodes[-1].mark if nodes else INPUT
        nodes.append(
            Node.make(mark(item.kind, before, OUTPUT, (n.mark for n in nodes)), item.kind, item.genes)
        )
    return nodes


def _tensors(genome: NetworkGenome, items: list[_Item], shape: Shape) -> dict[str, np.ndarray]:
    """The weights by the names that they have in a network built from the genome."""
    module = build(genome, shape, len(items[-1].tensors["bias"]), np.random.default_rng(0))
    tensors = {name: value.numpy().copy() for name, value in module.state_dict().items()}
    for node, item in zip(genome.nodes[1:], items, strict=True):
        own: Tensors = layer_tensors(tensors, node.mark)
        assert {k: v.shape for k, v in own.items()} == {k: v.shape for k, v in item.tensors.items()}
        replace_tensors(tensors, node.mark, item.tensors)
    return tensors
