from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from speciate.inheritance.inherit import inherit
from speciate.mutation import mutate
from speciate.mutation.crossover import crossover, matched, spliced
from speciate.networks import build
from speciate.spaces import NetworkGenome, NetworkSpace, Node, ParameterSpace, Real

SHAPE, OUTPUTS = (5,), 2
SPACES = [
    NetworkSpace.mlp(features=5, rows=500, outputs=2, depth=(0, 4), units=(4, 16)),
    NetworkSpace.mlp(features=5, rows=500, outputs=2, depth=(2, 3), units=(4, 16)),
]


def dense(mark: str, units: int, activation: str = "relu") -> Node:
    return Node.make(mark, "dense", {"units": units, "activation": activation, "dropout": 0.0})


def parents(space: NetworkSpace, seed: int) -> tuple[NetworkGenome, NetworkGenome, np.random.Generator]:
    """Every second pair has a common ancestor, the others are strangers."""
    rng = np.random.default_rng(seed)
    pair = [space.sample(rng)] * 2 if seed % 2 else [space.sample(rng), space.sample(rng)]
    for _ in range(4):
        pair = [mutate(genome, space, rng)[0] for genome in pair]
    return pair[0], pair[1], rng


def tensors(genome: NetworkGenome, rng: np.random.Generator) -> dict[str, np.ndarray]:
    state = build(genome, SHAPE, OUTPUTS, rng).state_dict()
    return {name: rng.normal(size=tuple(value.shape)).astype(np.float32) for name, value in state.items()}


@pytest.mark.parametrize("space", SPACES, ids=["0-4 layers", "2-3 layers"])
@pytest.mark.parametrize("policy", ["common", "preserve"])
def test_children_are_valid_and_carry_the_weights_of_the_parents_their_layers_are_from(
    space: NetworkSpace, policy: str
) -> None:
    shared: Counter[int] = Counter()
    for seed in range(300):
        first, second, rng = parents(space, seed)
        before = first.to_json(), second.to_json()
        child = crossover(first, second, space, rng)
        assert (first.to_json(), second.to_json()) == before
        assert space.problems(child) == []
        assert set(child.layers) <= set(first.layers) | set(second.layers)
        module = build(child, SHAPE, OUTPUTS, rng)
        fresh = {name: value.numpy().copy() for name, value in module.state_dict().items()}
        ancestors = [(genome, tensors(genome, rng)) for genome in (first, second)]
        found = inherit(child, fresh, ancestors, SHAPE, OUTPUTS, policy, rng)
        module.load_state_dict({name: torch.from_numpy(value) for name, value in found.tensors.items()})
        for mark, source in found.sources.items():
            genome, theirs = ancestors[source]
            names = [n for n in fresh if n.startswith(f"{mark}.")]
            fits = all(n in theirs and theirs[n].shape == fresh[n].shape for n in names)
            if fits and not (policy == "preserve" and behind_a_removed_linear_layer(mark, genome, child)):
                shared[source] += 1
                assert all(np.array_equal(found.tensors[n], theirs[n]) for n in names)
    assert min(shared[0], shared[1]) > 30


def behind_a_removed_linear_layer(mark: str, ancestor: NetworkGenome, child: NetworkGenome) -> bool:
    """Whether the layer may have taken in one that is gone."""
    before = next(a for a, b in ancestor.edges if b == mark)
    return before not in {node.mark for node in child.nodes}


def test_the_same_stream_gives_the_same_child() -> None:
    first, second, _ = parents(SPACES[0], 3)
    one, other = (crossover(first, second, SPACES[0], np.random.default_rng(7)) for _ in range(2))
    assert one == other


def test_common_layers_and_hyper_parameters_are_either_parents_in_half_of_the_children() -> None:
    space = NetworkSpace.mlp(features=5, rows=500, units=(4, 16))
    hyper = [dict(space.sample(np.random.default_rng(seed)).hyper) for seed in (0, 1)]
    first = NetworkGenome.path([dense("a", 4), dense("b", 4), dense("c", 4)], hyper[0])
    second = NetworkGenome.path([dense("b", 8), dense("d", 8)], hyper[1])
    rates: Counter[bool] = Counter()
    layers: Counter[tuple[str, ...]] = Counter()
    for seed in range(1000):
        child = crossover(first, second, space, np.random.default_rng(seed))
        rates[child.hyper_parameters["learning_rate"] == hyper[0]["learning_rate"]] += 1
        layers[tuple(f"{n.mark}{dict(n.genes)['units']}" for n in child.layers)] += 1
    assert 430 < rates[True] < 570  # 500 expected, standard deviation 15.8
    expected = {("a4", "b4", "c4"): 250, ("a4", "b8", "c4"): 250, ("a4", "b4", "d8"): 500}
    assert set(layers) == set(expected)
    assert all(abs(layers[key] - count) < 70 for key, count in expected.items())


def test_matching_keeps_the_first_parents_order_and_takes_layers_whole(rng: np.random.Generator) -> None:
    first, second = [dense("a", 4), dense("b", 4)], [dense("b", 8, "tanh"), dense("a", 8, "tanh")]
    seen = {tuple(matched(first, second, rng)) for _ in range(100)}
    assert seen == {(a, b) for a in (first[0], second[1]) for b in (first[1], second[0])}


def test_splicing_strangers_joins_any_two_points_within_the_depth(rng: np.random.Generator) -> None:
    first, second = [dense("a", 4), dense("b", 4)], [dense("c", 4), dense("d", 4)]
    seen = {"".join(n.mark for n in spliced(first, second, (2, 3), rng) or ()) for _ in range(200)}
    assert seen == {"acd", "ad", "abd"}


def test_splicing_never_repeats_a_mark(rng: np.random.Generator) -> None:
    first, second = [dense("a", 4), dense("b", 4)], [dense("b", 4), dense("a", 4)]
    seen = {"".join(n.mark for n in spliced(first, second, (1, 4), rng) or ()) for _ in range(100)}
    assert seen == {"a"}  # "aba", "abba" and the like are none
    assert spliced(first, second, (2, 4), rng) is None
    assert spliced([], second, (0, 4), rng) is None


def test_parents_outside_the_space_give_the_first_back(rng: np.random.Generator) -> None:
    first, second, _ = parents(SPACES[1], 0)
    assert crossover(first, second, NetworkSpace.mlp(depth=(4, 4)), rng) is first


def test_parameters_are_crossed_one_by_one(rng: np.random.Generator) -> None:
    space = ParameterSpace({"x": Real(0, 1), "y": Real(0, 1)})
    first, second = space.sample(rng), space.sample(rng)
    children = {crossover(first, second, space, rng) for _ in range(100)}
    assert len(children) == 4
    assert all(space.problems(child) == [] for child in children)
