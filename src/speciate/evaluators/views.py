"""The data as networks take them: in as many bins as a genome says, with the rows that a candidate is trained and scored on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from speciate.data import Data, Split
from speciate.records import Candidate, Phase

if TYPE_CHECKING:  # torch is imported where training begins
    import torch

    Tensors = tuple[torch.Tensor, torch.Tensor]

KEPT = 5
"""So many views are kept at a time."""
ALL_ROWS = -1
"""Stands for all rows where otherwise a fold is."""


def rows_of(candidate: Candidate) -> int:
    """Which rows a candidate is scored on, and not trained on: its fold; or `ALL_ROWS` where it is trained on all of them."""
    return ALL_ROWS if candidate.phase is Phase.REFIT else candidate.fold


class Views:
    """Views of the data, made when they are asked for. Sent to another process, it begins anew there, without the test rows.

    Args:
        data: The data.
        device: Where tensors are.
    """

    def __init__(self, data: Data, device: str) -> None:
        self.data, self.device = data, device
        self._kept: dict[tuple[int, int], Data] = {}
        self._tensors: dict[tuple[int, int, bool], Tensors] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Views, (self.data.without_test(), self.device)

    def of(self, bins: int, rows: int = 0) -> Data:
        """The data in so many bins, for candidates with these rows; see `rows_of`."""
        key = bins, rows
        if key not in self._kept:
            if rows == ALL_ROWS:
                made = self.data.whole().encoded(bins, self.data)
            else:
                made = (self.of(bins) if rows else self.data.encoded(bins)).fold(rows)
            while len(self._kept) >= KEPT:
                oldest = next(iter(self._kept))
                del self._kept[oldest]
                self._tensors = {k: value for k, value in self._tensors.items() if k[:2] != oldest}
            self._kept[key] = made
        return self._kept[key]

    def validation(self, bins: int, rows: int) -> torch.Tensor:
        """Inputs of the rows that networks are scored on, on the device."""
        return self._on_device(bins, rows, False)[0]

    def training(self, bins: int, rows: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Inputs, targets and weights of the rows that networks are trained on, on the device."""
        import torch

        x, y = self._on_device(bins, rows, True)
        weight = self.of(bins, rows).weight
        return x, y, None if weight is None else torch.from_numpy(weight).to(x.device)

    def _on_device(self, bins: int, rows: int, training: bool) -> Tensors:
        import torch

        key = bins, rows, training
        if key not in self._tensors:
            data = self.of(bins, rows)
            split: Split = data.train if training else data.valid
            y = split.y
            if data.task == "regression":
                y = data.standardized(y).astype(np.float32)
            device = place(self.device)
            self._tensors[key] = (torch.from_numpy(split.x).to(device), torch.from_numpy(y).to(device))
        return self._tensors[key]


def place(device: str) -> str:
    """The device that "auto" means here; any other as it is."""
    import torch

    if device != "auto":
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
