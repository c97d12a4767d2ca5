"""The example of population-based training: members train on, the worst take over from the best."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from speciate import NetworkSpace, Search, SupervisedEvaluator, load_data
from speciate.algorithms import Algorithm
from speciate.spaces import Space
from speciate.testing import AlgorithmContract

FILE = Path(__file__).parents[2] / "examples" / "population_based_training.py"


@pytest.fixture(scope="module", autouse=True)
def module() -> Any:
    spec = importlib.util.spec_from_file_location("population_based_training", FILE)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


class TestIt(AlgorithmContract):
    @pytest.fixture(autouse=True)
    def _kind(self, module: Any) -> None:
        self.kind = module.Pbt

    def make(self) -> Algorithm:
        return self.kind(10)  # type: ignore[no-any-return]

    def space(self) -> Space:
        return NetworkSpace.mlp(features=20, rows=1000, depth=(2, 2))


def test_it_fits_on_two_screens() -> None:
    assert len(FILE.read_text().splitlines()) <= 80


def test_weights_are_taken_over(module: Any) -> None:
    data = load_data("sklearn:iris")
    space = NetworkSpace.mlp(features=4, rows=len(data.train), outputs=3, depth=(1, 1), units=(8, 8))
    evaluator = SupervisedEvaluator(data, inherit="common")
    search = Search(space, module.Pbt(5), evaluator, examples=200, finalists=0, final_examples=200)
    rows = search.run(generations=3).rows
    later = [row for row in rows if row.phase == "search" and row.generation]
    assert {row.operator for row in later} == {"train on", "explore"}
    for row in later:
        assert [number for number, _, _ in row.ancestors] == list(row.parents)
        assert row.lineage_examples == 200 * (row.generation + 1)
        assert row.genome["nodes"] == rows[row.parents[0]].genome["nodes"]
