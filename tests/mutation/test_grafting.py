from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from tests.spaces.families import FAMILIES, evolved, train_one_step

from speciate.mutation import crossover, mutate
from speciate.mutation.grafting import grafts, splices, waists
from speciate.spaces import INPUT, MERGES, OUTPUT, NetworkGenome, NetworkSpace, Node

PAIRS = 120


def pair(space: NetworkSpace, seed: int) -> tuple[NetworkGenome, NetworkGenome]:
    """Every second pair has a common ancestor, the others are strangers."""
    rng = np.random.default_rng(seed)
    parents = (
        [evolved(space, seed)] * 2 if seed % 2 else [evolved(space, seed), evolved(space, seed + 10_000)]
    )
    for _ in range(2 + seed % 6):
        parents = [mutate(genome, space, rng)[0] for genome in parents]
    return parents[0], parents[1]


@pytest.mark.parametrize("name", FAMILIES)
def test_children_of_any_two_parents_are_valid_build_and_train(name: str) -> None:
    space = FAMILIES[name]
    kinds: Counter[str] = Counter()
    for seed in range(PAIRS):
        first, second = pair(space, seed)
        before = first.to_json(), second.to_json()
        child = crossover(first, second, space, np.random.default_rng(seed))
        assert (first.to_json(), second.to_json()) == before
        assert child == crossover(first, second, space, np.random.default_rng(seed))
        assert child is first or space.problems(child) == []
        assert {n.mark for n in child.nodes} <= {n.mark for n in (*first.nodes, *second.nodes)}
        assert set(child.layers) <= set(first.layers) | set(second.layers)
        train_one_step(child, space, seed)
        kinds["first" if child.layers == first.layers else "new"] += 1
    assert kinds["new"] > PAIRS / 4


@pytest.mark.parametrize("name", FAMILIES)
def test_fixed_layers_survive_crossover(name: str) -> None:
    for seed in range(40):
        ancestor = evolved(FAMILIES[name], seed, steps=3)
        space = FAMILIES[name].freezing(ancestor)
        rng = np.random.default_rng(seed)
        parents = [ancestor, ancestor]
        for _ in range(4):
            parents = [mutate(genome, space, rng)[0] for genome in parents]
        child = crossover(*parents, space, rng)
        assert space.problems(child) == []
        assert all(child.sources[n.mark] == ancestor.sources[n.mark] for n in ancestor.layers)
        assert set(ancestor.layers) <= set(child.layers)


def dense(mark: str, units: int = 4) -> Node:
    return Node.make(mark, "dense", {"units": units, "activation": "relu", "dropout": 0.0})


def graph(text: str, units: int = 4) -> NetworkGenome:
    """A genome from edges such as "ia am im mo": i and o are the ends, m and n merges."""
    ends = {"i": INPUT, "o": OUTPUT}
    edges = [(ends.get(a, a), ends.get(b, b)) for a, b in text.split()]
    marks = dict.fromkeys(mark for edge in edges for mark in edge)
    special = {
        INPUT: Node(INPUT, INPUT),
        OUTPUT: Node(OUTPUT, OUTPUT),
        "m": Node("m", "add"),
        "n": Node("n", "concat"),
    }
    return NetworkGenome(tuple(special.get(mark) or dense(mark, units) for mark in marks), tuple(edges))


def text_of(genome: NetworkGenome) -> str:
    names = {INPUT: "i", OUTPUT: "o"}
    return " ".join(sorted(f"{names.get(a, a)}{names.get(b, b)}" for a, b in genome.edges))


def texts(*values: str) -> set[str]:
    return {" ".join(sorted(value.split())) for value in values}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("io", "io"),
        ("ia ab bo", "iabo"),
        ("ia ab im bm mo", "imo"),
        ("ia ab bm am mc co", "iamco"),
        ("ia am mb im bn mn no", "imno"),
        ("ia ab bm im mn an no", "ino"),
    ],
)
def test_waists_are_where_every_path_runs(text: str, expected: str) -> None:
    assert [m.replace(INPUT, "i").replace(OUTPUT, "o") for m in waists(graph(text))] == list(expected)


def test_splices_put_the_second_below_the_first(rng: np.random.Generator) -> None:
    first, second = graph("ia ab am bm mc co"), graph("ix xm yn iy ym mn nc co", units=8)
    found = {text_of(child) for child in splices(first, second, rng)}
    # The first may end at a, m or c, and the second begin behind i, n or c; behind m there cannot be another m.
    behind_a = ("ia ax xm yn ay ym mn nc co", "ia ac co", "ia ao")
    assert found == texts(*behind_a, "ia ab am bm mc co", "ia ab am bm mo")  # the c of the second


