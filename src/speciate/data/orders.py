"""What says which rows belong together, or when they were: columns that decide the parts and are no inputs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from speciate.data import values
from speciate.data.raw import Raw
from speciate.data.splitting import USES, Draw, DrawLatest, DrawUnits, Rows
from speciate.errors import DataError
from speciate.text import counted, listed, quoted


@dataclass(frozen=True, eq=False)
class Groups:
    """Rows that belong together.

    Attributes:
        name: What says so.
        codes: (n,) the group of each row, from 0; a row without one is a group of its own.
        labels: The groups that have a name, in the order of their codes.
    """

    name: str
    codes: Rows
    labels: tuple[str, ...]

    @staticmethod
    def having(raw: Raw, column: pd.Series[Any]) -> Raw:
        """All rows: one without a group is a group of its own."""
        return raw

    @classmethod
    def of(cls, raw: Raw, column: pd.Series[Any]) -> Groups:
        """The groups that a column names."""
        codes, labels = pd.factorize(values.texts(column), use_na_sentinel=True)
        alone = np.flatnonzero(codes < 0)
        if len(alone):
            raw.warn(
                f"{quoted(column.name)} is missing in {counted(len(alone), 'row')}: each counts as a group of its own"
            )
        codes = codes.astype(np.int64)
        codes[alone] = len(labels) + np.arange(len(alone))
        return cls(str(column.name), codes, tuple(map(str, labels)))

    def draw(self, raw: Raw, classes: Rows, need: int, rng: np.random.Generator) -> Draw:
        """How whole groups are drawn.

        Raises:
            DataError: There are fewer groups than parts.
        """
        free = np.unique(self.codes[: len(classes) - raw.own_valid - raw.own_test])
        if len(free) < need:
            raise DataError(
                f"{quoted(self.name)} has {counted(len(free), 'group')}, too few for {need} parts",
                where=raw.source,
                why="a group is in one part only",
                hint="name a column with more different values",
            )
        return DrawUnits(classes, self.codes, rng)

    @property
    def split(self) -> str:
        """How rows are split, in words."""
        return f"at random, rows with the same {quoted(self.name)} together"

    def say(self, raw: Raw, parts: tuple[Rows, ...]) -> None:
        """Note what became of the groups.

        Raises:
            DataError: Some are on both sides, because a part is a file of its own.
        """
        each = [np.unique(self.codes[rows]) for rows in parts]
        for i, use in enumerate(USES):
            for j in range(i):
                if len(both := np.intersect1d(each[i], each[j])):
                    names = listed(self.labels[code] for code in both)
                    raise DataError(
                        f"{counted(len(both), 'group')} of {quoted(self.name)} {'is' if len(both) == 1 else 'are'} among both "
                        f"the {USES[j]} and the {use} rows: {names}",
                        where=raw.source,
                        why=f"the {use} rows are a part of their own in the data",
                        hint="remove these rows from one of the parts, or leave group out",
                    )
        used = ", ".join(f"{len(g):,} for {use}" for g, use in zip(each, USES, strict=True) if len(g))
        total = sum(map(len, each))
        raw.info(f"{quoted(self.name)} is no input: rows of a group stay together, {total:,} groups, {used}")
        sizes = np.bincount(self.codes)
        if total == sum(map(len, parts)):
            raw.warn(f"{quoted(self.name)} is different in every row: it keeps nothing together")
        elif sizes.max() > 0.5 * sizes.sum() and sizes.argmax() < len(self.labels):
            largest = quoted(self.labels[int(sizes.argmax())])
            raw.warn(
                f"group {largest} of {quoted(self.name)} has {sizes.max() / sizes.sum():.1%} of the rows"
            )


@dataclass(frozen=True, eq=False)
class Times:
    """Rows in the order of time.

    Attributes:
        name: The column that says when.
        times: (n,) numbers that grow with time.
        texts: (n,) as they are written.
    """

    name: str
    times: NDArray[np.float64]
    texts: NDArray[np.object_]

    @staticmethod
    def having(raw: Raw, column: pd.Series[Any]) -> Raw:
        """The rows that have a time.

        Raises:
            DataError: None has.
        """
        there = values.has_text(values.texts(column))
        lost = counted(int((~there).sum()), "row")
        if not there.any():
            raise DataError(f"{quoted(column.name)} is missing in all {lost}", where=raw.source)
        if not there.all():
            raw.warn(f"{quoted(column.name)} is missing in {lost} of {len(there):,}: left out")
        return raw.keep(there)

    @classmethod
    def of(cls, raw: Raw, column: pd.Series[Any]) -> Times:
        """The times that a column without gaps holds.

        Raises:
            DataError: It holds something else than numbers and dates.
        """
        texts, times = values.texts(column), values.numbers(column)
        if np.isnan(times).any():
            dates = pd.to_datetime(pd.Series(texts), format="ISO8601", utc=True, errors="coerce")
            seconds: Any = (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
            times = seconds.to_numpy(dtype=np.float64)
        if len(odd := np.flatnonzero(np.isnan(times))):
            raise DataError(
                f"{quoted(column.name)} holds no time in {counted(len(odd), 'row')} of {len(times):,}, first "
                f"{quoted(texts[odd[0]])} in row {int(column.index[odd[0]]) + 1:,}",
                where=raw.source,
                why="rows are put in order by numbers, or by dates such as 2024-05-31 or 2024-05-31T10:30",
            )
        return cls(str(column.name), times, texts)

    def draw(self, raw: Raw, classes: Rows, need: int, rng: np.random.Generator) -> Draw:
        """How the latest rows are drawn.

        Raises:
            DataError: There are fewer different times than parts.
        """
        different = len(np.unique(self.times[: len(classes) - raw.own_valid - raw.own_test]))
        if different < need:
            raise DataError(
                f"{quoted(self.name)} has {counted(different, 'different time')}, too few for {need} parts",
                where=raw.source,
                why="rows of the same time are in one part only",
            )
        return DrawLatest(self.times)

    @property
    def split(self) -> str:
        """How rows are split, in words."""
        return f"the latest by {quoted(self.name)}"

    def say(self, raw: Raw, parts: tuple[Rows, ...]) -> None:
        """Note from when to when each part goes."""
        spans, ends = [], []
        for use, rows in zip(USES, parts, strict=True):
            if len(rows):
                first, last = rows[self.times[rows].argmin()], rows[self.times[rows].argmax()]
                spans.append(f"{use} from {self._text(first)} to {self._text(last)}")
                ends.append((use, self.times[first], self.times[last]))
        raw.info(f"{quoted(self.name)} is no input: rows in the order of time, {', '.join(spans)}")
        for (before, _, last), (use, first, _) in pairwise(ends):
            if first <= last:
                raw.warn(
                    f"some {use} rows are not later than all {before} rows, because a part is one of its own"
                )

    def _text(self, row: int) -> str:
        return str(self.texts[row]).removesuffix(" 00:00:00")


@dataclass(frozen=True, eq=False)
class Order:
    """What says which rows belong together, or when they were.

    Attributes:
        kind: Which of both.
        column: By the numbers of rows, as in `Raw`.
    """

    kind: type[Groups | Times]
    column: pd.Series[Any]

    def usable(self, raw: Raw) -> Raw:
        """The rows that have what it takes.

        Raises:
            DataError: None has.
        """
        return self.kind.having(raw, self.column.loc[raw.y.index])

    def of(self, raw: Raw) -> Groups | Times:
        """The groups or times of rows.

        Raises:
            DataError: They are none.
        """
        return self.kind.of(raw, self.column.loc[raw.y.index])


def take_order(raw: Raw, group: str | ArrayLike | None, time_column: str | ArrayLike | None) -> Order | None:
    """What says which rows belong together, or when they were, taken out of the inputs; None without either.

    Args:
        raw: All rows.
        group: A column, or (n,) of what says which rows belong together.
        time_column: A column, or (n,) numbers or dates.

    Raises:
        DataError: There is no such column, or not one value a row.
    """
    if group is None and time_column is None:
        return None
    kind, given = (Groups, group) if time_column is None else (Times, time_column)
    if isinstance(given, str):
        return Order(kind, raw.take_column(given))
    column = pd.Series(np.asarray(given), name="groups" if time_column is None else "times")
    if len(column) != len(raw.y):
        raise DataError(
            f"there are {counted(len(raw.y), 'row')} but {len(column):,} {column.name}", where=raw.source
        )
    return Order(kind, column.set_axis(raw.y.index))
