"""The memory of a run: a folder with a SQLite file and weight files."""

from speciate.store.beliefs import Beliefs
from speciate.store.connection import sensible
from speciate.store.diagnostics import Diagnostics
from speciate.store.find import find_champion, find_comparison, find_run, list_runs, parts_of
from speciate.store.folder import RunFolder, check_name, is_current, new_folder
from speciate.store.rows import Baseline, Event, Json, Row
from speciate.store.rungs import Kept, Rung, RungNetwork, kept, lineage_of, origins, rungs, stands_for
from speciate.store.slices import GenerationTable, generation_tables
from speciate.store.store import Store, utc_now
from speciate.store.summary import ChampionSummary, DataSummary, RunSummary, glance, status_of
from speciate.store.weights import WeightFolder

__all__ = [
    "Baseline",
    "Beliefs",
    "ChampionSummary",
    "DataSummary",
    "Diagnostics",
    "Event",
    "GenerationTable",
    "Json",
    "Kept",
    "Row",
    "RunFolder",
    "RunSummary",
    "Rung",
    "RungNetwork",
    "Store",
    "WeightFolder",
    "check_name",
    "find_champion",
    "find_comparison",
    "find_run",
    "generation_tables",
    "glance",
    "is_current",
    "kept",
    "lineage_of",
    "list_runs",
    "new_folder",
    "origins",
    "parts_of",
    "rungs",
    "sensible",
    "stands_for",
    "status_of",
    "utc_now",
]
