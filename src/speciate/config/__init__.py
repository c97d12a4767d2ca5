"""The configuration of a run, and how a run is made of it."""

from speciate.config.building import evolve, from_champion, placeless, remember, resolved, resume, start
from speciate.config.model import RunConfig, key_of, values_of
from speciate.config.reading import Setting, choices, configure, from_toml, read_file
from speciate.config.writing import to_toml

__all__ = [
    "RunConfig",
    "Setting",
    "choices",
    "configure",
    "evolve",
    "from_champion",
    "from_toml",
    "key_of",
    "placeless",
    "read_file",
    "remember",
    "resolved",
    "resume",
    "start",
    "to_toml",
    "values_of",
]
