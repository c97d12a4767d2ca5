"""A user's own `torch.nn.Sequential`, with its weights, as a network that a search can start from."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from torch import nn

from speciate.errors import DataError
from speciate.layers import LAYERS, LayerType, Shape
from speciate.layers.modules import SameAsTorch
from speciate.layers.reading import Item, Reader, UnfitError, check_plain
from speciate.networks.building import build
from speciate.networks.network import Network, Origin, Tensors, layer_tensors, replace_tensors
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, Node, Value, mark
from speciate.training import OPTIMIZERS

HYPER: Mapping[str, Value] = {"optimizer": "adam", "learning_rate": 1e-3, "weight_decay": 1e-4}
"""How an imported network is trained at first, where nothing else is asked for: gently, because its weights are worth something."""


def from_module(
    module: nn.Module,
    input_shape: Shape | int,
    *,
    name: str = "",
    classes: Sequence[str] = (),
    hyper: Mapping[str, Value] | None = None,
    examples: int = 0,
    mean: float | Sequence[float] | None = None,
    scale: float | Sequence[float] | None = None,
) -> Network:
    """A trained `torch.nn.Sequential` as a network that a search can start from. It computes the same, to float precision.

    The library standardizes what networks see: `load_data(...).train.x` is what they are trained on. A module that was trained
    on other numbers needs `mean` and `scale`; its first layer is then changed so that it computes on standardized inputs what
    it computed on its own.

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
        mean: The module was trained on (value - mean) / scale, value being what the data hold: a table's numbers, pixels from 0
            to 255. One number, or one for each feature (each channel of an image). For raw values mean 0 and scale 1, for
            pixels from 0 to 1 scale 255. Without both, on inputs that were standardized as in `load_data`. The first layer
            has to be Linear, behind Flatten at most.
        scale: See `mean`.

    Raises:
        DataError: Something in it has no counterpart; names the layer, its place, why, and what to do. Or a hyper-parameter
            or the number of examples makes no sense.
    """
    _check(hyper or {}, examples)
    shape = _shape(input_shape)
    labels = _labels(classes)
    moments = _moments(mean, scale, shape)
    reader = Reader(shape)
    for place, layer in _leaves(module, ""):
        _read(reader, place, layer)
    items = reader.finish()
    nodes = _nodes(items[:-1])
    genome = NetworkGenome.path(nodes, {**HYPER, **(hyper or {})})
    outputs = len(items[-1].tensors["bias"])
    if labels and len(labels) != outputs:
        raise DataError(f"{len(labels)} classes were named, and the head has {outputs} outputs")
    known = {"classes": labels, "examples": int(examples), **moments}
    origin = Origin(str(name) or "an imported network", **known)
    return Network(genome, _tensors(genome, items, shape), origin)


def _shape(value: object) -> Shape:
    """Shape of one example."""
    if isinstance(value, numbers.Integral):
        return (int(value),)
    if isinstance(value, Sequence) and all(isinstance(n, numbers.Integral) for n in value):
        return tuple(int(n) for n in value)
    raise DataError(
        f"input_shape must be a number of features or (channels, height, width), got {value!r}",
        hint="it is the shape of one example, without the batch",
    )


def _labels(classes: Sequence[str]) -> tuple[str, ...]:
    """The labels, each once."""
    if isinstance(classes, str):
        raise DataError(f"classes must be a list of labels, got {classes!r}", hint=f"use {[*classes]!r}")
    labels = tuple(map(str, classes))
    if len(set(labels)) < len(labels):
        raise DataError(f"classes must differ from each other, got {', '.join(labels)}")
    return labels


def _moments(mean: object, scale: object, shape: Shape) -> dict[str, Any]:
    """What an origin says of the module's inputs."""
    if mean is None and scale is None:
        return {}
    found = {}
    for name, value, usual in (("mean", mean, 0.0), ("scale", scale, 1.0)):
        values = np.atleast_1d(np.asarray(usual if value is None else value))
        good = values.dtype.kind in "iuf" and values.ndim == 1 and np.isfinite(values).all()
        if not good or len(values) not in (1, shape[0]) or (name == "scale" and (values <= 0).any()):
            what = "features" if len(shape) == 1 else "channels"
            raise DataError(
                f"{name} must be one finite number{' greater than 0' if name == 'scale' else ''}, or one for each of the "
                f"{shape[0]} {what}, got {value!r}"
            )
        found[f"input_{name}"] = tuple(float(v) for v in values)
    return found


