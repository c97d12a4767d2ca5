"""Toy problems with known answers."""

from __future__ import annotations

import os
import signal

from speciate.records import Genome
from speciate.spaces import ParameterSpace, Real


def sphere_space(dimensions: int = 4) -> ParameterSpace:
    """Real numbers x0, x1, ... in [-1, 1]."""
    return ParameterSpace({f"x{i}": Real(-1.0, 1.0) for i in range(dimensions)})


def sphere(genome: Genome) -> float:
    """Minus the sum of the squares of all numbers among the hyper-parameters: 0 at the origin, the only optimum."""
    return -sum(float(x) ** 2 for x in genome.to_json()["hyper"].values() if not isinstance(x, str))


def crashing(genome: Genome) -> float:
    """Kills its process where x0 is positive; elsewhere the same as `sphere`."""
    if genome.to_json()["hyper"]["x0"] > 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return sphere(genome)
