"""`speciate demo`: a digit recognizer in under a minute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from speciate.cli.options import RUNS, Json, Quiet, Runs
from speciate.cli.running import conduct

SETTINGS = {
    "data": "sklearn:digits",
    "population": 16,
    "generations": 20,
    "examples": 8_000,
    "finalists": 5,
    "repeats": 3,
}
"""Small enough for a minute on two cores; the same number of networks on every machine, so the same champion."""


def command(
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    runs: Runs = RUNS,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Evolve a digit recognizer on scikit-learn's digits, 8 x 8 pixels, and write its report."""
    from speciate.cli.options import config_of
    from speciate.config import start

    config = config_of({**SETTINGS, "seed": seed, "runs": str(Path(runs))}, None)
    conduct(lambda watch: start(config, watch), quiet=quiet, json=json)
