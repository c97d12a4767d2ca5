"""The memory of a run: a folder with a SQLite file and weight files."""

from speciate.store.find import find_champion, find_comparison, find_run, list_runs
from speciate.store.folder import RunFolder, check_name, new_folder
from speciate.store.generations import GenerationTable, generation_tables, solved_in
from speciate.store.store import Baseline, Row, Store, utc_now
from speciate.store.summary import glance, status_of, summarize
from speciate.store.weights import WeightFolder, write_file

__all__ = [
    "Baseline",
    "GenerationTable",
    "Row",
    "RunFolder",
    "Store",
    "WeightFolder",
    "check_name",
    "find_champion",
    "find_comparison",
    "find_run",
    "generation_tables",
    "glance",
    "list_runs",
    "new_folder",
    "solved_in",
    "status_of",
    "summarize",
    "utc_now",
    "write_file",
]
