"""What a recipe makes of its settings: rates, decays and averages, by hand."""

from __future__ import annotations

import copy
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from speciate.layers.modules import BatchNorm1d
from speciate.spaces import BINS, DEFAULTS
from speciate.training import OPTIONAL, Recipe
from speciate.training.compiled.engine import CompiledEngine
from speciate.training.jobs import Engine, Job
from speciate.training.reference import ReferenceEngine
from speciate.training.schedules import SCHEDULES
from speciate.training.stacked.engine import StackedEngine

ENGINES: list[Engine] = [ReferenceEngine(), CompiledEngine(1), StackedEngine()]
HALF = np.sqrt(0.5)


def recipe(steps: int, **changes: Any) -> Recipe:
    return Recipe("sgd", 1.0, 0.1, batch_size=1, examples=steps, **changes)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_has_factors_from_0_to_1_and_reaches_1(name: str, again: bool) -> None:
    position = (np.arange(2000) + 0.5) / 2000
    factors = SCHEDULES[name](position, again)
    assert factors.shape == position.shape
    assert factors.min() >= 0
    assert 0.999 < factors.max() <= 1
    assert SCHEDULES[name](np.array([0.5]), again)[0] > 0  # a single step teaches something


@pytest.mark.parametrize(
    ("name", "positions", "factors"),
    [
        ("one_cycle", [0.1, 0.2, 0.6, 0.8], [0.5, 1, 0.5, 0.25]),
        ("cosine", [0.025, 0.05, 0.525, 1], [0.5, 1, 0.5, 0]),
        ("flat_cos", [0.01, 0.7, 0.775, 0.85, 1], [1, 1, (1 + HALF) / 2, 0.5, 0]),
        ("coslog4", [0, (2**0.5 - 1) / 15, 1 / 15, 3 / 15, (2**2.25 - 1) / 15, 7 / 15, 1], [0, 1, 0, 0, 0.5, 0, 0]),
        ("flat", [0.01, 0.99], [1, 1]),
    ],
)  # fmt: skip
def test_schedules_by_hand(name: str, positions: list[float], factors: list[float]) -> None:
    np.testing.assert_allclose(SCHEDULES[name](np.array(positions), False), factors, atol=1e-12)


def test_weights_that_were_trained_before_do_not_begin_at_the_highest_rate() -> None:
    for name in SCHEDULES:
        rates = recipe(100, schedule=name, seen=300).learning_rates
        assert rates[0] < 0.1
        assert rates.max() == pytest.approx(0.5, rel=0.02), name  # 1 / sqrt(1 + 300 / 100)


def test_decay_is_flat_or_follows_the_rate() -> None:
    assert recipe(3, seen=9).weight_decays.tolist() == [0.1] * 3
    found = recipe(4, schedule="cosine", decay_schedule="schedule", seen=9)
    peak = 1 / (1 + 9 / 4) ** 0.5
    np.testing.assert_allclose(found.weight_decays, 0.1 / peak * found.learning_rates)
    np.testing.assert_allclose(
        recipe(2, decay_schedule="flat_cos").weight_decays, [0.1, 0.05 * (1 + 0.75**0.5)]
    )


def test_an_average_has_the_half_life_that_it_is_said_to_have() -> None:
    assert not recipe(8).averaging.size
    shares = recipe(8, ema=0.25).averaging  # two steps of eight
    parts = [shares[t] * np.prod(1 - shares[t + 1 :]) for t in range(8)]  # of the weights after each step
    wanted = 0.5 ** (np.arange(7, -1, -1) / 2)
    np.testing.assert_allclose(parts, wanted / wanted.sum())
    assert shares[0] == 1  # the initial weights are no part of it
    assert recipe(1, ema=1.0).averaging.tolist() == [1]


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_an_average_by_hand(engine: Engine) -> None:
    """The squared error of w against 1, from w = 0, by two steps of SGD with Nesterov momentum."""
    module = nn.Linear(1, 1)
    nn.init.zeros_(module.weight)
    nn.init.zeros_(module.bias)
    x, y = torch.ones(1, 1), torch.ones(1)
    plan = Recipe("sgd", 0.1, 0.0, 1, 2, "mse", schedule="flat", ema=0.5)  # a half-life of one step
    engine.train([Job(module, plan, np.random.default_rng(0))], x, y)
    # Gradients of weight and bias are 2 (2 w - 1): -2, then -0.48. Momentum: -2, then 0.9 (-2) - 0.48 = -2.28.
    first = 0.1 * (2 + 0.9 * 2)  # 0.38
    second = first + 0.1 * (0.48 + 0.9 * 2.28)  # 0.6332
    assert module.weight.item() == pytest.approx((first + 2 * second) / 3, rel=1e-6)


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_adam_keeps_as_much_as_beta2_says(engine: Engine, optimizer: str) -> None:
    module = nn.Linear(1, 1)
    nn.init.zeros_(module.weight)
    nn.init.zeros_(module.bias)
    plan = Recipe(optimizer, 0.1, 0.0, 1, 2, "mse", schedule="flat", beta2=0.5)
    engine.train([Job(module, plan, np.random.default_rng(0))], torch.ones(1, 1), torch.ones(1))
    # The first step is 0.1 along the sign. Gradients are -2, then 2 (0.2 - 1) = -1.6.
    mean = (0.9 * 0.1 * 2 + 0.1 * 1.6) / (1 - 0.9**2)
    square = (0.5 * 0.5 * 4 + 0.5 * 1.6**2) / (1 - 0.5**2)
    assert module.weight.item() == pytest.approx(0.1 + 0.1 * mean / square**0.5, rel=1e-6)


def test_what_norms_have_counted_is_averaged_like_the_weights() -> None:
    x, y = torch.arange(8.0)[:, None], torch.arange(8.0)
    module = nn.Sequential(BatchNorm1d(1), nn.Linear(1, 1))
    states: list[dict[str, torch.Tensor]] = []
    for examples in (
        2,
        4,
    ):  # the schedule is flat and the order the same, so that one is the beginning of the other
        twin = copy.deepcopy(module)
        plan = Recipe("sgd", 0.01, 0.0, 2, examples, "mse", schedule="flat")
        ReferenceEngine().train([Job(twin, plan, np.random.default_rng(0))], x, y)
        states.append(twin.state_dict())
    plan = Recipe("sgd", 0.01, 0.0, 2, 4, "mse", schedule="flat", ema=0.5)
    ReferenceEngine().train([Job(module, plan, np.random.default_rng(0))], x, y)
    found = module.state_dict()
    for name in ("0.running_mean", "0.running_var", "0.weight", "1.weight", "1.bias"):
        torch.testing.assert_close(found[name], (states[0][name] + 2 * states[1][name]) / 3)
    assert found["0.num_batches_tracked"].item() == 2


def test_a_genome_need_not_have_what_recipes_have_by_default() -> None:
    own = {field.name: field.default for field in fields(Recipe)}
    assert {BINS: 0, **{name: own[name] for name in OPTIONAL}} == {**DEFAULTS}
