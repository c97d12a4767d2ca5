from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speciate.errors import ConfigurationError
from speciate.mutation import ARTICLE, mutate, operator
from speciate.mutation.mutations import change, resample
from speciate.mutation.structure import add_layer, remove_layer
from speciate.spaces import (
    DEFAULTS,
    INPUT,
    OUTPUT,
    Choice,
    NetworkGenome,
    NetworkSpace,
    ParameterSpace,
    Real,
    mark,
)

SPACES = [
    NetworkSpace.article(),
    NetworkSpace.article(operators=ARTICLE),
    NetworkSpace.mlp(features=20, rows=1000, depth=(0, 3)),
    ParameterSpace({"x": Real(0, 1), "y": Real(1, 10, log=True)}),
]
OPERATORS = [(space, name) for space in SPACES for name in space.operators]


@pytest.mark.parametrize("space", SPACES)
@given(seed=st.integers(0, 2**32))
def test_a_chain_of_mutations_stays_in_the_space_and_never_touches_its_arguments(
    space: NetworkSpace, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    genome = space.sample(rng)
    for _ in range(8):
        before = genome.to_json()
        child, name = mutate(genome, space, rng)
        assert space.problems(child) == []
        assert name in space.operators
        assert child.phenotype != genome.phenotype
        assert genome.to_json() == before
        genome = child


@pytest.mark.parametrize(
    ("space", "name"), OPERATORS, ids=lambda value: value if isinstance(value, str) else ""
)
@given(seed=st.integers(0, 2**32))
def test_every_operator_gives_valid_children_from_the_same_seed(
    space: NetworkSpace, name: str, seed: int
) -> None:
    genome = space.sample(np.random.default_rng(seed))
    child = operator(name)(genome, space, np.random.default_rng(seed))
    assert space.problems(child) == []
    assert operator(name)(genome, space, np.random.default_rng(seed)) == child


def path(space: NetworkSpace, depth: int) -> NetworkGenome:
    return next(
        g for g in (space.sample(np.random.default_rng(i)) for i in range(100)) if len(g.layers) == depth
    )


def test_a_local_step_changes_one_thing() -> None:
    space = NetworkSpace.article()
    for seed in range(200):
        rng = np.random.default_rng(seed)
        genome = space.sample(rng)
        child, name = mutate(genome, space, rng)
        hyper = sum(genome.hyper_parameters[k] != v for k, v in child.hyper)
        old = {(n.mark, *gene) for n in genome.layers for gene in n.genes}
        new = {(n.mark, *gene) for n in child.layers for gene in n.genes}
        if name == "add_layer":
            assert old < new
            assert len(child.layers) == len(genome.layers) + 1
        elif name == "remove_layer":
            assert new < old
            assert len(child.layers) == len(genome.layers) - 1
        else:
            assert hyper + len(new - old) == 1
            assert [n.mark for n in child.layers] == [n.mark for n in genome.layers]


def test_the_same_insertion_in_two_lineages_gets_the_same_mark() -> None:
    space = NetworkSpace.article(depth=(1, 2))
    parents = [path(space, 1), path(NetworkSpace.article(), 1)]
    marks = [set(), set()]
    for seed in range(20):
        for at, parent in enumerate(parents):
            child = add_layer(parent, space, np.random.default_rng(seed))
            marks[at] |= {node.mark for node in child.layers} - {node.mark for node in parent.layers}
    first = mark("dense", INPUT, OUTPUT)
    assert marks[0] == marks[1] == {mark("dense", INPUT, first), mark("dense", first, OUTPUT)}


def test_depth_is_kept_within_its_range(rng: np.random.Generator) -> None:
    space = NetworkSpace.article(depth=(2, 2))
    genome = space.sample(rng)
    assert add_layer(genome, space, rng) is genome
    assert remove_layer(genome, space, rng) is genome
    assert "add_layer" not in space.operators


def test_removal_joins_the_neighbors(rng: np.random.Generator) -> None:
    space = NetworkSpace.article()
    child = remove_layer(path(space, 3), space, rng)
    assert child.is_path
    assert len(child.layers) == 2


def test_a_gene_that_nobody_has_changes_nothing(rng: np.random.Generator) -> None:
    space = NetworkSpace.article()
    genome = space.sample(rng)
    assert change(genome, space, rng, "kernel") is genome


def test_resampling_changes_about_a_fifth_of_the_genes() -> None:
    space = NetworkSpace.article()
    counts: Counter[bool] = Counter()
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        genome = space.sample(rng)
        child = resample(genome, space, rng)
        counts[child.hyper_parameters["learning_rate"] != genome.hyper_parameters["learning_rate"]] += 1
    assert 150 < counts[True] < 250  # 200 expected, standard deviation 12.6


def test_unknown_operators_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="no mutation operator"):
        operator("explode")


def test_settings_of_training_change_like_any_gene_where_a_space_has_them() -> None:
    usual = NetworkSpace.mlp(features=20, rows=1000)
    assert not {f"change_{name}" for name in DEFAULTS} & set(usual.operators)
    offered = {
        "schedule": Choice(("one_cycle", "coslog4")),
        "ema": Real(0, 0.2),
        "beta2": Choice((0.95, 0.999)),
    }
    space = NetworkSpace(depth=usual.depth, layers=usual.layers, hyper={**usual.hyper, **offered})
    assert {f"change_{name}" for name in offered} <= set(space.operators)
    genome = space.sample(np.random.default_rng(0))
    for name in offered:
        child = operator(f"change_{name}")(genome, space, np.random.default_rng(1))
        assert {n for n, v in child.hyper if genome.hyper_parameters[n] != v} == {name}
