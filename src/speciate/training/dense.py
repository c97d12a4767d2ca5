"""Reads a module as a stack of dense layers, which is what the fast engines can train."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from speciate.layers.activations import activations
from speciate.layers.modules import Dropout, Linear

ACTIVATIONS = {cls: name for name, cls in activations().items() if name != "linear"}
"""The activation modules that the fast engines know, in their default form."""


@dataclass(slots=True)
class DenseLayer:
    """One dense layer.

    Attributes:
        linear: Weights (units, inputs) and biases (units,).
        activation: Its name.
        dropout: After the activation, or None.
    """

    linear: nn.Linear
    activation: str = "linear"
    dropout: Dropout | None = None


def layers_of(module: nn.Module) -> list[DenseLayer] | None:
    """The dense layers of a module, the head last, or None if it is anything but a stack of trainable dense layers."""
    layers: list[DenseLayer] = []
    for part in _leaves(module):
        kind = type(part)  # exact: a subclass may compute something else
        if isinstance(part, nn.Linear) and kind in (nn.Linear, Linear) and _plain(part):
            layers.append(DenseLayer(part))
        elif isinstance(part, nn.Flatten) and not layers and (part.start_dim, part.end_dim) == (1, -1):
            continue
        elif isinstance(part, Dropout) and layers and layers[-1].dropout is None:
            layers[-1].dropout = part
        elif kind in ACTIVATIONS and _default(part) and layers and _open(layers[-1]):
            layers[-1].activation = ACTIVATIONS[kind]
        else:
            return None
    if not layers or layers[-1].activation != "linear" or layers[-1].dropout is not None:
        return None
    if len({id(p) for layer in layers for p in layer.linear.parameters()}) < 2 * len(layers):
        return None  # a layer that is used twice
    return layers


def _leaves(module: nn.Module) -> Iterator[nn.Module]:
    if type(module) is nn.Sequential:
        for child in module:
            yield from _leaves(child)
    else:
        yield module


def _plain(part: nn.Module) -> bool:
    return (
        all(p.requires_grad and p.dtype == torch.float32 for p in part.parameters()) and part.bias is not None
    )


def _default(part: nn.Module) -> bool:
    return getattr(part, "alpha", 1.0) == 1.0 and getattr(part, "approximate", "none") == "none"


def _open(layer: DenseLayer) -> bool:
    return layer.activation == "linear" and layer.dropout is None
