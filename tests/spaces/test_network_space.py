from __future__ import annotations

import json
import pickle
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from tests.spaces.families import FAMILIES, evolved, train_one_step

from speciate.errors import ConfigurationError, DataError
from speciate.mutation import LOCAL, mutate
from speciate.spaces import (
    DEFAULTS,
    INPUT,
    MERGES,
    OUTPUT,
    Choice,
    Integer,
    NetworkGenome,
    NetworkSpace,
    Node,
    Real,
    count_multiplications,
    default_kind,
    output_shapes,
    shapes,
)
from speciate.spaces.presets import most_multiplications

DENSE = {"units": Integer(2, 8), "activation": Choice(("relu", "linear")), "dropout": Real(0, 0.5)}
HYPER = {"learning_rate": Real(1e-3, 1e-1, log=True)}
RATE = (("learning_rate", 0.01),)


def dense(mark: str, units: int = 4) -> Node:
    return Node.make(mark, "dense", {"units": units, "activation": "relu", "dropout": 0.0})


def graph(nodes: list[Node], *edges: str) -> NetworkGenome:
    """A genome from edges such as "i>a", with i and o for the two ends."""
    ends = {"i": INPUT, "o": OUTPUT}
    pairs = [tuple(ends.get(mark, mark) for mark in edge.split(">")) for edge in edges]
    return NetworkGenome((Node(INPUT, INPUT), *nodes, Node(OUTPUT, OUTPUT)), tuple(pairs), RATE)  # type: ignore[arg-type]


def small(**changes: object) -> NetworkSpace:
    values = {"input_shape": (4,), "merges": 1, **changes}
    return NetworkSpace((1, 3), {"dense": DENSE, "add": {}, "concat": {}}, HYPER, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FAMILIES)
def test_samples_are_valid_build_and_train(name: str) -> None:
    space = FAMILIES[name]
    for seed in range(60):
        genome = space.sample(np.random.default_rng(seed))
        assert space.problems(genome) == []
        assert genome == space.sample(np.random.default_rng(seed))
        train_one_step(genome, space, seed)


@pytest.mark.parametrize("name", FAMILIES)
def test_spaces_survive_pickle_and_json(name: str) -> None:
    space = FAMILIES[name]
    again = pickle.loads(pickle.dumps(space))
    assert again == space
    assert json.dumps(again.to_json()) == json.dumps(space.to_json())
    frozen = space.freezing(evolved(space, 0))
    assert pickle.loads(pickle.dumps(frozen)).to_json() == frozen.to_json()


def test_the_json_of_a_space_of_paths_is_what_it_always_was() -> None:
    assert list(NetworkSpace.mlp().to_json()) == ["depth", "layers", "hyper", "operators"]
    value = NetworkSpace.article().to_json()["layers"]["dense"]["activation"]
    assert value == {
        "type": "choice",
        "options": ["linear", "tanh", "relu", "sigmoid", "elu"],
        "ordered": False,
    }
    more = FAMILIES["graph-images"].to_json()
    assert (more["input_shape"], more["most"], more["merges"]) == ([1, 28, 28], 3_000_000, 4)
    assert "fixed" not in more
    assert small(fixed={"b", "a"}).to_json()["fixed"] == ["a", "b"]


def test_samples_for_mnist_are_what_somebody_would_write_down() -> None:
    space = FAMILIES["conv-mnist"]
    convolutions: Counter[int] = Counter()
    sides: Counter[bool] = Counter()
    kernels: Counter[int] = Counter()
    for seed in range(400):
        genome = space.sample(np.random.default_rng(seed))
        assert genome.is_path
        filters = [node for node in genome.layers if node.kind in ("conv", "depthwise")]
        convolutions[len(filters)] += 1
        kernels.update(int(dict(node.genes)["kernel"]) for node in filters)
        out = output_shapes(genome, shapes(genome, (1, 28, 28), 1))
        sides[min(out[n.mark][1] for n in genome.layers if len(out[n.mark]) == 3) <= 7] += 1
        assert count_multiplications(genome, (1, 28, 28), 1) <= 3_000_000
    assert sum(convolutions[n] for n in (1, 2, 3)) > 360
    assert sides[True] > 360
    assert kernels[3] > kernels[5] > kernels[1] + kernels[7]


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 4, 4), (3, 64, 64), (3, 224, 160), (2, 5, 90)])
def test_images_of_any_size_have_a_space(shape: tuple[int, int, int]) -> None:
    space = NetworkSpace.conv(input_shape=shape, rows=100, outputs=2)
    for seed in range(10):
        assert space.sample(np.random.default_rng(seed)) in space


