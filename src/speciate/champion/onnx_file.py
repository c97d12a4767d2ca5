"""Writes a network as ONNX, and tries it in ONNX Runtime before it is handed out."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from speciate.errors import EvaluationError, UsageError
from speciate.layers import Shape

if TYPE_CHECKING:
    from torch import nn

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
"""What torch and the trial need."""
TOLERANCE = 1e-4
"""The largest difference between an answer and the module's, in the unit of the largest answer or of 1."""
TRIES = (1, 5)
"""Numbers of rows that it is tried with."""


def onnx_file(module: nn.Module, shape: Shape) -> bytes:
    """The content of the file: from "inputs" (rows, *shape) to "outputs" (rows, outputs), float32.

    Raises:
        UsageError: The packages for it are not installed.
        EvaluationError: ONNX Runtime answers otherwise than the module.
    """
    import torch

    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise UsageError(
            f"the format onnx needs {' and '.join(missing)}, not installed here",
            hint='pip install "speciate[onnx]"',
        )
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            module,
            (torch.zeros(2, *shape),),
            input_names=["inputs"],
            output_names=["outputs"],
            dynamic_shapes=({0: torch.export.Dim("rows")},),
            verbose=False,
        )
    assert program is not None  # it is None only for the older way
    content = _content(program.model_proto)
    _try(module, content, shape)
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


def _content(proto: Any) -> bytes:
    """The model without what torch says about where in its code each part came from: that names folders of this machine."""
    graph = proto.graph
    values = [*graph.input, *graph.output, *graph.value_info, *graph.initializer]
    for part in (proto, graph, *graph.node, *values):
        part.ClearField("metadata_props")
    return bytes(proto.SerializeToString())


def _try(module: nn.Module, content: bytes, shape: Shape) -> None:
    """Refuse a model that answers otherwise than the module."""
    import torch

    session = import_module("onnxruntime").InferenceSession(content, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for rows in TRIES:
        x = rng.standard_normal((rows, *shape), dtype=np.float32)
        with torch.inference_mode():
            expected = module(torch.from_numpy(x)).numpy()
        difference = np.abs(session.run(None, {"inputs": x})[0] - expected).max()
        if not difference <= TOLERANCE * max(1.0, np.abs(expected).max()):
            raise EvaluationError(
                "the network in ONNX answers otherwise than in torch",
                why=f"answers differ by up to {difference:.2g}",
                hint="the formats code and torch are exact",
            )
