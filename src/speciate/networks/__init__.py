"""From genomes to modules, and trained networks as values."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from speciate.networks.ensemble import Ensemble
from speciate.networks.network import (
    Network,
    Origin,
    Tensors,
    layer_tensors,
    replace_tensors,
    standardized,
)
from speciate.spaces.recipes import hand_made

if TYPE_CHECKING:  # what needs torch is imported when it is used
    from speciate.networks.building import build
    from speciate.networks.importing import from_module

LATE = {"build": "building", "from_module": "importing"}
"""Names that need torch, and the files they are in."""


def __getattr__(name: str) -> Any:
    if name not in LATE:
        raise AttributeError(f"module 'speciate.networks' has no attribute {name!r}")
    value = getattr(import_module(f"speciate.networks.{LATE[name]}"), name)
    globals()[name] = value
    return value


__all__ = [
    "Ensemble",
    "Network",
    "Origin",
    "Tensors",
    "build",
    "from_module",
    "hand_made",
    "layer_tensors",
    "replace_tensors",
    "standardized",
]
