"""What decides a run's results: its parts, fitted to each other, and its numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from speciate.algorithms import Algorithm
from speciate.backends import Backend, InlineBackend, ProcessBackend, available_cores
from speciate.errors import ConfigurationError
from speciate.evaluators import Evaluator, RunContext
from speciate.inheritance.finished_network import Ancestry
from speciate.networks.network import Network
from speciate.records import Budget, Lineage
from speciate.spaces import Space
from speciate.store import WeightFolder
from speciate.versions import versions


class Definition:
    """The parts of a run; see `Search` for the arguments.

    Attributes:
        space: The space, with the ancestor in it.
        ancestry: The ancestor, fitted to the data; None where the search starts from scratch.

    Raises:
        ConfigurationError: An argument is out of its range, or the parts do not fit.
        DataError: The ancestor cannot take the data.
    """

    def __init__(
        self,
        space: Space,
        algorithm: Algorithm,
        evaluator: Evaluator,
        seed: int,
        examples: int,
        finalists: int,
        repeats: int,
        final_examples: int | None,
        ancestor: Network | None,
        freeze: bool,
    ) -> None:
        for name, value, low in (
            ("seed", seed, 0),
            ("examples", examples, 1),
            ("finalists", finalists, 0),
            ("repeats", repeats, 1),
            ("final_examples", final_examples, 1),
        ):
            if value is not None and (type(value) is not int or value < low):
                raise ConfigurationError(f"{name} must be a whole number of at least {low}, got {value!r}")
        if evaluator.needs_final and not finalists:
            raise ConfigurationError(
                "finalists must be at least 1",
                why="the evaluator makes its champion of what the final trains",
                hint="hand it another finish, such as speciate.evaluators.finish.Doubling()",
            )
        self.space, self.algorithm, self.evaluator = space, algorithm, evaluator
        self.seed, self.examples, self.final_examples = seed, examples, final_examples
        self.finalists, self.repeats = finalists, repeats
        self.ancestry: Ancestry | None = None
        if ancestor is not None:
            if not evaluator.inherits or evaluator.data is None:
                raise ConfigurationError(
                    "nothing can start from an ancestor if weights are not inherited",
                    hint='use SupervisedEvaluator(data, inherit="preserve")',
                )
            self.ancestry = Ancestry.of(ancestor, space, evaluator.data, seed, freeze)
            self.space = self.ancestry.space(space, evaluator.data.input_shape)
        elif freeze:
            raise ConfigurationError("there is nothing to freeze", hint="freeze goes with an ancestor")

    def identity(self) -> dict[str, Any]:
        """What decides the run's results, as JSON."""
        return {
            "space": self.space.to_json(),
            "algorithm": self.algorithm.identity(),
            "evaluator": self.evaluator.describe(),
            "seed": self.seed,
            "examples": self.examples,
            "finalists": self.finalists,
            "repeats": self.repeats,
            "final_examples": self.final_examples,
            "ancestor": None if self.ancestry is None else self.ancestry.identity(),
        }

    def facts(self) -> dict[str, Any]:
        """What reports say about the run; nothing is decided by it."""
        return {
            "seed": self.seed,
            "examples": self.examples,
            "algorithm": self.algorithm.name,
            "algorithm_label": self.algorithm.label,  # for reports where the algorithm is not installed
            "population_size": self.algorithm.population_size,
            "versions": versions(),
            "data": self.evaluator.facts(),
        }

    def prepare(self, weights: WeightFolder) -> None:
        """Hand the evaluator the folder for its weights, and what is frozen."""
        self.evaluator.prepare(weights, frozenset() if self.ancestry is None else self.ancestry.frozen)

    def context(self, known: Collection[str], note: Callable[[str], None]) -> RunContext:
        """What the evaluator is told, given the names of the baselines that have a score already, and where remarks go."""
        ancestor = None if self.ancestry is None else self.ancestry.network
        return RunContext(self.seed, self.examples, self.final_examples, ancestor, known, note, self.repeats)

    def start(self, algorithm: Algorithm, first_id: int, origin: Lineage | None) -> Algorithm:
        """An algorithm bound to this run.

        Args:
            algorithm: That of the search, or one that follows it.
            first_id: Id of its first candidate.
            origin: The ancestor with its weight file.
        """
        budget = Budget(self.examples)
        return algorithm.start(self.space, seed=self.seed, budget=budget, first_id=first_id, origin=origin)


def default_backend(evaluator: Evaluator) -> Backend:
    """Worker processes on all cores where the evaluator gains by them, this process for everything else."""
    return ProcessBackend() if evaluator.parallel and available_cores() > 1 else InlineBackend()
