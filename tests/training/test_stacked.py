"""The stacked engine: what the tests of all engines do not show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from random_groups import group, problem, twins
from torch import nn

from speciate.layers.modules import Masks
from speciate.training import Recipe
from speciate.training.jobs import Job, Outcome
from speciate.training.planner import ACCELERATORS, engines
from speciate.training.reference import ReferenceEngine, outputs_of
from speciate.training.stacked.engine import StackedEngine
from speciate.training.stacked.loop import phases
from speciate.training.stacked.masks import draws, words_of
from speciate.training.stacked.optimizers import STEPS
from speciate.training.stacked.sizes import StackSize, largest, split


def check(
    found: list[Outcome], wanted: list[Outcome], jobs: list[Job], others: list[Job], x: torch.Tensor
) -> None:
    for a, b, one, other in zip(found, wanted, jobs, others, strict=True):
        assert (a.diverged, a.examples_seen) == (b.diverged, b.examples_seen)
        assert a.loss == pytest.approx(b.loss, rel=1e-3, abs=1e-5)
        torch.testing.assert_close(
            outputs_of(one.module, x), outputs_of(other.module, x), rtol=1e-3, atol=1e-3
        )


@pytest.mark.parametrize("memory_bytes", [1, 300_000])
def test_the_memory_budget_changes_nothing_but_the_stacks(memory_bytes: int) -> None:
    jobs, x, y = group(3, 10)
    others = twins(jobs)
    found = StackedEngine(memory_bytes).train(jobs, x, y)
    check(found, ReferenceEngine().train(others, x, y), jobs, others, x)


def test_networks_alike_in_size_share_a_stack() -> None:
    small, large = StackSize((4, 8, 2), 16, 100, 7), StackSize((4, 800, 2), 16, 100, 7)
    sizes = [large, small, large, small]
    assert split(sizes, 2**30) == [[1, 3, 0, 2]]
    assert split(sizes, 2 * large.bytes) == [[1, 3], [0, 2]]
    assert split(sizes, large.bytes) == [[1, 3], [0], [2]]
    assert split(sizes, 1) == [[1], [3], [0], [2]]


def test_a_stack_is_as_large_as_the_largest_of_each() -> None:
    a, b = StackSize((4, 8, 30, 2), 16, 100, 7), StackSize((4, 20, 10, 2), 64, 90, 2)
    assert largest([a, b]) == StackSize((4, 20, 30, 2), 64, 100, 7)
    assert a.parameters == 5 * 8 + 9 * 30 + 31 * 2
    assert split([a, b], 2 * largest([a, b]).bytes) == [[0, 1]]
    assert split([a, b], a.bytes + b.bytes) == [[0], [1]]


def test_stacks_stay_below_the_budget() -> None:
    rng = np.random.default_rng(0)
    sizes = [
        StackSize((9, int(rng.integers(1, 200)), 4), int(rng.integers(1, 65)), int(rng.integers(1, 600)), 9)
        for _ in range(50)
    ]
    budget = 5 * max(size.bytes for size in sizes)
    stacks = split(sizes, budget)
    assert sorted(place for stack in stacks for place in stack) == list(range(50))
    assert all(largest([sizes[i] for i in stack]).bytes * len(stack) <= budget for stack in stacks)


def test_phases() -> None:
    assert list(phases([9, 4, 4, 1])) == [(4, range(0, 1)), (3, range(1, 4)), (1, range(4, 9))]


@pytest.mark.parametrize("failure", ["weights", "rate"])
def test_a_diverging_network_does_not_disturb_its_neighbors(failure: str) -> None:
    jobs, x, y = group(4, 12, "mse")
    sick = [2, 7]
    for i in sick:
        if failure == "weights":
            next(jobs[i].module.parameters()).data[0, 0] = float("nan")
        else:
            recipe = replace(jobs[i].recipe, optimizer="sgd", learning_rate=1e30, batch_size=5, examples=600)
            jobs[i] = replace(jobs[i], recipe=recipe)
    others = twins(jobs)
    found, wanted = StackedEngine().train(jobs, x, y), ReferenceEngine().train(others, x, y)
    assert [i for i, outcome in enumerate(found) if outcome.diverged] == sick
    assert [outcome.examples_seen for outcome in found] == [outcome.examples_seen for outcome in wanted]
    healthy = [i for i in range(len(jobs)) if i not in sick]
    check(*([group[i] for i in healthy] for group in (found, wanted, jobs, others)), x)


def test_a_step_whose_loss_is_not_finite_changes_nothing() -> None:
    jobs, x, y = group(4, 2, "mse")
    others = twins(jobs)
    StackedEngine().train(jobs, x, torch.full_like(y, float("inf")))
    for job, other in zip(jobs, others, strict=True):
        for a, b in zip(job.module.parameters(), other.module.parameters(), strict=True):
            assert torch.equal(a, b)


def test_masks_are_those_of_the_reference() -> None:
    rng = np.random.default_rng(1)
    keys = rng.integers(2**64, size=6, dtype=np.uint64)
    rows, units = [1, 7, 7, 3, 1, 5], [1, 1, 13, 6, 5, 12]
    streams = [Masks(int(key)) for key in keys]
    for stream, used in zip(streams, [0, 1, 2**33, 5, 6, 7], strict=True):
        stream.words = used
    wanted = [m.draw(r * u).reshape(r, u) for m, r, u in zip(streams, rows, units, strict=True)]
    after = [m.words for m in streams]
    starts = torch.tensor([0, 1, 2**33, 5, 6, 7])
    found = draws(
        torch.from_numpy(keys.view(np.int64)), starts, torch.tensor(rows), torch.tensor(units), (7, 13)
    )
    assert found.shape == (6, 7, 13)
    for one, other, r, u in zip(found.numpy(), wanted, rows, units, strict=True):
        np.testing.assert_array_equal(one[:r, :u], other)
    assert (starts + words_of(torch.tensor(rows), torch.tensor(units))).tolist() == after


@pytest.mark.parametrize("name", STEPS)
def test_optimizers_take_torchs_steps(name: str) -> None:
    recipe = Recipe(name, learning_rate=0.1, weight_decay=0.01, batch_size=150, examples=150 * 20, loss="mse")
    x, y = problem(np.random.default_rng(0), "mse")
    modules = [nn.Linear(9, 1) for _ in range(3)]
    jobs = [Job(module, recipe, np.random.default_rng(i)) for i, module in enumerate(modules)]
    others = twins(jobs)
    check(StackedEngine().train(jobs, x, y), ReferenceEngine().train(others, x, y), jobs, others, x)


def test_the_planners_stacked_engine_leaves_the_cpu_to_others() -> None:
    (engine,) = [engine for engine in engines() if isinstance(engine, StackedEngine)]
    jobs, x, _ = group(0, 1)
    assert engine.misfit(jobs[0], x)
    assert engine.devices == ACCELERATORS


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_on_cuda_it_gives_what_the_reference_gives(loss: str) -> None:
    jobs, x, y = group(5, 10, loss)
    others = twins(jobs)
    for job in jobs:
        job.module.cuda()
    found = StackedEngine().train(jobs, x.cuda(), y.cuda())
    wanted = ReferenceEngine().train(others, x, y)
    for job in jobs:
        job.module.cpu()
    check(found, wanted, jobs, others, x)
