"""What the user says about the parts of the data: rows that belong together, rows in the order of time, files of their own."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from speciate.data import values
from speciate.data.columns import Columns
from speciate.data.dataset import Note
from speciate.data.raw import Raw
from speciate.data.repeats import Repeats
from speciate.data.sources import read_source
from speciate.data.splitting import Draw, DrawLatest, DrawRows, DrawUnits, Rows, split_rows
from speciate.data.targets import Target, drop_unlabeled, refuse_small_classes
from speciate.errors import ConfigurationError, DataError
from speciate.text import counted, listed, quoted

USES = ("training", "validation", "test")


def join_files(raw: Raw, target: str | None, validation_file: object, test_file: object) -> Raw:
    """A source with the rows of other sources as its own validation and test rows.

    Args:
        raw: The source.
        target: The column to predict, as for `read_source`.
        validation_file: What `read_source` takes, or None.
        test_file: What `read_source` takes, or None.

    Raises:
        DataError: One cannot be read, or has other columns.
        ConfigurationError: The source has such rows already.
    """
    if validation_file is None and test_file is None:
        return raw
    ends = np.cumsum([len(raw.y) - raw.own_valid - raw.own_test, raw.own_valid, raw.own_test])
    pieces = [(raw.x[a:b], raw.y.iloc[a:b]) for a, b in zip([0, *ends], ends, strict=False)]
    for place, use, source in ((1, "validation", validation_file), (2, "test", test_file)):
        if source is None:
            continue
        if len(pieces[place][1]):
            raise ConfigurationError(
                f"{raw.name} has {use} rows of its own", where=f"{use}_file", hint=f"leave {use}_file out"
            )
        part = drop_unlabeled(read_source(source, target))
        if part.own_valid or part.own_test:
            raise DataError(f"the {use} file is itself divided into parts", where=part.source)
        _refuse_other_columns(raw, part, use)
        raw.notes += [Note(note.level, f"{use} file: {note.text}") for note in part.notes]
        raw.info(f"{use} rows: {len(part.y):,} of {quoted(part.source, 200)}")
        pieces[place] = part.x, part.y
    try:
        x: Any = [x for x, y in pieces if len(y)]
        x = (
            np.concatenate(x)
            if isinstance(raw.x, np.ndarray)
            else pd.concat([t[list(raw.x)] for t in x], ignore_index=True)
        )
    except ValueError as error:
        shapes = ", ".join(str(x.shape[1:]) for x, _ in pieces if len(x))
        raise DataError(f"the rows of the parts have different shapes: {shapes}", where=raw.source) from error
    y = pd.concat([y for _, y in pieces if len(y)], ignore_index=True)
    return dataclasses.replace(raw, x=x, y=y, own_valid=len(pieces[1][1]), own_test=len(pieces[2][1]))


def _refuse_other_columns(raw: Raw, part: Raw, use: str) -> None:
    if isinstance(raw.x, np.ndarray) != isinstance(part.x, np.ndarray):
        raise DataError(
            f"the {use} file is of another kind than the data: one is a table, the other are arrays",
            where=part.source,
        )
    if isinstance(raw.x, np.ndarray) or isinstance(part.x, np.ndarray):
        return
    lacking = [name for name in raw.x if name not in part.x]
    more = [name for name in part.x if name not in raw.x]
    faults = [f"lacks {listed(lacking)}"] * bool(lacking) + [f"has {listed(more)} besides"] * bool(more)
    if faults:
        raise DataError(
            f"the {use} file has other columns than the data: it {' and '.join(faults)}",
            where=part.source,
            hint="columns are matched by name; give both files the same",
        )


def refuse_new_classes(raw: Raw, goal: Target, parts: tuple[Rows, ...]) -> None:
    """Every class must be among the training rows; what the other parts lack is noted.

    Args:
        raw: Where the target comes from.
        goal: The target.
        parts: Rows for training, validation and test.

    Raises:
        DataError: One is not; says which.
    """
    if not goal.classes:
        return
    counts = [np.bincount(goal.y[rows], minlength=len(goal.classes)) for rows in parts]
    if len(new := np.flatnonzero(counts[0] == 0)):
        each = ", ".join(f"{quoted(goal.classes[i])} ({sum(c[i] for c in counts):,})" for i in new[:8])
        raise DataError(
            f"{counted(len(new), 'class', 'classes')} of {quoted(raw.target)} {'has' if len(new) == 1 else 'have'} no "
            f"training row: {each}",
            where=raw.source,
            why="they are in other parts only, where no network could be right about them",
            hint="leave these rows out, or divide the data in another way",
        )
    for use, there in zip(USES[1:], counts[1:], strict=True):
        if there.any() and len(none := np.flatnonzero(there == 0)):
            raw.warn(f"no {use} row is of class {listed(goal.classes[i] for i in none)}")


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


def divide(
    raw: Raw,
    goal: Target,
    columns: Columns | None,
    order: Order | None,
    need: int,
    rng: np.random.Generator,
    *,
    validation: float | None,
    test: float,
    keep_rare: bool,
) -> tuple[Rows, Rows, Rows]:
    """Row numbers for training, validation and test, and notes on them.

    Without an order, rows are drawn one by one, unless so many repeat each other that equal rows have to stay together; see
    `speciate.data.repeats`.

    Args:
        raw: All rows.
        goal: Their target.
        columns: Those that are inputs; None for arrays.
        order: What `take_order` gave.
        need: How many parts are drawn.
        rng: Where the draws come from.
        validation: See `speciate.data.load_data`.
        test: See `speciate.data.load_data`.
        keep_rare: See `speciate.data.load_data`.

    Raises:
        DataError: The rows cannot be divided so.
    """
    classes = goal.y if goal.classes else np.zeros(len(goal.y), dtype=np.int64)
    free = len(classes) - raw.own_valid - raw.own_test
    repeats = Repeats.of(raw, columns)
    own = None if order is None else order.of(raw)
    together = False
    if own is not None:
        draw: Draw = own.draw(raw, classes, need, rng)
    else:
        if goal.classes and not keep_rare:
            refuse_small_classes(raw, goal, need, free)
        together = repeats.many(classes[:free], need)
        draw = DrawUnits(classes, repeats.codes, rng) if together else DrawRows(classes, rng)
    parts = split_rows(
        len(classes), draw, validation=validation, test=test, own_valid=raw.own_valid, own_test=raw.own_test
    )
    if len(parts[1]) == 0:
        raise DataError("no class has enough rows to be split", where=raw.source, hint="give more rows")
    if own is not None:
        own.say(raw, parts)
        _say_shares(raw, parts, free, validation, test)
    if own is not None or raw.own_valid or raw.own_test:
        refuse_new_classes(raw, goal, parts)
    repeats.say(raw, goal, parts, together)
    return parts


def _say_shares(raw: Raw, parts: tuple[Rows, ...], free: int, validation: float | None, test: float) -> None:
    """Warn of parts that are far from the share that was asked for, because rows stay together."""
    of_test = 0 if raw.own_test else test * free
    wanted = {"test": of_test, "validation": 0 if raw.own_valid else (validation or 0.2) * (free - of_test)}
    for use, rows in wanted.items():
        got = len(parts[USES.index(use)])
        if rows and abs(got - rows) > max(0.25 * rows, 0.02 * free):
            raw.warn(
                f"{got / free:.1%} of the rows are for {use} instead of {rows / free:.1%}: rows stay together"
            )
