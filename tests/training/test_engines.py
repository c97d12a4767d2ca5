"""Every engine against the reference engine, on random groups."""

from __future__ import annotations

import signal
import threading

import numpy as np
import pytest
import torch
from random_groups import ACTIVATIONS, branching_group, group, network, problem, twins, weights
from torch import Tensor, nn

from speciate.layers.activations import activation
from speciate.layers.modules import BatchNorm1d, Dropout, linear
from speciate.training import OPTIMIZERS, Recipe
from speciate.training.compiled.engine import CompiledEngine, bytes_needed
from speciate.training.jobs import Engine, Job
from speciate.training.reference import ReferenceEngine, outputs_of
from speciate.training.stacked.engine import StackedEngine

ENGINES: list[Engine] = [CompiledEngine(threads=2), StackedEngine()]
SIZE = 10


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.param  # type: ignore[no-any-return]


def becomes_the_same(engine: Engine, jobs: list[Job], x: Tensor, y: Tensor, weight: Tensor | None) -> None:
    """Every network becomes what the reference makes of it, up to rounding."""
    others = twins(jobs)
    assert not any(engine.misfit(job, x) for job in jobs)
    found = engine.train(jobs, x, y, weight)
    wanted = ReferenceEngine().train(others, x, y, weight)
    for a, b, one, other in zip(found, wanted, jobs, others, strict=True):
        what = f"{one.module}\n{one.recipe}"
        assert (a.diverged, a.examples_seen, a.engine) == (b.diverged, b.examples_seen, engine.name), what
        assert a.loss == pytest.approx(b.loss, rel=1e-3, abs=1e-5, nan_ok=True), what
        if not a.diverged:
            answers = [outputs_of(module, x) for module in (one.module, other.module)]
            torch.testing.assert_close(*answers, rtol=1e-3, atol=1e-3, msg=lambda m, w=what: f"{m}\n{w}")


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
@pytest.mark.parametrize("seed", range(12))
def test_it_gives_what_the_reference_gives(engine: Engine, seed: int, loss: str) -> None:
    jobs, x, y = group(seed, SIZE, loss)
    becomes_the_same(engine, jobs, x, y, weights(seed) if seed % 2 else None)


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
@pytest.mark.parametrize("seed", range(8))
def test_graphs_become_what_the_reference_makes_of_them(seed: int, loss: str) -> None:
    jobs, x, y = branching_group(seed, SIZE, loss)
    becomes_the_same(ENGINES[0], jobs, x, y, weights(seed) if seed % 2 else None)


@pytest.mark.parametrize(("batch", "examples", "counted"), [(1, 20, 0), (7, 30, 5), (7, 29, 4), (50, 12, 1)])
def test_a_batch_norm_counts_as_torch_does(batch: int, examples: int, counted: int) -> None:
    x, y = problem(np.random.default_rng(0))
    rng = np.random.default_rng(1)
    norms = [BatchNorm1d(9, eps=0.1, momentum=0.3), BatchNorm1d(5)]
    module = nn.Sequential(norms[0], linear(9, 5, 1.0, rng), nn.Tanh(), norms[1], linear(5, 4, 1.0, rng))
    jobs = [Job(module, Recipe("sgd", 0.1, 0.0, batch, examples), np.random.default_rng(2))]
    others = twins(jobs)
    ENGINES[0].train(jobs, x, y)
    ReferenceEngine().train(others, x, y)
    state = jobs[0].module.state_dict()
    torch.testing.assert_close(state, others[0].module.state_dict(), rtol=1e-4, atol=1e-5)
    assert [int(norm.num_batches_tracked) for norm in norms] == [counted] * 2
    assert (state["0.running_mean"] != 0).any() == (counted > 0)


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_weights_of_one_are_no_weights(engine: Engine, loss: str) -> None:
    jobs, x, y = group(1, 4, loss)
    others = twins(jobs)
    found, wanted = engine.train(jobs, x, y, torch.ones(len(x))), engine.train(others, x, y)
    for a, b, one, other in zip(found, wanted, jobs, others, strict=True):
        assert a.loss == pytest.approx(b.loss, rel=1e-6)
        torch.testing.assert_close(parameters(one), parameters(other), rtol=1e-4, atol=1e-5)


