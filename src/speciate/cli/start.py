"""The commands that start a run or a comparison, or go on with one: demo, run, neat, resume, compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from speciate.cli.options import RUNS, Config, Json, Quiet, Run, Runs, config_of, settings_of, with_settings
from speciate.cli.running import conduct, conduct_comparison
from speciate.config import NeuroConfig

DEMO = {
    "data": "sklearn:digits",
    "population": 16,
    "generations": 20,
    "examples": 8_000,
    "finalists": 5,
    "repeats": 3,
}
"""Small enough for a minute on two cores; the same number of networks on every machine, so the same champion."""


def demo(
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    runs: Runs = RUNS,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Evolve a digit recognizer on scikit-learn's digits, 8 x 8 pixels, and write its report."""
    from speciate.config import start

    config = config_of({**DEMO, "seed": seed, "runs": str(Path(runs))}, None)
    conduct(lambda watch: start(config, watch), quiet=quiet, json=json)


@with_settings()
def run(config: Config = None, quiet: Quiet = False, json: Json = False, **settings: Any) -> None:
    """Evolve networks for a data set.

    Every option can also be set in a TOML file, under the same name: --config run.toml.

    Ctrl-C stops a run in good order, and speciate resume goes on with it.
    """
    from speciate.config import start

    resolved = config_of(settings, config)
    conduct(lambda watch: start(resolved, watch), quiet=quiet, json=json)


@with_settings(model=NeuroConfig)
def neat(config: Config = None, quiet: Quiet = False, json: Json = False, **settings: Any) -> None:
    """Evolve topologies and weights for a control task, without gradients.

    The run stops when a network has solved the task.

    Every option can also be set in a TOML file, under the same name: --config run.toml.

    Ctrl-C stops a run in good order, and speciate resume goes on with it.
    """
    from speciate.config import configured, start

    resolved = configured(NeuroConfig, settings_of(settings, config, NeuroConfig))
    first = "getting ready; on a new machine, loops are compiled once, which takes a while"
    conduct(lambda watch: start(resolved, watch), quiet=quiet, json=json, first=first)


def resume(
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
            help="Go on although data or versions are not what they were; the run cannot be repeated then.",
        ),
    ] = False,
    runs: Runs = RUNS,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Go on where a run or a comparison stopped, or prolong a run to a new limit."""
    from speciate import config
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
        lambda watch: config.resume(folder, watch, accept_changes=accept_changes, **settings),
        quiet=quiet,
        json=json,
    )


@with_settings("algorithm", "seed", "time")
def compare(
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
