"""Folders that somebody made to do harm: refused in one line, before memory is taken, and nothing in them runs."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile import edit, put_weights, refused
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save
from small_runs import champion_folder

from speciate.champion import load_model
from speciate.errors import DataError
from speciate.run.search import Search

pytestmark = pytest.mark.fault(19)


@pytest.fixture
def folder(regressor: Search, tmp_path: Path) -> Path:
    """A copy whose model.py leaves a mark if it is ever run."""
    copy = tmp_path / "champion"
    shutil.copytree(champion_folder(regressor), copy)
    (copy / "model.py").write_text(f"open({str(tmp_path / 'sentinel')!r}, 'w')")
    return copy


def dense(value: dict[str, Any]) -> dict[str, Any]:
    node: dict[str, Any] = next(node for node in value["genome"]["nodes"] if node["kind"] == "dense")
    return node


@pytest.mark.filterwarnings("ignore::speciate.errors.DataWarning")
def test_the_untouched_folder_is_accepted(folder: Path) -> None:
    assert load_model(folder).predict(load_model(folder).preprocessing.columns and _rows(folder)).shape == (
        1,
    )
    assert not (folder.parent / "sentinel").exists()


def _rows(folder: Path) -> Any:
    import pandas as pd

    cells = dict.fromkeys(load_model(folder).preprocessing.columns, "1")
    return pd.DataFrame([cells | {"day": "2024-05-31"}])


def huge(value: dict[str, Any]) -> None:
    dense(value)["genes"]["units"] = 10**12
    value["parameters"] = 10**12


def cycle(value: dict[str, Any]) -> None:
    mark = dense(value)["mark"]
    value["genome"]["edges"].append(["output", mark])


def branch(value: dict[str, Any]) -> None:
    value["genome"]["edges"].append(["input", "output"])


def many_layers(value: dict[str, Any]) -> None:
    value["genome"]["nodes"] = [dict(dense(value), mark=f"{i:x}") for i in range(2000)]


def columns(value: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = value["preprocessing"]["columns"]
    return found


EDITS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "an unknown layer": (lambda v: dense(v).update(kind="os.system"), "there is no layer type 'os.system'"),
    "10**12 parameters": (huge, "more than 250,000,000 parameters"),
    "10**4000 parameters": (lambda v: dense(v)["genes"].update(units=10**4000), "more than 250,000,000 parameters"),
    "fewer parameters": (lambda v: dense(v)["genes"].update(units=1), "not those of the weight file"),
    "no units": (lambda v: dense(v)["genes"].update(units=0), "units must be"),
    "units of text": (lambda v: dense(v)["genes"].update(units="9"), "units must be"),
    "a gene too many": (lambda v: dense(v)["genes"].update(code="x"), "genes"),
    "dropout of everything": (lambda v: dense(v)["genes"].update(dropout=1.0), "dropout must be"),
    "a cycle": (cycle, "cycle"),
    "a branch": (branch, "takes one input"),
    "an edge to nowhere": (lambda v: v["genome"]["edges"].append(["input", "x"]), "not both nodes"),
    "no layers": (lambda v: v["genome"].update(nodes=[], edges=[]), ""),
    "a layer twice": (lambda v: v["genome"]["nodes"].append(dense(v)), "the same mark"),
    "many layers": (many_layers, "at most 1000 items"),
    "nodes of another type": (lambda v: v["genome"].update(nodes=5), ""),
    "no genome": (lambda v: v.pop("genome"), "genome"),
    "another version": (lambda v: v.update(version=2), "version 2"),
    "another format": (lambda v: v.update(format="x"), "format"),
    "an unknown key": (lambda v: v.update(code="import os"), "code"),
    "a mean that is not a number": (lambda v: v.update(target_mean=float("nan")), "NaN"),
    "an infinite scale": (lambda v: v.update(target_scale=float("inf")), "Infinity"),
    "a scale of zero": (lambda v: v.update(target_scale=0), "target_scale"),
    "classes in a regression": (lambda v: v.update(classes=["a", "b"]), "classes"),
    "many outputs": (lambda v: v.update(outputs=10**12), "outputs"),
    "another input shape": (lambda v: v.update(input_shape=[10**6, 10**6]), "another shape"),
    "a negative input shape": (lambda v: v.update(input_shape=[-1]), "input_shape"),
    "an unknown metric": (lambda v: v.update(metric="__import__"), "metric"),
    "an unknown column type": (lambda v: columns(v)[0].update(type="eval"), "preprocessing"),
    "a column's scale of zero": (lambda v: columns(v)[0].update(scale=0), "preprocessing"),
    "no preprocessing": (lambda v: v.update(preprocessing={}), "preprocessing"),
    "a short SHA-256": (lambda v: v["weights"].update(sha256="../../x"), "sha256"),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_model_json(folder: Path, name: str) -> None:
    change, reason = EDITS[name]
    edit(folder, lambda value: (change(value), None)[1])
    refused(folder, reason)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "model.json"),
        (b"[]", "model.json"),
        (b"\xff\xfe\x00", "model.json"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a": ' * 100_000, "nested too deeply"),
        (b'{"version": 1' + b"0" * 5000 + b"}", "model.json"),
        (b'{"format": "speciate-model", "version": "1\\n\\u001b[31m"}', "model.json"),
    ],
)
def test_text_that_is_not_a_description(folder: Path, content: bytes, reason: str) -> None:
    (folder / "model.json").write_bytes(content)
    refused(folder, reason)


def test_a_description_that_is_too_large_to_read(folder: Path) -> None:
    with (folder / "model.json").open("r+b") as file:
        file.truncate(10**11)  # a sparse file: it takes no room on the disk
    refused(folder, "larger than 64,000,000 bytes")


def test_a_weight_file_that_is_too_large_to_read(folder: Path) -> None:
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(10**11)
    refused(folder, "not those of the weight file")


def test_a_flipped_byte(folder: Path) -> None:
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(content)
    refused(folder, "was altered")


class Attack:
    """What a pickle can do."""

    def __init__(self, sentinel: Path) -> None:
        self.sentinel = sentinel

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, (f"touch {self.sentinel}",))


def test_a_pickle_in_disguise(folder: Path) -> None:
    size = (folder / "model.safetensors").stat().st_size
    put_weights(folder, pickle.dumps(Attack(folder.parent / "sentinel")).ljust(size, b"."))
    refused(folder, "model.safetensors")


def header_of(folder: Path) -> tuple[dict[str, Any], bytes]:
    content = (folder / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def packed(header: object, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def overlap(header: dict[str, Any]) -> None:
    """A tensor begins within the one before it."""
    header["0.weight"]["data_offsets"] = [offset - 4 for offset in header["0.weight"]["data_offsets"]]


HEADERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "overlap": overlap,
    "beyond the end": lambda h: h["0.bias"].update(
        data_offsets=[10**12, 10**12 + 4 * h["0.bias"]["shape"][0]]
    ),
    "before the start": lambda h: h["0.bias"].update(data_offsets=[-4 * h["0.bias"]["shape"][0], 0]),
    "fractions": lambda h: h["0.bias"].update(data_offsets=[x + 0.5 for x in h["0.bias"]["data_offsets"]]),
    "another shape": lambda h: h["0.weight"].update(shape=h["0.weight"]["shape"][::-1]),
    "another type": lambda h: h["0.weight"].update(dtype="I32"),
    "an unknown type": lambda h: h["0.weight"].update(dtype=["F32"]),
    "another name": lambda h: h.update(other=h.pop("0.weight")),
    "one more": lambda h: h.update(other=h["0.weight"]),
    "no offsets": lambda h: h["0.weight"].pop("data_offsets"),
    "no object": lambda h: h.update({"0.weight": 5}),
}


@pytest.mark.parametrize("name", HEADERS)
def test_safetensors_headers(folder: Path, name: str) -> None:
    header, data = header_of(folder)
    HEADERS[name](header)
    put_weights(folder, packed(header, data))
    refused(folder, "model.safetensors does not hold this network's weights")


@pytest.mark.parametrize("length", [0, 1, 2**40, 2**63])
def test_safetensors_header_lengths(folder: Path, length: int) -> None:
    put_weights(folder, struct.pack("<Q", length) + (folder / "model.safetensors").read_bytes()[8:])
    refused(folder, "model.safetensors")


@pytest.mark.parametrize("content", [b"", b"\0", b"\0" * 8])
def test_weight_files_that_are_too_short(folder: Path, content: bytes) -> None:
    put_weights(folder, content)
    refused(folder, "not those of the weight file")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_not_finite(folder: Path, bad: float) -> None:
    tensors = load((folder / "model.safetensors").read_bytes())
    tensors["0.weight"] = tensors["0.weight"].copy()
    tensors["0.weight"][0, 0] = bad
    put_weights(folder, save(tensors))
    refused(folder, "not finite")


def test_files_that_are_not_files(folder: Path) -> None:
    (folder / "model.json").unlink()
    os.mkfifo(folder / "model.json")  # reading it would wait forever
    refused(folder, "there is no model.json")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").mkdir()
    refused(folder, "there is no model.safetensors")


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(p for key, part in inner for p in paths(part, (*at, key)))]


ODD = st.sampled_from(
    [None, True, -1, 0, 2, 10**20, 0.5, 1e308, "", "input", "output", [], {}, [[]], {"a": 1}]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data=st.data())
def test_any_value_replaced(regressor: Search, folder: Path, data: st.DataObject) -> None:
    value = json.loads((champion_folder(regressor) / "model.json").read_text())
    *way, last = data.draw(st.sampled_from([path for path in paths(value) if path]))
    place = value
    for key in way:
        place = place[key]
    place[last] = data.draw(ODD)
    (folder / "model.json").write_text(json.dumps(value))
    try:
        load_model(folder)
    except DataError as error:
        assert "\n" not in str(error)  # noqa: PT017 - most of these are refused, not all
    assert not (folder.parent / "sentinel").exists()
