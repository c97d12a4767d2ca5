"""Writes the folder of a champion without gradients: weights, description, model card, and a file that acts with torch alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from speciate.champion.folder import replace_folder
from speciate.champion.policy.card import policy_card
from speciate.champion.policy.description import FORMAT, PolicyDescription, read_policy
from speciate.champion.policy.source import policy_source
from speciate.champion.policy.wiring import wiring

FILES = ("model.safetensors", "model.json", "model.py", "README.md")


def publish(
    folder: Path,
    *,
    champion: Mapping[str, Any],
    task: Mapping[str, Any],
    table: Mapping[str, Any] | None,
    run: Mapping[str, Any],
    versions: Mapping[str, str],
) -> None:
    """Write a champion's folder, unless it is there.

    Args:
        folder: Where to; its parent exists.
        champion: The JSON form of the run's champion.
        task: The fields of a `TaskRecord`.
        table: Those of a `TableRecord`, where the task is a table.
        run: Those of a `PolicyRunRecord`.
        versions: Of the libraries.

    Raises:
        StorageError: A file cannot be written.
        CreationError: The folder cannot be made.
    """
    genome = champion["genome"]
    content = weight_file(genome)
    value = {
        "format": FORMAT,
        "version": 1,
        "task": dict(task),
        "table": None if table is None else dict(table),
        "genome": genome,
        "text": champion["description"],
        "fitness": champion["valid_score"],
        "numbers": champion["numbers"],
        "connections": champion["parameters"],
        "sha256": hashlib.sha256(content).hexdigest(),
        "run": dict(run),
        "versions": dict(versions),
    }
    description = PolicyDescription.model_validate(value)
    if not is_current(folder, description):
        replace_folder(folder, policy_files(description))


def policy_files(description: PolicyDescription) -> dict[str, bytes]:
    """The content of each file."""
    genome = description.genome.model_dump()
    texts = (description.to_text(), policy_source(description), policy_card(description))
    encoded = (text.encode("utf-8", "backslashreplace") for text in texts)
    return dict(zip(FILES, (weight_file(genome), *encoded), strict=True))


def weight_file(genome: Mapping[str, Any]) -> bytes:
    """The content of model.safetensors: the weights of the run to the last bit."""
    from safetensors.numpy import save

    return bytes(save(wiring(genome).tensors))


def is_current(folder: Path, description: PolicyDescription) -> bool:
    """Whether all files are there and are of this champion."""
    try:
        weights = hashlib.sha256((folder / FILES[0]).read_bytes()).hexdigest()
        there = all((folder / name).is_file() for name in FILES)
        return there and weights == description.sha256 and read_policy(folder / FILES[1]) == description
    except (OSError, ValueError):
        return False
