"""A layer type from outside the package trains, inherits, is exported and drawn, or is refused when a space is made of it."""

from __future__ import annotations

import os
import re
import runpy
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.forked import forks
from torch import Tensor, nn

from speciate import layer, load_data, load_model
from speciate.champion.network_code import network_code
from speciate.champion.plain import Branching, built_names, plain
from speciate.errors import ConfigurationError, DataError
from speciate.evaluators import SupervisedEvaluator
from speciate.inheritance.inherit import inherit
from speciate.layers import LAYERS, MERGES, Genes, LayerType, Merge, Shape
from speciate.layers.modules import Dropout
from speciate.networks import build
from speciate.records import Budget, Candidate, Status
from speciate.report.network import one_line
from speciate.report.sizes import sizes
from speciate.spaces import (
    INPUT,
    OUTPUT,
    Integer,
    NetworkGenome,
    NetworkSpace,
    Node,
    count_multiplications,
    count_parameters,
)

EXAMPLE = Path(__file__).parents[2] / "examples" / "residual_block.py"


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """What a test registers is gone afterwards."""
    things, external = dict(LAYERS), set(LAYERS.external())
    yield
    LAYERS._things, LAYERS._external = things, external


class Block(nn.Module):
    """A "block" with \\ everything that a layer may have."""

    def __init__(self, units: int, hidden: int) -> None:
        super().__init__()
        self.inner = nn.ModuleList([nn.Linear(units, hidden, bias=False), nn.Linear(hidden, units)])
        self.gate = nn.Sequential(nn.Dropout(0.2), nn.Identity(), nn.PReLU(hidden))
        self.scale = nn.Parameter(torch.full((units,), 0.5))
        self.register_buffer("shift", torch.arange(units).float())

    def forward(self, x: Tensor) -> Tensor:
        first, last = self.inner
        return x + self.scale * last(self.gate(first(x))).clamp(-torch.inf, 3) + self.shift


class Own(LayerType):
    """What most tests begin with."""

    kind = "own"
    genes = ("hidden",)

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        if len(inputs) != 1 or len(inputs[0]) != 1:
            raise ValueError("it takes one vector")
        return inputs[0]

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        return Block(inputs[0][0], int(genes["hidden"]))


class Product(Merge):
    """The product of its inputs, of the narrowest's width."""

    kind = "product"

    def width(self, widths: Sequence[int]) -> int:
        return min(widths)

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        width = self.width([shape[0] for shape in inputs])

        class Times(nn.Module):
            def forward(self, *values: Tensor) -> Tensor:
                found = values[0][:, :width]
                for value in values[1:]:
                    found = found * value[:, :width]
                return found

        return Times()


HYPER = {"learning_rate": 0.01, "optimizer": "adam", "weight_decay": 0.0}


def node(mark: str, kind: str, **genes: Any) -> Node:
    return Node.make(mark, kind, genes)


def dense(mark: str, units: int) -> Node:
    return node(mark, "dense", units=units, activation="relu", dropout=0.0)


PATH = NetworkGenome.path([dense("a", 5), node("b", "own", hidden=3), node("c", "own", hidden=3)], HYPER)
GRAPH = NetworkGenome(
    (
        node(INPUT, INPUT),
        dense("a", 6),
        node("b", "own", hidden=3),
        dense("c", 4),
        node("m", "product"),
        node(OUTPUT, OUTPUT),
    ),
    ((INPUT, "a"), ("a", "b"), ("a", "c"), ("b", "m"), ("c", "m"), ("m", OUTPUT)),
    tuple(HYPER.items()),
)


def built(genome: NetworkGenome, seed: int = 0) -> nn.Module:
    return build(genome, (4,), 3, np.random.default_rng(seed))


def ranges(kind: str = "own", **genes: Integer) -> NetworkSpace:
    return NetworkSpace((1, 2), {kind: genes or {"hidden": Integer(2, 8)}}, {}, input_shape=(4,))


def test_the_example_trains_with_two_workers_and_is_loaded_back(tmp_path: Path) -> None:
    process = forks().run([str(EXAMPLE), str(tmp_path)], cwd=tmp_path, env=dict(os.environ))
    assert process.returncode == 0, process.stderr
    assert ": residual hidden" in process.stdout
    with pytest.raises(DataError, match=r"no layer type 'residual'.*import the module that registers it"):
        load_model(tmp_path / "run")
    runpy.run_path(str(EXAMPLE))
    model = load_model(tmp_path / "run")
    written = runpy.run_path(str(tmp_path / "run" / "champion" / "model.py"))
    x = torch.randn(5, 4)
    with torch.no_grad():
        assert torch.equal(written["load"]()(x), model.module(x))
    assert "class Block1(nn.Module):" in (tmp_path / "run" / "champion" / "README.md").read_text()