def _check(hyper: Mapping[str, Value], examples: int) -> None:
    """Refuse settings that no training has."""
    if isinstance(examples, bool) or not isinstance(examples, numbers.Integral) or examples < 0:
        raise DataError(f"examples must be a whole number of at least 0, got {examples!r}")
    if unknown := sorted(set(hyper) - {*HYPER, "batch_size"}):
        known = ", ".join(sorted({*HYPER, "batch_size"}))
        raise DataError(f"there is no hyper-parameter {unknown[0]!r}", hint=f"known: {known}")
    if not _number(hyper.get("learning_rate", 1)) or float(hyper.get("learning_rate", 1)) <= 0:
        raise DataError(f"learning_rate must be a number greater than 0, got {hyper['learning_rate']!r}")
    if type(size := hyper.get("batch_size", 1)) is not int or size < 1:
        raise DataError(f"batch_size must be a whole number greater than 0, got {size!r}")
    if not _number(hyper.get("weight_decay", 0)) or float(hyper.get("weight_decay", 0)) < 0:
        raise DataError(f"weight_decay must be a number of at least 0, got {hyper['weight_decay']!r}")
    if "optimizer" in hyper and hyper["optimizer"] not in OPTIMIZERS:
        raise DataError(f"optimizer must be one of {', '.join(OPTIMIZERS)}, got {hyper['optimizer']!r}")


def _number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _leaves(module: nn.Module, place: str) -> Iterator[tuple[str, nn.Module]]:
    """The layers of nested Sequentials, each with its place, such as "2.0"."""
    if type(module) is not nn.Sequential:
        yield place, module
        return
    try:
        check_plain(module)
    except UnfitError as error:
        where = f"the Sequential {place}" if place else "the module"
        raise DataError(f"{where} cannot be imported", why=error.why, hint=error.hint) from None
    for number, part in zip(module._modules, module, strict=True):  # a layer may stand in two places
        yield from _leaves(part, f"{place}.{number}".lstrip("."))


def _read(reader: Reader, place: str, layer: nn.Module) -> None:
    """The next layer."""
    where = f"layer {place}" if place else "the module"
    try:
        kind = _readers().get(_torch_class(layer))
        if kind is None:
            raise UnfitError("it has no counterpart here", _hint(layer))
        reader.check_alone(layer)
        kind.read(reader, layer)
    except UnfitError as error:
        what = f"{where} ({type(layer).__name__}) cannot be imported"
        raise DataError(what, why=error.why, hint=error.hint) from None


def _readers() -> dict[type[nn.Module], LayerType]:
    """The layer types by the classes that they read; exact ones, because a subclass may compute something else."""
    return {getattr(nn, name): layer for layer in LAYERS.values() for name in layer.reads}


def _torch_class(layer: nn.Module) -> type[nn.Module]:
    """Its class, or the one of torch that it is the same as."""
    return type(layer).__mro__[2] if isinstance(layer, SameAsTorch) else type(layer)


def _hint(layer: nn.Module) -> str:
    if isinstance(layer, nn.Softmax | nn.LogSoftmax):
        return "leave it out: the head gives logits"
    if isinstance(layer, nn.Dropout1d | nn.Dropout2d | nn.AlphaDropout):
        return "use Dropout"
    known = ", ".join(sorted({cls.__name__ for cls in _readers()}))
    return f"use a torch.nn.Sequential of {known}"


def _nodes(items: list[Item]) -> list[Node]:
    """Layers with historical marks, as if each had been put between the one before and the head."""
    nodes: list[Node] = []
    for item in items:
        before = nodes[-1].mark if nodes else INPUT
        nodes.append(
            Node.make(mark(item.kind, before, OUTPUT, (n.mark for n in nodes)), item.kind, item.genes)
        )
    return nodes


def _tensors(genome: NetworkGenome, items: list[Item], shape: Shape) -> dict[str, np.ndarray]:
    """The weights by the names that they have in a network built from the genome."""
    module = build(genome, shape, len(items[-1].tensors["bias"]), np.random.default_rng(0))
    tensors = {name: value.numpy().copy() for name, value in module.state_dict().items()}
    for node, item in zip(genome.nodes[1:], items, strict=True):
        own: Tensors = layer_tensors(tensors, node.mark)
        assert {k: v.shape for k, v in own.items()} == {k: v.shape for k, v in item.tensors.items()}
        replace_tensors(tensors, node.mark, item.tensors)
    return tensors
