"""What every layer type promises: its sizes are those of its module, and it is the identity where it says that it can be."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from speciate.layers import GAINS, LAYERS, Genes, Map, Merge, Shape, Unitwise

ACTIVATED = [{"activation": name} for name in GAINS]
IMAGES: list[list[Shape]] = [[(3, 8, 6)], [(1, 7, 7)], [(5, 1, 1)]]
VECTORS: list[list[Shape]] = [[(6,)], [(1,)]]
SEVERAL: list[list[Shape]] = [
    [(3, 5, 4), (2, 5, 4)],
    [(4,), (4,), (1,)],
    [(2, 3, 3)],
    [(1, 2, 2), (6, 2, 2), (3, 2, 2)],
]

CASES: dict[str, tuple[list[dict[str, object]], list[list[Shape]]]] = {
    "input": ([{}], [*IMAGES, *VECTORS]),
    "output": ([{}], [[*inputs, (4,)] for inputs in (*IMAGES, *VECTORS)]),
    "dense": ([{"units": 5, "dropout": d, **a} for a in ACTIVATED for d in (0.0, 0.5)], [*IMAGES, *VECTORS]),
    "conv": (
        [{"channels": 4, "kernel": k, "stride": s, **a} for k in (1, 3, 5) for s in (1, 2, 3) for a in ACTIVATED],
        IMAGES,
    ),
    "depthwise": (
        [{"kernel": k, "stride": s, **a} for k in (1, 3, 7) for s in (1, 2) for a in ACTIVATED],
        IMAGES,
    ),
    "pool": ([{"size": s, "mode": m} for s in (2, 3) for m in ("max", "mean")], IMAGES[:2]),
    "global_pool": ([{"mode": m} for m in ("max", "mean")], IMAGES),
    "batch_norm": ([{}], [*IMAGES, *VECTORS]),
    "layer_norm": ([{}], [*IMAGES, *VECTORS]),
    "dropout": ([{"dropout": 0.0}, {"dropout": 0.3}], [*IMAGES, *VECTORS]),
    "activation": (ACTIVATED, [*IMAGES, *VECTORS]),
    "flatten": ([{}], [*IMAGES, *VECTORS]),
    "scale": ([{}], VECTORS),
    "periodic": ([{"frequencies": k, "sigma": 0.1, "size": s} for k in (1, 16) for s in (2, 4)], VECTORS),
    "add": ([{}], SEVERAL),
    "concat": ([{}], SEVERAL),
}  # fmt: skip

ALL = [
    (kind, genes, inputs)
    for kind, (choices, shapes) in CASES.items()
    for genes in choices
    for inputs in shapes
]


def name(value: object) -> str:
    if isinstance(value, dict):
        return "-".join(map(str, value.values()))
    return "+".join("x".join(map(str, shape)) for shape in value) if isinstance(value, list) else str(value)


every_kind = pytest.mark.parametrize("kind", CASES)


def cases(kind: str) -> list[tuple[Genes, list[Shape]]]:
    choices, shapes = CASES[kind]
    return [(genes, inputs) for genes in choices for inputs in shapes]


def taken(kind: str, inputs: Sequence[Shape]) -> Sequence[Shape]:
    """What the module takes: the second "input" of the head is its own width."""
    return inputs[:1] if kind == "output" else inputs


def module(kind: str, genes: Genes, inputs: Sequence[Shape], seed: int = 0) -> nn.Module:
    return LAYERS[kind].module(genes, inputs, np.random.default_rng(seed))


def examples(kind: str, inputs: Sequence[Shape], count: int = 4, positive: bool = False) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    found = [torch.randn((count, *shape), generator=generator) for shape in taken(kind, inputs)]
    return [x.abs() for x in found] if positive else found


def test_every_layer_type_is_tested() -> None:
    assert set(CASES) == set(LAYERS)
    for kind, (choices, _) in CASES.items():
        assert all(set(genes) == set(LAYERS[kind].genes) for genes in choices)
        assert list(LAYERS[kind].genes) == sorted(LAYERS[kind].genes)


@every_kind
def test_sizes_are_those_of_the_module(kind: str) -> None:
    for genes, inputs in cases(kind):
        layer = LAYERS[kind]
        assert layer.problems(genes) == []
        built = module(kind, genes, inputs)
        out = built(*examples(kind, inputs))
        assert tuple(out.shape) == (4, *layer.shape(genes, inputs)), (genes, inputs)
        assert sum(p.numel() for p in built.parameters()) == layer.parameters(genes, inputs)
        assert layer.multiplications(genes, inputs) >= 0
        assert (layer.multiplications(genes, inputs) > 0) == any(p.ndim > 1 for p in built.parameters())


@every_kind
def test_the_same_stream_gives_the_same_weights(kind: str) -> None:
    for genes, inputs in cases(kind):
        first, second = (module(kind, genes, inputs, seed=7).state_dict() for _ in range(2))
        assert first.keys() == second.keys()
        assert all(torch.equal(first[key], second[key]) for key in first)
        assert all(value.isfinite().all() for value in first.values())


@every_kind
def test_a_batch_of_one_example_trains(kind: str) -> None:
    for genes, inputs in cases(kind):
        built = module(kind, genes, inputs).train()
        xs = [x.requires_grad_() for x in examples(kind, inputs, count=1)]
        built(*xs).sum().backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in built.parameters())


@every_kind
@pytest.mark.parametrize("positive", [False, True], ids=["any", "positive"])
def test_what_is_said_to_be_never_negative_never_is(kind: str, positive: bool) -> None:
    for genes, inputs in cases(kind):
        built = module(kind, genes, inputs)
        with torch.no_grad():
            for p in built.parameters():
                p.normal_(generator=torch.Generator().manual_seed(1))
        for training in (True, False):
            out = built.train(training)(*examples(kind, inputs, 16, positive))
            if LAYERS[kind].never_negative(genes, positive):
                assert (out >= 0).all()


def test_never_negative_is_claimed_where_it_is_known() -> None:
    claims = {
        (kind, genes.get("activation"), positive)
        for kind, genes, _ in ALL
        for positive in (False, True)
        if LAYERS[kind].never_negative(genes, positive)
    }
    behind = {
        (kind, name, p)
        for kind in ("dense", "conv", "depthwise", "activation")
        for name in ("relu", "sigmoid")
        for p in (False, True)
    }
    same = {(kind, None, True) for kind in ("pool", "global_pool", "dropout", "flatten", "concat")}
    assert claims == behind | same | {("activation", "linear", True)}


@every_kind
@pytest.mark.parametrize("positive", [False, True], ids=["any", "positive"])
def test_what_can_be_the_identity_is(kind: str, positive: bool) -> None:
    for genes, inputs in cases(kind):
        layer = LAYERS[kind]
        if not isinstance(layer, Map | Unitwise) or kind == "output":
            continue
        count = math.prod(inputs[0]) if kind == "dense" else inputs[0][0]
        genes = {**genes, **{gene: count + 2 for gene in ("units", "channels") if gene in genes}}
        if not layer.can_be_identity(genes, positive):
            continue
        built = module(kind, genes, inputs).eval()
        state = {key: value.numpy() for key, value in built.state_dict().items()}
        by_name = {key.rsplit(".", 1)[-1]: value for key, value in state.items()}
        if isinstance(layer, Map):
            weight = by_name["weight"].copy()
            weight[:count] = layer.identity(count, weight)
            new = {"weight": weight, "bias": np.zeros_like(by_name["bias"])}
        else:
            new = dict(layer.neutral(by_name))
        built.load_state_dict(
            {
                k: torch.tensor(new[k.rsplit(".", 1)[-1]]).to(torch.float32 if v.ndim else torch.int64)
                for k, v in state.items()
            }
        )
        (x,) = examples(kind, inputs, positive=positive)
        expected = x.flatten(1) if kind in ("dense", "flatten") else x
        torch.testing.assert_close(built(x)[:, : expected.shape[1]], expected)


def test_identity_is_claimed_where_it_is_possible() -> None:
    claims = {
        (kind, genes.get("activation"), positive)
        for kind, genes, _ in ALL
        for positive in (False, True)
        if isinstance(layer := LAYERS[kind], Map | Unitwise) and layer.can_be_identity(genes, positive)
    }
    maps = {
        (kind, *rest)
        for kind in ("dense", "conv", "depthwise", "activation")
        for rest in (("linear", False), ("linear", True), ("relu", True))
    }
    always = {
        (kind, None, positive)
        for kind in ("batch_norm", "dropout", "flatten", "scale")
        for positive in (False, True)
    }
    assert claims == maps | always
    for kind in ("conv", "depthwise"):
        genes = {"channels": 2, "kernel": 3, "activation": "linear"}
        assert not LAYERS[kind].can_be_identity({**genes, "stride": 2}, False)  # type: ignore[attr-defined]


WRONG: list[tuple[str, dict[str, object], str]] = [
    ("dense", {"units": 0}, "units"),
    ("dense", {"units": 2.0}, "units"),
    ("dense", {"units": True}, "units"),
    ("dense", {"activation": "exec"}, "activation"),
    ("dense", {"dropout": 1.0}, "dropout"),
    ("dense", {"dropout": float("nan")}, "dropout"),
    ("dense", {"dropout": -0.1}, "dropout"),
    ("conv", {"channels": -1}, "channels"),
    ("conv", {"kernel": 2}, "kernel"),
    ("conv", {"kernel": 0}, "kernel"),
    ("conv", {"stride": 0}, "stride"),
    ("conv", {"stride": "2"}, "stride"),
    ("conv", {"activation": 3}, "activation"),
    ("depthwise", {"kernel": 4}, "kernel"),
    ("depthwise", {"stride": 1.5}, "stride"),
    ("depthwise", {"activation": ""}, "activation"),
    ("pool", {"size": 1}, "size"),
    ("pool", {"mode": "min"}, "mode"),
    ("global_pool", {"mode": 1}, "mode"),
    ("dropout", {"dropout": 1}, "dropout"),
    ("dropout", {"dropout": "all"}, "dropout"),
    ("activation", {"activation": "swish"}, "activation"),
    ("periodic", {"frequencies": 0}, "frequencies"),
    ("periodic", {"sigma": 0.0}, "sigma"),
    ("periodic", {"sigma": float("inf")}, "sigma"),
    ("periodic", {"size": 1}, "size"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "change", "gene"), WRONG, ids=name)
def test_impossible_genes_are_named(kind: str, change: dict[str, object], gene: str) -> None:
    genes = {**CASES[kind][0][0], **change}
    problems = LAYERS[kind].problems(genes)
    assert len(problems) == 1
    assert problems[0].startswith(f"{gene} must be")
    assert repr(change[gene]) in problems[0]


REFUSED: list[tuple[str, list[Shape], str]] = [
    *((kind, [(6,)], "takes an image") for kind in ("conv", "depthwise", "pool", "global_pool")),
    *((kind, [], "takes one input, got 0") for kind in ("dense", "conv", "batch_norm", "layer_norm", "dropout", "activation", "flatten")),
    *((kind, [(3, 4, 4)] * 2, "takes one input, got 2") for kind in ("dense", "conv", "depthwise", "pool", "global_pool", "batch_norm", "layer_norm", "dropout", "activation", "flatten")),
    *((kind, [(3, 4, 4)], "takes a vector") for kind in ("scale", "periodic")),
    ("output", [(3,)], "takes one input, got 0"),
    ("output", [(3,), (3,), (4,)], "takes one input, got 2"),
    ("pool", [(3, 1, 8)], "do not fit"),
    ("add", [], "nothing comes in"),
    ("concat", [], "nothing comes in"),
    ("add", [(3, 4, 4), (3, 2, 2)], "differ in more than their width"),
    ("concat", [(3, 4, 4), (3,)], "differ in more than their width"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "inputs", "message"), REFUSED, ids=name)
def test_inputs_that_a_layer_cannot_take_are_refused(kind: str, inputs: list[Shape], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LAYERS[kind].shape(CASES[kind][0][0], inputs)


MULTIPLICATIONS: list[tuple[str, dict[str, object], list[Shape], int]] = [
    ("dense", {"units": 5, "activation": "relu", "dropout": 0.1}, [(2, 3, 4)], 24 * 5),
    ("output", {}, [(2, 3), (7,)], 6 * 7),
    # 4 by 3 places, 8 channels, each with 9 weights for each of 2 channels
    ("conv", {"channels": 8, "kernel": 3, "stride": 2, "activation": "relu"}, [(2, 7, 6)], 12 * 8 * 18),
    ("depthwise", {"kernel": 5, "stride": 1, "activation": "relu"}, [(3, 4, 4)], 16 * 3 * 25),
    ("pool", {"size": 2, "mode": "mean"}, [(3, 4, 4)], 0),
    ("add", {}, [(3, 4, 4)] * 2, 0),
    ("periodic", {"frequencies": 16, "sigma": 0.1, "size": 4}, [(5,)], 5 * 16 * 3),
]


@pytest.mark.parametrize(("kind", "genes", "inputs", "expected"), MULTIPLICATIONS, ids=name)
def test_multiplications_by_hand(
    kind: str, genes: dict[str, object], inputs: list[Shape], expected: int
) -> None:
    assert LAYERS[kind].multiplications(genes, inputs) == expected


def test_a_sum_fills_up_with_zeros_and_weighs_its_inputs() -> None:
    built = module("add", {}, [(1,), (3,)])
    with torch.no_grad():
        next(built.parameters()).copy_(torch.tensor([2.0, 0.5]))
    out = built(torch.tensor([[1.0]]), torch.tensor([[10.0, 20.0, 30.0]]))
    assert out.tolist() == [[7.0, 10.0, 15.0]]


def test_a_concatenation_keeps_the_order() -> None:
    out = module("concat", {}, [(1,), (2,)])(torch.tensor([[1.0]]), torch.tensor([[2.0, 3.0]]))
    assert out.tolist() == [[1.0, 2.0, 3.0]]


def test_a_pool_ignores_what_is_left_over() -> None:
    x = torch.arange(9.0).reshape(1, 1, 3, 3)
    assert module("pool", {"size": 2, "mode": "max"}, [(1, 3, 3)])(x).tolist() == [[[[4.0]]]]
    assert module("pool", {"size": 2, "mode": "mean"}, [(1, 3, 3)])(x).tolist() == [[[[2.0]]]]
    assert module("global_pool", {"mode": "mean"}, [(1, 3, 3)])(x).tolist() == [[4.0]]


def test_waves_by_hand() -> None:
    genes = {"frequencies": 2, "sigma": 1.0, "size": 2}
    built = module("periodic", genes, [(2,)])
    values = {
        "frequency": [[1, 0.5]] * 2,
        "phase": [[0, 0], [0, math.pi]],
        "mix": [[[1, 10]]] * 2,
        "shift": [[0], [1]],
    }
    built.load_state_dict({key: torch.tensor(value, dtype=torch.float32) for key, value in values.items()})
    found = built(torch.tensor([[1.0, 1.0]]))  # cos(2 pi) + 10 cos(pi), and 1 + cos(2 pi) + 10 cos(2 pi)
    torch.testing.assert_close(found, torch.tensor([[1.0, -9.0, 1.0, 12.0]]))


def test_normalization_centers_and_scales() -> None:
    x = torch.randn((64, 3, 5, 5), generator=torch.Generator().manual_seed(0)) * 3 + 1
    batch, layer = (module(f"{kind}_norm", {}, [(3, 5, 5)]).train()(x) for kind in ("batch", "layer"))
    for out, axes in ((batch, (0, 2, 3)), (layer, (1, 2, 3))):
        torch.testing.assert_close(out.mean(axes), torch.zeros_like(out.mean(axes)), atol=1e-5, rtol=0)
        torch.testing.assert_close(
            out.var(axes, unbiased=False), torch.ones_like(out.mean(axes)), atol=1e-3, rtol=0
        )


def test_every_layer_is_of_one_sort() -> None:
    for kind, layer in LAYERS.items():
        sorts = sum(isinstance(layer, sort) for sort in (Map, Unitwise, Merge))
        assert sorts == (0 if kind in ("input", "periodic") else 1)
        assert isinstance(layer, Merge) == (kind in ("add", "concat"))


@pytest.mark.parametrize("kind", ["conv", "depthwise"])
@pytest.mark.parametrize("larger", [True, False])
def test_kernels_of_another_size_keep_their_middle(kind: str, larger: bool) -> None:
    layer = LAYERS[kind]
    small, large = np.ones((2, 1, 3, 3)), np.pad(np.ones((2, 1, 3, 3)), [(0, 0)] * 2 + [(1, 1)] * 2)
    weight, like = (small, large) if larger else (large, small)
    arguments = (weight, like) if isinstance(layer, Map) else ("weight", weight, like)
    assert np.array_equal(layer.resized(*arguments), like)  # type: ignore[attr-defined]
