"""Several networks that answer together: the mean of what they say, with a temperature for how sure they are.

Averaging: Hansen & Salamon 1990, "Neural Network Ensembles", IEEE PAMI 12(10). Temperature: Guo, Pleiss, Sun & Weinberger 2017, "On
Calibration of Modern Neural Networks", ICML, arXiv:1706.04599, section 4.2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from speciate.errors import UsageError
from speciate.networks.network import Network, Tensors
from speciate.spaces import NetworkGenome


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Networks for the same rows. `Network` has the same two attributes: it is an ensemble of one.

    With p the mean of the networks' probabilities (n, classes), those of the ensemble are p^(1 / temperature), divided by their sum.
    Values of a regression are the mean of the networks' values; it has no temperature.

    Attributes:
        networks: The leading one first. They may differ in everything but what they predict.
        temperature: Greater than 1 makes probabilities less sure.

    Raises:
        UsageError: There is no network, or the temperature is not a number greater than 0.
    """

    networks: tuple[Network, ...]
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not self.networks:
            raise UsageError("an ensemble needs a network")
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise UsageError(f"temperature must be a number greater than 0, got {self.temperature!r}")

    @classmethod
    def of(cls, genomes: Sequence[NetworkGenome], tensors: Tensors, temperature: float = 1.0) -> Ensemble:
        """The ensemble whose `tensors` these are."""
        starts = [f"{i}." if len(genomes) > 1 else "" for i in range(len(genomes))]
        parts = (
            {name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)}
            for start in starts
        )
        return cls(tuple(map(Network, genomes, parts)), temperature)

    @property
    def tensors(self) -> Mapping[str, np.ndarray]:
        """The weights for one file: a single network's by their names, those of several with the network's place in front: `0.`, `1.`."""
        if len(self.networks) == 1:
            return self.networks[0].tensors
        return {f"{i}.{k}": v for i, network in enumerate(self.networks) for k, v in network.tensors.items()}