def test_it_is_written_as_plain_pytorch() -> None:
    layer(Own)
    module = built(PATH).eval()
    same = plain(module, PATH, (4,), 3)
    code = network_code(same, "About.")
    assert code.classes.count("class Block1(nn.Module):") == 1  # both are equal
    assert '"""A block with everything that a layer may have."""' in code.classes
    space: dict[str, Any] = {"torch": torch, "nn": nn, "Tensor": Tensor}
    exec(f"from __future__ import annotations\n{code.classes}\nnet = {code.make}", space)
    space["net"].load_state_dict(same.state_dict())
    x = torch.randn(6, 4)
    with torch.no_grad():
        assert torch.equal(same(x), module(x))
        assert torch.equal(space["net"].eval()(x), module(x))
    assert set(built_names(module, same)) == set(module.state_dict())


def test_a_merge_of_ones_own_in_a_network_with_branches() -> None:
    layer(Own)
    layer(Product)
    assert {"add", "concat", "product"} == MERGES
    module = built(GRAPH).eval()
    same = plain(module, GRAPH, (4,), 3)
    assert isinstance(same, Branching)
    code = network_code(same, "About.")
    space: dict[str, Any] = {"torch": torch, "nn": nn, "Tensor": Tensor}
    exec(f"from __future__ import annotations\n{code.classes}\nnet = Network()", space)
    space["net"].load_state_dict(same.state_dict())
    x = torch.randn(6, 4)
    with torch.no_grad():
        assert torch.equal(same(x), module(x))
        assert torch.equal(space["net"].eval()(x), module(x))
    assert GRAPH.describe().startswith("6 relu → [own hidden 3 | 4 relu] product")


def test_sizes_are_measured_where_the_type_does_not_say_them() -> None:
    layer(Own)
    module = built(PATH)
    assert count_parameters(PATH, (4,), 3) == sum(p.numel() for p in module.parameters())
    assert count_multiplications(PATH, (4,), 3) == 4 * 5 + 2 * (5 * 3 + 3 * 5) + 5 * 3
    assert sizes(PATH, (4,), 3)[2].parameters == sum(p.numel() for p in module.b.parameters())  # type: ignore[union-attr]
    assert one_line("own", {"hidden": 3}) == "own, hidden 3"


def test_random_numbers_come_from_the_network_alone() -> None:
    layer(Own)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = built(PATH).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(7)
    again, other = built(PATH).state_dict(), built(PATH, 1).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["b.inner.0.weight"], other["b.inner.0.weight"])
    assert not torch.equal(first["b.inner.0.weight"], first["c.inner.0.weight"])
    dropouts = [part for part in built(PATH).modules() if isinstance(part, nn.Dropout)]
    assert len(dropouts) == 2
    assert all(type(part) is Dropout for part in dropouts)


def test_it_trains_to_the_same_weights_each_time() -> None:
    layer(Own)
    data = load_data("sklearn:iris")
    genome = NetworkGenome.path(PATH.layers, {**HYPER, "batch_size": 32})
    candidate = Candidate(0, genome, 1, Budget(600))
    first, second = (SupervisedEvaluator(data).evaluate([candidate])[0] for _ in range(2))
    assert first.status is Status.OK, first.error
    assert (first.engine, first.score) == ("reference", second.score)
    assert first.score > 0.5


@pytest.mark.parametrize("policy", ["common", "preserve"])
@pytest.mark.parametrize("genome", [PATH, GRAPH], ids=["path", "graph"])
def test_its_weights_are_inherited(policy: str, genome: NetworkGenome) -> None:
    layer(Own)
    layer(Product)
    parent = {k: v.numpy() for k, v in built(genome, 1).state_dict().items()}
    parent["output.weight"] = np.ones_like(parent["output.weight"])
    fresh = {k: v.numpy() for k, v in built(genome, 2).state_dict().items()}
    found = inherit(genome, fresh, [(genome, parent)], (4,), 3, policy, np.random.default_rng(0))
    assert all(np.array_equal(found.tensors[name], value) for name, value in parent.items())
    assert found.exact == (policy == "preserve")


def test_one_that_does_not_fit_is_fresh() -> None:
    layer(Own)
    wider = NetworkGenome.path([dense("a", 5), node("b", "own", hidden=4), *PATH.layers[2:]], HYPER)
    parent = {k: v.numpy() for k, v in built(PATH, 1).state_dict().items()}
    fresh = {k: v.numpy() for k, v in built(wider, 2).state_dict().items()}
    found = inherit(wider, fresh, [(PATH, parent)], (4,), 3, "preserve", np.random.default_rng(0))
    assert not found.exact
    assert set(found.sources) == {"a", "c", OUTPUT}
    assert np.array_equal(found.tensors["b.scale"], fresh["b.scale"])
    assert np.array_equal(found.tensors["c.inner.0.weight"], parent["c.inner.0.weight"])


