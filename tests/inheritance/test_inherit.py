from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from speciate.errors import ConfigurationError, DataError
from speciate.inheritance.inherit import Inherited, inherit
from speciate.mutation import operator
from speciate.mutation.identity import deepen
from speciate.mutation.widths import widen
from speciate.networks import build
from speciate.spaces import OUTPUT, Choice, NetworkGenome, NetworkSpace, Node, Value

Tensors = dict[str, np.ndarray]
Ancestor = tuple[NetworkGenome, Tensors]

SHAPE, OUTPUTS = (7,), 3
SPACE = NetworkSpace.mlp(features=7, rows=500, outputs=OUTPUTS, depth=(0, 4), units=(4, 24))
OPERATORS = [
    "add_layer",
    "change_activation",
    "change_dropout",
    "change_learning_rate",
    "change_units",
    "deepen",
    "remove_layer",
    "widen",
]
ALWAYS = {"change_dropout", "change_learning_rate", "deepen", "widen"}
SOMETIMES = {"add_layer", "change_units", "remove_layer"}


def dense(mark: str, units: int, activation: str = "relu", dropout: float = 0.0) -> Node:
    return Node.make(mark, "dense", {"units": units, "activation": activation, "dropout": dropout})


def path(*layers: Node) -> NetworkGenome:
    return NetworkGenome.path(layers, {})


def fresh_tensors(genome: NetworkGenome, seed: int = 0, shape: tuple[int, ...] = SHAPE) -> Tensors:
    module = build(genome, shape, OUTPUTS, np.random.default_rng(seed))
    return {name: value.numpy() for name, value in module.state_dict().items()}


def trained(genome: NetworkGenome, seed: int = 0, shape: tuple[int, ...] = SHAPE) -> Ancestor:
    """A network as if it had been trained: its head and biases are not zero."""
    rng, tensors = np.random.default_rng(seed), fresh_tensors(genome, seed, shape)
    for name, value in tensors.items():
        if name.endswith("bias") or name.startswith(OUTPUT):
            tensors[name] = rng.normal(size=value.shape).astype(np.float32)
    return genome, tensors


def child_of(
    genome: NetworkGenome,
    *ancestors: Ancestor,
    policy: str = "preserve",
    seed: int = 1,
    shape: tuple[int, ...] = SHAPE,
) -> Inherited:
    fresh = fresh_tensors(genome, 99, shape)
    return inherit(genome, fresh, ancestors, shape, OUTPUTS, policy, np.random.default_rng(seed))


def answers(
    genome: NetworkGenome, tensors: Tensors, seed: int = 0, shape: tuple[int, ...] = SHAPE
) -> np.ndarray:
    """Outputs in evaluation mode for random inputs, (16, outputs)."""
    module = build(genome, shape, OUTPUTS, np.random.default_rng(0)).eval()
    module.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()})
    x = np.random.default_rng(seed).normal(size=(16, *shape)).astype(np.float32)
    with torch.no_grad():
        return module(torch.from_numpy(x)).numpy()


def difference(
    parent: Ancestor, child: NetworkGenome, seed: int = 0, shape: tuple[int, ...] = SHAPE
) -> float:
    """The largest difference between the outputs of parent and child, relative to the parent's largest output."""
    found = child_of(child, parent, seed=seed, shape=shape)
    expected = answers(*parent, seed, shape)
    return float(abs(answers(child, found.tensors, seed, shape) - expected).max() / abs(expected).max())


# Cases worked by hand


def small(hidden: Node, weight: list[list[int]], bias: list[int], head: list[list[int]]) -> Ancestor:
    """A parent of one hidden layer with weights of our choice; its head's bias is 7."""
    tensors = {
        f"{hidden.mark}.linear.weight": weight,
        f"{hidden.mark}.linear.bias": bias,
        "output.weight": head,
        "output.bias": [7],
    }
    return path(hidden), {name: np.array(value, np.float32) for name, value in tensors.items()}


def heir(genome: NetworkGenome, parent: Ancestor, policy: str = "preserve") -> Inherited:
    """A child with as many inputs as the parent's first layer and one output, whose fresh weights are all 9."""
    inputs = parent[1][f"{parent[0].layers[0].mark}.linear.weight"].shape[1]
    module = build(genome, (inputs,), 1, np.random.default_rng(0))
    fresh = {k: np.full(v.shape, 9 if v.ndim == 2 else 0, np.float32) for k, v in module.state_dict().items()}
    return inherit(genome, fresh, [parent], (inputs,), 1, policy, np.random.default_rng(0))


PARENT = small(dense("aa", 2), [[1, 2], [3, 4]], [1, -1], [[5, 6]])


