"""An algorithm from outside the package: registered by a decorator, with an identity of its own."""

from __future__ import annotations

import numpy as np
import pytest

import speciate
from speciate.algorithms import ALGORITHMS, AgingEvolution, Algorithm, GenerationalTournament, Proposal
from speciate.errors import ConfigurationError
from speciate.records import Evaluation
from speciate.registry import source_hash
from speciate.signatures import as_json
from speciate.testing import AlgorithmContract


@speciate.algorithm
class Climber(speciate.Algorithm):
    """A child of the best so far, generation by generation."""

    def __init__(
        self, population_size: int = 50, schedule: str = "even", sizes: tuple[int, ...] = (1, 2)
    ) -> None:
        super().__init__(population_size)
        self.schedule, self.sizes = schedule, sizes

    def _reset(self) -> None:
        self.best: Evaluation | None = None

    def _ask(self, index: int, rng: np.random.Generator) -> Proposal:
        return self._sample(rng) if self.best is None else self._child(self.best, rng)

    def _tell(self, evaluation: Evaluation) -> None:
        if evaluation.ok and (self.best is None or evaluation.fitness > self.best.fitness):
            self.best = evaluation


class TestIt(AlgorithmContract):
    def make(self) -> Algorithm:
        return Climber(10)


def test_it_is_found_by_name_and_by_its_place() -> None:
    assert ALGORITHMS.find("climber") is Climber
    assert ALGORITHMS.find(f"{__name__}:Climber") is Climber
    assert Climber().describe() == "climber, 50 networks a generation"


def test_every_argument_and_the_source_are_its_identity() -> None:
    known = Climber(4).identity()
    assert known == {
        "name": "climber",
        "population_size": 4,
        "schedule": "even",
        "sizes": [1, 2],
        "code": source_hash(Climber),
    }
    assert Climber(4, "odd").identity() != known
    assert Climber(4, sizes=(1, 3)).identity() != known


def test_identities_of_stored_runs_stay_as_they_are() -> None:
    assert AgingEvolution(8).identity() == {
        "name": "aging",
        "population_size": 8,
        "sample_size": 2,
        "lag": 8,
    }
    assert GenerationalTournament(8, crossover=0.5).identity() == {
        "name": "tournament",
        "population_size": 8,
        "tournament_size": 3,
        "elites": 2,
        "p": 0.85,
        "crossover": 0.5,
    }


def test_an_argument_that_is_not_kept_is_named() -> None:
    class Forgetful(Climber):
        def __init__(self, power: float = 1.0) -> None:
            super().__init__(4)

    with pytest.raises(ConfigurationError, match="does not keep its argument power") as caught:
        Forgetful().identity()
    assert "self.power = power" in caught.value.hint


def test_arguments_of_every_kind_are_told_apart() -> None:
    assert as_json({"a": (1, np.float64(2.5), {"c", "b"})}) == {"a": [1, 2.5, ["b", "c"]]}
    assert as_json(np.arange(3)) != as_json(np.arange(4))
    assert as_json(Climber(3))["population_size"] == 3
    assert as_json(Climber) != as_json(AgingEvolution)


def test_names_of_our_own_are_taken() -> None:
    with pytest.raises(ConfigurationError, match="one of Speciate's own"):

        @speciate.algorithm
        class Another(Climber):
            name = "aging"


def test_what_is_no_algorithm_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="is no algorithm"):
        ALGORITHMS.find("speciate.records:Budget")
    with pytest.raises(ConfigurationError, match="cannot be loaded") as caught:
        ALGORITHMS.find(f"{__name__}:Climbr")
    assert caught.value.hint == f"did you mean {__name__}:Climber?"
