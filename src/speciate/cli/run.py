"""`speciate run`: evolve networks for a data set."""

from __future__ import annotations

from typing import Any

from speciate.cli.options import Config, Json, Quiet, config_of, with_settings
from speciate.cli.running import conduct

NEEDS_ARGUMENTS = True


@with_settings()
def command(config: Config = None, quiet: Quiet = False, json: Json = False, **settings: Any) -> None:
    """Evolve networks for a data set.

    DATA is a CSV or Parquet file, an .npz file, a folder of images by class, idx:DIR (MNIST's format), sklearn:NAME
    or openml:ID. Everything can be set in a TOML file as well: --config run.toml.
    """
    from speciate.config import start

    resolved = config_of(settings, config)
    conduct(lambda watch: start(resolved, watch), quiet=quiet, json=json)
