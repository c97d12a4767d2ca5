"""`speciate gc`: delete the weight files that nobody needs any more."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from speciate.cli.options import RUNS, Json, Runs
from speciate.errors import SpeciateError

if TYPE_CHECKING:
    from speciate.store import RunFolder


def command(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run; without it, all runs.", show_default=False)
    ] = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Delete the weights that no living network needs: neither the champion, nor a final, nor a longer search.

    A run does this itself, once a generation and at its end; what a killed one has left, goes here.
    """
    from speciate.store import find_run, list_runs
    from speciate.terminal import print_json, print_lines
    from speciate.text import counted

    folders = list_runs(runs) if run is None else [find_run(run, runs)]
    found = {}
    for folder in folders:
        try:
            found[folder.path.name] = _collected(folder)
        except SpeciateError as error:
            if run is not None:
                raise
            logging.getLogger("speciate").warning("%s was left alone: %s", folder.path.name, error.what)
    if json:
        print_json(found)
    else:
        print_lines(
            [f"{name}: {counted(r['deleted'], 'file')} deleted, {r['mb']:g} MB" for name, r in found.items()]
        )


def _collected(folder: RunFolder) -> dict[str, Any]:
    from speciate.config import resume

    before = _size(folder.weights.path)
    _, search = resume(folder)
    deleted = search.collect()
    return {"deleted": deleted, "mb": round((before - _size(folder.weights.path)) / 1e6, 3)}


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.iterdir()) if path.is_dir() else 0
