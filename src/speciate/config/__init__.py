"""The configuration of a run, and how a run is made of it."""

from speciate.config.ancestor import from_champion
from speciate.config.building import build, load, ready, resolved
from speciate.config.checking import Setting, choices, configure, configured, is_choice
from speciate.config.model import RunConfig
from speciate.config.neuro import NeuroConfig
from speciate.config.neuro_building import neuroevolve
from speciate.config.settings import Settings, key_of, setting, taking_all, values_of
from speciate.config.starting import (
    AS_BEFORE,
    KINDS,
    AnyConfig,
    announce,
    at_rest,
    configuration,
    evolve,
    placeless,
    remember,
    report,
    resume,
    start,
)
from speciate.config.toml import from_toml, read_file, to_toml

__all__ = [
    "AS_BEFORE",
    "KINDS",
    "AnyConfig",
    "NeuroConfig",
    "RunConfig",
    "Setting",
    "Settings",
    "announce",
    "at_rest",
    "build",
    "choices",
    "configuration",
    "configure",
    "configured",
    "evolve",
    "from_champion",
    "from_toml",
    "is_choice",
    "key_of",
    "load",
    "neuroevolve",
    "placeless",
    "read_file",
    "ready",
    "remember",
    "report",
    "resolved",
    "resume",
    "setting",
    "start",
    "taking_all",
    "to_toml",
    "values_of",
]
