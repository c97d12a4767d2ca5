"""The example with Optuna's samplers keeps the contract of algorithms, on parameters and on stacks of layers."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from speciate.algorithms import Algorithm
from speciate.errors import ConfigurationError
from speciate.records import Budget
from speciate.spaces import NetworkSpace, Space
from speciate.testing import AlgorithmContract, sphere_space
from speciate.testing.contracts import drive

pytest.importorskip("optuna", reason="Optuna is not installed: pip install 'speciate[bench]'")

FILE = Path(__file__).parents[2] / "examples" / "optuna_sampler.py"


@pytest.fixture(scope="module")
def module() -> Any:
    spec = importlib.util.spec_from_file_location("optuna_sampler", FILE)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


class TestTPE(AlgorithmContract):
    count = 20

    @pytest.fixture(autouse=True)
    def _kind(self, module: Any) -> None:
        self.kind = module.TPE

    def make(self) -> Algorithm:
        return self.kind(10, lag=4)  # type: ignore[no-any-return]

    def space(self) -> Space:
        return NetworkSpace.mlp(features=20, rows=1000)


def test_a_gaussian_process_goes_on_from_its_results(module: Any) -> None:
    def started() -> Algorithm:
        return module.GP(6).start(sphere_space(), seed=0, budget=Budget(1))  # type: ignore[no-any-return]

    asked = drive(started(), 13)
    assert drive(started(), 13, 3, 1) == asked


def test_graphs_are_refused(module: Any) -> None:
    space = NetworkSpace.graph(input_shape=(4,), rows=1000, outputs=2)
    with pytest.raises(ConfigurationError, match="one kind of layer"):
        module.TPE().start(space, seed=0, budget=Budget(1))
