"""What proposes a generation and learns from its fitness."""

from speciate.neat.evolvers.base import Evolver, Individuals
from speciate.neat.evolvers.neat import Neat

__all__ = ["Evolver", "Individuals", "Neat"]
