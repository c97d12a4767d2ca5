"""Guided evolution: breed many children, ask a surrogate which promises most, and train that.

White, Neiswanger & Savani, "BANANAS", AAAI 2021, arXiv:1910.11858, section 4, with a Gaussian process on genomes as the surrogate.
"""

from __future__ import annotations

import numpy as np

from speciate.algorithms.base import Algorithm, algorithm
from speciate.algorithms.proposal import Proposal, genome_of
from speciate.algorithms.surrogate import Knowledge
from speciate.mutation import mutate_often
from speciate.records import Candidate, Evaluation
from speciate.rng import Stream, generator
from speciate.signatures import at_least, share

STARTS, FEWER, FEW = 20, 10, 10
"""Random genomes first; the same where there are no layers, and no more hyper-parameters than the third number."""


@algorithm
class GuidedEvolution(Algorithm):
    """Choose each from many mutated copies of the best and random genomes. No network is proposed twice.

    Args:
        population_size: Candidates shown together as one generation, at least 1; no more begin at random.
        lag, asynchronous: See `AgingEvolution`.
        children, strangers: How many mutated copies and random genomes each is chosen from.
        inherits: Whether children take over weights, which strangers cannot: then there are a third as many, and more children.
        crossover: Probability that a child has two parents.

    Raises:
        ConfigurationError: An argument is out of its range.
    """

    name, label = "guided", "guided evolution"

    def __init__(
        self,
        population_size: int = 50,
        lag: int = 4,
        children: int = 40,
        strangers: int = 60,
        inherits: bool = False,
        crossover: float = 0.0,
        asynchronous: bool = False,
    ) -> None:
        self.population_size, self.lag = at_least(1, population_size=population_size), at_least(1, lag=lag)
        self.children, self.strangers = at_least(1, children=children), at_least(0, strangers=strangers)
        self.inherits, self.crossover, self.asynchronous = inherits, share(crossover=crossover), asynchronous

    def _reset(self) -> None:
        few = not self.space.layers and len(self.space.hyper) <= FEW
        self.starts = at = min(FEWER if few else STARTS, self.population_size)
        self.knowledge = Knowledge(self.space, self._seed, self._budget, at, self._needs(at))

    def _needs(self, index: int) -> int:
        at_once = self.population_size if self.asynchronous else self.lag
        return max(0, index - at_once + 1) * (index >= self.starts)

    def _ask(self, index: int, rng: np.random.Generator) -> Proposal:
        if index < self.starts or self.knowledge.finished < 2:
            return self._sample(rng)
        ranked = self.knowledge.ranked(index, self._bred)
        fresh = (made for made in ranked if made.genome.phenotype not in self._seen)
        return next(fresh, None) or self._child(self.knowledge.best(self._told)[0], rng)

    def _bred(self, first: int) -> list[tuple[Proposal, int]]:
        """What is chosen from, as proposal `first` knows things, whenever it is bred; and inherited examples of each."""
        rng = generator(self._seed, Stream.PROPOSE, self._first + first)
        parents = self.knowledge.parents(first)
        most, strangers = self.children + self.strangers, self.strangers // (3 if self.inherits else 1)
        children = [self._copy(parents, rng) for _ in range(most - strangers)] if parents else []
        bred = [*children, *(self._stranger(rng) for _ in range(strangers))]
        return [(proposal, self._ancestors(proposal)[1]) for proposal in bred]

    def _copy(self, parents: list[Evaluation], rng: np.random.Generator) -> Proposal:
        ranks = np.minimum(rng.exponential(len(parents) / 3, 2), len(parents) - 1).astype(int)
        one, other = (parents[rank] for rank in ranks)
        if rng.random() < self.crossover and one is not other:
            return self._merged(one, other, rng)
        genome, operator = mutate_often(genome_of(one.candidate), self.space, rng)
        return Proposal(genome, (one.candidate.id,), operator)

    def _note(self, candidate: Candidate) -> None:
        self.knowledge.ask(candidate, self._needs(self._asked))
        super()._note(candidate)

    def _tell(self, evaluation: Evaluation) -> None:
        self.knowledge.tell(evaluation.candidate.id - self._first, evaluation)

    def _parents(self) -> list[Evaluation]:
        return self.knowledge.able()

    def beliefs(self) -> dict[str, object]:
        """See `Knowledge.beliefs`."""
        return self.knowledge.beliefs()
