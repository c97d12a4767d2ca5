"""The tensors of one layer within the state dictionary of a network."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Tensors = Mapping[str, np.ndarray]
"""A state dictionary, or the part of it that belongs to a layer."""


def layer_tensors(tensors: Tensors, mark: str) -> dict[str, np.ndarray]:
    """A layer's tensors by the last part of their names, such as "weight": what comes before depends on the layer's inputs."""
    start = f"{mark}."
    return {name.rpartition(".")[2]: value for name, value in tensors.items() if name.startswith(start)}


def replace_tensors(tensors: dict[str, np.ndarray], mark: str, values: Tensors) -> None:
    """Put other values in the place of a layer's tensors; types stay as they are."""
    start = f"{mark}."
    for name, value in tensors.items():
        if name.startswith(start):
            tensors[name] = np.asarray(values[name.rpartition(".")[2]]).astype(value.dtype)
