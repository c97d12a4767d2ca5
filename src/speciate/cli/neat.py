"""`speciate neat`: evolve networks where there is no gradient."""

from __future__ import annotations

from typing import Any

from speciate.cli.options import Config, Json, Quiet, settings_of, with_settings
from speciate.cli.running import conduct
from speciate.config import NeuroConfig

NEEDS_ARGUMENTS = True


@with_settings(model=NeuroConfig)
def command(config: Config = None, quiet: Quiet = False, json: Json = False, **settings: Any) -> None:
    """Evolve topologies and weights for a control task, without gradients.

    The run stops when a network has solved the task.

    Every option can also be set in a TOML file, under the same name: --config run.toml.

    Ctrl-C stops a run in good order, and speciate resume goes on with it.
    """
    from speciate.config import configured, start

    resolved = configured(NeuroConfig, settings_of(settings, config, NeuroConfig))
    first = "getting ready; on a new machine, loops are compiled once, which takes a while"
    conduct(lambda watch: start(resolved, watch), quiet=quiet, json=json, first=first)
