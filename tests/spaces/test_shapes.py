from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.spaces.families import FAMILIES, evolved

from speciate.networks import build
from speciate.spaces import (
    INPUT,
    OUTPUT,
    NetworkGenome,
    Node,
    count_multiplications,
    count_parameters,
    never_negative,
    output_shapes,
    shapes,
)

GENES = {"channels": 4, "kernel": 3, "stride": 1, "activation": "relu"}
BRANCHING = NetworkGenome(
    (
        Node(INPUT, INPUT),
        Node.make("a", "conv", GENES),
        Node.make("b", "conv", {**GENES, "channels": 2}),
        Node.make("c", "concat"),
        Node.make("p", "pool", {"size": 2, "mode": "max"}),
        Node.make("s", "add"),
        Node(OUTPUT, OUTPUT),
    ),
    (
        (INPUT, "a"),
        (INPUT, "b"),
        ("a", "c"),
        ("b", "c"),
        ("c", "s"),
        ("a", "s"),
        ("s", "p"),
        ("p", OUTPUT),
    ),
)


def test_sizes_of_a_branching_network_by_hand() -> None:
    inputs = shapes(BRANCHING, (1, 6, 6), 3)
    assert inputs["c"] == [(4, 6, 6), (2, 6, 6)]
    assert inputs["s"] == [(4, 6, 6), (6, 6, 6)]
    assert inputs[OUTPUT] == [(6, 3, 3), (3,)]
    assert output_shapes(BRANCHING, inputs)["p"] == (6, 3, 3)
    assert count_parameters(BRANCHING, (1, 6, 6), 3) == 10 * 4 + 10 * 2 + 2 + 55 * 3
    assert count_multiplications(BRANCHING, (1, 6, 6), 3) == 36 * 9 * 4 + 36 * 9 * 2 + 54 * 3


def test_what_is_never_negative_by_hand() -> None:
    assert never_negative(BRANCHING) == {
        INPUT: False,
        "a": True,
        "b": True,
        "c": True,
        "s": False,  # a gain may be negative
        "p": False,
        OUTPUT: False,
    }


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_never_negative_never_is(name: str) -> None:
    space = FAMILIES[name]
    assert space.input_shape is not None
    known = 0
    for seed in range(60):
        genome = evolved(space, seed, steps=seed % 8)
        net = build(genome, space.input_shape, 3, np.random.default_rng(seed)).eval()
        with torch.no_grad():
            for p in net.parameters():
                p.normal_(generator=torch.Generator().manual_seed(seed))
        lowest: dict[str, float] = {}
        for mark, module in net.named_children():
            module.register_forward_hook(
                lambda _, __, out, mark=mark, lowest=lowest: lowest.__setitem__(mark, out.min().item())
            )
        net(torch.randn((8, *space.input_shape), generator=torch.Generator().manual_seed(seed)))
        claims = never_negative(genome)
        assert all(lowest[mark] >= 0 for mark in lowest if claims[mark])
        known += sum(claims.values())
    assert known > 30
