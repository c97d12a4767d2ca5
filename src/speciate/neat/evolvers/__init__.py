"""What proposes a generation and learns from its fitness."""

from speciate.neat.evolvers.base import EVOLVERS, Evolver, evolver, evolver_by_name
from speciate.neat.evolvers.cma_es import CmaEs
from speciate.neat.evolvers.genetic import WeightGenetic
from speciate.neat.evolvers.neat import Neat
from speciate.neat.evolvers.openai_es import OpenAIES

__all__ = [
    "EVOLVERS",
    "CmaEs",
    "Evolver",
    "Neat",
    "OpenAIES",
    "WeightGenetic",
    "evolver",
    "evolver_by_name",
]
