"""The space of an evolver of tables: which networks there may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from speciate.errors import UsageError
from speciate.spaces import NetworkGenome, Space


class PolicySpace(Space):
    """Networks from a task's inputs to its outputs. Its evolver samples them, a generation at a time.

    Args:
        inputs: Inputs of every network.
        outputs: Outputs.
        about: What else is the same in all of them, as JSON.
    """

    def __init__(self, inputs: int, outputs: int, about: Mapping[str, Any]) -> None:
        self.inputs, self.outputs, self.about = inputs, outputs, dict(about)
        self.hyper, self.operators = {}, {}

    def sample(self, rng: np.random.Generator) -> NetworkGenome:
        """Not possible: single networks of this kind are not sampled.

        Raises:
            UsageError: Always.
        """
        raise UsageError("networks of this space are made by an evolver, a generation at a time")

    def problems(self, genome: NetworkGenome) -> list[str]:
        """Networks of layers do not belong to it."""
        return ["it is a network of layers, and this space has networks of single connections"]

    def to_json(self) -> dict[str, Any]:
        """The space as JSON."""
        return {"kind": "policy", "inputs": self.inputs, "outputs": self.outputs, **self.about}
