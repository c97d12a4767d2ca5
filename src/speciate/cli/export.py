"""`speciate export`: a champion in a form that needs no speciate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from speciate.cli.options import RUNS, Runs

NEEDS_ARGUMENTS = True
SUFFIXES = {"code": "", "torch": ".pt2", "onnx": ".onnx"}


def command(
    run: Annotated[
        str, typer.Argument(metavar="RUN|CHAMPION", help="A run, or a champion's folder.", show_default=False)
    ],
    format: Annotated[  # noqa: A002 - the option's name
        Literal["code", "torch", "onnx"],
        typer.Option(
            help="code: a folder with model.py, which needs torch alone; torch: a file for torch.export.load; onnx: a file for "
            "ONNX Runtime and others. Only model.py takes raw rows; the files take the numbers that the champion's card describes."
        ),
    ] = "code",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="PATH",
            help="What to write. [default: NAME, NAME.pt2 or NAME.onnx]",
            show_default=False,
        ),
    ] = None,
    runs: Runs = RUNS,
) -> None:
    """Write a champion to a place of its own, for programs that do not have speciate."""
    from speciate.champion import export
    from speciate.store import find_champion

    champion = find_champion(run, runs)
    name = champion.resolve().name
    typer.echo(export(champion, out or Path(f"{name}{SUFFIXES[format]}"), format))
