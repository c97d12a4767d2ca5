"""Writes a champion's folder: complete or absent, whatever happens meanwhile."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from speciate.champion.assembly import weight_file
from speciate.champion.card import model_card
from speciate.champion.model import FILES, Model
from speciate.errors import CreationError, SpeciateError
from speciate.failpoints import crash_point
from speciate.store import write_file


def write_champion(folder: Path, model: Model) -> None:
    """Write a champion's folder, or replace an older one.

    Args:
        folder: Where to; its parent exists.
        model: The champion.

    Raises:
        StorageError: A file cannot be written.
        CreationError: The folder cannot be made.
    """
    replace_folder(folder, champion_files(model))


def champion_files(model: Model) -> dict[str, bytes]:
    """The content of each file of a champion's folder."""
    from speciate.champion.source import model_source

    description, module = model.description, model.module
    texts = description.to_text(), model_source(description, module), model_card(description, module)
    encoded = (text.encode("utf-8", "backslashreplace") for text in texts)
    return dict(zip(FILES, (weight_file(module), *encoded), strict=True))


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a new folder beside this one, and rename it when it is complete.

    Raises:
        StorageError: A file cannot be written.
        CreationError: The folder cannot be made.
    """
    temporary, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{kind}") for kind in ("tmp", "old"))
    try:
        for left in folder.parent.glob(f".{folder.name}.*.*"):  # of a process that died here
            shutil.rmtree(left)
        temporary.mkdir()
        for name, content in files.items():
            write_file(temporary / name, content, "model")
        if folder.exists():
            folder.rename(old)
            crash_point("champion-put-aside")
        crash_point("champion-unnamed")
        temporary.rename(folder)
        crash_point("champion-named")
    except OSError as error:
        if old.exists() and not folder.exists():
            old.rename(folder)
        if isinstance(error, SpeciateError):
            raise
        why = error.strerror or str(error)
        raise CreationError("cannot write the champion's folder", where=str(folder), why=why) from None
    finally:
        for left in (temporary, old):
            shutil.rmtree(left, ignore_errors=True)
