"""Networks of every kind of layer, with and without branches, become complete champions."""

from __future__ import annotations

import io
import runpy
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from alone import alone
from hypothesis import given, settings
from hypothesis import strategies as st
from random_models import SHAPES, model_of, random_genome, trained
from torch import nn

from speciate.champion import Model, export, exporting, load_model, write_champion
from speciate.champion.network_code import forward_lines
from speciate.champion.plain import Branching, plain
from speciate.errors import EvaluationError, UsageError
from speciate.layers import LAYERS, Shape
from speciate.layers.plain import layer_code
from speciate.mutation import mutate
from speciate.networks import build
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, NetworkSpace, Node, count_parameters


def random_model(seed: int, shape: Shape, branches: bool) -> tuple[nn.Module, Model]:
    """A built network and the model of it."""
    rng = np.random.default_rng(seed)
    genome, outputs = random_genome(rng, shape, branches), int(rng.integers(1, 5))
    built = trained(genome, shape, outputs, rng)
    return built, model_of(genome, built, shape, outputs)


def some_rows(shape: Shape, rows: int = 4) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 2, (rows, *shape)).astype(np.float32)


@settings(max_examples=250)
@given(seed=st.integers(0, 2**32), shape=st.sampled_from(SHAPES), branches=st.booleans())
def test_from_genome_to_folder_and_back(seed: int, shape: Shape, branches: bool) -> None:
    built, model = random_model(seed, shape, branches)
    with tempfile.TemporaryDirectory() as folder:
        write_champion(Path(folder, "champion"), model)
        loaded = load_model(Path(folder, "champion"))
        standalone = runpy.run_path(str(Path(folder, "champion", "model.py")))
        net = standalone["load"]()
    inputs = torch.from_numpy(some_rows(shape))
    with torch.no_grad():
        expected = built(inputs)
        assert torch.equal(loaded.module(inputs), expected)
        assert torch.equal(net(inputs), expected)
    assert [name for name, _ in net.named_children()] == [name for name, _ in loaded.module.named_children()]
    state, found = built.state_dict(), loaded.tensors()
    assert list(found) == list(state)
    assert all(np.array_equal(found[name], tensor.numpy()) for name, tensor in state.items())
    assert sum(p.numel() for p in loaded.module.parameters()) == loaded.description.parameters
    raw = some_rows(shape)
    answers = standalone["outputs"](raw, net).numpy()
    close = loaded.outputs(loaded.preprocessing.transform(raw))
    assert np.allclose(answers, close, rtol=1e-3, atol=1e-3 * max(1, np.abs(close).max()))


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), shape=st.sampled_from([(1, 12, 12), (9,)]))
def test_descendants_in_a_space_of_graphs(seed: int, shape: Shape) -> None:
    rng = np.random.default_rng(seed)
    space = NetworkSpace.graph(input_shape=shape, rows=1000, outputs=3)
    genome = space.sample(rng)
    for _ in range(10):
        genome, _ = mutate(genome, space, rng)
    built = trained(genome, shape, 3, rng)
    model = model_of(genome, built, shape, 3)
    names: dict[str, Any] = {"__name__": "model", "__file__": "model.py"}
    exec(compile(model.source(), "model.py", "exec"), names)
    net = (names["Network"] if isinstance(model.module, Branching) else names["network"])()
    net.load_state_dict(model.module.state_dict())
    inputs = torch.from_numpy(some_rows(shape))
    with torch.no_grad():
        assert torch.equal(net.eval()(inputs), built(inputs))
        assert torch.equal(model.module(inputs), built(inputs))


@pytest.mark.parametrize(("seed", "shape"), [(3, (3, 8, 8)), (5, (1, 6, 5)), (8, (7,))])
def test_model_py_alone(seed: int, shape: Shape, tmp_path: Path) -> None:
    _, model = random_model(seed, shape, True)
    assert isinstance(model.module, Branching)
    write_champion(tmp_path / "champion", model)
    rows = tmp_path / "rows.csv"
    pd.DataFrame(some_rows(shape).reshape(4, -1)).add_prefix("p").to_csv(rows, index=False)
    process = alone(tmp_path / "champion", rows)
    assert process.returncode == 0, process.stderr
    expected = model.predict_table(str(rows))
    printed = pd.read_csv(io.StringIO(process.stdout), dtype={"prediction": expected["prediction"].dtype})
    pd.testing.assert_frame_equal(printed, expected, atol=1e-4)


