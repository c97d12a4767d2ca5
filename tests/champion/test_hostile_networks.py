"""Networks that somebody made to do harm: refused before memory is taken, and nothing of their names runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hostile import edit, refused
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_models import model_of, random_genome, trained

from speciate.champion import Model, load_model, write_champion
from speciate.errors import DataError
from speciate.spaces import count_parameters

pytestmark = pytest.mark.fault(19)

SHAPE = (2, 6, 6)
Value = dict[str, Any]


def some_model(seed: int = 0) -> Model:
    rng = np.random.default_rng(seed)
    genome = random_genome(rng, SHAPE, True)
    return model_of(genome, trained(genome, SHAPE, 3, rng), SHAPE, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small image network whose model.py leaves a mark if it is ever run."""
    write_champion(tmp_path / "champion", some_model())
    (tmp_path / "champion" / "model.py").write_text(f"open({str(tmp_path / 'sentinel')!r}, 'w')")
    return tmp_path / "champion"


def conv(channels: int = 1, kernel: int = 1, stride: int = 1) -> Value:
    return {
        "kind": "conv",
        "genes": {"channels": channels, "kernel": kernel, "stride": stride, "activation": "relu"},
    }


MEAN: Value = {"kind": "global_pool", "genes": {"mode": "mean"}}
SAME: Value = {"kind": "activation", "genes": {"activation": "linear"}}
CONCAT: Value = {"kind": "concat", "genes": {}}
ADD: Value = {"kind": "add", "genes": {}}
ENDS: list[Value] = [{"mark": end, "kind": end, "genes": {}} for end in ("input", "output")]


def put(value: Value, nodes: list[Value], edges: list[list[str]], shape: tuple[int, ...] = SHAPE) -> None:
    """Another network, for images of another shape; the number of parameters is the right one."""
    value["genome"].update(nodes=[ENDS[0], *nodes, ENDS[1]], edges=edges)
    value["input_shape"] = list(shape)
    value["preprocessing"].update(shape=list(shape), mean=[0.0] * shape[0], scale=[1.0] * shape[0])
    try:
        genome = load_genome(value)
        value["parameters"] = count_parameters(genome, shape, 3)
    except ValueError:
        value["parameters"] = 0


def load_genome(value: Value) -> Any:
    from speciate.spaces import NetworkGenome

    return NetworkGenome.from_json(value["genome"])


def line(value: Value, layers: list[Value], shape: tuple[int, ...] = SHAPE) -> None:
    marks = [f"{i:x}" for i in range(len(layers))]
    nodes = [{"mark": mark, **layer} for mark, layer in zip(marks, layers, strict=True)]
    way = ["input", *marks, "output"]
    put(value, nodes, [list(edge) for edge in pairwise(way)], shape)


def doubling(value: Value, times: int, merge: Value = CONCAT, shape: tuple[int, ...] = SHAPE) -> None:
    """Each merge takes the one before it twice, once by way of a layer that does nothing."""
    nodes: list[Value] = []
    edges: list[list[str]] = []
    before = "input"
    for i in range(times):
        nodes += [{"mark": f"{i}a", **SAME}, {"mark": f"{i}b", **merge}]
        edges += [[before, f"{i}a"], [f"{i}a", f"{i}b"], [before, f"{i}b"]]
        before = f"{i}b"
    put(value, [*nodes, {"mark": "e", **MEAN}], [*edges, [before, "e"], ["e", "output"]], shape)


def many_inputs(value: Value, count: int) -> None:
    marks = [f"{i:x}a" for i in range(count)]
    nodes = [{"mark": mark, **SAME} for mark in marks]
    edges = [edge for mark in marks for edge in (["input", mark], [mark, "b"])]
    put(value, [*nodes, {"mark": "b", **ADD}], [*edges, ["b", "output"]])


