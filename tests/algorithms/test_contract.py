"""Every algorithm in the registry keeps the contract; a new one is tested without a new test."""

from __future__ import annotations

import inspect

import pytest

from speciate.algorithms import ALGORITHMS, Algorithm
from speciate.errors import ConfigurationError, UsageError
from speciate.records import Budget
from speciate.spaces import NetworkSpace, Space
from speciate.testing import AlgorithmContract


@pytest.fixture(params=sorted(set(ALGORITHMS) - set(ALGORITHMS.external())), autouse=True)
def kind(request: pytest.FixtureRequest) -> None:
    request.instance.kind = ALGORITHMS[request.param]


class TestOnParameters(AlgorithmContract):
    kind: type[Algorithm]

    def make(self) -> Algorithm:
        return self.kind(population_size=10)


class TestOnNetworks(TestOnParameters):
    def space(self) -> Space:
        return NetworkSpace.mlp(features=20, rows=1000)

    def test_it_begins_with_the_recipes_of_its_space(self) -> None:
        space = NetworkSpace.table(features=20, rows=1000, outputs=2)
        recipes = list(space.recipes().items())
        assert len(recipes) > 3
        for size in (6, 40):
            algorithm = self.kind(population_size=size)
            begun = algorithm.beginning_with(space.recipes()).start(space, seed=0, budget=Budget(1))
            asked, places = begun.ask(6), min(size // 2, len(recipes))
            assert [(c.operator.removeprefix("recipe: "), c.genome) for c in asked[:places]] == recipes[
                :places
            ]
            plain = algorithm.start(space, seed=0, budget=Budget(1)).ask(6)
            assert asked[places:] == plain[places:]
            assert all(c.operator == "sample" and c.genome in space for c in plain)

    def test_what_it_begins_with_is_part_of_what_it_is(self) -> None:
        space = NetworkSpace.table(features=20, rows=1000, outputs=2)
        plain, begun = self.make(), self.make().beginning_with(space.recipes())
        keys = {name: genome.key for name, genome in space.recipes().items()}
        assert begun.identity() == {**plain.identity(), "recipes": keys}
        assert plain.beginning_with({}).identity() == plain.identity()

    def test_it_must_be_started_first(self) -> None:
        with pytest.raises(UsageError, match="has not been started"):
            self.make().space  # noqa: B018 - the property raises

    def test_a_population_of_none_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="population_size"):
            self.kind(population_size=0)

    def test_it_reads_like_its_paper(self) -> None:
        module = inspect.getmodule(self.kind)
        assert module is not None
        assert len(inspect.getsource(module).splitlines()) < 100
        assert self.kind.__doc__
        assert "Args:" in self.kind.__doc__


class TestWithRecipes(AlgorithmContract):
    kind: type[Algorithm]
    table = NetworkSpace.table(features=20, rows=1000, outputs=2, bins=(8, 16))

    def make(self) -> Algorithm:
        return self.kind(population_size=10).beginning_with(self.table.recipes())

    def space(self) -> Space:
        return self.table
