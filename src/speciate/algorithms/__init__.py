"""Ask/tell algorithms, one per file."""

# isort: off
# Messages name the algorithms in the order in which they are registered.
from speciate.algorithms.base import ALGORITHMS, Algorithm, algorithm
from speciate.algorithms.proposal import Proposal
from speciate.algorithms.aging import AgingEvolution
from speciate.algorithms.tournament import GenerationalTournament
from speciate.algorithms.random import RandomSearch
from speciate.algorithms.local import LocalSearch
from speciate.algorithms.guided import GuidedEvolution
from speciate.algorithms.final import DoublingTraining, Final, Refinement, Refit
from speciate.algorithms.halving import Halving

__all__ = [
    "ALGORITHMS",
    "AgingEvolution",
    "Algorithm",
    "DoublingTraining",
    "Final",
    "GenerationalTournament",
    "GuidedEvolution",
    "Halving",
    "LocalSearch",
    "Proposal",
    "RandomSearch",
    "Refinement",
    "Refit",
    "algorithm",
]
