"""The tensors of one layer within the state dictionary of a network."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from speciate.errors import DataError

Tensors = Mapping[str, np.ndarray]
"""A state dictionary, or the part of it that belongs to a layer."""

Linear = tuple[np.ndarray, np.ndarray]
"""A weight (units, inputs) and its bias (units,)."""


def _names(tensors: Tensors, mark: str) -> dict[str, str]:
    """A layer's tensors: their names within the layer, and in the network.

    Positions are left out of the former: a head right behind images comes second, after their flattening.
    """
    names = [name for name in tensors if name.startswith(f"{mark}.")]
    return {".".join(p for p in name.split(".")[1:] if not p.isdigit()): name for name in names}


def layer_tensors(tensors: Tensors, mark: str) -> dict[str, np.ndarray]:
    """A layer's tensors by their names within the layer."""
    return {short: tensors[name] for short, name in _names(tensors, mark).items()}


def replace_tensors(tensors: dict[str, np.ndarray], mark: str, values: Tensors) -> None:
    """Put other values, by their names within the layer, in the place of a layer's tensors; types stay as they are."""
    for short, name in _names(tensors, mark).items():
        tensors[name] = values[short].astype(tensors[name].dtype)


def linear_map(tensors: Tensors, mark: str) -> Linear:
    """The linear map of a layer that has just that.

    Raises:
        DataError: The layer has other tensors, or a part is missing.
    """
    parts = {name.rpartition(".")[2]: value for name, value in layer_tensors(tensors, mark).items()}
    if set(parts) != {"weight", "bias"}:
        raise DataError(f"layer {mark} must have one weight and one bias, got {sorted(parts)}")
    return parts["weight"], parts["bias"]


def replace_linear_map(tensors: dict[str, np.ndarray], mark: str, linear: Linear) -> None:
    """Put another map of the same shape in the place of a layer's."""
    parts = dict(zip(("weight", "bias"), linear, strict=True))
    values = {short: parts[short.rpartition(".")[2]] for short in _names(tensors, mark)}
    replace_tensors(tensors, mark, values)
