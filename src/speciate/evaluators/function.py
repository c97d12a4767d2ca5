"""Score genomes with a plain function: for tests, tables and whatever needs no training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from speciate.evaluators.base import Evaluator, checked_score
from speciate.records import Candidate, Cost, Evaluation, Status
from speciate.registry import source_hash


class FunctionEvaluator(Evaluator):
    """Calls `function(genome)`, or `function(genome, seed)` if it is noisy.

    Args:
        function: Returns the score, a finite number, higher is better. For worker processes it must be importable.
        noisy: Whether the function takes the candidate's seed as its second argument.
    """

    def __init__(self, function: Callable[..., float], *, noisy: bool = False) -> None:
        self.function, self.noisy = function, noisy

    def _evaluate(self, candidate: Candidate) -> Evaluation:
        arguments = (candidate.genome, candidate.seed) if self.noisy else (candidate.genome,)
        score = checked_score(self.function(*arguments), f"what {self.name} returns")
        cost = Cost(candidate.budget.examples, candidate.budget.examples)
        return Evaluation(candidate, Status.OK, score, cost=cost, engine="function")

    @property
    def name(self) -> str:
        """The function's name."""
        return getattr(self.function, "__qualname__", type(self.function).__name__)

    def describe(self) -> dict[str, Any]:
        """The function's name and what it consists of."""
        return {"kind": "function", "function": self.name, "code": source_hash(self.function)}
