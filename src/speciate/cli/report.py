"""`speciate report`: one HTML file about a run or a comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from speciate.cli.options import RUNS, Run, Runs

NEEDS_ARGUMENTS = True

PATIENCE = 3.0
"""Seconds for a browser to say that there is none."""


def command(
    run: Run,
    open_it: Annotated[bool, typer.Option("--open", help="Show it in a browser.")] = False,
    runs: Runs = RUNS,
) -> None:
    """Write the report of a run, or of a comparison, and say where it is."""
    from speciate.report import write_comparison, write_report
    from speciate.store import find_comparison, find_run

    folder = find_comparison(run, runs)
    if folder is None:
        page = write_report(find_run(run, runs).path)
    else:
        from speciate.compare import Comparison

        page = write_comparison(folder, Comparison.open(folder).algorithms)
    typer.echo(page)
    if open_it:
        _open(page)


def _open(page: Path) -> None:
    """Show a page; some browsers only return when they are closed, and nobody waits for that."""
    import threading
    import webbrowser

    opened: list[bool] = []
    address = page.resolve().as_uri()
    thread = threading.Thread(target=lambda: opened.append(webbrowser.open(address)), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if opened == [False]:
        typer.echo(f"there is no browser here; open {address} in one", err=True)
