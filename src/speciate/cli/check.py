"""The command that reads data as a run does and says what becomes of them: a file of its own, since it starts nothing."""

from __future__ import annotations

from typing import Any

from speciate.cli.options import Config, Json, config_of, with_settings
from speciate.cli.running import busy
from speciate.config import RunConfig
from speciate.config.settings import extra

OTHERS = [key for key, field in RunConfig.model_fields.items() if extra(field, "panel") not in ("Data", None)]
"""Settings that are not about data. What divides rows without a seed of its own depends on the run's."""
OTHERS.remove("seed")


@with_settings(*OTHERS)
def check(config: Config = None, json: Json = False, **settings: Any) -> None:
    """Read DATA as run does, with the same settings, and show what becomes of it, without running.

    For every column: its kind, how it is read, how many values are missing, what shares an input, or why it is left out.
    Then the rows of each part, the target, and all that deserves a look. The test rows stay sealed.
    """
    from dataclasses import asdict

    from speciate.config.building import load, resolved
    from speciate.terminal import print_json, print_labeled

    found = config_of(settings, config)
    with busy("reading the data", quiet=False, json=json):
        data = load(resolved(found))
    if json:
        print_json(data.facts() | {"columns": [asdict(column) for column in data.columns]})
    else:
        print_labeled(data.lines())
