"""Local search: walk to a better neighbor until there is none, then start again elsewhere.

White et al., "Exploring the Loss Landscape in Neural Architecture Search", UAI 2021, arXiv:2005.02960, Algorithm 1, with
random neighbors instead of all of them: continuous genes have infinitely many.
"""

from __future__ import annotations

import numpy as np

from speciate.algorithms.base import Algorithm, algorithm
from speciate.algorithms.proposal import Proposal
from speciate.mutation import best
from speciate.records import Evaluation
from speciate.signatures import at_least


@algorithm
class LocalSearch(Algorithm):
    """Begin at the best of a few random genomes, move to every neighbor that is better, restart when stuck.

    Args:
        population_size: Candidates shown together as one generation, at least 1.
        starts: Random genomes of which the best is where a walk begins, at least 1.
        patience: Neighbors without an improvement after which a new walk begins, at least 1.
        lag: How many candidates may be evaluated at the same time; see `AgingEvolution`.

    Raises:
        ConfigurationError: An argument is out of its range.
    """

    name, label = "local", "local search"

    def __init__(self, population_size: int = 50, starts: int = 10, patience: int = 24, lag: int = 8) -> None:
        self.population_size = at_least(1, population_size=population_size)
        self.starts = at_least(1, starts=starts)
        self.patience, self.lag = at_least(1, patience=patience), at_least(1, lag=lag)

    def _reset(self) -> None:
        self.current: Evaluation | None = None  # None while a walk's beginning is looked for
        self.begun: list[Evaluation] = []
        self.failures = 0

    def _needs(self, index: int) -> int:
        return max(0, index - self.lag + 1)

    def _ask(self, index: int, rng: np.random.Generator) -> Proposal:
        return self._sample(rng) if self.current is None else self._child(self.current, rng)

    def _tell(self, evaluation: Evaluation) -> None:
        if self.current is None:
            if not evaluation.candidate.parents:  # late children of the walk before do not count
                self.begun.append(evaluation)
            if len(self.begun) >= self.starts and any(start.ok for start in self.begun):
                self.current = self.begun[best([start.fitness for start in self.begun], 1)[0]]
                self.failures = 0
        elif evaluation.fitness > self.current.fitness:
            self.current, self.failures = evaluation, 0
        elif evaluation.candidate.parents == (self.current.candidate.id,):
            self.failures += 1
            if self.failures >= self.patience:
                self.current, self.begun = None, []

    def _parents(self) -> list[Evaluation]:
        return self.begun if self.current is None else [self.current]
