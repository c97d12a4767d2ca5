# ruff: noqa: RUF001 - the texts have multiplication signs
from __future__ import annotations

import numpy as np
import pytest
from tests.spaces.families import FAMILIES, evolved

from speciate.spaces import DEFAULTS, INPUT, OUTPUT, NetworkGenome, NetworkSpace, Node, Value


def node(mark: str, kind: str, **genes: Value) -> Node:
    return Node.make(mark, kind, genes)


A = node("a", "dense", units=64, activation="relu", dropout=0.0)
B = node("b", "dense", units=16, activation="tanh", dropout=0.1)
C = node("c", "conv", channels=32, kernel=3, stride=1, activation="relu")
D = node("d", "conv", channels=16, kernel=5, stride=2, activation="linear")
PLUS, JOIN, MORE = Node("m", "add"), Node("n", "concat"), Node("q", "add")


def graph(nodes: list[Node], *edges: str) -> str:
    ends = {"i": INPUT, "o": OUTPUT}
    pairs = tuple(tuple(ends.get(mark, mark) for mark in edge) for edge in edges)
    return NetworkGenome((Node(INPUT, INPUT), *nodes, Node(OUTPUT, OUTPUT)), pairs).describe()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (A, "64 relu"),
        (B, "16 tanh (drop 0.1)"),
        (C, "conv 32 3×3 relu"),
        (D, "conv 16 5×5 /2 linear"),
        (node("a", "depthwise", kernel=7, stride=1, activation="elu"), "depthwise 7×7 elu"),
        (node("a", "pool", mode="max", size=2), "max pool 2"),
        (node("a", "global_pool", mode="mean"), "global mean pool"),
        (node("a", "batch_norm"), "batch norm"),
        (node("a", "layer_norm"), "layer norm"),
        (node("a", "dropout", dropout=0.123), "drop 0.12"),
        (node("a", "dropout", dropout=0), "drop 0"),
        (node("a", "activation", activation="gelu"), "gelu"),
        (node("a", "flatten"), "flatten"),
        (node("a", "virus"), "virus"),
        (node("a", "virus", units=3), "3 virus"),
        (node("a", "dense", dropout="all"), "dense (drop all)"),
        (node("a", "conv"), "conv None×None"),
    ],
)
def test_every_layer_has_its_words(layer: Node, text: str) -> None:
    assert NetworkGenome.path([layer], {}).describe() == text


def test_hyper_parameters_follow() -> None:
    hyper = {"learning_rate": 0.00213, "optimizer": "adamw", "batch_size": 64, "weight_decay": 1e-4}
    assert NetworkGenome.path([C], hyper).describe() == (
        "conv 32 3×3 relu · adamw lr 0.0021 · batch 64 · wd 0.0001"
    )
    assert NetworkGenome.path([], {}).describe() == "linear"
    assert NetworkGenome(hyper=(("x", 1),)).describe() == "x 1"
    assert NetworkGenome(hyper=(("learning_rate", "high"),)).describe() == "lr high"


def test_branches_stand_in_brackets() -> None:
    assert graph([C, D, PLUS, A], "ic", "cd", "cm", "dm", "ma", "ao") == (
        "conv 32 3×3 relu → [conv 16 5×5 /2 linear | skip] + → 64 relu"
    )
    assert graph([A, B, JOIN], "ia", "ib", "an", "bn", "no") == "[64 relu | 16 tanh (drop 0.1)] concat"


def test_branches_within_branches() -> None:
    text = graph([A, B, PLUS, JOIN], "ia", "ab", "am", "bm", "mn", "in", "no")
    assert text == "[64 relu → [16 tanh (drop 0.1) | skip] + | skip] concat"


def test_branches_that_overlap_are_numbered() -> None:
    text = graph([A, B, PLUS, JOIN], "ia", "ab", "bm", "im", "mn", "an", "no")
    assert text == "64 relu → 16 tanh (drop 0.1) → add 0, 2 → concat 1, 3"


def test_a_layer_that_does_not_follow_the_one_before_says_whom() -> None:
    text = graph([A, B, C, PLUS, JOIN], "ia", "ib", "am", "bm", "ac", "cn", "mn", "no")
    assert text == "64 relu → 16 tanh (drop 0.1) from 0 → conv 32 3×3 relu from 1 → add 1, 2 → concat 3, 4"


@pytest.mark.parametrize("name", FAMILIES)
def test_lines_are_short_and_stable(name: str) -> None:
    space = FAMILIES[name]
    for seed in range(100):
        genome = evolved(space, seed, steps=seed % 12)
        text = genome.describe()
        assert text == NetworkGenome.from_json(genome.to_json()).describe()
        assert "\n" not in text
        assert len(text) < 500


def test_a_monstrous_network_has_a_short_line() -> None:
    marks = [f"{at:03}" for at in range(300)]
    nodes = [node(mark, "add") for mark in marks]
    edges = [(INPUT, m) for m in marks] + [(m, OUTPUT) for m in marks]
    edges += [(a, b) for a in marks for b in marks if a < b]
    genome = NetworkGenome((Node(INPUT, INPUT), *nodes, Node(OUTPUT, OUTPUT)), tuple(edges))
    assert genome.describe() == "0 layers, 300 merges, 45450 connections"


def test_a_thousand_layers_in_a_row_are_all_named() -> None:
    layers = [node(f"{at:04}", "dense", units=at, activation="relu", dropout=0.0) for at in range(1000)]
    assert NetworkGenome.path(layers, {}).describe().count("→") == 999


@pytest.mark.parametrize(
    "edges", [(), ("ia",), ("ao",), ("ia", "ao", "io"), ("bo", "ib"), ("ab",), ("ia", "ab", "am", "bm")]
)
def test_what_is_no_network_is_described_all_the_same(edges: tuple[str, ...]) -> None:
    assert isinstance(graph([A, B, PLUS], *edges), str)


def test_a_merge_with_many_inputs_counts_them() -> None:
    marks = [f"{at:02}" for at in range(12)]
    nodes = [node(mark, "dense", units=2, activation="relu", dropout=0.0) for mark in marks]
    chain = [(a, b) for a, b in zip([INPUT, *marks], marks, strict=False)]
    edges = [*chain, *((mark, "m") for mark in marks), ("m", OUTPUT)]
    genome = NetworkGenome((Node(INPUT, INPUT), *nodes, PLUS, Node(OUTPUT, OUTPUT)), tuple(edges))
    assert genome.describe().endswith("add 12 of the layers before")


def test_paths_of_dense_layers_read_as_ever() -> None:
    genome = NetworkSpace.mlp(features=20, rows=1000).sample(np.random.default_rng(2))
    parts = []
    for layer in genome.layers:
        genes = dict(layer.genes)
        parts.append(f"{genes['units']} {genes['activation']} (drop {genes['dropout']:.2g})")
    assert genome.describe().startswith(" → ".join(parts) + " · ")


def test_settings_of_training_are_said_where_they_are_not_the_usual_ones() -> None:
    usual = NetworkGenome.path([], {**DEFAULTS, "optimizer": "adam", "learning_rate": 0.01})
    assert usual.describe() == "linear · adam lr 0.01"
    other = {
        "schedule": "coslog4",
        "label_smoothing": 0.1,
        "beta2": 0.995,
        "ema": 0.05,
        "decay_schedule": "flat_cos",
    }
    words = "beta2 0.995 · wd flat_cos · ema 0.05 · smoothing 0.1 · schedule coslog4"
    assert NetworkGenome((), (), tuple(other.items())).describe() == words
