"""Hand-worked cases of the operators that change graphs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from speciate.layers import LAYERS
from speciate.mutation.identity import deepen, grow, identity_genes
from speciate.mutation.mutations import change, operator
from speciate.mutation.structure import add_layer, connect, disconnect, remove_layer, split, swap_layer
from speciate.mutation.widths import narrow, widen
from speciate.spaces import (
    INPUT,
    OUTPUT,
    Choice,
    Integer,
    NetworkGenome,
    NetworkSpace,
    Node,
    Real,
    Value,
    mark,
    never_negative,
)
from speciate.spaces.operators import Operator as Mutation

ACTIVATIONS = Choice(("relu", "linear", "tanh"))
KINDS = {
    "dense": {"units": Integer(4, 64, multiple=4), "activation": ACTIVATIONS, "dropout": Real(0, 0.5)},
    "conv": {
        "channels": Choice((4, 8, 16), ordered=True),
        "kernel": Choice((1, 3, 5), ordered=True),
        "stride": Choice((1, 2), ordered=True),
        "activation": ACTIVATIONS,
    },
    "depthwise": {"kernel": Choice((3, 5)), "stride": Choice((1, 2)), "activation": ACTIVATIONS},
    "pool": {"size": Choice((2, 3)), "mode": Choice(("max", "mean"))},
    "global_pool": {"mode": Choice(("max", "mean"))},
    "batch_norm": {},
    "layer_norm": {},
    "dropout": {"dropout": Real(0.1, 0.5)},
    "activation": {"activation": ACTIVATIONS},
    "add": {},
    "concat": {},
}


def space(*kinds: str, shape: tuple[int, ...] | None = (6,), depth: tuple[int, int] = (0, 9), **more: object):
    """A space of some kinds, without hyper-parameters."""
    operators = {"add_layer": 1.0, "resample": 1.0}
    return NetworkSpace(depth, {k: KINDS[k] for k in kinds}, {}, operators, input_shape=shape, **more)  # type: ignore[arg-type]


def node(name: str, kind: str = "dense", **genes: Value) -> Node:
    base: dict[str, Value] = {
        "units": 8, "channels": 8, "kernel": 3, "stride": 1, "activation": "relu", "dropout": 0.25,
        "size": 2, "mode": "max",
    }  # fmt: skip
    return Node.make(name, kind, {g: {**base, **genes}[g] for g in LAYERS[kind].genes})


def graph(nodes: list[Node], *edges: str) -> NetworkGenome:
    """A genome from edges such as "ia", with i and o for the two ends."""
    ends = {"i": INPUT, "o": OUTPUT}
    pairs = tuple((ends.get(a, a), ends.get(b, b)) for a, b in edges)
    return NetworkGenome((Node(INPUT, INPUT), *nodes, Node(OUTPUT, OUTPUT)), pairs)


def children(mutation: Mutation, genome: NetworkGenome, where: NetworkSpace, count: int = 200) -> list:
    return [mutation(genome, where, np.random.default_rng(seed)) for seed in range(count)]


def wiring(genome: NetworkGenome) -> set[str]:
    """The edges, with every new layer named by its kind."""
    names = {n.mark: n.mark if len(n.mark) == 1 else n.kind for n in genome.nodes}
    names |= {INPUT: "i", OUTPUT: "o"}
    return {f"{names[a]}>{names[b]}" for a, b in genome.edges}


def test_a_layer_is_only_added_where_it_fits() -> None:
    genome = graph([node("c", "conv"), node("g", "global_pool")], "ic", "cg", "go")
    where = space("conv", "pool", "global_pool", "dense", shape=(1, 8, 8))
    found = {}
    for child in children(add_layer, genome, where):
        (new,) = set(child.layers) - set(genome.layers)
        found.setdefault(new.kind, set()).update(wiring(child) - wiring(genome))
        assert new.mark == mark(new.kind, child.sources[new.mark][0], child.targets[new.mark][0])
    assert found == {
        "conv": {"i>conv", "conv>c", "c>conv", "conv>g"},
        "pool": {"i>pool", "pool>c", "c>pool", "pool>g"},
        "dense": {"g>dense", "dense>o"},
    }


def test_nothing_is_added_to_the_deepest_network(rng: np.random.Generator) -> None:
    genome = graph([node("a"), node("m", "add")], "ia", "im", "am", "mo")
    full = space("dense", "add", "concat", merges=3, depth=(0, 1))
    for mutation in (add_layer, split, deepen, grow):
        assert mutation(genome, full, rng) is genome
    assert connect(genome, full, rng) is not genome  # merges are no depth


def test_removal_bridges_and_takes_out_merges_of_a_single_input() -> None:
    genome = graph([node("a"), node("b"), node("m", "add")], "ia", "ab", "am", "bm", "mo")
    found = {
        frozenset(wiring(child)) for child in children(remove_layer, genome, space("dense", "add", merges=2))
    }
    without_a = frozenset({"i>b", "i>m", "b>m", "m>o"})
    without_b = frozenset({"i>a", "a>o"})
    assert found == {without_a, without_b}


def test_merges_are_not_removed_as_layers(rng: np.random.Generator) -> None:
    genome = graph([node("m", "add")], "im", "mo")
    assert remove_layer(genome, space("dense", "add", merges=1, depth=(0, 2)), rng) is genome


def test_swapping_keeps_place_height_and_width() -> None:
    genome = graph([node("p", "pool", size=2, mode="max")], "ip", "po")
    where = space("conv", "depthwise", "pool", "dense", "batch_norm", shape=(1, 8, 8))
    for child in children(swap_layer, genome, where):
        (new,) = child.layers
        assert new.kind in ("conv", "depthwise")
        assert dict(new.genes)["stride"] == 2  # the pool's size
        assert new.mark == mark(new.kind, INPUT, OUTPUT)


def test_a_convolution_that_is_swapped_keeps_its_genes() -> None:
    genome = graph([node("c", "conv", kernel=5, stride=2, activation="tanh")], "ic", "co")
    kinds = {}
    for child in children(swap_layer, genome, space("conv", "depthwise", "pool", "dense", shape=(1, 8, 8))):
        (new,) = child.layers
        kinds[new.kind] = {k: v for k, v in new.genes if k != "mode"}
    assert kinds == {"depthwise": {"kernel": 5, "stride": 2, "activation": "tanh"}, "pool": {"size": 2}}


def test_a_strided_convolution_on_an_odd_image_becomes_a_pool() -> None:
    genome = graph([node("c", "conv", stride=2)], "ic", "co")  # 7 places a side to 4; a pool makes 3 of them
    found = {c.layers[0].kind for c in children(swap_layer, genome, space("conv", "pool", shape=(1, 7, 7)))}
    assert found == {"pool"}


def test_merges_are_swapped_for_merges_and_norms_for_norms() -> None:
    genome = graph([node("n", "batch_norm"), node("m", "add")], "in", "im", "nm", "mo")
    where = space("batch_norm", "layer_norm", "add", "concat", merges=1)
    found = {frozenset(wiring(child)) for child in children(swap_layer, genome, where)}
    assert found == {
        frozenset({"i>layer_norm", "i>m", "layer_norm>m", "m>o"}),
        frozenset({"i>n", "i>concat", "n>concat", "concat>o"}),
    }


def test_a_dense_layer_alone_has_nothing_to_be_swapped_for(rng: np.random.Generator) -> None:
    genome = graph([node("a")], "ia", "ao")
    assert swap_layer(genome, space("dense"), rng) is genome


def test_a_split_puts_a_layer_beside_another_and_merges_both() -> None:
    genome = graph([node("a"), node("b")], "ia", "ab", "bo")
    where = space("dense", "batch_norm", "add", "concat", merges=1)
    found = {frozenset(wiring(child)) for child in children(split, genome, where)}
    beside = [
        {"i>a", "i>dense", "a>M", "dense>M", "M>b", "b>o"},
        {"i>a", "a>b", "a>dense", "b>M", "dense>M", "M>o"},
    ]
    expected = {
        frozenset(edge.replace("M", merge) for edge in edges)
        for edges in beside
        for merge in ("add", "concat")
    }
    assert found == expected
    full = children(split, split(genome, where, np.random.default_rng(0)), where)
    assert all(len(child.layers) == 4 for child in full)  # no more merges


def test_a_split_merges_in_front_of_all_targets() -> None:
    genome = graph([node("a"), node("b"), node("m", "add")], "ia", "ab", "am", "bm", "mo")
    found = [wiring(c) for c in children(split, genome, space("dense", "concat", "add", merges=2))]
    assert {"i>a", "i>dense", "a>concat", "dense>concat", "concat>b", "concat>m", "b>m", "m>o"} in found


def test_the_same_split_in_two_lineages_has_the_same_marks() -> None:
    one = graph([node("a")], "ia", "ao")
    other = graph([node("a", units=64, activation="tanh")], "ia", "ao")
    where = space("dense", "add", merges=1)
    marks = [{n.mark for child in children(split, g, where) for n in child.layers} for g in (one, other)]
    join = mark("add", "a", OUTPUT)
    assert marks[0] == marks[1] == {"a", join, mark("dense", INPUT, join)}


def test_a_split_convolution_keeps_height_and_width() -> None:
    genome = graph([node("c", "conv", stride=2)], "ic", "co")
    where = space("conv", "depthwise", "pool", "dense", "concat", shape=(1, 9, 9), merges=1)
    kinds = set()
    for child in children(split, genome, where):
        new = next(n for n in child.layers if n.mark != "c" and n.kind != "concat")
        kinds.add(new.kind)
        assert dict(new.genes)["stride"] == 2
        assert where.problems(child) == []
    assert kinds == {"conv", "depthwise"}


def test_connections_skip_layers_and_never_make_a_cycle() -> None:
    genome = graph([node("a"), node("b")], "ia", "ab", "bo")
    found = {frozenset(wiring(c)) for c in children(connect, genome, space("dense", "add", merges=1))}
    assert found == {
        frozenset({"i>a", "a>add", "i>add", "add>b", "b>o"}),
        frozenset({"i>a", "a>b", "b>add", "i>add", "add>o"}),
        frozenset({"i>a", "a>b", "b>add", "a>add", "add>o"}),
    }


def test_a_connection_to_a_merge_is_one_more_input() -> None:
    genome = graph([node("a"), node("b"), node("m", "concat")], "ia", "ab", "am", "bm", "mo")
    found = {frozenset(wiring(c)) for c in children(connect, genome, space("dense", "concat", merges=1))}
    assert found == {frozenset({"i>a", "a>b", "a>m", "b>m", "i>m", "m>o"})}


def test_connections_join_what_is_equally_high_and_wide() -> None:
    genome = graph([node("c", "conv"), node("p", "pool"), node("d", "conv")], "ic", "cp", "pd", "do")
    found = {
        frozenset(wiring(c))
        for c in children(connect, genome, space("conv", "pool", "add", shape=(1, 8, 8), merges=1))
    }
    assert found == {
        frozenset({"i>c", "c>add", "i>add", "add>p", "p>d", "d>o"}),
        frozenset({"i>c", "c>p", "p>d", "d>add", "p>add", "add>o"}),
    }


def test_a_connection_that_is_cut_takes_dead_layers_with_it() -> None:
    genome = graph([node("a"), node("b"), node("c"), node("m", "add")], "ia", "ib", "bc", "am", "cm", "mo")
    found = {frozenset(wiring(c)) for c in children(disconnect, genome, space("dense", "add", merges=1))}
    assert found == {frozenset({"i>a", "a>o"}), frozenset({"i>b", "b>c", "c>o"})}


def test_of_three_inputs_two_stay() -> None:
    genome = graph([node("a"), node("b"), node("m", "add")], "ia", "ab", "am", "bm", "im", "mo")
    found = {frozenset(wiring(c)) for c in children(disconnect, genome, space("dense", "add", merges=1))}
    assert found == {
        frozenset({"i>a", "a>b", "b>m", "i>m", "m>o"}),
        frozenset({"i>a", "a>b", "a>m", "b>m", "m>o"}),
        frozenset({"i>a", "a>m", "i>m", "m>o"}),  # nothing else listened to b
    }


def test_merges_that_collapse_take_others_with_them() -> None:
    nodes = [node("a"), node("m", "add"), node("n", "add")]
    genome = graph(nodes, "ia", "am", "im", "an", "mn", "no")
    found = {frozenset(wiring(c)) for c in children(disconnect, genome, space("dense", "add", merges=2))}
    assert frozenset({"i>a", "a>o"}) in found  # without i>m: m hands on a, so n has one input


def test_there_is_nothing_to_cut_in_a_path(rng: np.random.Generator) -> None:
    genome = graph([node("a")], "ia", "ao")
    assert disconnect(genome, space("dense", "add", merges=1), rng) is genome


@pytest.mark.parametrize(
    ("mutation", "wanted_units", "wanted_channels"),
    [(widen, {12, 16}, {16}), (narrow, {4}, {4})],
    ids=["widen", "narrow"],
)
def test_widths_change_by_up_to_a_factor_of_two(
    mutation: Mutation, wanted_units: set[int], wanted_channels: set[int]
) -> None:
    genome = graph([node("a", units=8), node("c", "conv", channels=8)], "ic", "ca", "ao")
    where = space("dense", "conv", shape=(1, 4, 4))
    units, channels = set(), set()
    for child in children(mutation, genome, where):
        by_mark = {n.mark: dict(n.genes) for n in child.layers}
        changed = (by_mark["a"]["units"] != 8) + (by_mark["c"]["channels"] != 8)
        assert changed == 1
        units.add(by_mark["a"]["units"])
        channels.add(by_mark["c"]["channels"])
    assert units - {8} == wanted_units
    assert channels - {8} == wanted_channels


def test_the_widest_cannot_be_widened_nor_the_narrowest_narrowed(rng: np.random.Generator) -> None:
    assert widen(genome := graph([node("a", units=64)], "ia", "ao"), space("dense"), rng) is genome
    assert narrow(genome := graph([node("a", units=4)], "ia", "ao"), space("dense"), rng) is genome


def test_fixed_layers_are_left_alone(rng: np.random.Generator) -> None:
    genome = graph([node("a"), node("m", "add")], "ia", "im", "am", "mo")
    frozen = space("dense", "add", "concat", merges=2).freezing(genome)
    for mutation in (widen, narrow, remove_layer, swap_layer, disconnect):
        assert mutation(genome, frozen, rng) is genome
    assert change(genome, frozen, rng, "units") is genome
    assert {frozenset(wiring(c)) for c in children(add_layer, genome, frozen)} == {
        frozenset({"i>a", "i>m", "a>m", "m>dense", "dense>o"})
    }
    for child in children(connect, genome, frozen):
        assert {"i>a", "i>m", "a>m"} <= wiring(child)


IDENTITIES: list[tuple[str, tuple[int, ...], bool, dict[str, Value] | None]] = [
    ("dense", (6,), True, {"units": 8, "activation": "relu", "dropout": 0.0}),
    ("dense", (6,), False, {"units": 8, "activation": "linear", "dropout": 0.0}),
    ("dense", (65,), True, None),
    ("dense", (4, 4, 4), True, {"units": 64, "activation": "relu", "dropout": 0.0}),
    ("conv", (5, 9, 9), True, {"channels": 8, "stride": 1, "activation": "relu"}),
    ("conv", (5, 9, 9), False, {"channels": 8, "stride": 1, "activation": "linear"}),
    ("conv", (17, 9, 9), True, None),
    ("depthwise", (99, 9, 9), False, {"stride": 1, "activation": "linear"}),
    ("batch_norm", (7,), False, {}),
    ("layer_norm", (7,), False, None),
    ("dropout", (7,), False, {}),
    ("activation", (7,), True, {"activation": "relu"}),
    ("activation", (7,), False, None),
    ("pool", (1, 8, 8), True, None),
    ("global_pool", (1, 8, 8), True, None),
    ("add", (1, 8, 8), True, None),
]


@pytest.mark.parametrize(("kind", "before", "positive", "expected"), IDENTITIES)
def test_genes_of_identities(
    kind: str, before: tuple[int, ...], positive: bool, expected: dict[str, Value] | None
) -> None:
    assert identity_genes(kind, KINDS[kind], before, positive) == expected


@pytest.mark.parametrize(
    ("shape", "layers", "kinds"),
    [
        ((6,), [node("a")], {"dense", "batch_norm", "dropout", "activation"}),
        (
            (1, 8, 8),
            [node("a", "conv")],
            {"conv", "depthwise", "batch_norm", "dropout", "activation", "dense"},
        ),
    ],
)
def test_deepening_adds_layers_that_can_be_the_identity(
    shape: tuple[int, ...], layers: list[Node], kinds: set[str]
) -> None:
    where = space(*KINDS, shape=shape, merges=1)
    genome = graph(layers, "ia", "ao")
    found = set()
    for child in children(deepen, genome, where, 400):
        (new,) = set(child.layers) - set(genome.layers)
        source = child.sources[new.mark][0]
        found.add(new.kind)
        layer = LAYERS[new.kind]
        assert layer.can_be_identity(dict(new.genes), never_negative(child)[source])  # type: ignore[attr-defined]
        assert where.problems(child) == []
    assert found == kinds - ({"dense"} if len(shape) > 1 else set())  # 512 units are too many


def test_without_a_shape_only_dense_layers_behind_dense_layers_are_identities() -> None:
    genome = graph([node("a", units=10), node("n", "batch_norm")], "ia", "an", "no")
    for child in children(deepen, genome, space("dense", "batch_norm", shape=None)):
        (new,) = set(child.layers) - set(genome.layers)
        assert child.sources[new.mark] == ("a",)
        assert new.kind == "batch_norm" or dict(new.genes)["units"] == 12


def test_growing_puts_a_layer_in_front_of_the_head() -> None:
    genome = graph([node("c", "conv", channels=8)], "ic", "co")
    for child in children(grow, genome, space("conv", "dense", "pool", shape=(1, 8, 8))):
        (new,) = set(child.layers) - {genome.layers[0]}
        assert wiring(child) == {"i>c", "c>conv", "conv>o"}  # 512 units are out of range
        assert {k: v for k, v in new.genes if k != "kernel"} == {
            "channels": 8, "stride": 1, "activation": "relu",
        }  # fmt: skip


def test_growing_without_an_identity_adds_any_layer_of_units() -> None:
    genome = graph([node("a", units=64)], "ia", "ao")
    narrow_only = NetworkSpace(
        (0, 3), {"dense": {**KINDS["dense"], "units": Integer(4, 8)}}, {}, {"grow": 1.0}, input_shape=(6,)
    )
    found = {dict(c.layers[1].genes)["units"] for c in children(grow, genome, narrow_only)}
    assert found == {4, 5, 6, 7, 8}


def test_what_leaves_the_space_is_given_back() -> None:
    genome = graph([node("a", units=8)], "ia", "ao")
    tight = space("dense", max_multiplications=6 * 8 + 8)
    grown: Callable[..., NetworkGenome] = operator("widen")
    assert grown(genome, tight, np.random.default_rng(0)) is genome
    assert widen(genome, tight, np.random.default_rng(0)) is not genome
