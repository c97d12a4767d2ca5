"""Every algorithm in the registry keeps the contract; a new one is tested without a new test."""

from __future__ import annotations

import inspect

import pytest

from speciate.algorithms import ALGORITHMS, Algorithm
from speciate.errors import ConfigurationError, UsageError
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
