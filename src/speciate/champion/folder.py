"""Writes a champion's folder: complete or absent, whatever happens meanwhile."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from speciate.champion.card import model_card
from speciate.champion.description import Description, read_description
from speciate.champion.facts import describe
from speciate.champion.model import FILES
from speciate.data import Data
from speciate.errors import CreationError, SpeciateError
from speciate.spaces import NetworkGenome
from speciate.store import write_file

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


def write_champion(
    folder: Path, *, champion: Mapping[str, Any], network: Network, data: Data, facts: Mapping[str, Any]
) -> None:
    """Write a champion's folder, or replace an older one.

    Args:
        folder: Where to; its parent exists.
        champion: The JSON form of the run's champion.
        network: The trained network.
        data: What it was trained on. The sealed test rows are not looked at.
        facts: What `run_facts` gives.

    Raises:
        StorageError: A file cannot be written.
        CreationError: The folder cannot be made.
    """
    import torch

    from speciate.champion.plain import plain
    from speciate.networks import build

    built = build(network.genome, data.input_shape, data.outputs, np.random.default_rng(0))
    built.load_state_dict({name: torch.from_numpy(value) for name, value in network.tensors.items()})
    module = plain(built)
    sha256 = hashlib.sha256(weight_file(module)).hexdigest()
    description = describe(champion, network.genome, data, facts, sha256)
    replace_folder(folder, champion_files(description, module))


def weight_file(module: nn.Sequential) -> bytes:
    """The content of model.safetensors."""
    from safetensors.numpy import save

    return bytes(save({name: tensor.numpy() for name, tensor in module.state_dict().items()}))


def champion_files(description: Description, module: nn.Sequential) -> dict[str, bytes]:
    """The content of each file of a champion's folder."""
    from speciate.champion.source import model_source

    texts = description.to_text(), model_source(description, module), model_card(description, module)
    return dict(
        zip(
            FILES,
            (weight_file(module), *(text.encode("utf-8", "backslashreplace") for text in texts)),
            strict=True,
        )
    )


def is_current(folder: Path, trained: str) -> bool:
    """Whether the folder holds all files of the champion whose weight file in the run has this SHA-256."""
    try:
        description, _ = read_description(folder / "model.json")
        weights = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    except (OSError, ValueError):
        return False
    there = all((folder / name).is_file() for name in FILES)
    return there and description.weights.trained == trained and description.weights.sha256 == weights


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a new folder beside this one, and rename it when it is complete.

    Raises:
        StorageError: A file cannot be written.
        CreationError: The folder cannot be made.
    """
    temporary, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{kind}") for kind in ("tmp", "old"))
    try:
        for left in folder.parent.glob(f".{folder.name}.*.*"):  # of a process that died here
            shutil.rmtree(left)
        temporary.mkdir()
        for name, content in files.items():
            write_file(temporary / name, content)
        if folder.exists():
            folder.rename(old)
        temporary.rename(folder)
    except OSError as error:
        if old.exists() and not folder.exists():
            old.rename(folder)
        if isinstance(error, SpeciateError):
            raise
        why = error.strerror or str(error)
        raise CreationError("cannot write the champion's folder", where=str(folder), why=why) from None
    finally:
        for left in (temporary, old):
            shutil.rmtree(left, ignore_errors=True)
