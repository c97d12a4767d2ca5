"""Makes a model of what a run has: the champion, its weights, its data and the facts in its store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from speciate.champion.facts import describe
from speciate.champion.model import Model
from speciate.data import Data
from speciate.spaces import NetworkGenome

if TYPE_CHECKING:  # torch is imported where networks are made: a driver with worker processes can do without
    from torch import nn


class Network(Protocol):
    """A trained network as values."""

    @property
    def genome(self) -> NetworkGenome:
        """Its genome."""
        ...

    @property
    def tensors(self) -> Mapping[str, np.ndarray]:
        """Its weights, by the names that they have in a network built from the genome."""
        ...


def assemble(*, champion: Mapping[str, Any], network: Network, data: Data, facts: Mapping[str, Any]) -> Model:
    """The champion as a model that predicts, and that can be written to a folder.

    Args:
        champion: The JSON form of the run's champion.
        network: The trained network.
        data: What it was trained on. The sealed test rows are not looked at.
        facts: What `run_facts` gives.
    """
    import torch

    from speciate.champion.plain import plain
    from speciate.networks import build

    built = build(network.genome, data.input_shape, data.outputs, np.random.default_rng(0))
    built.load_state_dict({name: torch.from_numpy(value) for name, value in network.tensors.items()})
    module = plain(built, network.genome, data.input_shape, data.outputs)
    sha256 = hashlib.sha256(weight_file(module)).hexdigest()
    return Model(describe(champion, network.genome, data, facts, sha256), network.genome, module)


def weight_file(module: nn.Module) -> bytes:
    """The content of model.safetensors."""
    from safetensors.numpy import save

    return bytes(save({name: tensor.numpy() for name, tensor in module.state_dict().items()}))
