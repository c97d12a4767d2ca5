"""The configuration of a run, and how a run is made of it."""

from speciate.config.building import evolve, placeless, remember, resolved, resume, start
from speciate.config.model import RunConfig
from speciate.config.reading import Setting, choices, configure, from_toml, read_file
from speciate.config.writing import to_toml

__all__ = [
    "RunConfig",
    "Setting",
    "choices",
    "configure",
    "evolve",
    "from_toml",
    "placeless",
    "read_file",
    "remember",
    "resolved",
    "resume",
    "start",
    "to_toml",
]