def test_the_limit_grows_with_the_image_but_slower() -> None:
    assert most_multiplications((1, 28, 28)) == 3_000_000
    assert most_multiplications((1, 56, 56)) == 6_000_000
    assert most_multiplications((3, 1000, 1000)) == 400 * 3_000_000


@pytest.mark.parametrize("shape", [(13,), (28, 28)])
def test_convolutions_need_images(shape: tuple[int, ...]) -> None:
    with pytest.raises(ConfigurationError, match="need images") as caught:
        NetworkSpace.conv(input_shape=shape, rows=100, outputs=2)
    assert "mlp" in caught.value.hint


def test_depth_is_kept_by_samples() -> None:
    for depth in ((1, 1), (2, 3), (9, 9)):
        space = NetworkSpace.graph(input_shape=(1, 28, 28), rows=500, outputs=2, depth=depth)
        for seed in range(20):
            count, _ = space.counted(space.sample(np.random.default_rng(seed)))
            assert depth[0] <= count <= depth[1]


def test_graphs_have_up_to_two_branches_at_first() -> None:
    space = FAMILIES["graph-vectors"]
    merges = Counter(space.counted(space.sample(np.random.default_rng(seed)))[1] for seed in range(200))
    assert set(merges) == {0, 1, 2}
    assert min(merges.values()) > 30


def test_a_space_without_affordable_networks_says_so(rng: np.random.Generator) -> None:
    space = small(max_multiplications=1)
    with pytest.raises(ConfigurationError, match="none could be built within") as caught:
        space.sample(rng)
    assert "allow more multiplications than 1" in caught.value.hint


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_multiplications": 0}, "max_multiplications must be"),
        ({"max_multiplications": 5, "input_shape": None}, "max_multiplications must be"),
        ({"merges": -1}, "merges must be"),
        ({"input_shape": ()}, "input_shape must be"),
        ({"input_shape": (0,)}, "input_shape must be"),
    ],
)
def test_impossible_arguments_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        small(**changes)


def test_merges_need_a_kind_of_merge() -> None:
    with pytest.raises(ConfigurationError, match="merges must be"):
        NetworkSpace((1, 3), {"dense": DENSE}, HYPER, merges=1)


@pytest.mark.parametrize(
    ("genome", "changes", "message"),
    [
        (graph([dense("a")], "i>a", "a>o"), {}, None),
        (graph([dense("a"), Node("m", "add")], "i>a", "i>m", "a>m", "m>o"), {}, None),
        (graph([dense("a"), Node("m", "add")], "i>a", "i>m", "a>m", "m>o"), {"input_shape": None}, None),
        (graph([dense("a"), Node("m", "add")], "i>a", "i>m", "a>m", "m>o"), {"merges": 0}, "one path"),
        (graph([dense("a"), dense("b")], "i>a", "i>b", "a>o", "b>o"), {}, "takes one input"),
        (
            graph([dense("a"), dense("b")], "i>a", "i>b", "a>o", "b>o"),
            {"input_shape": None},
            "takes one input",
        ),
        (graph([dense("a"), dense("b")], "i>a", "i>b", "a>o"), {}, "leads nowhere"),
        (graph([dense("a")], "i>a", "a>o"), {"max_multiplications": 4 * 4 + 4}, None),
        (
            graph([dense("a")], "i>a", "a>o"),
            {"max_multiplications": 4 * 4 + 4 - 1},
            "at most 19 multiplications, got 20",
        ),
        (graph([dense("a")], "i>a", "a>o"), {"fixed": {"b"}}, "lacks the fixed layers b"),
        (graph([dense("a", 99), dense("b")], "i>a", "a>b", "b>o"), {"fixed": {"a"}}, None),
        (
            graph([Node("m", "add"), Node("n", "add"), dense("a")], "i>m", "m>n", "n>a", "a>o"),
            {},
            "at most 1 merges, got 2",
        ),
    ],
)
def test_problems_of_graphs(genome: NetworkGenome, changes: dict[str, object], message: str | None) -> None:
    found = small(**changes).problems(genome)
    assert message in " ".join(found) if message else found == []


