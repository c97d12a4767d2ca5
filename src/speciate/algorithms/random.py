"""Random search: every candidate drawn from the space, as the article's rival runs it, a fresh population each step."""

from __future__ import annotations

import numpy as np

from speciate.algorithms.base import Algorithm, algorithm
from speciate.algorithms.proposal import Proposal


@algorithm
class RandomSearch(Algorithm):
    """Draw genomes at random; learn nothing. The rival that every other algorithm has to beat.

    Args:
        population_size: Candidates shown together as one generation, at least 1.
    """

    name, label = "random", "random search"
    has_parents = False

    def _needs(self, index: int) -> int:
        return 0 if self.plateau is None else super()._needs(index)

    def _ask(self, index: int, rng: np.random.Generator) -> Proposal:
        return self._sample(rng)
