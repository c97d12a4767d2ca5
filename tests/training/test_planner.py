"""Which engine trains what."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from random_groups import group, recipe
from torch import nn

from speciate.layers.modules import Dropout, linear
from speciate.training import Recipe
from speciate.training.jobs import Job
from speciate.training.planner import choose, engines, group_size, train


def job(module: nn.Module) -> Job:
    rng = np.random.default_rng(0)
    return Job(module, Recipe("adam", 0.01, 0.0, 16, 100), rng)


def chosen(module: nn.Module, dtype: torch.dtype = torch.float32) -> str:
    return choose(job(module), torch.zeros(1, 4, dtype=dtype)).name


@pytest.fixture
def fresh_engines() -> Iterator[None]:
    engines.cache_clear()
    yield
    engines.cache_clear()


def test_stacks_of_dense_layers_are_compiled() -> None:
    rng = np.random.default_rng(0)
    layers = [linear(4, 5, 1.0, rng), nn.ELU(), Dropout(0.1), nn.Linear(5, 5), Dropout(0.1), nn.Linear(5, 2)]
    assert chosen(nn.Sequential(nn.Flatten(), nn.Sequential(*layers[:3]), *layers[3:])) == "compiled"
    assert chosen(nn.Linear(4, 2)) == "compiled"


class Odd(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x).abs()


def tied() -> nn.Sequential:
    layer = nn.Linear(4, 4)
    return nn.Sequential(layer, nn.Tanh(), layer)


def frozen() -> nn.Sequential:
    module = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
    module[0].weight.requires_grad_(False)
    return module


@pytest.mark.parametrize(
    "module",
    [
        nn.Sequential(nn.Linear(4, 4), nn.Softplus(), nn.Linear(4, 2)),
        nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Tanh(), nn.Linear(4, 2)),
        nn.Sequential(nn.Linear(4, 4), Dropout(0.1), nn.Tanh(), nn.Linear(4, 2)),
        nn.Sequential(nn.Linear(4, 4), nn.ELU(0.5), nn.Linear(4, 2)),
        nn.Sequential(nn.Linear(4, 4), nn.GELU("tanh"), nn.Linear(4, 2)),
        nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.1), nn.Linear(4, 2)),  # torch's own masks
        nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 2)),
        nn.Sequential(nn.Linear(4, 2), nn.ReLU()),
        nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 2)),
        nn.Sequential(Odd(4, 4), nn.Linear(4, 2)),
        nn.Identity(),
        frozen(),
        tied(),
    ],
)
def test_what_is_not_understood_to_the_letter_goes_to_the_reference(module: nn.Module) -> None:
    assert chosen(module) == "reference"


def test_double_precision_goes_to_the_reference() -> None:
    assert chosen(nn.Linear(4, 2), torch.float64) == "reference"


@pytest.mark.usefixtures("fresh_engines")
def test_without_numba_everything_goes_to_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("speciate.training.compiled")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "numba", None)
    assert chosen(nn.Linear(4, 2)) == "reference"
    assert group_size("cpu") == 1


def test_a_mixed_brood_comes_back_in_order() -> None:
    jobs, x, y = group(3, 6)
    rng = np.random.default_rng(0)
    inputs = int(np.prod(x.shape[1:]))
    odd = nn.Sequential(nn.Flatten(), nn.Linear(inputs, 4), nn.Softplus(), nn.Linear(4, 4))
    mixed = [*jobs[:3], Job(odd, recipe(rng, "cross_entropy"), rng), *jobs[3:]]
    outcomes = train(mixed, x, y)
    assert [outcome.engine for outcome in outcomes] == ["compiled"] * 3 + ["reference"] + ["compiled"] * 3
    assert [outcome.examples_seen for outcome in outcomes] == [one.recipe.examples for one in mixed]