WAVES = Node.make("w", "periodic", {"frequencies": 8, "sigma": 0.1, "size": 2})


def waved(edges: str, nodes: list[Node], bins: int = 0) -> list[str]:
    ranges = {"frequencies": Integer(4, 8), "sigma": Real(0.01, 1.0), "size": Integer(2, 4)}
    kinds = {"dense": DENSE, "periodic": ranges, "concat": {}}
    space = NetworkSpace((1, 3), kinds, {**HYPER, "bins": Choice((0, 8))}, input_shape=(4,), merges=1)
    found = graph(nodes, *edges.split())
    return space.problems(replace(found, hyper=(*found.hyper, ("bins", bins))))


def test_what_belongs_in_front_takes_the_inputs_as_they_are() -> None:
    assert waved("i>w w>a a>o", [WAVES, dense("a")]) == []
    assert waved("i>w w>c i>c c>o", [WAVES, Node("c", "concat")]) == []
    assert waved("i>a a>o", [dense("a")], bins=8) == []
    wrong = ["a periodic layer takes the inputs, with numbers that are not in bins"]
    assert waved("i>w w>a a>o", [WAVES, dense("a")], bins=8) == wrong
    assert waved("i>a a>w w>o", [WAVES, dense("a")]) == wrong


def test_tables_have_waves_where_they_have_numbers_and_not_too_many_inputs() -> None:
    space = NetworkSpace.table(features=6, rows=900, outputs=2, bins=(8, 16))
    drawn = [evolved(space, seed, steps) for seed in range(60) for steps in (0, 4)]
    assert {n.kind for g in drawn for n in g.layers[1:]} == {"dense"}
    fronts = Counter((g.layers[0].kind if g.layers else "", g.bins > 0) for g in drawn)
    assert min(fronts["periodic", False], fronts["dense", False], fronts["dense", True]) > 10
    assert fronts["periodic", True] == 0
    assert {"change_sigma", "change_frequencies", "change_size", "swap_layer"} <= set(space.operators)
    assert default_kind(space.recipes()["RealMLP-like"], (6,)) == "table"
    for more in ({"features": 6}, {"features": 300, "bins": (8,)}):
        assert list(NetworkSpace.table(rows=900, outputs=2, **more).layers) == ["dense"]  # type: ignore[arg-type]


def test_operators_without_a_use_are_left_out() -> None:
    branching = {"split", "connect", "disconnect"}
    tables = {f"change_{name}" for name in (*DEFAULTS, "frequencies", "sigma")}
    assert branching <= set(small().operators)
    assert not branching & set(small(merges=0).operators)
    assert not branching & set(small(input_shape=None).operators)
    assert "swap_layer" in small().operators  # add for concat
    assert "swap_layer" not in small(merges=0).operators
    assert set(FAMILIES["conv-mnist"].operators) == set(LOCAL) - branching - tables
    assert "change_kernel" not in FAMILIES["graph-vectors"].operators
    assert list(NetworkSpace.mlp().operators) == list(LOCAL)[: len(NetworkSpace.mlp().operators)]


def test_including_widens_a_space_for_a_network_made_elsewhere() -> None:
    own = NetworkSpace.mlp(features=13, rows=1000, units=(16, 64))
    foreign = NetworkGenome.path(
        [
            Node.make("a", "dense", {"units": 100, "activation": "relu", "dropout": 0.9}),
            Node.make("b", "batch_norm"),
            Node.make("c", "dropout", {"dropout": 0.25}),
            Node.make("d", "dropout", {"dropout": 0.75}),
            Node.make("e", "dense", {"units": 7, "activation": "relu", "dropout": 0.0}),
        ],
        {"learning_rate": 0.5, "optimizer": "lion", "momentum": 0.9},
    )
    wide = own.including(foreign)
    assert (own.depth, wide.depth) == ((1, 4), (1, 5))
    assert wide.layers["batch_norm"] == {}
    assert wide.layers["dropout"] == {"dropout": Real(0.25, 0.75)}
    assert wide.layers["dense"]["units"] == Integer(4, 100, log=True, multiple=4)  # still on the grid
    assert wide.layers["dense"]["dropout"] == Real(0.0, 0.9)
    assert wide.layers["dense"]["activation"] == own.layers["dense"]["activation"]
    assert wide.hyper["learning_rate"] == Real(3e-4, 0.5, log=True)
    assert "lion" in wide.hyper["optimizer"]
    assert set(wide.hyper) == set(own.hyper)  # what the genome lacks or has beyond is the caller's business
    hyper = {**{k: g.sample(np.random.default_rng(0)) for k, g in wide.hyper.items()}, "learning_rate": 0.5}
    assert wide.problems(NetworkGenome(foreign.nodes, foreign.edges, tuple(hyper.items()))) == []
    assert own.including(own.sample(np.random.default_rng(0))) == own


