"""What every operator promises, on hundreds of networks of every space."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pytest
from tests.spaces.families import FAMILIES, evolved, train_one_step

from speciate.errors import ConfigurationError, DataError
from speciate.mutation import ARTICLE, mutate, operator
from speciate.mutation.structure import add_layer
from speciate.spaces import MUTATIONS, NetworkGenome, NetworkSpace, mutation_operator
from speciate.spaces.surgery import with_node

NETWORKS = 300

OWN = tuple(MUTATIONS)


@cache
def networks(name: str) -> list[NetworkGenome]:
    """Samples, and what becomes of them after up to nine mutations."""
    return [evolved(FAMILIES[name], seed, steps=seed % 10) for seed in range(NETWORKS)]


def operators(space: NetworkSpace) -> list[str]:
    return sorted({*OWN, *space.operators})


@pytest.mark.parametrize("name", FAMILIES)
def test_every_operators_child_is_in_the_space_and_nothing_is_changed_in_place(name: str) -> None:
    space = FAMILIES[name]
    changed: Counter[str] = Counter()
    before = [genome.key for genome in networks(name)]
    for seed, genome in enumerate(networks(name)):
        for one in operators(space):
            child = operator(one)(genome, space, np.random.default_rng(seed))
            assert child is genome or space.problems(child) == []
            changed[one] += child.phenotype != genome.phenotype
            if seed % 10 == 0:
                assert operator(one)(genome, space, np.random.default_rng(seed)) == child
    again = [NetworkGenome(g.nodes, g.edges, g.hyper).key for g in networks(name)]
    assert again == before
    for one in space.operators:  # what a space offers does something to many of its networks
        assert changed[one] > NETWORKS / 5, one


@pytest.mark.parametrize("name", FAMILIES)
def test_children_build_and_train(name: str) -> None:
    space = FAMILIES[name]
    names = operators(space)
    for seed, genome in enumerate(networks(name)):
        child = operator(names[seed % len(names)])(genome, space, np.random.default_rng(seed))
        train_one_step(child, space, seed)


@pytest.mark.parametrize("name", FAMILIES)
def test_mutations_always_change_something_and_stay_in_the_space(name: str) -> None:
    space = FAMILIES[name]
    for seed, genome in enumerate(networks(name)):
        child, one = mutate(genome, space, np.random.default_rng(seed))
        assert one in space.operators
        assert child.phenotype != genome.phenotype
        assert space.problems(child) == []


@pytest.mark.parametrize("name", FAMILIES)
def test_the_articles_mutation_works_on_every_space(name: str) -> None:
    space = FAMILIES[name]
    article = NetworkSpace(
        space.depth,
        space.layers,
        space.hyper,
        ARTICLE,
        input_shape=space.input_shape,
        max_multiplications=space.max_multiplications,
        merges=space.merges,
    )
    for seed, genome in enumerate(networks(name)[:60]):
        child, one = mutate(genome, article, np.random.default_rng(seed))
        assert one == "resample"
        assert article.problems(child) == []
        assert child != genome


@pytest.mark.parametrize("name", FAMILIES)
def test_fixed_layers_and_what_they_take_in_never_change(name: str) -> None:
    for seed, ancestor in enumerate(networks(name)[:100]):
        space = FAMILIES[name].freezing(ancestor)
        rng = np.random.default_rng(seed)
        genome = ancestor
        for _ in range(6):
            genome, _ = mutate(genome, space, rng)
            assert space.problems(genome) == []
        kept = [node for node in genome.nodes if node.mark in space.fixed]
        assert set(kept) == set(ancestor.layers)
        assert all(genome.sources[node.mark] == ancestor.sources[node.mark] for node in kept)
        for one in operators(space):
            child = operator(one)(genome, space, np.random.default_rng(seed))
            assert space.problems(child) == []
            assert all(child.sources[node.mark] == ancestor.sources[node.mark] for node in kept)


def test_a_parent_out_of_range_has_no_children_but_itself() -> None:
    space = FAMILIES["graph-vectors"]
    genome = space.sample(np.random.default_rng(0))
    for one in operators(space):
        tight = NetworkSpace((9, 12), space.layers, space.hyper, {one: 1.0}, input_shape=(13,), merges=1)
        assert mutate(genome, tight, np.random.default_rng(0)) == (genome, one)


def test_a_parent_that_cannot_be_built_is_an_error() -> None:
    genome = next(g for g in networks("conv-mnist") if g not in FAMILIES["graph-vectors"])
    with pytest.raises(DataError, match="cannot take its inputs"):
        add_layer(genome, FAMILIES["graph-vectors"], np.random.default_rng(0))


@pytest.mark.parametrize(
    ("operators", "hint"),
    [({"add_layers": 1.0}, "add_layer"), ({"change_unitz": 1.0}, "change_units"), ("locale", "local")],
)
def test_operators_that_do_not_exist_are_refused_when_the_space_is_made(operators: Any, hint: str) -> None:
    with pytest.raises(ConfigurationError, match="there is no") as caught:
        NetworkSpace.mlp(operators=operators)
    assert hint in caught.value.hint


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf"), "much", True])
def test_weights_of_operators_are_numbers_of_at_least_0(weight: Any) -> None:
    with pytest.raises(ConfigurationError, match="weight of an operator"):
        NetworkSpace.mlp(operators={"add_layer": weight, "resample": 1.0})


def test_a_mutation_of_ones_own_is_an_operator_like_any_other() -> None:
    @mutation_operator("test_widest", serves=lambda space: "dense" in space.layers)
    def widest(genome: NetworkGenome, space: Any, rng: np.random.Generator) -> NetworkGenome:
        node = genome.layers[0]
        return with_node(genome, node.with_gene("units", space.layers["dense"]["units"].high))

    space = NetworkSpace.mlp(operators={"test_widest": 1.0})
    rng = np.random.default_rng(0)
    child, name = mutate(space.sample(rng), space, rng)
    assert name == "test_widest"
    assert dict(child.layers[0].genes)["units"] == 1024
    with pytest.raises(ConfigurationError, match="no mutation operator applies"):
        NetworkSpace((1, 2), {"batch_norm": {}}, space.hyper, {"test_widest": 1.0})
