"""How raw rows become network inputs: fitted once on the training rows, kept as JSON, applied to anything later.

The JSON form is described in `schema.py`, the meaning of cells in `cells.py` and `dates.py`.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from speciate.data.schema import ImageState, Numeric, TableState, read_state
from speciate.errors import DataError
from speciate.text import counted

if TYPE_CHECKING:
    import pandas as pd

    from speciate.data.table import TableEncoder


class Preprocessing:
    """The steps from a raw table, or raw images, to float32 inputs.

    Args:
        state: What was fitted on the training rows.
    """

    def __init__(self, state: TableState | ImageState) -> None:
        self.state = state
        self._encoder: TableEncoder | None = None

    @classmethod
    def from_json(cls, value: object) -> Preprocessing:
        """Read what `to_json` wrote.

        Raises:
            DataError: It is anything else.
        """
        return cls(read_state(value))

    def to_json(self) -> dict[str, Any]:
        """The fitted state, of JSON types only."""
        return self.state.to_json()

    @property
    def kind(self) -> str:
        """Either "table" or "image"."""
        return self.state.kind

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one row of inputs: (features,) or (channels, height, width)."""
        return self.state.input_shape

    @property
    def standardization(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Mean and scale of every input, (features or channels,) or (1,), where each is one number of the data; else None."""
        if isinstance(self.state, ImageState):
            moments = np.array(self.state.mean), np.array(self.state.scale)
            return moments[0] * self.state.divide, moments[1] * self.state.divide
        plain = [entry for entry in self.state.columns if isinstance(entry, Numeric) and not entry.indicator]
        if len(plain) < len(self.state.columns):
            return None
        return np.array([entry.mean for entry in plain]), np.array([entry.scale for entry in plain])

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a table must have, in the order in which an array must hold them; empty for images."""
        if isinstance(self.state, ImageState):
            return ()
        return tuple(dict.fromkeys(entry.name for entry in self.state.columns))

    @property
    def text_columns(self) -> tuple[str, ...]:
        """The columns whose cells a reader must leave as text: "01" is no 1 in a category, and 1.234 may be 1234."""
        if isinstance(self.state, ImageState):
            return ()
        return tuple(entry.name for entry in self.state.columns if getattr(entry, "decimal", ",") == ",")

    @property
    def inputs_of(self) -> dict[str, NDArray[np.int64]]:
        """Which inputs are made of each column of a table, before they are encoded; empty for images."""
        found: dict[str, list[int]] = {}
        start = 0
        for entry in () if isinstance(self.state, ImageState) else self.state.columns:
            found.setdefault(entry.name, []).extend(range(start, start := start + entry.width))
        return {name: np.array(inputs) for name, inputs in found.items()}

    def describe(self) -> str:
        """One phrase for people."""
        if isinstance(self.state, ImageState):
            return f"{counted(math.prod(self.state.shape), 'value')} a row"
        words = {"numeric": "numeric", "category": "categorical", "date": "date"}
        kinds = Counter(words[entry.type] for entry in _one_per_name(self.state))
        return ", ".join(f"{counted(number, f'{kind} column')}" for kind, number in kinds.items())

    def transform(self, table: pd.DataFrame | NDArray[Any]) -> NDArray[np.float32]:
        """Inputs for a network.

        Args:
            table: For a table, a DataFrame whose columns are matched by name (others are ignored) or an array
                (n, columns) matched by position. For images, an array (n, ...), channels first, last or absent, or
                flat.

        Returns:
            (n, *input_shape) float32, C-contiguous, finite.

        Raises:
            DataError: Columns are missing or cannot be read as in training, or the shape does not fit.
        """
        if isinstance(self.state, ImageState):
            from speciate.data.image import encode

            array = np.asarray(table)
            if array.ndim == 0:
                raise DataError("a single value is not a row")
            return encode(array, self.state)
        return self.encoder(table)

    @property
    def encoder(self) -> TableEncoder:
        """Applies the state of a table."""
        assert isinstance(self.state, TableState)
        if self._encoder is None:
            from speciate.data.table import TableEncoder  # imports pandas, which takes half a second

            self._encoder = TableEncoder(self.state)
        return self._encoder

    def __eq__(self, other: object) -> bool:
        return self.state == other.state if isinstance(other, Preprocessing) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.state)

    def __getstate__(self) -> dict[str, Any]:
        return {"state": self.state, "_encoder": None}

    def __repr__(self) -> str:
        return f"Preprocessing({self.kind}, input_shape={self.input_shape})"


def _one_per_name(state: TableState) -> list[Any]:
    return list({entry.name: entry for entry in state.columns}.values())
