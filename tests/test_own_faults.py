"""What is one's own and wrong is named: which part, which method, what it did, what to do."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.cli.conftest import environment, speciate
from tests.forked import forks

from speciate import Algorithm, InlineBackend, NetworkSpace, Proposal, Search, neuroevolve
from speciate.algorithms import RandomSearch
from speciate.errors import EvaluationError, SpeciateError
from speciate.evaluators import FunctionEvaluator
from speciate.neat.tasks import Scores, Task
from speciate.spaces import mutation_operator
from speciate.testing import sphere, sphere_space


class Own(Algorithm):
    """Its hooks are given."""

    def __init__(self, ask: Any = None, tell: Any = None) -> None:
        self.ask_with, self.tell_with = ask, tell
        self.population_size = 2

    def settings(self) -> dict[str, Any]:
        return {}

    def _ask(self, index: int, rng: np.random.Generator) -> Any:
        return self._sample(rng) if self.ask_with is None else self.ask_with(self, rng)

    def _tell(self, evaluation: Any) -> None:
        if self.tell_with is not None:
            self.tell_with(evaluation)


def run(algorithm: Algorithm) -> None:
    evaluator = FunctionEvaluator(sphere)
    Search(sphere_space(), algorithm, evaluator, examples=1, backend=InlineBackend()).run(evaluations=6)


@pytest.mark.parametrize(
    ("algorithm", "said"),
    [
        (Own(lambda self, rng: {}["oops"]), "Own._ask failed.*KeyError"),
        (Own(tell=lambda evaluation: 1 / 0), "Own._tell failed.*ZeroDivisionError"),
        (Own(lambda self, rng: self.space.sample(rng)), "Own._ask gives a NetworkGenome, not a Proposal"),
        (Own(lambda self, rng: None), "Own._ask proposes nothing"),
        (Own(lambda self, rng: Proposal(self.space.sample(rng), ("nonsense",))), "Own._ask names parents"),
        (Own(lambda self, rng: Proposal(self.space.sample(rng), (99,))), "Own._ask names parents"),
    ],
)
def test_an_algorithm_is_named_with_its_method(algorithm: Algorithm, said: str) -> None:
    with pytest.raises(EvaluationError, match=f"(?s){said}"):
        run(algorithm)


def test_an_algorithm_without_a_population_size_has_the_usual_one() -> None:
    class Bare(Algorithm):
        def __init__(self) -> None:
            pass

        def _ask(self, index: int, rng: np.random.Generator) -> Proposal:
            return self._sample(rng)

    run(Bare())
    assert Bare().population_size == RandomSearch().population_size


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda genome: None, "'test_bad_mutation' gives a NoneType"),
        (lambda genome: {}["oops"], "(?s)'test_bad_mutation' failed.*KeyError"),
    ],
)
def test_a_mutation_is_named(made: Any, said: str) -> None:
    from speciate.mutation import mutate

    @mutation_operator("test_bad_mutation")
    def bad(genome: Any, space: Any, rng: Any) -> Any:
        return made(genome)

    space, rng = NetworkSpace.mlp(operators={"test_bad_mutation": 1.0}), np.random.default_rng(0)
    with pytest.raises(EvaluationError, match=said):
        mutate(space.sample(rng), space, rng)


def test_a_mutation_that_leaves_the_space_changes_nothing() -> None:
    from speciate.mutation import mutate
    from speciate.spaces.surgery import with_node

    @mutation_operator("test_too_wide")
    def wide(genome: Any, space: Any, rng: Any) -> Any:
        return with_node(genome, genome.layers[0].with_gene("units", 10**6))

    space, rng = NetworkSpace.mlp(operators={"test_too_wide": 1.0}), np.random.default_rng(0)
    genome = space.sample(rng)
    assert mutate(genome, space, rng)[0] == genome


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        (Scores(np.array([7.0]), np.zeros(1, bool), np.ones(1, int)), "fitness \\(1,\\)"),
        (Scores(np.ones((10, 1)), np.zeros(10, bool), np.ones(10, int)), "fitness \\(10, 1\\)"),
        (None, "gives a NoneType, not Scores"),
        (3.0, "gives a float, not Scores"),
    ],
)
def test_a_task_whose_scores_are_wrong_is_named(scores: Any, said: str, tmp_path: Path) -> None:
    class Wrong(Task):
        inputs, outputs = 1, 1

        def evaluate(self, networks: Any, seed: int) -> Any:
            return scores

    with pytest.raises(SpeciateError, match=f"(?s)Wrong.evaluate.*{said}"):
        neuroevolve(Wrong(), generations=2, population=10, brood=10, backend="inline", runs=str(tmp_path))


SCRIPT = """
import speciate

@speciate.algorithm
class Steps(speciate.Algorithm):
    def _ask(self, index, rng):
        return self._sample(rng)

search = speciate.evolve("sklearn:iris", algorithm="steps", population=4, generations=3, examples=300, finalists=1,
                         repeats=1, final_examples=300, workers=1, name="again")
print(search.champion.id, search.champion.weights, len(search.rows))
"""


def test_a_script_with_an_algorithm_of_its_own_goes_on_when_it_is_run_again(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text(SCRIPT)

    def started(**more: str) -> subprocess.CompletedProcess[str]:
        return forks().run(["steps.py"], cwd=tmp_path, env=environment(**more))

    assert started(SPECIATE_CRASH_AT="evaluations-committed:5").returncode == -9
    assert "run the script again" in " ".join(speciate("resume", "again", cwd=tmp_path).stderr.split())
    first = started()
    assert first.returncode == 0, first.stderr
    assert started().stdout == first.stdout
    (tmp_path / "other").mkdir()
    (tmp_path / "steps.py").rename(tmp_path / "other" / "steps.py")
    whole = forks().run(["steps.py"], cwd=tmp_path / "other", env=environment())
    assert whole.stdout == first.stdout
