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
    from speciate.runs import find_comparison, find_run

    if (comparison := find_comparison(run, runs)) is not None:
        from speciate.compare import Comparison
        from speciate.errors import UsageError

        if accept_changes:
            raise UsageError("a comparison is only fair if nothing changes", hint="start it again")
        return conduct_comparison(lambda: Comparison.open(comparison), quiet=quiet, json=json)
    folder = find_run(run, runs)
    limits = {"generations": generations, "evaluations": evaluations, "time": time}
    return conduct(
        lambda watch: resume(folder, watch, accept_changes=accept_changes, **limits), quiet=quiet, json=json
    )
