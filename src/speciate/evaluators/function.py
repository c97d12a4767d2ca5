"""Score genomes with a plain function: for tests, tables and whatever needs no training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from speciate.evaluators.base import Evaluator, checked_score, name_of
from speciate.records import Candidate, Cost, Evaluation, Status
from speciate.registry import source_hash


class FunctionEvaluator(Evaluator):
    """Calls `function(genome)`, or `function(genome, seed)` if it is noisy.

    Args:
        function: Returns the score, a finite number, higher is better.
        noisy: Whether the function takes the candidate's seed as its second argument.

    It keeps no networks: for a training loop of your own see `TrainingEvaluator`.
    """

    def __init__(self, function: Callable[..., float], *, noisy: bool = False) -> None:
        self.function, self.noisy = function, noisy

    def _evaluate(self, candidate: Candidate) -> Evaluation:
        arguments = (candidate.genome, candidate.seed) if self.noisy else (candidate.genome,)
        score = checked_score(self.function(*arguments), f"what {name_of(self.function)} returns")
        cost = Cost(candidate.budget.examples, candidate.budget.examples)
        return Evaluation(candidate, Status.OK, score, cost=cost, engine="function")

    def describe(self) -> dict[str, Any]:
        """The function's name and what it consists of."""
        return {"kind": "function", "function": name_of(self.function), "code": source_hash(self.function)}
