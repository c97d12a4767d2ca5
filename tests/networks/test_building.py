from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.spaces.families import FAMILIES, evolved
from torch import nn

from speciate.errors import DataError
from speciate.layers import GAINS, LAYERS
from speciate.networks import build, hand_made
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, NetworkSpace, Node, count_parameters, shapes

SPACE = NetworkSpace.mlp(features=20, rows=2000, depth=(0, 4))


@given(seed=st.integers(0, 2**32), image=st.booleans())
def test_every_network_of_the_space_builds_and_answers(seed: int, image: bool) -> None:
    rng = np.random.default_rng(seed)
    shape = (2, 3, 4) if image else (7,)
    genome = SPACE.sample(rng)
    net = build(genome, shape, 3, rng)
    x = torch.from_numpy(rng.standard_normal((5, *shape), dtype=np.float32))
    assert net(x).shape == (5, 3)
    assert torch.equal(net.eval()(x), torch.zeros(5, 3))  # the head starts at zero
    assert sum(p.numel() for p in net.parameters()) == count_parameters(genome, shape, 3)
    assert [name for name, _ in net.named_children()] == [*(n.mark for n in genome.layers), OUTPUT]


@pytest.mark.parametrize("name", FAMILIES)
def test_networks_of_all_families_build_and_answer(name: str) -> None:
    space = FAMILIES[name]
    assert space.input_shape is not None
    for seed in range(60):
        genome = evolved(space, seed, steps=seed % 8)
        net = build(genome, space.input_shape, 4, np.random.default_rng(seed))
        x = torch.randn((5, *space.input_shape), generator=torch.Generator().manual_seed(seed))
        assert torch.equal(net.eval()(x), torch.zeros(5, 4))  # the head starts at zero
        assert sum(p.numel() for p in net.parameters()) == count_parameters(genome, space.input_shape, 4)
        layers = [child for child, _ in net.named_children()]
        assert layers == [*(n.mark for n in genome.layers), OUTPUT]
        assert isinstance(net, nn.Sequential) == genome.is_path


def test_the_same_stream_gives_the_same_weights() -> None:
    genome = SPACE.sample(np.random.default_rng(5))
    first, second = (build(genome, (7,), 3, np.random.default_rng(1)).state_dict() for _ in range(2))
    assert all(torch.equal(first[k], second[k]) for k in first)


@pytest.mark.parametrize("activation", GAINS)
def test_initial_weights_have_the_variance_that_suits_the_activation(activation: str) -> None:
    genes = {"units": 200, "activation": activation, "dropout": 0.2}
    layer = LAYERS["dense"].module(genes, [(300,)], np.random.default_rng(0))
    weight = next(layer.parameters())
    assert weight.std().item() == pytest.approx(GAINS[activation] / np.sqrt(300), rel=0.02)
    assert [type(part) for part in layer][-1].__name__ == "Dropout"
    signal = layer.eval()(torch.randn(1000, 300))
    assert signal.isfinite().all()


@pytest.mark.parametrize("activation", GAINS)
def test_activations_are_what_they_are_called(activation: str) -> None:
    genes = {"units": 1, "activation": activation, "dropout": 0.0}
    layer = LAYERS["dense"].module(genes, [(1,)], np.random.default_rng(0))
    linear = next(m for m in layer.modules() if isinstance(m, nn.Linear))
    nn.init.ones_(linear.weight)
    x = torch.tensor([[-1.0], [2.0]])
    functions = {
        "linear": lambda v: v,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "relu": torch.relu,
        "elu": torch.nn.functional.elu,
        "gelu": torch.nn.functional.gelu,
        "silu": torch.nn.functional.silu,
        "mish": torch.nn.functional.mish,
        "selu": torch.nn.functional.selu,
    }
    assert torch.equal(layer(x), functions[activation](x))


def node(**genes: object) -> NetworkGenome:
    return NetworkGenome.path([Node.make("aa", "dense", genes)], {})  # type: ignore[arg-type]


@pytest.mark.fault(19)
@pytest.mark.parametrize(
    ("genome", "message"),
    [
        (node(units=0, activation="relu", dropout=0.0), "units must be"),
        (node(units=True, activation="relu", dropout=0.0), "units must be"),
        (node(units=3, activation="exec", dropout=0.0), "activation must be"),
        (node(units=3, activation="relu", dropout=1.0), "dropout must be"),
        (node(units=3), "has genes"),
        (NetworkGenome.path([Node.make("aa", "virus")], {}), "no layer type"),
        (NetworkGenome((Node(INPUT, INPUT), Node(OUTPUT, OUTPUT)), ()), "leads nowhere"),
    ],
)
def test_what_cannot_be_built_is_refused_before_anything_is_allocated(
    genome: NetworkGenome, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        shapes(genome, (4,), 2)


def test_a_monstrous_network_is_counted_without_being_built() -> None:
    genome = node(units=10**12, activation="relu", dropout=0.0)
    assert count_parameters(genome, (4,), 2) == 5 * 10**12 + (10**12 + 1) * 2


def test_the_hand_made_network_builds() -> None:
    assert count_parameters(hand_made(), (64,), 10) == 65 * 128 + 129 * 128 + 129 * 10
