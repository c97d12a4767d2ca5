"""Takes a champion out of its run, in a form that needs no speciate."""

from __future__ import annotations

import io
from pathlib import Path

from speciate.champion.folder import champion_files, replace_folder
from speciate.champion.model import Model, load_model
from speciate.champion.policy.folder import policy_files
from speciate.champion.policy.model import Policy
from speciate.errors import CreationError, StorageError, UsageError
from speciate.store import write_file

FORMATS = {
    "code": "a folder with the weights, the description, the model card and model.py, which needs torch alone",
    "torch": "a file for torch.export.load: from inputs, made of raw rows as model.json says, to outputs, not yet predictions",
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
        UsageError: There is no such format, or the network cannot be written in it.
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
            write_file(out, _program(model), "export")
        elif format == "onnx":
            from speciate.champion.onnx_file import onnx_file

            _refuse_memory(model)
            write_file(out, onnx_file(model.module, _input_shape(model)), "export")
        else:
            replace_folder(
                out, policy_files(model.description) if isinstance(model, Policy) else champion_files(model)
            )
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


def _input_shape(model: Model | Policy) -> tuple[int, ...]:
    """The shape of one example."""
    if isinstance(model, Policy):
        return (model.description.genome.inputs,)
    return tuple(model.description.input_shape)


def _refuse_memory(model: Model | Policy) -> None:
    if isinstance(model, Policy) and model.module.recurrent:
        raise UsageError(
            "a network with a memory is not written as ONNX",
            why="it takes what it returned one step before, and a file from inputs to outputs has no place for that",
            hint="--format torch or code",
        )


def _program(model: Model | Policy) -> bytes:
    """What torch makes of the network for any number of rows, as the content of a file."""
    import torch

    given = [torch.zeros(2, *_input_shape(model))]
    if isinstance(model, Policy) and model.module.recurrent:
        given.append(torch.zeros(2, model.module.nodes).double())
    rows = torch.export.Dim("rows")
    program = torch.export.export(model.module, tuple(given), dynamic_shapes=tuple({0: rows} for _ in given))
    program.example_inputs = None  # torch would write them as a pickle
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # it names folders of this machine
    content = io.BytesIO()
    torch.export.save(program, content)
    return content.getvalue()
