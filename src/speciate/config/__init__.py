"""The configuration of a run, and how a run is made of it."""

from speciate.config.building import evolve, from_champion, placeless, remember, resolved, resume, start
from speciate.config.checking import Setting, choices, configure, configured
from speciate.config.model import RunConfig
from speciate.config.neuro import NeuroConfig
from speciate.config.neuro_building import neuroevolve
from speciate.config.reporting import report
from speciate.config.settings import Settings, key_of, setting, values_of
from speciate.config.toml import from_toml, read_file, to_toml

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
    "setting",
    "start",
    "to_toml",
    "values_of",
]
