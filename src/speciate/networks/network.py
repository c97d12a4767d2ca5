"""A trained network as values, with what is known about where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from speciate.spaces import NetworkGenome


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a network comes from. What is unknown is empty.

    Attributes:
        name: What people call it.
        task: "classification" or "regression".
        target: What it predicts.
        classes: Labels in the order of the head's outputs.
        target_mean: A regression's value is target_mean + target_scale * output.
        target_scale: See `target_mean`.
        inputs: What each of its inputs means.
        source: Name of the data that it was trained on.
        fingerprint: SHA-256 of these data as they were split.
        examples: Training examples that went into its weights, repetitions and its own ancestors' included.
        input_mean: Its inputs are (value in the data - input_mean) / input_scale, one number for all inputs or one for each;
            empty where they are standardized as the library does it.
        input_scale: See `input_mean`.
    """

    name: str = ""
    task: str = ""
    target: str = ""
    classes: tuple[str, ...] = ()
    target_mean: float = 0.0
    target_scale: float = 1.0
    inputs: tuple[str, ...] = ()
    source: str = ""
    fingerprint: str = ""
    examples: int = 0
    input_mean: tuple[float, ...] = ()
    input_scale: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """A trained network as values.

    Attributes:
        genome: Its genome.
        tensors: Its weights by the names that they have in the state dictionary of a network built from the genome.
        origin: Where it comes from.
        renewed: Marks of layers that are not its own: they were given fresh weights, or none at all, to fit other data.
    """

    genome: NetworkGenome
    tensors: Mapping[str, np.ndarray]
    origin: Origin = field(default=Origin())
    renewed: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        """Whether every layer is its own, the head included."""
        return not self.renewed
