"""Which engine trains what."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from random_groups import group, recipe
from torch import nn

from speciate.layers.modules import BatchNorm1d, Dropout, Graph, Sum, linear
from speciate.mutation import mutate
from speciate.networks import build
from speciate.spaces import NetworkSpace
from speciate.training import Recipe
from speciate.training.jobs import Job
from speciate.training.planner import choose, engines, group_size, train
from speciate.training.tape import tape_of


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


def test_every_network_for_tables_is_compiled_and_stacks_alone_where_that_is_asked_for() -> None:
    rng = np.random.default_rng(0)
    space = NetworkSpace.graph(input_shape=(4,), rows=100, outputs=2)
    genomes = [mutate(space.sample(rng), space, rng)[0] for _ in range(60)]
    kinds = {node.kind for genome in genomes for node in genome.layers}
    assert kinds == set(space.layers)
    for genome in genomes:
        one = job(build(genome, (4,), 2, rng))
        assert choose(one, torch.zeros(1, 4)).name == "compiled", genome
        assert choose(one, torch.zeros(1, 4), "none").name == "reference"
        dense = genome.is_path and {node.kind for node in genome.layers} <= {"dense"}
        if dense or not {node.kind for node in genome.layers} <= {"dense", "activation", "dropout"}:
            assert choose(one, torch.zeros(1, 4), "stacks").name == ("compiled" if dense else "reference")


@pytest.mark.parametrize("activations", [1, 2])
@pytest.mark.parametrize("place", ["shared", "alone"])
def test_an_activation_takes_place_where_its_value_was_made_unless_others_read_that(
    activations: int, place: str
) -> None:
    modules = {"a": nn.Linear(4, 4), "b": nn.Identity(), "c": nn.Sequential(*[nn.Tanh()] * activations)}
    sources = {"a": ["in"], "b": ["a"], "c": ["b"], "sum": ["c", "a"] if place == "shared" else ["c"]}
    graph = Graph(
        {**modules, "sum": Sum(len(sources["sum"])), "out": nn.Linear(4, 2)}, {**sources, "out": ["sum"]}
    )
    tape = tape_of(graph, 4)
    assert tape is not None
    copies = activations - (place == "alone")
    assert [one.sort.name for one in tape.operations] == ["dense", *["copy"] * copies, "add", "dense"]
    assert tape.operations[0].activation == ("linear" if place == "shared" else "tanh")
    assert tape.operations[copies + 1].reads == ((copies + 1, 1) if place == "shared" else (copies + 1,))


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
        Graph(
            {"a": nn.Linear(4, 4), "out": nn.Linear(4, 2)}, {"a": ["in"], "out": ["in"]}
        ),  # "a" is not read
        nn.Sequential(nn.LayerNorm(4, elementwise_affine=False), nn.Linear(4, 2)),
        nn.Sequential(BatchNorm1d(4, track_running_stats=False), nn.Linear(4, 2)),
        nn.Sequential(BatchNorm1d(4, momentum=None), nn.Linear(4, 2)),
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