def parameters(job: Job) -> torch.Tensor:
    return nn.utils.parameters_to_vector(job.module.parameters())


def test_neither_threads_nor_the_brood_change_anything() -> None:
    jobs, x, y = group(1, 8)
    one, three, some = twins(jobs), twins(jobs), twins(jobs)[::3]
    CompiledEngine(1).train(one, x, y)
    CompiledEngine(3).train(three[::-1], x, y)
    CompiledEngine(2).train(some, x, y)
    assert all(torch.equal(parameters(a), parameters(b)) for a, b in zip(one, three, strict=True))
    assert all(torch.equal(parameters(a), parameters(b)) for a, b in zip(one[::3], some, strict=True))


def test_dropout_of_next_to_nothing_uses_up_its_masks_too(engine: Engine) -> None:
    x, y = problem(np.random.default_rng(0))
    torch.manual_seed(0)
    layers = [nn.Linear(9, 5), Dropout(1e-6), nn.Linear(5, 6), Dropout(0.5), nn.Linear(6, 4)]
    jobs = [Job(nn.Sequential(*layers), Recipe("sgd", 0.01, 0.0, 16, 480), np.random.default_rng(2))]
    others = twins(jobs)
    found, wanted = engine.train(jobs, x, y)[0], ReferenceEngine().train(others, x, y)[0]
    assert found.loss == pytest.approx(wanted.loss, rel=1e-4)


@pytest.mark.fault(5)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_divergence_is_seen_where_the_reference_sees_it(engine: Engine, optimizer: str) -> None:
    x, y = problem(np.random.default_rng(0), "mse")
    module = network(np.random.default_rng(1), 9, 1, depth=0)
    jobs = [Job(module, Recipe(optimizer, 1e25, 0.0, 16, 480, "mse"), np.random.default_rng(2))]
    others = twins(jobs)
    found, wanted = engine.train(jobs, x, y)[0], ReferenceEngine().train(others, x, y)[0]
    assert found.diverged
    assert wanted.diverged
    assert found.examples_seen == wanted.examples_seen


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_inputs_that_are_not_finite_are_seen_as_the_reference_sees_them(
    engine: Engine, name: str, value: float
) -> None:
    x, y = problem(np.random.default_rng(0))
    x[:, 3] = value
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(9, 5), activation(name), Dropout(0.2), nn.Linear(5, 4))
    if name == "linear":
        del module[1]
    jobs = [Job(module, Recipe("sgd", 0.01, 0.0, 16, 480), np.random.default_rng(2))]
    others = twins(jobs)
    found, wanted = engine.train(jobs, x, y)[0], ReferenceEngine().train(others, x, y)[0]
    assert (found.diverged, found.examples_seen) == (wanted.diverged, wanted.examples_seen)


@pytest.mark.parametrize("memory", [1, 30_000, 2**30])
def test_memory_is_bounded_and_changes_nothing(memory: int) -> None:
    jobs, x, y = group(2, 9)
    others = twins(jobs)
    engine, inputs = CompiledEngine(3, memory), int(np.prod(x.shape[1:]))
    sizes = [len(group) for group in engine._groups(jobs, inputs)]
    assert sum(sizes) == 9
    assert (
        sizes == [9]
        or max(sizes) * max(bytes_needed(job, inputs) for job in jobs) <= memory
        or max(sizes) == 1
    )
    assert sizes == ([1] * 9 if memory == 1 else sizes)
    engine.train(jobs, x, y)
    CompiledEngine(1).train(others, x, y)
    assert all(torch.equal(parameters(a), parameters(b)) for a, b in zip(jobs, others, strict=True))


def test_it_can_be_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs, x, y = group(0, 2)
    long = [Job(job.module, Recipe("sgd", 1e-6, 0.0, 1, 2_000_000), job.rng) for job in jobs]
    engine = CompiledEngine(2)
    engine.train(jobs, x, y)  # so that compiling is over
    timer = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        engine.train(long, x, y)
    assert engine.train(twins(jobs), x, y)[0].examples_seen > 0