def test_a_wider_layer_keeps_its_units_and_divides_what_follows_among_copies() -> None:
    found = heir(path(dense("aa", 5)), PARENT)
    weight, bias, head = (found.tensors[k] for k in ("aa.linear.weight", "aa.linear.bias", "output.weight"))
    assert weight[:2].tolist() == [[1, 2], [3, 4]]
    copied = [[[1, 2], [3, 4]].index(row) for row in weight.tolist()]
    assert bias.tolist() == [[1, -1][unit] for unit in copied]
    shares = [[head[0, i] for i in range(5) if copied[i] == unit] for unit in (0, 1)]
    assert [sum(share) for share in shares] == pytest.approx([5, 6])
    assert min(map(min, shares)) > 0
    assert all(len(set(share)) == len(share) for share in shares)  # else copies would stay copies
    assert found.sources == {"aa": 0, "output": 0}


def test_copies_have_different_shares_in_every_unit_that_follows() -> None:
    parent = trained(path(dense("aa", 4), dense("bb", 5)))
    weight = child_of(path(dense("aa", 8), dense("bb", 5)), parent).tensors["bb.linear.weight"]
    ratios = weight[:, 4:] / weight[:, :4].sum(axis=1, keepdims=True)
    assert len(np.unique(ratios)) == ratios.size


def test_a_relu_behind_a_relu_starts_as_the_identity_and_its_other_units_unheard() -> None:
    found = heir(path(dense("aa", 2), dense("xx", 3)), PARENT)
    assert found.tensors["xx.linear.weight"].tolist() == [[1, 0], [0, 1], [9, 9]]
    assert found.tensors["xx.linear.bias"].tolist() == [0, 0, 0]
    assert found.tensors["output.weight"].tolist() == [[5, 6, 0]]
    assert found.tensors["aa.linear.weight"].tolist() == [[1, 2], [3, 4]]
    assert found.sources == {"aa": 0, "output": 0}


def test_a_linear_layer_behind_the_input_starts_as_the_identity() -> None:
    found = heir(path(dense("xx", 2, "linear"), dense("aa", 2)), PARENT)
    assert found.tensors["xx.linear.weight"].tolist() == [[1, 0], [0, 1]]
    assert found.tensors["aa.linear.weight"].tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    "inserted",
    [dense("xx", 2, "tanh"), dense("xx", 1, "linear")],
    ids=["never the identity", "too narrow"],
)
def test_what_cannot_be_the_identity_starts_fresh(inserted: Node) -> None:
    found = heir(path(dense("aa", 2), inserted), PARENT)
    assert np.all(found.tensors["xx.linear.weight"] == 9)
    assert found.sources == {"aa": 0}
    assert np.all(found.tensors["output.weight"] == 9)  # what the head knew is heard no more


def test_a_relu_behind_a_tanh_starts_fresh() -> None:
    parent = small(dense("aa", 2, "tanh"), [[1, 2], [3, 4]], [1, -1], [[5, 6]])
    found = heir(path(dense("aa", 2, "tanh"), dense("xx", 2)), parent)
    assert np.all(found.tensors["xx.linear.weight"] == 9)


def test_a_narrower_layer_keeps_the_units_that_matter_most() -> None:
    # Norms of incoming weights 1, 5, 2; of outgoing ones 1, 1, 10: importances 1, 5, 20.
    parent = small(dense("aa", 3), [[1, 0], [3, 4], [0, 2]], [1, 2, 3], [[1, 1, 10]])
    found = heir(path(dense("aa", 2)), parent)
    assert found.tensors["aa.linear.weight"].tolist() == [[3, 4], [0, 2]]
    assert found.tensors["aa.linear.bias"].tolist() == [2, 3]
    assert found.tensors["output.weight"].tolist() == [[1, 10]]


def two_layers(activation: str, second: list[list[int]]) -> Ancestor:
    genome, tensors = PARENT
    tensors = dict(tensors)
    tensors["bb.linear.weight"] = np.array(second, np.float32)
    tensors["bb.linear.bias"] = np.arange(1, len(second) + 1, dtype=np.float32)
    tensors["output.weight"] = np.arange(1, len(second) + 1, dtype=np.float32)[None]
    return path(*genome.layers, dense("bb", len(second), activation)), tensors


def test_a_removed_linear_layer_is_folded_into_what_follows() -> None:
    found = heir(path(dense("aa", 2)), two_layers("linear", [[1, 2], [0, 1], [1, 1]]))
    assert found.tensors["output.weight"].tolist() == [[1 + 0 + 3, 2 + 2 + 3]]
    assert found.tensors["output.bias"].tolist() == [7 + 1 + 4 + 9]


def test_behind_a_removed_layer_weights_that_fit_are_kept() -> None:
    found = heir(path(dense("aa", 2)), two_layers("relu", [[1, 2], [0, 1]]))
    assert found.tensors["output.weight"].tolist() == [[1, 2]]