EDITS: dict[str, tuple[Callable[[Value], object], str]] = {
    "10**12 channels": (lambda v: line(v, [conv(10**12)]), "more than 250,000,000 parameters"),
    "10**4000 channels": (lambda v: line(v, [conv(10**4000)]), "more than 250,000,000 parameters"),
    "a kernel of 10**9 + 1": (lambda v: line(v, [conv(1, 10**9 + 1)]), "more than 250,000,000 parameters"),
    "a stride of 10**30": (lambda v: line(v, [conv(1, 1, 10**30)]), "a gene is larger"),
    "an even kernel": (lambda v: line(v, [conv(1, 2)]), "kernel must be an odd integer"),
    "a stride of nothing": (lambda v: line(v, [conv(1, 1, 0)]), "stride must be"),
    "a pool of 10**30": (lambda v: line(v, [{"kind": "pool", "genes": {"size": 10**30, "mode": "max"}}]), "do not fit"),
    "a pool of eval": (lambda v: line(v, [{"kind": "pool", "genes": {"size": 2, "mode": "eval"}}]), "mode must be"),
    "a huge image": (lambda v: line(v, [conv(), MEAN], (1, 200_000, 200_000)), "preprocessing"),
    "a large image": (lambda v: line(v, [conv(), MEAN], (1, 9000, 9000)), "numbers of one row"),
    "a large image and many channels": (lambda v: line(v, [conv(500), MEAN], (1, 2000, 2000)), "numbers of one row"),
    "neighborhoods of a large image": (lambda v: line(v, [conv(1, 1001), MEAN], (1, 600, 600)), "numbers of one row"),
    "endless work": (lambda v: line(v, [*[conv(1000)] * 15, MEAN], (1, 100, 100)), "multiplications for one row"),
    "40 doublings": (lambda v: doubling(v, 40), "more than 250,000,000 parameters"),
    "400 doublings": (lambda v: doubling(v, 400), "more than 250,000,000 parameters"),
    "20 doublings of an image": (lambda v: doubling(v, 20, shape=(1, 100, 100)), "numbers of one row"),
    "thousands of merges": (lambda v: doubling(v, 600, ADD), "at most 1000 items"),
    "400 merges of a large image": (lambda v: doubling(v, 400, ADD, (1, 900, 900)), "numbers of one row"),
    "a merge of 500": (lambda v: many_inputs(v, 500), "more than 100 inputs"),
    "images that do not meet": (lambda v: put(v, [{"mark": "a", **conv(1, 1, 2)}, {"mark": "b", **ADD}],
                                            [["input", "a"], ["a", "b"], ["input", "b"], ["b", "output"]]), "cannot take"),
    "vectors where images are due": (lambda v: line(v, [MEAN, conv()]), "it takes an image"),
    "a layer without inputs": (lambda v: put(v, [{"mark": "a", **conv()}], [["a", "output"], ["input", "output"]]), "nothing leads"),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_networks_that_take_too_much(folder: Path, name: str) -> None:
    change, reason = EDITS[name]
    edit(folder, lambda value: (change(value), None)[1])
    refused(folder, reason)


NO_MARKS = [
    "a.b",
    "",
    "a b",
    "x = 1\nimport os",
    '"); import os; ("',
    "__import__('os')",
    "../../x",
    "ä",
    "a" * 65,
]
KEPT = ["forward", "training", "_modules", "sources", "last_use", "state_dict"]


@pytest.mark.parametrize("mark", NO_MARKS + KEPT)
def test_names_that_are_not_marks(folder: Path, mark: str) -> None:
    def rename(value: Value) -> None:
        nodes = [{"mark": mark, **ADD}, {"mark": "b", **MEAN}, {"mark": "c", **MEAN}]
        edges = [["input", "b"], ["input", "c"], ["b", mark], ["c", mark], [mark, "output"]]
        put(value, nodes, edges)

    edit(folder, rename)
    refused(folder, "keeps for itself" if mark in KEPT else "mark")


def test_names_stay_out_of_the_code(tmp_path: Path) -> None:
    model = some_model()
    write_champion(tmp_path / "one", model)
    text = json.dumps(model.genome.to_json())
    for i, node in enumerate(model.genome.layers):
        text = text.replace(f'"{node.mark}"', f'"__class__{i}"')
    from speciate.spaces import NetworkGenome

    renamed = NetworkGenome.from_json(json.loads(text))
    other = model_of(renamed, trained(renamed, SHAPE, 3, np.random.default_rng(0)), SHAPE, 3)
    write_champion(tmp_path / "other", other)
    assert "__class__" not in (tmp_path / "other" / "model.py").read_text()
    assert "__class__" not in (tmp_path / "other" / "README.md").read_text()
    assert b"__class__" not in (tmp_path / "other" / "model.safetensors").read_bytes()


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(p for key, part in inner for p in paths(part, (*at, key)))]


ODD = st.sampled_from(
    [None, True, -1, 0, 2, 3, 10**9 + 1, 10**20, 0.5, "", "input", "add", "concat", "conv", "flatten", [], {}]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data=st.data(), seed=st.integers(0, 30))
def test_any_value_of_a_genome_replaced(tmp_path: Path, data: st.DataObject, seed: int) -> None:
    write_champion(tmp_path / "champion", some_model(seed))
    value = json.loads((tmp_path / "champion" / "model.json").read_text())
    *way, last = data.draw(st.sampled_from([path for path in paths(value["genome"]) if path]))
    place = value["genome"]
    for key in way:
        place = place[key]
    place[last] = data.draw(ODD)
    (tmp_path / "champion" / "model.json").write_text(json.dumps(value))
    try:
        model = load_model(tmp_path / "champion")
    except DataError as error:
        assert "\n" not in str(error)  # noqa: PT017 - most of these are refused, not all
    else:
        assert model.module(torch.zeros(2, *SHAPE)).shape == (2, 3)
