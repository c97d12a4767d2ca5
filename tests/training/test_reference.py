from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import torch
from torch import nn

from speciate.layers.modules import Dropout, Masks, Periodic, Scaling
from speciate.training import OPTIMIZERS, Recipe
from speciate.training.jobs import Job, Outcome, order_of
from speciate.training.reference import ReferenceEngine, loss_of, make_optimizer, one_thread, outputs_of


def recipe(**changes: object) -> Recipe:
    settings = {
        "optimizer": "adam",
        "learning_rate": 0.01,
        "weight_decay": 1e-4,
        "batch_size": 32,
        "examples": 2000,
    }
    return Recipe(**{**settings, **changes})  # type: ignore[arg-type]


def problem(rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.from_numpy(rng.standard_normal((400, 4), dtype=np.float32))
    return x, (x[:, 0] * x[:, 1] > 0).long()


def network(dropout: float = 0.1) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 32), nn.Tanh(), Dropout(dropout), nn.Linear(32, 2))


def train(
    net: nn.Module, x: torch.Tensor, y: torch.Tensor, plan: Recipe, rng: np.random.Generator
) -> Outcome:
    return ReferenceEngine().train([Job(net, plan, rng)], x, y)[0]


@pytest.mark.parametrize("examples", [1, 31, 32, 33, 100, 1000])
def test_the_budget_is_kept_to_the_example(examples: int, rng: np.random.Generator) -> None:
    x, y = problem(rng)
    outcome = train(network(), x, y, recipe(examples=examples), rng)
    assert outcome.examples_seen == examples
    assert not outcome.diverged


def test_rows_are_used_up_before_they_repeat(rng: np.random.Generator) -> None:
    seen = Counter(order_of(70, recipe(examples=210), rng).tolist())
    assert set(seen.values()) == {3}
    for examples in (1, 69, 70, 71, 100):
        rows = order_of(70, recipe(examples=examples), rng)
        assert len(rows) == examples
        assert len(set(rows[:70].tolist())) == min(70, examples)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_learns_and_repeats_itself(optimizer: str) -> None:
    def once() -> tuple[float, float, dict[str, torch.Tensor]]:
        rng = np.random.default_rng(1)
        x, y = problem(rng)
        net = network()
        rate = {"adadelta": 20.0, "sgd": 0.1}.get(optimizer, 0.01)
        outcome = train(net, x, y, recipe(optimizer=optimizer, learning_rate=rate, examples=8000), rng)
        return outcome.loss, (outputs_of(net, x).argmax(1) == y).float().mean().item(), net.state_dict()

    loss, accuracy, weights = once()
    assert accuracy > 0.85
    again = once()
    assert (loss, accuracy) == again[:2]
    assert all(torch.equal(weights[k], again[2][k]) for k in weights)


def test_neither_the_global_seed_nor_the_number_of_threads_matters() -> None:
    def once(seed: int) -> dict[str, torch.Tensor]:
        net = network(0.5)
        torch.manual_seed(seed)
        rng = np.random.default_rng(1)
        with one_thread():
            train(net, *problem(rng), recipe(), rng)
        return net.state_dict()

    threads = torch.get_num_threads()
    first, second = once(1), once(2)
    assert all(torch.equal(first[k], second[k]) for k in first)
    assert torch.get_num_threads() == threads


@pytest.mark.fault(5)
def test_a_divergence_stops_at_the_first_loss_that_is_not_finite(rng: np.random.Generator) -> None:
    x, y = problem(rng)
    outcome = train(network(), x * 1e30, y, recipe(optimizer="sgd", learning_rate=1e9), rng)
    assert outcome.diverged
    assert math.isnan(outcome.loss)
    assert outcome.examples_seen < 2000


def test_the_learning_rate_rises_and_falls_to_zero() -> None:
    plan = recipe(learning_rate=1.0, examples=3200)
    rates = plan.learning_rates.tolist()
    assert plan.steps == 100
    top = int(np.argmax(rates))
    assert top in (19, 20)
    assert rates[:20] == sorted(rates[:20])
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert rates[0] == pytest.approx(0.025)
    assert rates[-1] == pytest.approx(0.00625)
    assert 0 < recipe(examples=1).learning_rates[0] <= 0.01