def test_behind_a_removed_layer_of_another_width_it_is_taken_for_linear() -> None:
    found = heir(path(dense("aa", 2)), two_layers("relu", [[1, 2], [0, 1], [1, 1]]))
    assert found.tensors["output.weight"] == pytest.approx(np.array([[4, 7]]) / np.sqrt(2))


def test_common_copies_what_fits_and_leaves_the_rest_fresh() -> None:
    found = heir(path(dense("aa", 2, "tanh", 0.5), dense("xx", 3)), PARENT, "common")
    assert found.tensors["aa.linear.weight"].tolist() == [
        [1, 2],
        [3, 4],
    ]  # another activation is no other shape
    assert np.all(found.tensors["xx.linear.weight"] == 9)
    assert np.all(found.tensors["output.weight"] == 9)
    assert found.sources == {"aa": 0}
    found = heir(path(dense("aa", 3)), PARENT, "common")
    assert found.sources == {}
    assert np.all(found.tensors["aa.linear.weight"] == 9)


@pytest.mark.parametrize("policy", ["common", "preserve"])
def test_a_layer_comes_from_the_parent_whose_genes_it_has(policy: str) -> None:
    first = trained(path(dense("aa", 4), dense("bb", 4, "tanh"), dense("cc", 4)), 1)
    second = trained(path(dense("aa", 4), dense("bb", 4, "elu"), dense("dd", 4)), 2)
    child = path(dense("aa", 4), dense("bb", 4, "elu"), dense("cc", 4))
    found = child_of(child, first, second, policy=policy)
    assert found.sources == {"aa": 0, "bb": 1, "cc": 0, "output": 0}
    for mark, source in found.sources.items():
        for name in (k for k in found.tensors if k.startswith(mark)):
            assert np.array_equal(found.tensors[name], (first, second)[source][1][name])


def test_without_ancestors_everything_is_fresh_even_what_could_be_the_identity() -> None:
    genome = path(dense("aa", 8, "linear"), dense("bb", 8, "linear"))
    found = child_of(genome)
    fresh = fresh_tensors(genome, 99)
    assert found.sources == {}
    assert all(np.array_equal(found.tensors[k], fresh[k]) for k in fresh)
    assert not any(np.shares_memory(found.tensors[k], fresh[k]) for k in fresh)


def test_images_without_hidden_layers_pass_their_head_on() -> None:
    shape = (2, 3, 2)
    parent = trained(path(), shape=shape)
    child = path(dense("xx", 12, "linear"))
    assert "output.1.weight" in parent[1]
    assert child_of(child, parent, shape=shape).exact
    assert difference(parent, child, shape=shape) < 1e-5


@pytest.mark.parametrize("policy", ["common", "preserve"])
def test_other_inputs_and_other_tasks_get_fresh_ends(policy: str) -> None:
    genome = path(dense("aa", 4), dense("bb", 5))
    parent = trained(genome, shape=(3,))
    parent[1]["output.weight"] = np.ones((2, 5), np.float32)
    parent[1]["output.bias"] = np.ones(2, np.float32)
    found = child_of(genome, parent, policy=policy)
    assert found.sources == {"bb": 0}
    assert found.tensors["output.weight"].shape == (3, 5)


def test_mistakes_are_named() -> None:
    with pytest.raises(ConfigurationError, match="'all'"):
        child_of(PARENT[0], policy="all")
    with pytest.raises(DataError, match=r"ancestor 0 lacks bias of its layer aa"):
        heir(PARENT[0], (PARENT[0], {k: v for k, v in PARENT[1].items() if k != "aa.linear.bias"}))


# Properties


def mutated(genome: NetworkGenome, names: list[str], rng: np.random.Generator) -> NetworkGenome:
    for name in names:
        genome = operator(name)(genome, SPACE, rng)
    return genome


def test_preserved_is_what_is_claimed_and_nothing_else() -> None:
    claimed: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    for seed in range(800):
        rng = np.random.default_rng(seed)
        parent, name = SPACE.sample(rng), OPERATORS[seed % len(OPERATORS)]
        child = mutated(parent, [name], rng)
        if child == parent:
            continue
        changed[name] += 1
        claim = child_of(child, trained(parent, seed), seed=seed).exact
        claimed[name] += claim
        far = difference(trained(parent, seed), child, seed)
        assert (far < 1e-5) == claim, (seed, name, far)
    assert sum(changed.values()) > 500
    assert all(claimed[name] == changed[name] > 40 for name in ALWAYS), claimed
    assert all(0 < claimed[name] < changed[name] for name in SOMETIMES), claimed
    assert claimed["change_activation"] == 0 < changed["change_activation"]


