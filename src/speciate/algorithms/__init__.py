"""Ask/tell algorithms, one per file."""

from speciate.algorithms.aging import AgingEvolution
from speciate.algorithms.base import Algorithm, Proposal
from speciate.algorithms.final import Final, Growth, Refinement
from speciate.algorithms.local import LocalSearch
from speciate.algorithms.random import RandomSearch
from speciate.algorithms.tournament import GenerationalTournament

ALGORITHMS: dict[str, type[Algorithm]] = {
    kind.name: kind for kind in (AgingEvolution, GenerationalTournament, LocalSearch, RandomSearch)
}
"""The algorithms that can search, by the name used in commands and configurations."""

__all__ = [
    "ALGORITHMS",
    "AgingEvolution",
    "Algorithm",
    "Final",
    "GenerationalTournament",
    "Growth",
    "LocalSearch",
    "Proposal",
    "RandomSearch",
    "Refinement",
]
