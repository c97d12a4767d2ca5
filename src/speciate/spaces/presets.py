"""The spaces that the library offers: what each lets evolve, fitted to the data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from speciate.errors import ConfigurationError
from speciate.layers import Shape
from speciate.spaces import recipes
from speciate.spaces.genes import Choice, Gene, Integer, Real
from speciate.spaces.genome import BINS

MULTIPLICATIONS = 3_000_000
"""The most that an example of 784 values (an MNIST image) may take in a network of convolutions."""

PER_VALUE = 400
"""Whatever an image's size, so many multiplications a value are allowed: a first layer of convolutions needs that."""

ACTIVATIONS = ("linear", "tanh", "sigmoid", "relu", "elu", "gelu", "silu")
"""What dense layers choose from; others would change what is drawn."""

WIDEST = 256
"""Units of a table's widest layer. On splits of tables, three layers of 512 units took four times as long, and were hardly better."""

DECAY = Real(1e-4, 3.0, log=True)
"""AdamW's shrinks weights by rate x decay in a step: at a rate of 0.001, 0.01 hardly matters in 5,000 steps, and 1 does."""

WAVED = 32
"""A table's inputs at most where they may become waves: these cost as much as a layer of some dozen units. With 61, most of
them categories, a search took three times as long."""

Preset = dict[str, Any]
"""Arguments of `NetworkSpace` by name."""


def most_multiplications(input_shape: Shape) -> int:
    """What an image's network may cost: `MULTIPLICATIONS` at MNIST's size, growing with the square root of the values."""
    values = math.prod(input_shape)
    return max(round(MULTIPLICATIONS * math.sqrt(values / 784)), PER_VALUE * values)


def article(depth: tuple[int, int], units: tuple[int, int]) -> Preset:
    """See `NetworkSpace.article`."""
    activations = ("linear", "tanh", "relu", "sigmoid", "elu")
    hyper = {
        "learning_rate": Real(5e-4, 0.2, log=True),
        "weight_decay": Real(5e-5, 2e-3, log=True),
        "optimizer": Choice(("sgd", "adam", "adadelta", "rmsprop")),
    }
    return {"depth": depth, "layers": {"dense": _dense(*units, 16, 0.7, activations)}, "hyper": hyper}


def mlp(
    features: int,
    rows: int,
    outputs: int,
    depth: tuple[int, int],
    units: tuple[int, int] | None,
    bins: Sequence[int] = (),
) -> Preset:
    """See `NetworkSpace.mlp`."""
    if features >= 784 and rows >= 10_000:
        return article(depth, units or (128, 1024))
    low, high = units or _fitting_units(features, rows, outputs, 512)
    hyper = _vector_hyper(rows, bins)
    return {"depth": depth, "layers": {"dense": _dense(low, high, 4, 0.5, ACTIVATIONS)}, "hyper": hyper}


def table(
    features: int,
    rows: int,
    outputs: int,
    depth: tuple[int, int],
    units: tuple[int, int] | None,
    bins: Sequence[int],
) -> Preset:
    """See `NetworkSpace.table`."""
    low, high = units or (16, _fitting_units(features, rows, outputs, WIDEST)[1])
    activations = Choice(
        ("relu", "silu", "mish", "gelu", "selu", "elu", "tanh", "linear"), weights=(3, 3, 2, 2, 1, 1, 1, 0.5)
    )
    layers = {"dense": {**_dense(low, high, 4, 0.5, ACTIVATIONS), "activation": activations}}
    if bins and features <= WAVED:  # there are numbers, and rows enough for more than their lines
        layers["periodic"] = {
            "frequencies": Choice((8, 16, 32), ordered=True),
            "sigma": Real(0.03, 3.0, log=True),
            "size": Choice((2, 4, 8), ordered=True),
        }
    hyper = {
        **_vector_hyper(rows, bins),
        "batch_size": _batches((32, 64, 128, 256) if rows >= 1000 else (16, 32, 64, 128), rows),
        "learning_rate": Real(3e-4, 5e-2, log=True),
        "weight_decay": DECAY,
        "optimizer": Choice(("adamw", "adam", "sgd", "rmsprop"), weights=(8, 1, 0.5, 0.5)),
        "schedule": Choice(("one_cycle", "cosine", "flat_cos", "coslog4"), weights=(2, 1, 2, 2)),
        "beta2": Choice((0.95, 0.99, 0.999), ordered=True),
        "ema": Choice((0.0, 0.02, 0.05, 0.1), ordered=True, weights=(3, 1, 1, 1)),
    }
    written = recipes.fitted(recipes.TABLES, depth, layers, hyper)
    return {
        "depth": depth,
        "layers": layers,
        "hyper": hyper,
        "input_shape": (features,),
        "recipes": written,
    }