def node(mark: str, kind: str, **genes: int | float | str) -> Node:
    return Node.make(mark, kind, genes)


RESIDUAL = NetworkGenome(
    (
        node(INPUT, INPUT),
        node("a", "conv", channels=4, kernel=3, stride=1, activation="relu"),
        node("b", "batch_norm"),
        node("c", "conv", channels=6, kernel=3, stride=1, activation="linear"),
        node("d", "add"),
        node("e", "activation", activation="linear"),
        node("f", "concat"),
        node("g", "global_pool", mode="mean"),
        node(OUTPUT, OUTPUT),
    ),
    (("input", "a"), ("a", "b"), ("b", "c"), ("a", "d"), ("c", "d"),
     ("d", "e"), ("e", "f"), ("d", "f"), ("f", "g"), ("g", "output")),
    (),
)  # fmt: skip
"""A residual block, and a layer between two merges that does nothing."""


def residual() -> Branching:
    module = plain(build(RESIDUAL, (1, 8, 8), 3, np.random.default_rng(0)), RESIDUAL, (1, 8, 8), 3)
    assert isinstance(module, Branching)
    return module


def test_a_forward_reads_like_written_by_hand() -> None:
    assert forward_lines(residual()) == [
        "x1 = self.conv1(x)  # (rows, 4, 8, 8)",
        "x2 = self.block2(x1)  # (rows, 6, 8, 8)",
        "x3 = self.gain3[0] * nn.functional.pad(x1, (0, 0, 0, 0, 0, 2)) + self.gain3[1] * x2  # (rows, 6, 8, 8)",
        "x4 = torch.cat([x3, x3], dim=1)  # (rows, 12, 8, 8)",
        "return self.head(x4)  # (rows, 3)",
    ]


def test_long_sums_are_broken() -> None:
    layers = [node(f"b{i}", "activation", activation="tanh") for i in range(9)]
    genome = NetworkGenome(
        (node(INPUT, INPUT), *layers, node("a", "add"), node(OUTPUT, OUTPUT)),
        (("a", "output"), *(("input", f"b{i}") for i in range(9)), *((f"b{i}", "a") for i in range(9))),
    )
    module = plain(build(genome, (3,), 3, np.random.default_rng(0)), genome, (3,), 3)
    lines = forward_lines(module)  # type: ignore[arg-type]
    assert lines[9:12] == ["x10 = (  # (rows, 3)", "    self.gain10[0] * x1", "    + self.gain10[1] * x2"]


def test_a_part_has_the_weights_of_the_built_network() -> None:
    built = build(RESIDUAL, (1, 8, 8), 3, np.random.default_rng(0))
    module = plain(built, RESIDUAL, (1, 8, 8), 3)
    with torch.no_grad():
        built.d.gain[0] = 7.0  # type: ignore[union-attr, index]
    assert module.gain3[0] == 7.0  # type: ignore[index, union-attr]


@pytest.mark.parametrize("kind", [kind for kind in LAYERS if kind not in (INPUT, "add", "concat")])
def test_the_code_of_a_layer_makes_the_same_layer(kind: str) -> None:
    genes = {"activation": "elu", "channels": 4, "dropout": 0.1, "frequencies": 4, "kernel": 5, "mode": "max", "sigma": 0.1, "size": 2, "stride": 2, "units": 3}  # fmt: skip
    genes = {name: genes[name] for name in LAYERS[kind].genes}
    for shape in ((3, 8, 8), (7,)):
        inputs = [shape, (2,)] if kind == OUTPUT else [shape]
        try:
            LAYERS[kind].shape(genes, inputs)
        except ValueError:
            continue
        genome = NetworkGenome.path([] if kind == OUTPUT else [node("a", kind, **genes)], {})
        module = plain(build(genome, shape, 2, np.random.default_rng(0)), genome, shape, 2)
        for layer in module.children():
            if not hasattr(type(layer), "source"):  # a class written anew, whose code `model.py` runs
                assert repr(eval(layer_code(layer), {"nn": nn})) == repr(layer)


