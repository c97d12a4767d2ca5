"""`speciate resume`: go on with a run, or prolong it."""

from __future__ import annotations

from typing import Annotated

import typer

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
    runs: Runs = RUNS,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Go on where a run stopped, with its own settings, or to a new limit."""
    from speciate.config import resume
    from speciate.runs import find_run

    folder = find_run(run, runs)
    limits = {"generations": generations, "evaluations": evaluations, "time": time}
    conduct(lambda watch: resume(folder, watch, **limits), quiet=quiet, json=json)