def test_which_tensors_there_are_may_depend_on_genes() -> None:
    class Deep(Own):
        kind = "deep"

        def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
            return nn.Sequential(*(nn.Linear(inputs[0][0], inputs[0][0]) for _ in range(genes["hidden"])))

    layer(Deep)
    one, two = (NetworkGenome.path([node("d", "deep", hidden=n)], HYPER) for n in (1, 2))
    states = [{k: v.numpy() for k, v in built(genome).state_dict().items()} for genome in (one, two)]
    for policy in ("common", "preserve"):
        found = inherit(two, states[1], [(one, states[0])], (4,), 3, policy, np.random.default_rng(0))
        assert "d" not in found.sources
    same = inherit(
        two, states[0] | states[1], [(two, states[1])], (4,), 3, "preserve", np.random.default_rng(0)
    )
    assert set(same.sources) == {"d", OUTPUT}


def test_a_new_one_that_can_be_the_identity_begins_as_it() -> None:
    class Neutral(Own):
        kind = "neutral"

        def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
            module = Block(inputs[0][0], int(genes["hidden"]))
            module.shift.zero_()
            return module

        def can_be_identity(self, genes: Genes, positive: bool) -> bool:
            return True

        def neutral(self, fresh: Any) -> Any:
            return {name: 0 * value if name == "scale" else value for name, value in fresh.items()}

    layer(Neutral)
    before = NetworkGenome.path([dense("a", 5)], HYPER)
    after = NetworkGenome.path([dense("a", 5), node("n", "neutral", hidden=3)], HYPER)
    parent, child = built(before, 1).eval(), built(after, 2).eval()
    nn.init.normal_(parent.output.weight)  # type: ignore[union-attr, arg-type]
    tensors = {k: v.numpy() for k, v in parent.state_dict().items()}
    fresh = {k: v.numpy() for k, v in child.state_dict().items()}
    found = inherit(after, fresh, [(before, tensors)], (4,), 3, "preserve", np.random.default_rng(0))
    assert found.exact
    child.load_state_dict({k: torch.from_numpy(v) for k, v in found.tensors.items()})
    x = torch.randn(4, 4)
    with torch.no_grad():
        torch.testing.assert_close(child(x), parent(x))


def test_what_it_is_belongs_to_the_space() -> None:
    layer(Own)
    first = ranges().to_json()["code"]
    assert set(first) == {"own"}

    class Changed(Own):
        def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
            return super().shape(genes, inputs)

    layer(Changed)
    assert ranges().to_json()["code"] != first
    assert "code" not in NetworkSpace.mlp(features=4, rows=100, outputs=2).to_json()


class OfNothing(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.sum() > 0 else x


class OfAConstant(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.shift = torch.ones(4)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.shift


class OfNumPy(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.from_numpy(np.tanh(x.numpy()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"module": lambda *_: OfNothing()}, "could not be exported.*class OfNothing cannot be written"),
        ({"module": lambda *_: OfAConstant()}, "could not be exported.*a constant tensor, shift"),
        ({"module": lambda *_: OfNumPy()}, "could not be exported.*class OfNumPy cannot be written"),
        ({"module": lambda *_: nn.Linear(4, 5)}, r"says \(4,\) for inputs \[\(4,\)\], and gives \(5,\)"),
        ({"module": lambda *_: nn.Linear(3, 4)}, "cannot be built"),
        ({"module": lambda *_: 1 / 0}, "cannot be built"),
        ({"parameters": lambda *_: 7}, "parameters, not 7"),
    ],
)
def test_what_could_not_be_used_is_refused_when_the_space_is_made(
    change: dict[str, Any], message: str
) -> None:
    layer(type("Changed", (Own,), change))
    with pytest.raises(ConfigurationError) as caught:
        ranges()

    text = f"{caught.value.what} {caught.value.why} {caught.value.hint}"

    assert re.search(message, text), text


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("dense", {}, "one of Speciate's own"),
        ("a layer", {}, "must be a Python name"),
        ("own", {"genes": ("b", "a")}, "names in order"),
        ("own", {"shape": LayerType.shape}, "lacks shape"),
    ],
)
def test_what_is_no_layer_type_is_refused_at_once(name: str, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        layer(type("Wrong", (Own,), {"kind": name, **change}))


def test_names_in_files_import_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "evil.py").write_text("raise SystemExit(7)\n")
    monkeypatch.chdir(tmp_path)
    assert "evil:Layer" not in LAYERS
    assert LAYERS.get("evil:Layer") is None
    assert NetworkGenome.path([node("a", "evil:Layer")], {}).describe() == "evil:Layer"