def test_losses_by_hand() -> None:
    logits = torch.tensor([[0.0, 0.0], [math.log(3), 0.0]])
    labels = torch.tensor([0, 0])
    expected = (math.log(2) + math.log(4 / 3)) / 2
    assert loss_of(logits, labels, "cross_entropy").item() == pytest.approx(expected)
    weighted = loss_of(logits, torch.tensor([0, 1]), "cross_entropy", torch.tensor([1.0, 3.0])).item()
    assert weighted == pytest.approx((math.log(2) + 3 * math.log(4)) / 2)
    own, other = (
        math.log(4 / 3),
        math.log(4),
    )  # softmax (3/4, 1/4); a label is 0.9 of its own class, 0.1 of the other
    smooth = loss_of(
        logits[1].repeat(2, 1), torch.tensor([0, 1]), "cross_entropy", torch.tensor([1.0, 3.0]), 0.2
    )
    assert smooth.item() == pytest.approx((0.9 * own + 0.1 * other + 3 * (0.1 * own + 0.9 * other)) / 2)
    values = torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 1.0])
    assert loss_of(*values, "mse", torch.tensor([0.5, 1.5])).item() == pytest.approx(3.25)
    assert loss_of(torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 1.0]), "mse").item() == pytest.approx(2.5)


def test_dropout_zeroes_the_right_share_and_keeps_the_mean() -> None:
    layer = Dropout(0.3)
    layer.masks = Masks(0)
    out = layer(torch.ones(200, 500))
    assert (out == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert out.mean().item() == pytest.approx(1.0, abs=0.01)
    assert not torch.equal(layer(torch.ones(200, 500)), out)
    layer.eval()
    assert torch.equal(layer(torch.ones(3)), torch.ones(3))


def test_masks_are_splitmix64() -> None:
    # The first outputs for the seed 1234567 as published with the reference code of the generator.
    words = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    expected = [word >> shift & 0xFFFF for shift in (0, 16, 32, 48) for word in words]
    assert Masks(1234567).draw(12).tolist() == expected
    assert Masks(1234567).draw(10).tolist() == expected[:10]
    stream = Masks(1234567)
    stream.draw(4)
    assert stream.draw(8).tolist() == [w >> s & 0xFFFF for s in (0, 16, 32, 48) for w in words[1:]]


def test_some_layers_learn_faster_than_others_or_slower() -> None:
    module = nn.Sequential(Scaling(4), Periodic(4, 3, 2), nn.Linear(8, 2))
    groups = make_optimizer(module, recipe()).param_groups
    assert {group["factor"]: len(group["params"]) for group in groups} == {0.1: 4, 1.0: 2, 6.0: 1}
    x, y = torch.ones(4, 4), torch.zeros(4, dtype=torch.int64)
    job = Job(module, recipe(optimizer="adam", batch_size=4, examples=4), np.random.default_rng(0))
    ReferenceEngine().train([job], x, y)  # Adam's first step changes every weight by the learning rate
    moved = (module[0].weight - 1).abs()
    torch.testing.assert_close(moved, 6 * job.recipe.learning_rates[0] * torch.ones(4))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizers_are_torchs_own(optimizer: str) -> None:
    made = make_optimizer(network(), recipe(optimizer=optimizer))
    assert type(made).__name__.lower() == optimizer
    assert made.param_groups[0]["weight_decay"] == 1e-4


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": "magic"},
        {"loss": "x"},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"schedule": "magic"},
        {"decay_schedule": "magic"},
        {"label_smoothing": 1.0},
        {"beta2": 1.0},
        {"ema": 1.5},
        {"ema": float("nan")},
    ],
)
def test_impossible_recipes_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="Recipe"):
        recipe(**change)
