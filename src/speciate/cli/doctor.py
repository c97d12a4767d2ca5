"""`speciate doctor`: what a run would find on this machine, or what is wrong with a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from speciate.cli.options import RUNS, Json, Runs

DAMAGED = 74
"""The exit code where something is wrong with a run."""


def command(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="A run to examine.", show_default=False)
    ] = None,
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Save what can be read of a damaged run in a folder of its own.")
    ] = False,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Show versions, cores, memory, accelerator and free disk; with RUN, the health of its folder.

    Nothing of a damaged run is changed, with --salvage neither: what can be read goes to a new folder, RUN-salvaged.
    """
    from speciate.errors import UsageError
    from speciate.terminal import print_facts, print_json

    if run is None:
        from speciate.cli.machine import examine

        if salvage:
            raise UsageError("which run is to be salvaged?", hint="speciate doctor RUN --salvage")
        found = examine(runs)
    elif salvage:
        found = _salvaged(run, runs)
    else:
        found = _examined(run, runs)
    (print_json if json else print_facts)(found)
    if found.get("problems"):
        raise typer.Exit(DAMAGED)


def _examined(run: str, runs: Path) -> dict[str, Any]:
    from speciate.store import find_run
    from speciate.store.health import examine_run
    from speciate.terminal.output import reference

    folder = find_run(run, runs)
    found = examine_run(folder)
    if any(
        problem.startswith(("database", "the run's database", "this file")) for problem in found["problems"]
    ):
        found["try"] = f"speciate doctor {reference(folder.path)} --salvage"
    elif found["problems"]:
        found["try"] = f"speciate resume {reference(folder.path)}"
    return found


def _salvaged(run: str, runs: Path) -> dict[str, Any]:
    from speciate.store import find_run
    from speciate.store.salvage import salvage
    from speciate.terminal.output import reference

    folder, rows = salvage(find_run(run, runs))
    return {
        "salvaged": rows,
        "folder": str(folder.path.resolve()),
        "next": f"speciate show {reference(folder.path)}, or speciate resume {reference(folder.path)}",
    }
