"""An accelerator that runs out of memory: an allocator that raises stands in for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from speciate.algorithms import RandomSearch
from speciate.data import load_data
from speciate.evaluators import SupervisedEvaluator
from speciate.records import Budget, Status
from speciate.spaces import NetworkSpace
from speciate.training import planner, reference


@pytest.fixture(scope="module")
def iris() -> SupervisedEvaluator:
    return SupervisedEvaluator(load_data("sklearn:iris"))


def scarce(monkeypatch: pytest.MonkeyPatch, most: int, never: tuple[int, ...] = ()) -> list[int]:
    """Let broods of more than so many networks, and some networks at all, be too much; returns the sizes that were tried."""
    real, tried = planner.train, list[int]()

    def train(jobs: Sequence[Any], *data: torch.Tensor, **how: Any) -> Any:
        tried.append(len(jobs))
        first = [job.recipe.batch_size for job in jobs]
        if len(jobs) > most or set(first) & set(never):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return real(jobs, *data, **how)

    monkeypatch.setattr(planner, "train", train)
    return tried


@pytest.mark.fault(9)
def test_a_stack_that_is_too_large_is_halved(
    iris: SupervisedEvaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = NetworkSpace.mlp(features=4, rows=90, units=(4, 16))
    candidates = RandomSearch(8).start(space, seed=0, budget=Budget(100)).ask(8)
    plain = iris.evaluate(candidates)
    tried = scarce(monkeypatch, most=2)
    halved = iris.evaluate(candidates)
    assert tried == [8, 4, 2, 2, 4, 2, 2]
    assert [(e.status, e.score, e.metrics) for e in halved] == [(e.status, e.score, e.metrics) for e in plain]


@pytest.mark.fault(9)
def test_a_network_that_is_too_large_by_itself_is_out_of_memory_and_the_others_are_not(
    iris: SupervisedEvaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = NetworkSpace.mlp(features=4, rows=90, units=(4, 16))
    candidates = RandomSearch(8).start(space, seed=0, budget=Budget(100)).ask(8)
    sizes = [iris.recipe(c).batch_size for c in candidates]
    scarce(monkeypatch, most=8, never=(sizes[3],))
    for candidate, evaluation, size in zip(candidates, iris.evaluate(candidates), sizes, strict=True):
        assert evaluation.candidate == candidate
        assert (evaluation.status is Status.OOM) == (size == sizes[3])
        assert ("CUDA out of memory" in evaluation.error) == (size == sizes[3])


@pytest.mark.fault(9)
def test_scoring_takes_fewer_examples_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Scarce(torch.nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if len(x) > 300:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return super().forward(x)

    module, x = Scarce(3, 2), torch.randn(1500, 3)
    assert torch.allclose(
        reference.outputs_of(module, x), torch.nn.functional.linear(x, module.weight, module.bias)
    )

    class Empty(torch.nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    with pytest.raises(torch.OutOfMemoryError):
        reference.outputs_of(Empty(3, 2), x)
