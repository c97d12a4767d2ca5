"""Inheritance of networks that are not plain stacks of dense layers: convolutions, norms, merges."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from speciate.inheritance.inherit import Inherited, inherit
from speciate.layers import LAYERS
from speciate.mutation import crossover, mutate, operator
from speciate.networks import build
from speciate.spaces import INPUT, OUTPUT, Integer, NetworkGenome, NetworkSpace, Node, Real, shapes

Tensors = dict[str, np.ndarray]
Parent = tuple[NetworkGenome, Tensors]
Edges = list[tuple[str, str]]

IMAGE, OUTPUTS = (2, 8, 8), 3


def conv(mark: str, channels: int, kernel: int = 3, stride: int = 1, activation: str = "relu") -> Node:
    genes = {"channels": channels, "kernel": kernel, "stride": stride, "activation": activation}
    return Node.make(mark, "conv", genes)  # type: ignore[arg-type]


def graph(nodes: list[Node], edges: Edges) -> NetworkGenome:
    return NetworkGenome((Node(INPUT, INPUT), *nodes, Node(OUTPUT, OUTPUT)), tuple(edges), ())


def tensors_of(genome: NetworkGenome, seed: int, shape: tuple[int, ...] = IMAGE) -> Tensors:
    state = build(genome, shape, OUTPUTS, np.random.default_rng(seed)).state_dict()
    return {name: value.numpy().copy() for name, value in state.items()}


def trained(genome: NetworkGenome, seed: int = 1, shape: tuple[int, ...] = IMAGE) -> Parent:
    """A network as if it had been trained: nothing is zero, and batch norms have seen something."""
    rng, tensors = np.random.default_rng(seed), tensors_of(genome, seed, shape)
    for name, value in tensors.items():
        if value.dtype == np.float32:
            draw = rng.normal(size=value.shape) * (0.4 if value.ndim > 1 else 1.0)
            tensors[name] = (abs(draw) + 0.3 if "running_var" in name else draw).astype(np.float32)
    return genome, tensors


def child_of(
    child: NetworkGenome, *parents: Parent, policy: str = "preserve", shape: tuple[int, ...] = IMAGE
) -> Inherited:
    fresh = tensors_of(child, 99, shape)
    return inherit(child, fresh, parents, shape, OUTPUTS, policy, np.random.default_rng(2))


def answers(genome: NetworkGenome, tensors: Tensors, shape: tuple[int, ...] = IMAGE) -> np.ndarray:
    module = build(genome, shape, OUTPUTS, np.random.default_rng(0)).eval()
    module.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()})
    x = np.random.default_rng(5).normal(size=(6, *shape)).astype(np.float32)
    with torch.no_grad():
        return module(torch.from_numpy(x)).numpy()


def difference(
    parent: Parent, child: NetworkGenome, found: Inherited, shape: tuple[int, ...] = IMAGE
) -> float:
    expected = answers(*parent, shape)
    return float(abs(answers(child, found.tensors, shape) - expected).max() / abs(expected).max())


# A network with a part of everything, and what can be done to it

STEM = [
    conv("a", 4),
    Node.make("p", "pool", {"mode": "max", "size": 2}),
    conv("b", 6),
    Node.make("n", "batch_norm"),
    Node.make("q", "dense", {"units": 7, "activation": "relu", "dropout": 0.1}),
]
PATH: Edges = [(INPUT, "a"), ("a", "p"), ("p", "b"), ("b", "n"), ("n", "q"), ("q", OUTPUT)]
ADD, JOIN = Node.make("s", "add"), Node.make("s", "concat")
BRANCH = [*STEM, conv("m", 5, 1)]
SPLIT: Edges = [
    *(edge for edge in PATH if edge != ("b", "n")),
    ("p", "m"),
    ("b", "s"),
    ("m", "s"),
    ("s", "n"),
]


def put(node: Node, edge: tuple[str, str], nodes: list[Node] = STEM, edges: Edges = PATH) -> NetworkGenome:
    rest = [e for e in edges if e != edge]
    return graph([*nodes, node], [*rest, (edge[0], node.mark), (node.mark, edge[1])])


def having(node: Node, nodes: list[Node] = STEM, edges: Edges = PATH) -> NetworkGenome:
    return graph([node if n.mark == node.mark else n for n in nodes], edges)


def without(mark: str, before: str, after: str) -> NetworkGenome:
    edges = [edge for edge in PATH if mark not in edge]
    return graph([node for node in STEM if node.mark != mark], [*edges, (before, after)])


PARENT = graph(STEM, PATH)
SUM, CONCAT = graph([*BRANCH, ADD], SPLIT), graph([*BRANCH, JOIN], SPLIT)
DEPTHWISE = Node.make("x", "depthwise", {"kernel": 5, "stride": 1, "activation": "relu"})
KEEPING = {
    "nothing": (PARENT, PARENT),
    "more channels": (PARENT, having(conv("a", 9))),
    "more channels and a larger kernel": (PARENT, having(conv("b", 11, 5))),
    "more units": (
        PARENT,
        having(Node.make("q", "dense", {"units": 12, "activation": "relu", "dropout": 0.0})),
    ),
    "a convolution": (PARENT, put(conv("x", 5), ("p", "b"))),
    "a depthwise convolution": (PARENT, put(DEPTHWISE, ("p", "b"))),
    "a batch norm over channels": (PARENT, put(Node.make("x", "batch_norm"), ("p", "b"))),
    "a batch norm over units": (PARENT, put(Node.make("x", "batch_norm"), ("q", OUTPUT))),
    "a dropout layer": (PARENT, put(Node.make("x", "dropout", {"dropout": 0.5}), ("p", "b"))),
    "a relu behind a relu": (PARENT, put(Node.make("x", "activation", {"activation": "relu"}), ("p", "b"))),
    "a flattening": (PARENT, put(Node.make("x", "flatten"), ("n", "q"))),
    "a path beside, added": (PARENT, SUM),
    "a path beside, side by side": (PARENT, CONCAT),
    "a wider path beside, added": (PARENT, graph([*STEM, conv("m", 9, 1), ADD], SPLIT)),
    "a skip, added": (
        PARENT,
        graph([*STEM, ADD], [*(e for e in PATH if e != ("b", "n")), ("p", "s"), ("b", "s"), ("s", "n")]),
    ),
    "a skip, side by side": (
        PARENT,
        graph([*STEM, JOIN], [*(e for e in PATH if e != ("b", "n")), ("p", "s"), ("b", "s"), ("s", "n")]),
    ),
    "a third path, added": (SUM, graph([*BRANCH, conv("z", 3), ADD], [*SPLIT, ("p", "z"), ("z", "s")])),
    "a third path, side by side": (CONCAT, graph([*BRANCH, JOIN], [*SPLIT, ("p", "s")])),
    "more channels before a sum": (SUM, having(conv("b", 10), [*BRANCH, ADD], SPLIT)),
    "more channels of the first of two": (CONCAT, having(conv("b", 10), [*BRANCH, JOIN], SPLIT)),
    "more channels of the second of two": (CONCAT, having(conv("m", 10), [*BRANCH, JOIN], SPLIT)),
    "more channels for both paths": (SUM, having(conv("a", 9), [*BRANCH, ADD], SPLIT)),
    "a layer within a path": (SUM, put(conv("z", 6), ("b", "s"), [*BRANCH, ADD], SPLIT)),
}
CHANGING = {
    "fewer channels": (PARENT, having(conv("a", 2))),
    "a stride": (PARENT, having(conv("b", 6, 3, 2))),
    "a smaller kernel": (PARENT, having(conv("b", 6, 1))),
    "another activation": (PARENT, having(conv("b", 6, 3, 1, "tanh"))),
    "a layer norm": (PARENT, put(Node.make("x", "layer_norm"), ("q", OUTPUT))),
    "a pool": (PARENT, put(Node.make("x", "pool", {"mode": "mean", "size": 2}), ("n", "q"))),
    "a global pool": (PARENT, put(Node.make("x", "global_pool", {"mode": "mean"}), ("n", "q"))),
    "no pool": (PARENT, without("p", "a", "b")),
    "no batch norm": (PARENT, without("n", "b", "q")),
    "no convolution": (PARENT, without("b", "p", "n")),
    "no dense layer": (PARENT, without("q", "n", OUTPUT)),
    "a sum taken apart": (SUM, PARENT),
    "paths side by side taken apart": (CONCAT, PARENT),
    "a random layer within a path": (
        SUM,
        put(conv("z", 6, 3, 1, "tanh"), ("b", "s"), [*BRANCH, ADD], SPLIT),
    ),
    "more channels of the narrower of two summands": (SUM, having(conv("m", 10), [*BRANCH, ADD], SPLIT)),
}


@pytest.mark.parametrize("case", KEEPING)
def test_what_can_be_kept_is_kept_exactly(case: str) -> None:
    genome, child = KEEPING[case]
    parent = trained(genome)
    found = child_of(child, parent)
    assert found.exact
    assert difference(parent, child, found) < 1e-5
    carrying = {mark.partition(".")[0] for mark in parent[1]} & {node.mark for node in child.nodes}
    assert set(found.sources) == carrying  # every layer that both have


@pytest.mark.parametrize("case", CHANGING)
def test_what_cannot_be_kept_is_not_claimed(case: str) -> None:
    genome, child = CHANGING[case]
    parent = trained(genome)
    found = child_of(child, parent)
    assert not found.exact
    assert difference(parent, child, found) > 1e-3
    assert all(np.isfinite(value).all() for value in found.tensors.values())


def test_a_new_path_can_be_heard_after_one_step() -> None:
    """It starts unheard, and yet something reaches it: the gain, or the weights behind it, have a gradient."""
    for child, name in ((SUM, "s.gain"), (CONCAT, "q.linear.weight")):
        module = build(child, IMAGE, OUTPUTS, np.random.default_rng(0)).train()
        found = child_of(child, trained(PARENT))
        module.load_state_dict({k: torch.from_numpy(v) for k, v in found.tensors.items()})
        x = torch.from_numpy(np.random.default_rng(0).normal(size=(16, *IMAGE)).astype(np.float32))
        module(x).square().sum().backward()
        gradient = module.get_parameter(name).grad
        assert gradient is not None
        columns = gradient[1:2] if name == "s.gain" else gradient[:, 6 * 16 :]
        assert columns.abs().max() > 0


def test_a_layer_that_is_gone_does_not_blow_up_what_comes_behind() -> None:
    """Behind an image, the second of two dense layers takes the place of the first."""
    genes = {"units": 16, "activation": "relu", "dropout": 0.0}
    first, second = (Node.make(mark, "dense", genes) for mark in ("f", "g"))  # type: ignore[arg-type]
    parent = trained(NetworkGenome.path([first, second], {}))
    found = child_of(NetworkGenome.path([second], {}), parent)
    assert found.tensors["g.linear.weight"].shape == (16, 128)
    assert found.sources == {"g": 0, OUTPUT: 0}


def test_the_convolution_that_is_inserted_hands_on_each_channel() -> None:
    found = child_of(put(conv("x", 5), ("p", "b")), trained(PARENT))
    weight = found.tensors["x.conv.weight"]
    assert weight.shape == (5, 4, 3, 3)
    assert np.array_equal(weight[:4, :, 1, 1], np.eye(4))
    assert abs(weight[:4]).sum() == 4
    assert not found.tensors["b.conv.weight"][:, 4].any()  # its fifth channel is fresh and unheard


def test_images_of_another_size_keep_their_convolutions_and_spread_the_weights_behind_them() -> None:
    parent = trained(PARENT)
    large = (2, 16, 16)
    found = child_of(PARENT, parent, shape=large)
    assert np.array_equal(found.tensors["a.conv.weight"], parent[1]["a.conv.weight"])
    old, new = (t["q.linear.weight"].reshape(7, 6, -1) for t in (parent[1], found.tensors))
    assert new.sum(axis=2) == pytest.approx(old.sum(axis=2), abs=1e-4)
    assert not found.exact


# Properties over random networks


def with_waves(space: NetworkSpace) -> NetworkSpace:
    """The space with the kinds of layers that only tables have."""
    waves = {"frequencies": Integer(4, 16), "sigma": Real(0.01, 1.0, log=True), "size": Integer(2, 4)}
    return NetworkSpace(
        space.depth,
        {**space.layers, "scale": {}, "periodic": waves},
        space.hyper,
        input_shape=(7,),
        merges=space.merges,
    )


SPACES = {
    "conv": ((1, 8, 8), NetworkSpace.conv(input_shape=(1, 8, 8), rows=2000, outputs=OUTPUTS)),
    "images": (IMAGE, NetworkSpace.graph(input_shape=IMAGE, rows=2000, outputs=OUTPUTS)),
    "vectors": ((7,), with_waves(NetworkSpace.graph(input_shape=(7,), rows=2000, outputs=OUTPUTS))),
}
ALWAYS = {"change_dropout", "change_learning_rate"}
NEARLY_ALWAYS = {"deepen", "grow", "split", "connect", "widen"}
"""Not where the ranges are too narrow for an identity, or where a sum would have to grow on one side only."""


def parent_in(space: NetworkSpace, rng: np.random.Generator) -> NetworkGenome:
    genome = space.sample(rng)
    for _ in range(int(rng.integers(4))):
        genome, _ = mutate(genome, space, rng)
    return genome


@pytest.mark.parametrize("name", SPACES)
def test_whatever_is_claimed_holds(name: str) -> None:
    shape, space = SPACES[name]
    names = sorted({*space.operators, *NEARLY_ALWAYS, "narrow"} - {"resample"})
    if not space.merges:
        names = [n for n in names if n not in ("split", "connect")]
    changed: Counter[str] = Counter()
    claimed: Counter[str] = Counter()
    for seed in range(260):
        rng = np.random.default_rng(seed)
        genome, change = parent_in(space, rng), names[seed % len(names)]
        child = operator(change)(genome, space, rng)
        if child == genome or child not in space:
            continue
        parent = trained(genome, seed, shape)
        found = child_of(child, parent, shape=shape)
        changed[change] += 1
        claimed[change] += found.exact
        if found.exact:
            assert difference(parent, child, found, shape) < 1e-5, (seed, change)
    assert sum(changed.values()) > 170
    assert sum(claimed.values()) > 50
    assert all(claimed[change] == changed[change] > 0 for change in ALWAYS & set(names)), claimed
    assert all(claimed[change] > 0.6 * changed[change] > 0 for change in NEARLY_ALWAYS & set(names)), claimed


@pytest.mark.parametrize("name", SPACES)
def test_children_of_two_are_made_of_their_parents_weights(name: str) -> None:
    shape, space = SPACES[name]
    merged = 0
    for seed in range(180):
        rng = np.random.default_rng(seed)
        first = parent_in(space, rng)
        second = mutate(first, space, rng)[0] if seed % 2 else parent_in(space, rng)
        child = crossover(first, second, space, rng)
        assert child in space
        merged += child not in (first, second)
        parents = [trained(first, seed, shape), trained(second, seed + 1, shape)]
        found = child_of(child, *parents, policy="common", shape=shape)
        for node in child.nodes:
            own = {k: v for k, v in found.tensors.items() if k.startswith(f"{node.mark}.")}
            sharing = [
                tensors
                for genome, tensors in parents
                if node in genome.nodes
                and all(k in tensors and tensors[k].shape == v.shape for k, v in own.items())
            ]
            if own and sharing:
                donor = parents[found.sources[node.mark]][1]
                assert any(donor is tensors for tensors in sharing)
                assert all(np.array_equal(donor[k], v) for k, v in own.items())
        _trains_a_step(child, child_of(child, *parents, shape=shape).tensors, shape)
    assert merged > 60


def _trains_a_step(genome: NetworkGenome, tensors: Tensors, shape: tuple[int, ...]) -> None:
    module = build(genome, shape, OUTPUTS, np.random.default_rng(0)).train()
    module.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()})
    x = np.random.default_rng(0).normal(size=(4, *shape)).astype(np.float32)
    loss = torch.nn.functional.cross_entropy(module(torch.from_numpy(x)), torch.tensor([0, 1, 2, 0]))
    loss.backward()  # type: ignore[no-untyped-call]
    torch.optim.SGD(module.parameters(), 1e-6).step()
    assert all(torch.isfinite(value).all() for value in module.parameters())


def test_every_kind_of_layer_occurs_in_these_spaces() -> None:
    seen = set()
    for _, space in SPACES.values():
        rng = np.random.default_rng(0)
        for _ in range(120):
            seen |= {node.kind for node in parent_in(space, rng).nodes}
    assert set(LAYERS) - seen <= {"flatten", "activation", "layer_norm"}
    assert shapes(PARENT, IMAGE, OUTPUTS)[OUTPUT] == [(7,), (3,)]
