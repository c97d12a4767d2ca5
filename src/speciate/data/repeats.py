"""Rows that repeat others: which they are, whether that is chance, and what is said of those in two parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data import values
from speciate.data.columns import Columns
from speciate.data.raw import Raw
from speciate.data.splitting import Rows
from speciate.data.targets import Target
from speciate.text import counted

FEW = 0.01
"""Below this share of rows that repeat others, all are drawn one by one."""
CHANCE = 10
"""Up to this many times as many pairs of equal rows as chance brings about are taken for chance."""


@dataclass(frozen=True, eq=False)
class Repeats:
    """Which rows have the same inputs.

    Attributes:
        codes: (n,) from 0, the same where all inputs are the same.
        chance: Whether the columns have so few different values that equal rows are to be expected.
    """

    codes: Rows
    chance: bool

    @classmethod
    def of(cls, raw: Raw, columns: Columns | None) -> Repeats:
        """Look at all rows.

        Args:
            raw: The rows.
            columns: Those in use; None for arrays.
        """
        if isinstance(raw.x, np.ndarray) or columns is None:
            rows = np.asarray(raw.x)
            keys: Any = np.array(digests(rows), object)
        else:
            keys = _same(len(raw.y), _cells(raw, columns))
        codes = pd.factorize(keys)[0].astype(np.int64)
        sizes = np.bincount(codes)
        pairs, expected = float((sizes * (sizes - 1)).sum()), float(len(codes) * (len(codes) - 1))
        for cells in _cells(raw, columns):
            if pairs == 0 or pairs > CHANCE * expected:
                break
            expected *= float(((np.unique(cells, return_counts=True)[1] / len(cells)) ** 2).sum())
        return cls(codes, pairs <= CHANCE * expected)

    def many(self, classes: Rows, need: int) -> bool:
        """Whether so many of the first rows repeat others, and by no chance, that equal rows have to stay in one part.

        Args:
            classes: (m,) the classes of those rows, each of which needs different rows for so many parts.
            need: How many parts.
        """
        codes = self.codes[: len(classes)]
        if self.chance or len(codes) - len(np.unique(codes)) < FEW * len(codes):
            return False
        different = np.unique(np.stack([classes, codes]), axis=1)[0]
        return bool((np.bincount(different)[np.unique(different)] >= need).all())

    def say(self, raw: Raw, goal: Target, parts: tuple[Rows, ...], together: bool) -> None:
        """Note what is in more than one part, and what no network can be right about.

        Args:
            raw: Where the notes go.
            goal: The target.
            parts: Rows for training, validation and test.
            together: Whether equal rows were kept in one part.
        """
        n = len(self.codes)
        if n == self.codes.max() + 1:
            return
        if together:
            free = self.codes[: n - raw.own_valid - raw.own_test]
            number = len(free) - len(np.unique(free))
            raw.warn(
                f"{number:,} of {len(free):,} rows repeat the inputs of another row: equal rows stay in one part"
            )
        say = raw.info if self.chance or n - self.codes.max() - 1 < FEW * n else raw.warn
        why = ", as is to be expected of columns with so few different values" if self.chance else ""
        for i, use in ((1, "validation"), (2, "test")):
            seen = int(np.isin(self.codes[parts[i]], self.codes[np.concatenate(parts[:i])]).sum())
            if seen:
                before = "a training row" if i == 1 else "a training or validation row"
                say(
                    f"{seen:,} of {counted(len(parts[i]), f'{use} row')} {'has' if seen == 1 else 'have'} the inputs of "
                    f"{before}{why}"
                )
        different = len(pd.DataFrame({"inputs": self.codes, "target": goal.y}).drop_duplicates())
        if different > self.codes.max() + 1:
            of = pd.Series(goal.y).groupby(self.codes).nunique().to_numpy()
            torn = int((of[self.codes] > 1).sum())
            say(
                f"{torn:,} of {n:,} rows have the inputs of another row, but another target: no network is right about both"
            )


def digests(rows: NDArray[Any]) -> list[bytes]:
    """A digest of each row (n, ...), the same where rows are."""
    return [blake2b(row.tobytes(), digest_size=16).digest() for row in rows]


def _cells(raw: Raw, columns: Columns | None) -> Iterator[NDArray[Any]]:
    """(n,) for each input, as numbers or codes."""
    if isinstance(raw.x, np.ndarray) or columns is None:
        yield from np.asarray(raw.x).reshape(len(raw.y), -1).T
    else:
        yield from (values.cells_of(columns.read[column.name]) for column in columns.used)


def _same(n: int, columns: Iterable[NDArray[Any]]) -> Rows:
    """(n,) numbers that are the same where all cells are; from column to column only rows that are still alike are looked at."""
    keys, alike = np.zeros(n, np.int64), np.arange(n)
    for cells in columns:
        found = cells[alike]
        codes, different = pd.factorize(found.view(np.int64) if found.dtype.kind == "f" else found)
        pairs = pd.factorize(keys[alike] * len(different) + codes)[0]
        first = np.empty(pairs.max() + 1, np.int64)
        first[pairs[::-1]] = alike[::-1]  # of rows that are alike, the first is written last
        keys[alike] = first[pairs]
        alike = alike[np.bincount(pairs)[pairs] > 1]
        if not len(alike):
            break
    return keys