@given(seed=st.integers(0, 2**32), names=st.lists(st.sampled_from(OPERATORS), min_size=2, max_size=5))
def test_several_changes_at_once_compose(seed: int, names: list[str]) -> None:
    rng = np.random.default_rng(seed)
    parent = SPACE.sample(rng)
    child = mutated(parent, names, rng)
    far = difference(trained(parent, seed), child, seed)
    assert np.isfinite(far)
    if child_of(child, trained(parent, seed), seed=seed).exact:
        assert far < 1e-5


@given(seed=st.integers(0, 2**32), steps=st.integers(2, 5))
def test_widening_and_deepening_always_compose(seed: int, steps: int) -> None:
    rng = np.random.default_rng(seed)
    parent = SPACE.sample(rng)
    child = mutated(parent, [("widen", "deepen")[int(i)] for i in rng.integers(2, size=steps)], rng)
    assert child_of(child, trained(parent, seed), seed=seed).exact
    assert difference(trained(parent, seed), child, seed) < 1e-5


@given(seed=st.integers(0, 2**32), policy=st.sampled_from(["common", "preserve"]))
def test_arguments_stay_as_they_are_and_the_same_stream_gives_the_same_weights(
    seed: int, policy: str
) -> None:
    rng = np.random.default_rng(seed)
    parent = trained(SPACE.sample(rng), seed)
    child = mutated(parent[0], [OPERATORS[int(i)] for i in rng.integers(len(OPERATORS), size=3)], rng)
    fresh = fresh_tensors(child)
    before = [{k: v.copy() for k, v in tensors.items()} for tensors in (fresh, parent[1])]
    found, again = (
        inherit(child, fresh, [parent], SHAPE, OUTPUTS, policy, np.random.default_rng(seed)) for _ in range(2)
    )
    for now, then in zip((fresh, parent[1], again.tensors), (*before, found.tensors), strict=True):
        assert all(np.array_equal(now[k], then[k]) for k in then)
    assert {k: (v.shape, v.dtype) for k, v in found.tensors.items()} == {
        k: (v.shape, v.dtype) for k, v in fresh.items()
    }
    for value in found.tensors.values():
        value += 1  # what training does must not reach the parent
    assert all(np.array_equal(parent[1][k], before[1][k]) for k in parent[1])


# The operators that are made for it


@given(seed=st.integers(0, 2**32))
def test_deepen_and_widen_stay_in_the_space_and_change_one_layer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    genome = SPACE.sample(rng)
    deeper, wider = deepen(genome, SPACE, rng), widen(genome, SPACE, rng)
    assert SPACE.problems(deeper) == SPACE.problems(wider) == []
    assert len(set(deeper.layers) - set(genome.layers)) == (deeper != genome)
    assert {n.mark for n in wider.layers} == {n.mark for n in genome.layers}
    for old, new in zip(genome.layers, wider.layers, strict=True):
        units, more = (int(dict(n.genes)["units"]) for n in (old, new))
        assert units <= more <= 2 * units + 3  # rounded up to a multiple of 4
        assert new == old.with_gene("units", more)


def genes(genome: NetworkGenome, at: int = -1) -> dict[str, Value]:
    return dict(genome.layers[at].genes)


def test_deepen_rounds_up_and_takes_relu_where_nothing_negative_comes_in(rng: np.random.Generator) -> None:
    assert genes(deepen(path(dense("aa", 5)), SPACE, rng)) == {
        "units": 8,
        "activation": "relu",
        "dropout": 0.0,
    }
    assert genes(deepen(path(dense("aa", 8, "tanh")), SPACE, rng))["activation"] == "linear"
    for genome in (path(), path(dense("aa", 25)), path(*(dense(m, 4) for m in ("a", "b", "c", "d")))):
        assert deepen(genome, SPACE, rng) is genome  # width of the input unknown; too wide; deep enough


def test_deepen_and_widen_follow_widths_that_are_a_choice(rng: np.random.Generator) -> None:
    ranges = {"units": Choice((64, 16, 32)), "activation": Choice(("relu",)), "dropout": Choice((0.2, 0.1))}
    space = NetworkSpace((1, 2), {"dense": ranges}, {})
    assert genes(deepen(path(dense("aa", 20)), space, rng)) == {
        "units": 32,
        "activation": "relu",
        "dropout": 0.1,
    }
    assert genes(widen(path(dense("aa", 16)), space, rng))["units"] == 32
    for genome, change in ((path(dense("aa", 64)), widen), (path(dense("aa", 16, "tanh")), deepen)):
        assert change(genome, space, rng) is genome


def test_a_space_of_one_depth_has_no_use_for_deepen() -> None:
    space = NetworkSpace.mlp(depth=(2, 2), operators={"deepen": 1.0, "widen": 1.0})
    assert set(space.operators) == {"widen"}
