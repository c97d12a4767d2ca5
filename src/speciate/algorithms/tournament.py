"""The generational tournament of the article.

"Design by Evolution" (2017): the best two go on unchanged; every other place of the next generation is filled with a
mutated winner of a tournament of three, where rank 1 wins with probability p, rank 2 with p (1 - p), and rank 3 with the
rest; p = 0.85.
"""

from __future__ import annotations

import numpy as np

from speciate.algorithms.base import Algorithm, algorithm
from speciate.algorithms.proposal import Proposal, genome_of
from speciate.errors import ConfigurationError
from speciate.mutation import best, tournament
from speciate.records import Evaluation
from speciate.signatures import at_least, share


@algorithm
class GenerationalTournament(Algorithm):
    """Elites go on; the rest of each generation are mutated winners of small tournaments.

    Args:
        population_size: Members of a generation, at least 2.
        tournament_size: Members drawn for a tournament, from 1 to `population_size`.
        elites: Members that go on unchanged, from 0 to `population_size` - 1. They keep their scores.
        p: Probability that the better one wins, in (0, 1].
        crossover: Probability that a child has two parents; the article has none.

    Raises:
        ConfigurationError: An argument is out of its range.
    """

    name, label = "tournament", "generational tournament"

    def __init__(
        self,
        population_size: int = 50,
        tournament_size: int = 3,
        elites: int = 2,
        p: float = 0.85,
        crossover: float = 0.0,
    ) -> None:
        self.population_size = at_least(2, population_size=population_size)
        if not 1 <= tournament_size <= population_size:
            raise ConfigurationError(
                f"tournament_size must be in [1, population_size = {population_size}], got {tournament_size}"
            )
        if not 0 <= elites < population_size:
            raise ConfigurationError(
                f"elites must be in [0, population_size - 1 = {population_size - 1}], got {elites}"
            )
        if not 0 < p <= 1:
            raise ConfigurationError(f"p must be in (0, 1], got {p}")
        self.tournament_size, self.elites, self.p = tournament_size, elites, p
        self.crossover = share(crossover=crossover)

    def _reset(self) -> None:
        self.generation: list[Evaluation] = []

    def _ask(self, index: int, rng: np.random.Generator) -> Proposal:
        place = index % self.population_size
        fitness = [member.fitness for member in self.generation]
        if not any(member.ok for member in self.generation):  # the first generation, or all have failed
            return self._sample(rng)
        if place < self.elites:
            elite = self.generation[best(fitness, self.elites)[place]]
            return Proposal(genome_of(elite.candidate), (elite.candidate.id,), "elite", like=elite.candidate)

        def winner() -> Evaluation:
            return self.generation[tournament(fitness, self.tournament_size, rng, self.p)]

        return self._child(winner(), rng, winner)

    def _tell(self, evaluation: Evaluation) -> None:
        if len(self.generation) == self.population_size:
            self.generation = []
        self.generation.append(evaluation)

    def _parents(self) -> list[Evaluation]:
        return self.generation
