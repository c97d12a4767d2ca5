"""A champion's folder: written complete or not at all, whatever happens meanwhile, and read without trusting it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import ValidationError

from speciate.champion.connections import ConnectionsModel
from speciate.champion.description import Description, read_json
from speciate.champion.layers import LayersModel
from speciate.champion.model import FILES, Model
from speciate.errors import DataError
from speciate.files import is_file, open_file, replace_folder
from speciate.text import quoted

KINDS: dict[str, type[Model]] = {"speciate-model": LayersModel, "speciate-policy": ConnectionsModel}
"""The kinds of networks, by the `format` that their model.json names."""


def write_champion(folder: Path, model: Model) -> None:
    """Write a champion's folder, or replace an older one; one that holds this champion already stays as it is.

    Args:
        folder: Where to; its parent exists.
        model: The champion.

    Raises:
        StorageError: A file cannot be written.
        CreationError: The folder cannot be made.
    """
    if _sound(folder) != model.description:
        replace_folder(folder, model.files())


def load_model(path: Path | str) -> Model:
    """The champion of a run.

    Nothing in the folder is executed, and it is not trusted: sizes are checked before memory is taken.

    Args:
        path: A run's folder, or a champion's.

    Raises:
        DataError: There is none, or it is damaged or was not written by speciate.
    """
    folder = Path(path)
    if not (folder / FILES[1]).exists() and (folder / "champion").exists():
        folder = folder / "champion"
    try:
        if (folder / "run.sqlite").exists():
            raise ValueError("the run has no champion yet; speciate resume goes on with it")
        for name in FILES[:2]:
            if not (folder / name).is_file():
                raise ValueError(f"there is no {name}")
        description = read_description(folder / FILES[1])
        return KINDS[description.format].load(folder / FILES[0], description)
    except (OSError, ValueError) as error:  # those of speciate.errors among them
        reason = " ".join((getattr(error, "strerror", None) or str(error)).split())
        raise DataError(f"{quoted(folder, 200)} is not a model that can be used: {reason:.400}") from None


def read_description(file: Path) -> Description:
    """What a model.json says.

    Raises:
        ValueError: It says anything that this version does not write; in one line.
        OSError: It cannot be read.
    """
    value = read_json(file)
    kind = KINDS.get(str(value.get("format")))
    if kind is None:
        raise ValueError(f"{file.name}: format: it is none of {', '.join(KINDS)}")
    try:
        return kind.describes.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        parts = file.name, ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
        raise ValueError(": ".join(filter(None, parts))) from None


def _sound(folder: Path) -> Description | None:
    """The description in a folder that has all files, with the weights that belong to it; None if anything is wrong."""
    try:
        description = read_description(folder / FILES[1])
        with open_file(folder / FILES[0]) as file:
            weights = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None
    there = all(is_file(folder / name) for name in FILES)
    return description if there and weights == description.weights_sha256 else None
