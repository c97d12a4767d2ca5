"""The memory of a run: a folder with a SQLite file and weight files."""

from speciate.store.folder import RunFolder, check_name, new_folder
from speciate.store.generations import GenerationTable, generation_tables, solved_in
from speciate.store.store import Baseline, Row, Store, utc_now
from speciate.store.weights import WeightFolder, write_file

__all__ = [
    "Baseline",
    "GenerationTable",
    "Row",
    "RunFolder",
    "Store",
    "WeightFolder",
    "check_name",
    "generation_tables",
    "new_folder",
    "solved_in",
    "utc_now",
    "write_file",
]