@pytest.mark.parametrize("name", FAMILIES)
def test_including_makes_room_for_branches_and_cost(name: str) -> None:
    space = FAMILIES[name]
    tight = NetworkSpace(
        (1, 1),
        {k: g for k, g in space.layers.items() if k not in MERGES},
        space.hyper,
        input_shape=space.input_shape,
        max_multiplications=10,
    )
    for seed in range(50):
        genome = evolved(space, seed, steps=5)
        wide = tight.including(genome)
        assert wide.problems(genome) == []
        assert wide.max_multiplications == max(10, count_multiplications(genome, space.input_shape, 1))  # type: ignore[arg-type]
        assert wide.merges == space.counted(genome)[1]
        assert space.including(genome) == space


def test_a_wider_space_has_a_use_for_more_operators() -> None:
    space = NetworkSpace.mlp(features=13, rows=1000)
    assert "change_kernel" not in space.operators
    genes = {"channels": 3, "kernel": 3, "stride": 1, "activation": "relu"}
    wide = space.including(NetworkGenome.path([Node.make("a", "conv", genes)], {}))
    assert "change_kernel" in wide.operators


def test_a_space_of_perceptrons_can_take_in_a_network_of_convolutions() -> None:
    genes = {"channels": 3, "kernel": 3, "stride": 1, "activation": "relu"}
    own = NetworkSpace.mlp(features=64, rows=1000)
    hyper = own.sample(np.random.default_rng(0)).hyper_parameters
    convolution = NetworkGenome.path([Node.make("a", "conv", genes), dense("b", 16)], hyper)
    wide = own.including(convolution, (1, 8, 8))
    assert wide.problems(convolution) == []
    assert wide.input_shape == (1, 8, 8)
    rng = np.random.default_rng(0)
    for _ in range(50):
        child, _ = mutate(convolution, wide, rng)
        train_one_step(child, wide)


def test_including_what_cannot_be_built_is_refused() -> None:
    genes = {"channels": 3, "kernel": 3, "stride": 1, "activation": "relu"}
    convolution = NetworkGenome.path([Node.make("a", "conv", genes)], {})
    with pytest.raises(DataError, match="cannot take its inputs"):
        FAMILIES["graph-vectors"].including(convolution)
    with pytest.raises(ConfigurationError, match="there is no layer type 'virus'"):
        NetworkSpace.mlp().including(NetworkGenome.path([Node.make("a", "virus")], {}))


def test_freezing_keeps_a_network_and_counts_what_is_put_on_top() -> None:
    space = small(max_multiplications=60)
    ancestor = graph([dense("a", 4), Node("m", "add")], "i>a", "i>m", "a>m", "m>o")
    frozen = space.freezing(ancestor)
    assert frozen.fixed == {"a", "m"}
    assert frozen.depth == (0, 3)
    assert frozen.max_multiplications == 60 + 4 * 4 + 4
    assert frozen.problems(ancestor) == []
    on_top = [dense(mark) for mark in "bcd"]
    nodes = [*ancestor.layers, *on_top]
    edges = ["i>a", "i>m", "a>m", "m>b", "b>c", "c>d", "d>o"]
    assert frozen.problems(graph(nodes, *edges)) == []
    assert "0 to 3 layers, got 4" in str(
        frozen.problems(graph([*nodes, dense("e")], *edges[:-1], "d>e", "e>o"))
    )
    assert "lacks the fixed layers a, m" in str(frozen.problems(graph([dense("b")], "i>b", "b>o")))
    assert frozen.freezing(graph(nodes, *edges)).fixed == set("ambcd")
    with pytest.raises(ConfigurationError, match="nothing to sample where layers are fixed"):
        frozen.sample(np.random.default_rng(0))


def test_a_misspelled_kind_of_layer_is_asked_about() -> None:
    with pytest.raises(ConfigurationError) as caught:
        NetworkSpace((1, 2), {"densee": {}}, {})
    assert caught.value.hint == "did you mean dense?"
