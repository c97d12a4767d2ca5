"""`speciate predict`: a champion's predictions for new rows, as CSV."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from speciate.cli.options import RUNS, Runs

NEEDS_ARGUMENTS = True


def command(
    run: Annotated[
        str, typer.Argument(metavar="RUN|CHAMPION", help="A run, or a champion's folder.", show_default=False)
    ],
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="The same kinds of sources as for run.", show_default=False)
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="CSV file to write.", show_default=False),
    ] = None,
    runs: Runs = RUNS,
) -> None:
    """Predict for every row of DATA, in its order: a column with the prediction, and one with each class's probability."""
    from speciate.champion import load_model
    from speciate.store import find_champion, write_file

    table = load_model(find_champion(run, runs)).predict_table(data)
    text = table.to_csv(index=False)
    if out is None:
        sys.stdout.write(text)
    else:
        write_file(out, text.encode(), "prediction")
        typer.echo(f"{len(table):,} predictions in {out}", err=True)
