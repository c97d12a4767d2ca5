"""The commands that look at runs: ls, show, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from speciate.cli.options import RUNS, Json, Run, Runs

PATIENCE = 3.0
"""Seconds for a browser to say that there is none."""


def ls(runs: Runs = RUNS, json: Json = False) -> None:
    """List the runs, the one that was written last at the end."""
    from speciate.store import glance, list_runs
    from speciate.terminal import print_json, print_runs

    rows = [glance(folder, runs) for folder in list_runs(runs)]
    if json:
        print_json(rows)
    else:
        print_runs(rows, runs)


def show(run: Run, runs: Runs = RUNS, json: Json = False) -> None:
    """Show a run: champion, baselines, progress, the best networks, failures and cost."""
    from speciate.store import RunSummary, find_run, sensible
    from speciate.terminal import print_json, print_run

    folder = find_run(run, runs)
    summary = RunSummary.read(folder).to_json()
    with sensible(folder.database):
        (print_json if json else print_run)(summary)


def report(
    run: Run,
    open_it: Annotated[bool, typer.Option("--open", help="Show it in a browser.")] = False,
    runs: Runs = RUNS,
) -> None:
    """Write the report of a run, or of a comparison, and say where it is."""
    from speciate.report import write_comparison, write_report
    from speciate.store import find_comparison, find_run
    from speciate.terminal import write

    folder = find_comparison(run, runs)
    if folder is None:
        page = write_report(find_run(run, runs).path)
    else:
        page = write_comparison(folder)
    write(f"{page}\n")
    if open_it:
        _open(page)


def _open(page: Path) -> None:
    """Show a page; some browsers only return when they are closed, which is not waited for."""
    import threading
    import webbrowser

    opened: list[bool] = []
    address = page.resolve().as_uri()
    thread = threading.Thread(target=lambda: opened.append(webbrowser.open(address)), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if opened == [False]:
        typer.echo(f"there is no browser here; open {address} in one", err=True)
