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
            _write_program(model, out)
        else:
            replace_folder(out, champion_files(model))
    except OSError as error:
        if isinstance(error, CreationError):
            raise
        raise CreationError("cannot write the model", where=str(out), why=str(error)) from None
    return out


def _write_program(model: Model, file: Path) -> None:
    """Trace the network for any number of rows, and write what torch made of it."""
    import torch

    example = torch.zeros(2, *model.description.input_shape)
    rows = torch.export.Dim("rows")
    program = torch.export.export(model.module, (example,), dynamic_shapes=({0: rows},))
    program.example_inputs = None  # torch would write them as a pickle
    content = io.BytesIO()
    torch.export.save(program, content)
    write_file(file, content.getvalue())
