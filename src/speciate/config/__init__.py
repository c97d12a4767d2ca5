"""The configuration of a run, and how a run is made of it."""

from speciate.config.building import evolve, from_champion, placeless, remember, resolved, resume, start
from speciate.config.model import RunConfig, Settings, key_of, values_of
from speciate.config.neuro import NeuroConfig
from speciate.config.neuro_building import neuroevolve
from speciate.config.reading import Setting, choices, configure, configured, from_toml, read_file
from speciate.config.reporting import report
from speciate.config.writing import to_toml

__all__ = [
    "NeuroConfig",
    "RunConfig",
    "Setting",
    "Settings",
    "choices",
    "configure",
    "configured",
    "evolve",
    "from_champion",
    "from_toml",
    "key_of",
    "neuroevolve",
    "placeless",
    "read_file",
    "remember",
    "report",
    "resolved",
    "resume",
    "start",
    "to_toml",
    "values_of",
]