def test_predictions_take_bounded_memory() -> None:
    from speciate.champion.limits import VALUES_AT_ONCE, needs, rows_at_once

    def path(channels: int) -> NetworkGenome:
        return NetworkGenome.path(
            [node("a", "conv", channels=channels, kernel=3, stride=1, activation="relu")], {}
        )

    for channels, shape in ((1, (1, 8, 8)), (16, (3, 32, 32)), (64, (3, 224, 224)), (1, (1, 8000, 8000))):
        network = path(channels), shape, 10
        need, rows = needs([network]), rows_at_once([network])
        assert need.parameters == count_parameters(path(channels), shape, 10)
        assert rows == 1 or rows * need.values <= VALUES_AT_ONCE
    assert rows_at_once([(path(1), (1, 8, 8), 10)]) == 1024


def test_rows_do_not_depend_on_how_many_are_predicted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    _, model = random_model(3, (3, 8, 8), True)
    rows = some_rows((3, 8, 8), 9)
    together = model.predict_proba(rows) if model.classes else model.predict(rows)
    monkeypatch.setattr("speciate.champion.layers.rows_at_once", lambda *_: 2)
    apart = model.predict_proba(rows) if model.classes else model.predict(rows)
    assert np.allclose(together, apart, rtol=1e-9, atol=1e-12)


def folder_of(tmp_path: Path, seed: int) -> tuple[Path, Model]:
    _, model = random_model(seed, SHAPES[seed % len(SHAPES)], True)
    write_champion(tmp_path / "champion", model)
    return tmp_path / "champion", model


@pytest.mark.parametrize("seed", range(6))
def test_torch_export(seed: int, tmp_path: Path) -> None:
    folder, model = folder_of(tmp_path, seed)
    program = torch.export.load(export(folder, tmp_path / "model.pt2", "torch"))
    x = torch.from_numpy(some_rows(model.input_shape))
    assert torch.allclose(program.module()(x), model.module(x), atol=1e-5)
    assert b"stack_trace" not in (tmp_path / "model.pt2").read_bytes()


@pytest.mark.parametrize("seed", range(6))
def test_onnx_export(seed: int, tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    folder, model = folder_of(tmp_path, seed)
    content = export(folder, tmp_path / "model.onnx", "onnx").read_bytes()
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    x = some_rows(model.input_shape, 7)
    with torch.no_grad():
        expected = model.module(torch.from_numpy(x)).numpy()
    assert np.allclose(session.run(None, {"inputs": x})[0], expected, atol=1e-4)
    assert b"site-packages" not in content


@pytest.mark.fault(44)
def test_an_onnx_file_that_answers_otherwise_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime")
    folder, _ = folder_of(tmp_path, 0)
    monkeypatch.setattr(exporting, "TOLERANCE", -1.0)
    with pytest.raises(EvaluationError, match="answers otherwise") as caught:
        export(folder, tmp_path / "model.onnx", "onnx")
    assert caught.value.exit_code == 70
    assert [path.name for path in tmp_path.iterdir()] == ["champion"]


def test_onnx_without_its_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = folder_of(tmp_path, 0)
    monkeypatch.setattr(exporting, "PACKAGES", ("onnx_of_nowhere",))
    with pytest.raises(UsageError, match="onnx_of_nowhere") as caught:
        export(folder, tmp_path / "model.onnx", "onnx")
    assert "speciate[onnx]" in str(caught.value)


def test_the_card_shows_the_network(tmp_path: Path) -> None:
    built = build(RESIDUAL, (1, 8, 8), 3, np.random.default_rng(0))
    write_champion(tmp_path / "champion", model_of(RESIDUAL, built, (1, 8, 8), 3))
    text = (tmp_path / "champion" / "README.md").read_text()
    code = text.split("```python\n")[1].split("```")[0]
    assert code.startswith("class Network(nn.Module):")
    assert "        self.conv1 = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU())\n" in code
    exec("from __future__ import annotations\nimport torch\nfrom torch import nn\n" + code, names := {})  # type: ignore[var-annotated]
    assert names["Network"]()(torch.zeros(2, 1, 8, 8)).shape == (2, 3)
    parameters = sum(p.numel() for p in names["Network"]().parameters())
    assert f"From (rows, 1, 8, 8) to (rows, 3): {parameters:,} trainable parameters" in text