def test_a_common_layer_is_the_first_place_to_splice(rng: np.random.Generator) -> None:
    first, second = graph("ia am im mb bo"), graph("ix xm im mc cd do", units=8)
    children = list(splices(first, second, rng))
    assert text_of(children[0]) == text_of(graph("ia am im mc cd do"))
    assert len({child.key for child in children}) == len(children)
    assert first not in children


def test_splices_never_repeat_a_mark(rng: np.random.Generator) -> None:
    first, second = graph("ia ab bo"), graph("ib ba ao")
    for child in splices(first, second, rng):
        assert len({node.mark for node in child.nodes}) == len(child.nodes)
    assert {text_of(child) for child in splices(first, second, rng)} == texts("ia ao")


def test_a_branch_is_grafted_into_a_common_merge(rng: np.random.Generator) -> None:
    first, second = graph("ia ab am bm mo"), graph("ia ax xy ym am mo")
    assert {text_of(child) for child in grafts(first, second, rng)} == texts("ia ab am bm ax xy ym mo")


def test_a_branch_brings_its_merge_onto_a_common_edge(rng: np.random.Generator) -> None:
    first, second = graph("ia ab bo"), graph("ia ax xm am mb bo")
    assert {text_of(child) for child in grafts(first, second, rng)} == texts("ia ax xm am mb bo")
    skip = graph("ia am im mb bo")
    assert {text_of(child) for child in grafts(first, skip, rng)} == texts("ia am im mb bo")


def test_a_graft_keeps_what_only_the_first_has(rng: np.random.Generator) -> None:
    first, second = graph("ic ca an cn nb bo"), graph("ia ax xm am mb bo")
    assert list(grafts(first, second, rng)) == []  # there is no edge from a to b
    first = graph("ic ca ab bn cn no")
    assert {text_of(child) for child in grafts(first, second, rng)} == texts("ic ca ax xm am mb bn cn no")


def test_a_graft_brings_branches_of_branches(rng: np.random.Generator) -> None:
    first, second = graph("ia ab bo"), graph("ia ax ay xn yn nm am mb bo")
    assert {text_of(child) for child in grafts(first, second, rng)} == texts("ia ax ay xn yn nm am mb bo")


def test_a_graft_that_would_lead_back_is_left_out(rng: np.random.Generator) -> None:
    first, second = graph("ib bm im ma ao"), graph("ia ax xm im mb bo")
    assert list(grafts(first, second, rng)) == []


def test_twins_have_nothing_to_graft(rng: np.random.Generator) -> None:
    genome = graph("ia ab am bm mo")
    assert list(grafts(genome, genome, rng)) == []
    assert list(splices(genome, genome, rng)) != []  # shorter ones


def test_all_three_ways_are_taken() -> None:
    space = FAMILIES["graph-vectors"]
    hyper = tuple((name, gene.sample(np.random.default_rng(0))) for name, gene in space.hyper.items())
    genomes = []
    for text, units in (("ia ab am bm mo", 8), ("ia ac cd dm am mo", 16)):
        plain = graph(text, units)
        genomes.append(NetworkGenome(plain.nodes, plain.edges, hyper))
    found = Counter(text_of(crossover(*genomes, space, np.random.default_rng(seed))) for seed in range(300))
    grafted, kept = text_of(graph("ia ab am bm ac cd dm mo")), text_of(genomes[0])
    assert found[grafted] > 60
    assert found[kept] > 60
    assert 300 - found[grafted] - found[kept] > 60


def test_merges_are_never_taken_for_layers_of_the_same_mark() -> None:
    space = FAMILIES["graph-vectors"]
    hyper = tuple((name, gene.sample(np.random.default_rng(0))) for name, gene in space.hyper.items())
    first = graph("ia am im mo", 8)
    second = NetworkGenome.path([dense("m", 8)], dict(hyper))
    first = NetworkGenome(first.nodes, first.edges, hyper)
    for seed, (one, other) in product(range(40), ((first, second), (second, first))):
        child = crossover(one, other, space, np.random.default_rng(seed))
        assert space.problems(child) == []
        assert all(n.kind in MERGES or len(child.sources[n.mark]) == 1 for n in child.layers)
