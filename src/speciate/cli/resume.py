"""`speciate resume`: go on with a run, or prolong it."""

from __future__ import annotations

from typing import Annotated

import typer

from speciate.cli.comparing import conduct_comparison
from speciate.cli.options import RUNS, Json, Quiet, Run, Runs
from speciate.cli.running import conduct

NEEDS_ARGUMENTS = True


def command(
    run: Run,
    generations: Annotated[int | None, typer.Option(help="Go on to so many generations in all.")] = None,
    evaluations: Annotated[int | None, typer.Option(help="Go on to so many networks in all.")] = None,
    time: Annotated[
        str | None, typer.Option(metavar="TIME", help="Go on to so much time in all: 90s, 10m.")
    ] = None,
    backend: Annotated[
        str | None, typer.Option(help="Go on elsewhere: inline, processes or ray. The result is the same.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Go on with so many workers.")] = None,
    address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Go on on this Ray cluster (with --backend ray).")
    ] = None,
    accept_changes: Annotated[
        bool,
        typer.Option(
            "--accept-changes",
            help="Go on although data or versions are not what they were; nobody can repeat the run then.",
        ),
    ] = False,
    runs: Runs = RUNS,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Go on where a run or a comparison stopped, or prolong a run to a new limit."""
    from speciate.config import resume
    from speciate.store import find_comparison, find_run

    if (comparison := find_comparison(run, runs)) is not None:
        from speciate.compare import Comparison
        from speciate.errors import UsageError

        if accept_changes:
            raise UsageError("a comparison is only fair if nothing changes", hint="start it again")
        return conduct_comparison(lambda: Comparison.open(comparison), quiet=quiet, json=json)
    folder = find_run(run, runs)
    settings = {"generations": generations, "evaluations": evaluations, "time": time}
    settings |= {"backend": backend, "workers": workers, "address": address}
    return conduct(
        lambda watch: resume(folder, watch, accept_changes=accept_changes, **settings), quiet=quiet, json=json
    )
