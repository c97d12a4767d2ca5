"""Data: from a file, a folder or arrays to splits that are ready for training, and what was understood on the way.

`load_data` prepares, `load_rows` reads rows to predict for, `score` measures. `Preprocessing` is the part that travels
with a network.
"""

from __future__ import annotations

from typing import Any

from speciate.data.dataset import Data, Sealed, Split
from speciate.data.load import load_data, load_rows
from speciate.data.metrics import METRICS, score
from speciate.data.notes import Note
from speciate.data.preprocessing import Preprocessing


def source(prefix: str) -> Any:
    """Register a function as a kind of source, which is written as `prefix:WHERE`; see `speciate.data.sources`."""
    from speciate.data.sources import source as register  # pandas takes half a second to import

    return register(prefix)


__all__ = [
    "METRICS",
    "Data",
    "Note",
    "Preprocessing",
    "Sealed",
    "Split",
    "load_data",
    "load_rows",
    "score",
    "source",
]
