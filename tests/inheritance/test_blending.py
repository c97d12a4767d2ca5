from __future__ import annotations

import numpy as np

from speciate.inheritance.inherit import blended
from speciate.spaces import NetworkGenome, Node


def dense(mark: str, units: int, activation: str = "relu", dropout: float = 0.0) -> Node:
    return Node.make(mark, "dense", {"units": units, "activation": activation, "dropout": dropout})


def network(*layers: Node, value: float, inputs: int = 2) -> tuple[NetworkGenome, dict[str, np.ndarray]]:
    tensors, before = {}, inputs
    for mark, units in [*((n.mark, int(dict(n.genes)["units"])) for n in layers), ("output", 3)]:
        part = "" if mark == "output" else "linear."
        tensors[f"{mark}.{part}weight"] = np.full((units, before), value, np.float32)
        tensors[f"{mark}.{part}bias"] = np.full(units, -value, np.float32)
        before = units
    return NetworkGenome.path(layers, {}), tensors


def test_layers_that_both_have_get_the_mean_and_the_others_stay() -> None:
    first = network(dense("a", 4), dense("b", 5), value=1.0)
    second = network(dense("a", 4, dropout=0.5), dense("b", 6), value=4.0)
    (genome, found), other = blended([first, second])
    assert genome is first[0]
    assert other is second
    assert set(found) == set(first[1])
    assert (found["a.linear.weight"] == 2.5).all()
    assert (found["a.linear.bias"] == -2.5).all()
    assert (found["b.linear.weight"] == 1).all()  # of another width
    assert (found["output.weight"] == 1).all()
    assert (found["output.bias"] == 1 - 2).all()
    assert (first[1]["a.linear.weight"] == 1).all()  # arguments stay as they are
    assert all(found[name].dtype == np.float32 for name in found)


def test_another_activation_means_something_else() -> None:
    first = network(dense("a", 4), value=1.0)
    (_, found), _ = blended([first, network(dense("a", 4, "tanh"), value=3.0)])
    assert (found["a.linear.weight"] == 1).all()
    assert (found["output.weight"] == 2).all()


def test_one_ancestor_is_left_alone() -> None:
    only = network(dense("a", 4), value=1.0)
    assert blended([only]) == [only]
