"""What proposes a generation and learns from its fitness."""

from speciate.neat.evolvers.base import Evolver, Individuals
from speciate.neat.evolvers.neat import Neat
from speciate.neat.evolvers.registry import EVOLVERS, evolver_by_name

__all__ = ["EVOLVERS", "Evolver", "Individuals", "Neat", "evolver_by_name"]
