"""What comes after a search: the final, and the champion's real training.

Both are algorithms, so they run, are stored and are resumed like any other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from speciate.algorithms.base import Algorithm
from speciate.algorithms.proposal import Proposal, genome_of
from speciate.records import Budget, Candidate, Evaluation, Phase


class Final(Algorithm):
    """Train each finalist again with several fresh seeds, so that the luckiest score does not win.

    Args:
        finalists: The best candidates of the search.
        repeats: Trainings of each, at least 1.
    """

    name = "final"
    phase = Phase.FINAL

    def __init__(self, finalists: Sequence[Candidate], repeats: int) -> None:
        self.finalists, self.repeats = list(finalists), repeats
        self.population_size = max(1, len(self.finalists))
        self.stage = "", len(self.finalists) * repeats

    def _needs(self, index: int) -> int:
        return 0

    def _ask(self, index: int, rng: np.random.Generator) -> Proposal | None:
        if index >= len(self.finalists) * self.repeats:
            return None
        finalist = self.finalists[index % len(self.finalists)]
        return Proposal(genome_of(finalist), (finalist.id,), "retrain", like=finalist)


class DoublingTraining(Algorithm):
    """Train the champion with more and more examples until its validation score stops improving.

    Each training is complete, with its own annealed learning rate, on twice the examples of the one before. That costs at
    most twice what the best one costs, needs no setting that the search has not already tuned, and every step is a
    candidate that survives a crash.

    Args:
        champion: The winner of the final, with the ancestors that its trainings begin from.
        examples: Examples of the first training.
        limit: Most examples of one training; equal to `examples` for a single training.
        patience: Trainings without an improvement after which to stop, at least 1.
    """

    name = "doubling"
    phase = Phase.CHAMPION
    population_size = 1

    def __init__(self, champion: Candidate, examples: int, limit: int, patience: int = 2) -> None:
        self.champion, self.examples, self.limit, self.patience = champion, examples, limit, patience

    def _reset(self) -> None:
        self.best, self.failures = float("-inf"), 0

    def _needs(self, index: int) -> int:
        return max(0, index - 1)  # two trainings at a time

    def _ask(self, index: int, rng: np.random.Generator) -> Proposal | None:
        examples = self.examples * 2**index
        if examples > self.limit or self.failures >= self.patience:
            return None
        champion = self.champion
        return Proposal(genome_of(champion), (champion.id,), "train", Budget(examples), champion)

    def _tell(self, evaluation: Evaluation) -> None:
        improved = evaluation.fitness > self.best
        self.best = max(self.best, evaluation.fitness)
        self.failures = 0 if improved else self.failures + 1


class Refit(Algorithm):
    """Train networks again on all rows, each with a seed of its own, and shown every row as often as before.

    One whose training fails is trained once more, with another seed.

    Args:
        networks: Their trainings on a part of the rows.
        more: How many times as many rows all of them are.
    """

    name = "refit"
    phase = Phase.REFIT

    def __init__(self, networks: Sequence[Candidate], more: float) -> None:
        self.networks, self.more = list(networks), more
        self.population_size = max(1, len(self.networks))

    def _reset(self) -> None:
        self._due = list(self.networks)
        self.stage = "", len(self._due)

    def _needs(self, index: int) -> int:
        return 0 if index < len(self.networks) else len(self.networks)

    def _tell(self, evaluation: Evaluation) -> None:
        if self._told < len(self.networks) and not evaluation.ok:
            self._due.append(self.networks[self._told])
            self.stage = "", len(self._due)

    def _ask(self, index: int, rng: np.random.Generator) -> Proposal | None:
        if index >= len(self._due):
            return None
        network = self._due[index]
        budget = Budget(round(network.budget.examples * self.more))
        return Proposal(genome_of(network), (network.id,), "refit", budget)


class Refinement(Algorithm):
    """Hand the champion to its evaluator once more, for what makes it better without evolution.

    Args:
        champion: The winner of the final.
    """

    name = "refinement"
    phase = Phase.CHAMPION
    population_size = 1

    def __init__(self, champion: Candidate) -> None:
        self.champion = champion

    def _needs(self, index: int) -> int:
        return 0

    def _ask(self, index: int, rng: np.random.Generator) -> Proposal | None:
        return None if index else Proposal(self.champion.genome, (self.champion.id,), "refine")