def conv(
    input_shape: Shape, rows: int, outputs: int, depth: tuple[int, int], units: tuple[int, int] | None
) -> Preset:
    """See `NetworkSpace.conv`.

    Raises:
        ConfigurationError: The data are not images.
    """
    if len(input_shape) != 3:
        raise ConfigurationError(
            f"convolutions need images (channels, height, width), and these examples have the shape {tuple(input_shape)}",
            hint="use the space mlp or graph, or hand in images: a folder of images by class, IDX files, an .npz of images",
        )
    units = units or _fitting_units(64, rows, outputs, 256)
    activations = Choice(("relu", "elu", "gelu", "silu", "tanh", "linear"), weights=(5, 1, 1, 1, 1, 0.5))
    stride = Choice((1, 2), ordered=True, weights=(7, 1))
    filters = {"activation": activations, "stride": stride}
    layers: dict[str, dict[str, Gene]] = {
        "conv": {
            **filters,
            "channels": Integer(8, 64, log=True, multiple=8),
            "kernel": Choice((1, 3, 5, 7), ordered=True, weights=(1, 8, 4, 1)),
        },
        "depthwise": {**filters, "kernel": Choice((3, 5, 7), ordered=True, weights=(4, 2, 1))},
        "pool": {
            "mode": Choice(("max", "mean"), weights=(3, 1)),
            "size": Choice((2, 3, 4), ordered=True, weights=(6, 2, 1)),
        },
        "global_pool": {"mode": Choice(("max", "mean"), weights=(1, 3))},
        "batch_norm": {},
        "dropout": {"dropout": Real(0.0, 0.5)},
        "dense": _dense(*units, 4, 0.5, ACTIVATIONS),
    }
    hyper = {
        "learning_rate": Real(3e-4, 3e-2, log=True),
        "weight_decay": Real(1e-6, 1e-2, log=True),
        "optimizer": Choice(("adam", "adamw", "sgd", "rmsprop")),
        "batch_size": _batches((32, 64, 128), rows),
    }
    shape = tuple(int(size) for size in input_shape)
    most = most_multiplications(shape)
    return {
        "depth": depth,
        "layers": layers,
        "hyper": hyper,
        "input_shape": shape,
        "max_multiplications": most,
    }


def graph(
    input_shape: Shape,
    rows: int,
    outputs: int,
    depth: tuple[int, int],
    units: tuple[int, int] | None,
    bins: Sequence[int],
    merges: int,
) -> Preset:
    """See `NetworkSpace.graph`."""
    joins: dict[str, dict[str, Gene]] = {"add": {}, "concat": {}}
    if len(input_shape) == 3:
        preset = conv(input_shape, rows, outputs, depth, units)
        return {**preset, "layers": {**preset["layers"], **joins}, "merges": merges}
    shape = tuple(int(size) for size in input_shape)
    features = math.prod(shape)
    low, high = units or _fitting_units(features, rows, outputs, 512)
    layers: dict[str, Mapping[str, Gene]] = {
        "dense": _dense(low, high, 4, 0.5, ACTIVATIONS),
        "batch_norm": {},
        "layer_norm": {},
        "dropout": {"dropout": Real(0.0, 0.5)},
        "activation": {"activation": Choice(tuple(name for name in ACTIVATIONS if name != "linear"))},
        **joins,
    }
    return {
        "depth": depth,
        "layers": layers,
        "hyper": _vector_hyper(rows, bins),
        "input_shape": shape,
        "max_multiplications": features * high + 3 * high * high,  # four of the widest layers in a row
        "merges": merges,
    }


def _fitting_units(features: int, rows: int, outputs: int, most: int) -> tuple[int, int]:
    """Wide enough for the inputs and the classes, narrow enough for the rows: past that, width only costs time."""
    wanted = min(most, max(128, 4 * features, 8 * outputs), max(32, rows // 8))
    widest = 2 ** int(math.log2(wanted))
    return max(8, widest // 16), widest


def _vector_hyper(rows: int, bins: Sequence[int]) -> dict[str, Gene]:
    encoded = (
        {BINS: Choice((0, *bins), ordered=True, weights=(1, *([2 / len(bins)] * len(bins))))} if bins else {}
    )
    return {
        **encoded,
        "learning_rate": Real(3e-4, 0.1, log=True),
        "weight_decay": Real(1e-6, 1e-2, log=True),
        "optimizer": Choice(("sgd", "adam", "adamw", "rmsprop", "adadelta")),
        "batch_size": _batches((16, 32, 64, 128, 256), rows),
    }


def _batches(sizes: tuple[int, ...], rows: int) -> Choice:
    """Those that leave at least eight steps an epoch."""
    return Choice([size for size in sizes if size * 8 <= rows] or [8], ordered=True)


def _dense(
    low: int, high: int, multiple: int, dropout: float, activations: tuple[str, ...]
) -> dict[str, Gene]:
    return {
        "units": Integer(low, high, log=True, multiple=multiple),
        "activation": Choice(activations),
        "dropout": Real(0.0, dropout),
    }
