"""The parts of the data: rows with a file of their own are joined to the others, all others are divided, and it is said how."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data.columns import Columns
from speciate.data.notes import Note
from speciate.data.orders import Order
from speciate.data.raw import Raw, Reading
from speciate.data.repeats import Repeats
from speciate.data.sources import read_source
from speciate.data.splitting import USES, Draw, DrawRows, DrawUnits, Rows, fold_rows, split_rows
from speciate.data.targets import Target, drop_unlabeled, refuse_small_classes
from speciate.errors import ConfigurationError, DataError
from speciate.text import counted, listed, quoted


def join_files(
    raw: Raw, target: str | None, reading: Reading, validation_file: object, test_file: object
) -> Raw:
    """A source with the rows of other sources as its own validation and test rows.

    Args:
        raw: The source.
        target: The column to predict, as for `read_source`.
        reading: How they are read.
        validation_file: What `read_source` takes, or None.
        test_file: What `read_source` takes, or None.

    Raises:
        DataError: One cannot be read, or has other columns.
        ConfigurationError: The source has such rows already.
    """
    if validation_file is None and test_file is None:
        return raw
    if raw.white is not None:  # images: of one size
        reading = dataclasses.replace(reading, image_size=raw.x.shape[-2:])
    ends = np.cumsum([len(raw.y) - raw.own_valid - raw.own_test, raw.own_valid, raw.own_test])
    pieces = [(raw.x[a:b], raw.y.iloc[a:b]) for a, b in zip([0, *ends], ends, strict=False)]
    written = [raw.written]
    for place, use, source in ((1, "validation", validation_file), (2, "test", test_file)):
        if source is None:
            continue
        if len(pieces[place][1]):
            raise ConfigurationError(
                f"{raw.name} has {use} rows of its own", where=f"{use}_file", hint=f"leave {use}_file out"
            )
        part = drop_unlabeled(read_source(source, target, reading), reading.keep_none)
        written.append(part.written)
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
    numbers = np.concatenate([y.index for _, y in pieces if len(y)])
    texts = [text for text in written if text is not None]
    as_written = pd.concat(texts, ignore_index=True) if len(texts) == len(written) else None
    return dataclasses.replace(
        raw,
        x=x,
        y=y,
        numbers=numbers,
        written=as_written,
        own_valid=len(pieces[1][1]),
        own_test=len(pieces[2][1]),
    )


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
) -> tuple[tuple[Rows, Rows, Rows], NDArray[np.int8] | None, str]:
    """Row numbers for training, validation and test, the folds of the training rows, and in words how they were split; with notes on them.

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
    how = (
        own.split
        if own is not None
        else "at random, rows with the same inputs together"
        if together
        else "at random"
    )
    if raw.own_test or (not test and raw.own_valid):
        how = "as they were given"
    return parts, None if raw.own_valid else fold_rows(draw, parts[0]), how


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
