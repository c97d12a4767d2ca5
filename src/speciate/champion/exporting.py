"""Takes a champion out of its run, in a form that needs no speciate."""

from __future__ import annotations

import io
from pathlib import Path

from speciate.champion.folder import champion_files, replace_folder
from speciate.champion.model import Model, load_model
from speciate.errors import CreationError, UsageError
from speciate.store import write_file

FORMATS = {
    "code": "a folder with the weights, the description, the model card and model.py, which needs torch alone",
    "torch": "a file for torch.export.load: from inputs, made as model.json says, to outputs",
    "onnx": "a file for ONNX Runtime and others, from the same inputs to the same outputs",
}
"""What can be exported, with a line about each."""


def export(path: Path | str, out: Path | str, format: str = "code") -> Path:  # noqa: A002 - the option's name
    """Write a champion to a place of its own.

    Args:
        path: A run's folder, or a champion's.
        out: The folder or file to write; nothing may be there.
        format: A key of `FORMATS`.

    Returns:
        Where it was written.

    Raises:
        UsageError: There is no such format.
        DataError: There is no champion, or it is damaged.
        EvaluationError: What was made of it for ONNX answers otherwise than it does. Nothing is written.
        CreationError: Something is there already, or it cannot be written.
    """
    if format not in FORMATS:
        raise UsageError(f"there is no format {format!r}", hint=f"formats: {', '.join(FORMATS)}")
    model, out = load_model(path), Path(out)
    if out.exists():
        raise CreationError("there is something already", where=str(out), hint="name another place")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if format == "torch":
            write_file(out, _program(model))
        elif format == "onnx":
            from speciate.champion.onnx_file import onnx_file

            write_file(out, onnx_file(model.module, tuple(model.description.input_shape)))
        else:
            replace_folder(out, champion_files(model))
    except OSError as error:
        if isinstance(error, CreationError):
            raise
        raise CreationError("cannot write the model", where=str(out), why=str(error)) from None
    return out


def _program(model: Model) -> bytes:
    """What torch makes of the network for any number of rows, as the content of a file."""
    import torch

    example = torch.zeros(2, *model.description.input_shape)
    rows = torch.export.Dim("rows")
    program = torch.export.export(model.module, (example,), dynamic_shapes=({0: rows},))
    program.example_inputs = None  # torch would write them as a pickle
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # it names folders of this machine
    content = io.BytesIO()
    torch.export.save(program, content)
    return content.getvalue()
