"""`speciate compare`: several algorithms at the same cost, with the same seeds."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from speciate.cli.comparing import conduct_comparison
from speciate.cli.options import Config, Json, Quiet, settings_of, with_settings

NEEDS_ARGUMENTS = True


@with_settings("algorithm", "seed", "time")
def command(
    algorithms: Annotated[
        str, typer.Option(metavar="A,B,...", help="Algorithms to compare, the first with each of the others.")
    ] = "aging,random",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each algorithm, with seeds 0, 1, ...")] = 5,
    config: Config = None,
    quiet: Quiet = False,
    json: Json = False,
    **settings: Any,
) -> None:
    """Run several algorithms on the same split with the same seeds and budgets, and say which is better, and how surely.

    Every network of every run sees the same number of examples.

    Ctrl-C stops a comparison in good order, and speciate resume goes on with it.
    """
    from speciate.compare import Comparison

    given = settings_of(settings, config)
    conduct_comparison(lambda: Comparison.start(given, algorithms.split(","), seeds), quiet=quiet, json=json)
