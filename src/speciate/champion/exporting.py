"""Takes a champion out of its run, in a form that needs no speciate."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from speciate.champion.folder import load_model
from speciate.champion.model import Model
from speciate.errors import CreationError, EvaluationError, StorageError, UsageError
from speciate.files import kind_of, make_folder, own, replace_folder, write_file

if TYPE_CHECKING:  # torch is imported where something is exported
    import torch
    from torch import nn

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
"""What torch and the trial of an ONNX file need."""
TOLERANCE = 1e-4
"""The largest difference between an answer of ONNX Runtime and the module's, in the unit of the largest answer or of 1."""
GIVEN, BACK = ("inputs", "before"), ("outputs", "after")
"""Names in an ONNX file; the second of each for networks with a memory."""
TRIES = (1, 5)
"""Numbers of rows that an ONNX file is tried with."""


def export(path: Path | str, out: Path | str, format: str = "code") -> Path:  # noqa: A002 - the option's name
    """Write a champion to a place of its own.

    Args:
        path: A run's folder, or a champion's.
        out: The folder or file to write; nothing may be there.
        format: A key of `FORMATS`.

    Returns:
        Where it was written.

    Raises:
        UsageError: There is no such format, or the network cannot be written in it.
        DataError: There is no champion, or it is damaged.
        EvaluationError: What was made of it for ONNX answers otherwise than it does. Nothing is written.
        CreationError: Something is there already, or it cannot be written.
    """
    if format not in FORMATS:
        raise UsageError(f"there is no format {format!r}", hint=f"formats: {', '.join(FORMATS)}")
    model, out = load_model(path), Path(out)
    if kind_of(out):
        raise CreationError("there is something already", where=str(out), hint="name another place")
    try:
        make_folder(out.parent)
        out = own(out.parent) / out.name
        content = FORMATS[format].content(model)
        if isinstance(content, bytes):
            write_file(out, content, "export", tidy=False)
        else:
            replace_folder(out, content)
    except CreationError:
        raise
    except StorageError as error:  # of a temporary file or a folder on the way: what was asked for is `out`
        raise CreationError(
            "cannot write the model", where=str(out), why=error.why or error.what, hint=error.hint
        ) from None
    except OSError as error:
        raise CreationError(
            "cannot write the model", where=str(out), why=error.strerror or str(error)
        ) from None
    return out


def torch_file(model: Model) -> bytes:
    """What torch makes of the network for any number of rows, for `torch.export.load`."""
    import torch

    given, rows = model.example(), torch.export.Dim("rows")
    program = torch.export.export(model.module, given, dynamic_shapes=tuple({0: rows} for _ in given))
    program.example_inputs = None  # torch would write them as a pickle
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # it names folders of this machine
    content = io.BytesIO()
    torch.export.save(program, content)
    return content.getvalue()


def onnx_file(model: Model) -> bytes:
    """The network for ONNX: from "inputs" (rows, *shape) to "outputs" (rows, outputs), tried in ONNX Runtime.

    One with a memory takes "before" (rows, nodes) too, zeros at first, and gives "after", which is "before" of the next step.

    Raises:
        UsageError: The packages for it are not installed.
        EvaluationError: ONNX Runtime answers otherwise than the module.
    """
    import torch

    given, module, rows = model.example(), model.module, torch.export.Dim("rows")
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise UsageError(
            f"the format onnx needs {' and '.join(missing)}, not installed here",
            hint='pip install "speciate[onnx]"',
        )
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            module,
            given,
            input_names=list(GIVEN[: len(given)]),
            output_names=list(BACK[: len(given)]),
            dynamic_shapes=tuple({0: rows} for _ in given),
            verbose=False,
        )
    assert program is not None  # it is None only for the older way
    content = _without_places(program.model_proto)
    _try(module, content, given)
    return content


@contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings about torch's own insides, and about packages that are not needed here."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _without_places(proto: Any) -> bytes:
    """The ONNX model without what torch says about where in its code each part came from: that names folders of this machine."""
    graph = proto.graph
    values = [*graph.input, *graph.output, *graph.value_info, *graph.initializer]
    for part in (proto, graph, *graph.node, *values):
        part.ClearField("metadata_props")
    return bytes(proto.SerializeToString())


def _try(module: nn.Module, content: bytes, given: tuple[torch.Tensor, ...]) -> None:
    """Refuse an ONNX model that answers otherwise than the module."""
    import torch

    session = import_module("onnxruntime").InferenceSession(content, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for rows in TRIES:
        drawn = [rng.standard_normal((rows, *part.shape[1:]), dtype=np.float32) for part in given]
        tried = [torch.from_numpy(x).to(part.dtype) for x, part in zip(drawn, given, strict=True)]
        with torch.inference_mode():
            answer = module(*tried)
        found = session.run(None, {name: x.numpy() for name, x in zip(GIVEN, tried, strict=False)})
        for part, expected in zip(found, [answer] if len(given) == 1 else answer, strict=True):
            difference = np.abs(part - expected.numpy()).max()
            if not difference <= TOLERANCE * max(1.0, float(expected.abs().max())):
                raise EvaluationError(
                    "the network in ONNX answers otherwise than in torch",
                    why=f"answers differ by up to {difference:.2g}",
                    hint="the formats code and torch are exact",
                )


@dataclass(frozen=True)
class Format:
    """A form in which a champion can be exported.

    Attributes:
        about: A line about it.
        content: Makes the file, or the files of a folder by name.
    """

    about: str
    content: Callable[[Model], bytes | dict[str, bytes]]


FORMATS = {
    "code": Format(
        "a folder with the weights, the description, the model card and model.py, which needs torch alone",
        lambda model: model.files(),
    ),
    "torch": Format(
        "a file for torch.export.load: from inputs, made of raw rows as model.json says, to outputs, not yet predictions",
        torch_file,
    ),
    "onnx": Format(
        "a file for ONNX Runtime and others, from the same inputs to the same outputs; what these mean is said in model.json",
        onnx_file,
    ),
}
"""What can be exported."""
