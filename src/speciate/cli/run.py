"""`speciate run`: evolve networks for a data set."""

from __future__ import annotations

from typing import Any

from speciate.cli.options import Config, Json, Quiet, config_of, with_settings
from speciate.cli.running import conduct

NEEDS_ARGUMENTS = True


@with_settings()
def command(config: Config = None, quiet: Quiet = False, json: Json = False, **settings: Any) -> None:
    """Evolve networks for a data set.

    Every option can also be set in a TOML file, under the same name: --config run.toml.

    Ctrl-C stops a run in good order, and speciate resume goes on with it.
    """
    from speciate.config import start

    resolved = config_of(settings, config)
    conduct(lambda watch: start(resolved, watch), quiet=quiet, json=json)
