from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speciate.errors import DataError
from speciate.mutation import operator
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, NetworkSpace, Node, count_parameters, mark, shapes

SPACES = [NetworkSpace.article(), NetworkSpace.mlp(features=20, rows=1000)]


@pytest.mark.parametrize("space", SPACES)
@given(seed=st.integers(0, 2**32))
def test_samples_are_valid_and_survive_json(space: NetworkSpace, seed: int) -> None:
    genome = space.sample(np.random.default_rng(seed))
    assert space.problems(genome) == []
    again = NetworkGenome.from_json(json.loads(json.dumps(genome.to_json())))
    assert again == genome
    assert hash(again) == hash(genome)
    assert (again.key, again.phenotype) == (genome.key, genome.phenotype)
    assert again.to_json() == genome.to_json()


def test_marks_depend_on_what_was_put_where() -> None:
    assert mark("dense", INPUT, OUTPUT) == mark("dense", INPUT, OUTPUT)
    assert mark("dense", INPUT, OUTPUT) != mark("dense", OUTPUT, INPUT)
    assert mark("dense", INPUT, OUTPUT) != mark("conv", INPUT, OUTPUT)
    first = mark("dense", INPUT, OUTPUT)
    assert mark("dense", INPUT, OUTPUT, [first]) not in (first, mark("dense", first, OUTPUT))
    assert first == "a1f975192dde"  # part of the format: stored runs would lose their common layers


@pytest.mark.parametrize("seed", range(3))
def test_a_copy_with_other_genes_is_what_it_would_be_from_the_start(seed: int) -> None:
    rng = np.random.default_rng(seed)
    space = NetworkSpace.graph(input_shape=(6,), rows=1000, outputs=2)
    genome = space.sample(rng)
    for _ in range(20):
        for name in sorted(space.operators):
            child = operator(name)(genome, space, rng)
            fresh = NetworkGenome(child.nodes[::-1], child.edges[::-1], child.hyper[::-1])
            assert (child, child.key, child.phenotype) == (fresh, fresh.key, fresh.phenotype)
            assert (child.is_path, child.sources, child.targets) == (
                fresh.is_path,
                fresh.sources,
                fresh.targets,
            )
            assert child.alike(genome) == (child.phenotype == genome.phenotype)
            assert shapes(child, (6,), 1) == shapes(fresh, (6,), 1) == shapes(child, (6,), 1, valid=True)
            assert count_parameters(child, (5,), 1, valid=True) == count_parameters(fresh, (5,), 1)
            genome = child


def layer(name: str, units: int = 3) -> Node:
    return Node.make(name, "dense", {"units": units, "activation": "relu", "dropout": 0.0})


def test_equal_networks_share_a_phenotype_whatever_their_marks() -> None:
    a = NetworkGenome.path([layer("aa"), layer("bb", 4)], {"lr": 0.1})
    b = NetworkGenome.path([layer("zz"), layer("cc", 4)], {"lr": 0.1})
    assert a.phenotype == b.phenotype
    assert a.key != b.key
    assert a.phenotype != NetworkGenome.path([layer("aa", 4), layer("bb")], {"lr": 0.1}).phenotype
    assert a.phenotype != NetworkGenome.path([layer("aa"), layer("bb", 4)], {"lr": 0.2}).phenotype


def test_the_order_of_nodes_and_edges_does_not_matter() -> None:
    a = NetworkGenome.path([layer("bb"), layer("aa")], {"lr": 0.1, "wd": 0.2})
    b = NetworkGenome(tuple(reversed(a.nodes)), tuple(reversed(a.edges)), tuple(reversed(a.hyper)))
    assert a == b
    assert [node.mark for node in b.layers] == ["bb", "aa"]
    assert b.is_path


def test_a_branch_is_not_a_path() -> None:
    nodes = (Node(INPUT, INPUT), layer("aa"), layer("bb"), Node(OUTPUT, OUTPUT))
    edges = ((INPUT, "aa"), (INPUT, "bb"), ("aa", OUTPUT), ("bb", OUTPUT))
    assert not NetworkGenome(nodes, edges).is_path


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "not a genome"),
        ([], "not a genome"),
        ({"nodes": [{"mark": "a", "kind": "x", "genes": []}], "edges": [], "hyper": {}}, "not a genome"),
        ({"nodes": [], "edges": [["a", "b"]], "hyper": {}}, "not both nodes"),
        ({"nodes": [{"mark": "a", "kind": "x", "genes": {}}] * 2, "edges": [], "hyper": {}}, "same mark"),
        ({"nodes": [{"mark": "a", "kind": "x", "genes": {}}], "edges": [["a", "a"]], "hyper": {}}, "cycle"),
        ({"nodes": [], "edges": [], "hyper": {"lr": float("inf")}}, "not a genome"),
        ({"nodes": [], "edges": [], "hyper": {"lr": [1]}}, "not a genome"),
    ],
)
def test_what_is_not_a_genome_is_refused(value: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        NetworkGenome.from_json(value)


def test_describe_is_one_readable_line() -> None:
    genes = {"units": 256, "activation": "relu", "dropout": 0.25}
    genome = NetworkGenome.path(
        [Node.make("aa", "dense", genes)],
        {"optimizer": "adam", "learning_rate": 0.00213, "weight_decay": 1e-4},
    )
    assert genome.describe() == "256 relu (drop 0.25) · adam lr 0.0021 · wd 0.0001"


def test_problems_name_every_mistake() -> None:
    space = NetworkSpace.article()
    genome = NetworkGenome.path([layer("aa", 2), layer("bb", 4096)], {"learning_rate": 3.0})
    text = " ".join(space.problems(genome))
    for expected in ("hyper-parameters must be", "learning_rate must be in", "got 2", "got 4096"):
        assert expected in text
