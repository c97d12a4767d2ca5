"""The target column: which task it poses, which rows have none, and whether anything can be learned from it."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data import values
from speciate.data.cells import LARGEST, MISSING, number_of, text_of
from speciate.data.dataset import Task
from speciate.data.kinds import NUMBER, Cells, Column, is_amount
from speciate.data.raw import Raw
from speciate.errors import DataError
from speciate.text import counted, listed, quoted

FEW_NUMBERS = 20
"""A target of whole numbers with at most this many different values is taken for classes."""


@dataclass
class Target:
    """What is to be predicted.

    Attributes:
        task: What it is.
        y: (n,) class indices in int64, or float64 values.
        classes: Labels, in order; empty for regression.
    """

    task: Task
    y: NDArray[Any]
    classes: tuple[str, ...]


def drop_unlabeled(raw: Raw, keep_none: bool = False) -> Raw:
    """The rows that have a target, with a note if some have none.

    Args:
        raw: All rows.
        keep_none: Whether words such as None and NA are labels.

    Raises:
        DataError: None has.
    """
    what, beyond = "missing", False
    if values.is_numeric(raw.y):
        there = ~np.isnan(values.numbers(raw.y))
        if beyond := bool((raw.y.notna().to_numpy() & ~there).any()):
            what = f"missing, not finite or beyond {LARGEST:g}"
    else:
        raw = _read_labels(raw, keep_none)
        there = raw.y.notna().to_numpy()
    if not there.any():
        raise DataError(
            f"the target {quoted(raw.target)} is {what} in all {counted(len(there), 'row')}",
            where=raw.source,
            hint="divide it by a constant"
            if beyond
            else "is it the right column? missing are empty cells, ?, NA, nan, null and the like",
        )
    lost = int((~there).sum())
    if lost:
        raw.warn(
            f"target {quoted(raw.target)} is {what} in {counted(lost, 'row')} of {len(there):,}: left out"
        )
    return raw.keep(there)


KEEP = "--keep-none"
WORDS = {"None", "none", "NULL", "null", "NA", "N/A", "n/a", "NaN", "nan", "NaT"}
"""Missing markers that may be the names of classes."""


def _read_labels(raw: Raw, keep_none: bool) -> Raw:
    """A target of text, in which a word such as None is a label if nothing else says that a target is missing."""
    texts = values.meanings(raw.y, lambda found, _: [_label(cell) for cell in found])
    counts = Counter(values.counts(texts))
    words = {text: count for text, count in counts.items() if text in WORDS & MISSING}
    bare = counts.total() == len(texts) and not counts.keys() & (MISSING - WORDS)
    one = bare and len(words) == 1 and min(words.values()) >= LEAST_ROWS
    labels = (
        counts.keys()
        if raw.complete
        else counts.keys() - MISSING | (words.keys() if keep_none or one else set())
    )
    amounts = _is_amount(counts.keys() - MISSING)
    if words and amounts and not (raw.complete or keep_none):
        labels, one = labels - words.keys(), False
    if words and not (raw.complete or keep_none) and (len(counts) <= FEW_LABELS or not amounts):
        named = ", ".join(f"{quoted(text)} ({count:,})" for text, count in words.items())
        what = "a class, since no target is empty" if one else f"a missing target; {KEEP} makes it a class"
        raw.warn(f"target {quoted(raw.target)}: {named} is taken for {what}")
    read = np.array([*(text if text in labels else None for text in texts.categories), None], dtype=object)
    y = pd.Series(read[texts.codes], index=raw.y.index, dtype=object, name=raw.target)
    return dataclasses.replace(raw, y=y, written=None)


def _label(cell: Any) -> str | None:
    return cell.strip() if isinstance(cell, str) else text_of(cell)


def _is_amount(labels: Iterable[str]) -> bool:
    """Whether nearly all labels are numbers, so that a word among them is a missing one."""
    good = [text for text in labels if is_amount(text) or is_amount(text, ",")]
    return len(good) > 0.9 * len(list(labels))


FEW_LABELS = 20
"""With more different numbers than this, a word among them can hardly be a class."""
LEAST_ROWS = 3
"""A class has a row for training, one for validation and one for the test."""


def understand_target(raw: Raw, task: str) -> tuple[Raw, Target]:
    """The target as numbers, and the rows that have one.

    Args:
        raw: Rows that all have a target.
        task: "auto", "classification" or "regression".

    Raises:
        DataError: Nothing can be learned from this target.
    """
    if task == "auto":
        task = _guess(raw)
    return _values(raw) if task == "regression" else (raw, _labels(raw))


def _guess(raw: Raw) -> Task:
    column, override = raw.y, "--task"
    numbers, _ = target_numbers(raw)
    good = ~np.isnan(numbers)
    different = len(np.unique(numbers[good]))
    text = not values.is_numeric(column)
    if text and (good.mean() < 0.95 or different <= FEW_NUMBERS):
        raw.info(f"task: classification, because the target {quoted(raw.target)} is text")
        return "classification"
    if pd.api.types.is_bool_dtype(column.dtype):
        raw.info(f"task: classification, because the target {quoted(raw.target)} is true or false")
        return "classification"
    whole = bool((numbers[good] == np.round(numbers[good])).all())
    few = different <= FEW_NUMBERS and (different <= 2 or different * 3 <= len(numbers))
    facts = f"the target {quoted(raw.target)} has {different:,} different {'whole ' if whole else ''}numbers"
    if whole and few:
        raw.info(
            f"task: classification, because {facts} (at most {FEW_NUMBERS} are taken for classes); "
            f"{override} regression if they are amounts"
        )
        return "classification"
    if whole:
        _refuse_row_numbers(raw, numbers[good])
    raw.info(f"task: regression, because {facts}; {override} classification if they are classes")
    return "regression"


def target_numbers(raw: Raw) -> tuple[NDArray[np.float64], Column]:
    """(n,) the target as numbers, NaN where it is none, and what is known of them as a column."""
    if values.is_numeric(raw.y):
        return values.numbers(raw.y), Column(raw.target, NUMBER)
    column = NUMBER.recognize(Cells(raw.y, raw.decimal), asked=True) or Column(raw.target, NUMBER)
    return np.asarray(NUMBER.read(raw.y, column.how)), column


def _refuse_row_numbers(raw: Raw, numbers: NDArray[np.float64]) -> None:
    n = len(numbers)
    if n >= 20 and len(np.unique(numbers)) == n and numbers.max() - numbers.min() == n - 1:
        raise _identifier(raw, n, n)


def _refuse_too_large(raw: Raw, numbers: NDArray[np.float64]) -> None:
    """Whole numbers so large that the nearest numbers of double precision say little of how they differ."""
    if not pd.api.types.is_integer_dtype(raw.y.dtype) or np.abs(numbers).max() < 2.0**53:
        return
    exact = raw.y.to_numpy()
    off = (exact.astype(np.uint64) - exact.min().astype(np.uint64)).astype(np.float64)
    if np.std(numbers - numbers.min() - off) > 0.01 * np.std(off):
        raise DataError(
            f"the target {quoted(raw.target)} has whole numbers too large to be told apart",
            where=raw.source,
            why=f"near {exact.max():,} numbers of double precision are {np.spacing(np.abs(numbers).max()):,.0f} apart",
            hint=f"subtract a constant such as {exact.min():,} from it, and add that to the predictions",
        )


def _identifier(raw: Raw, different: int, rows: int) -> DataError:
    return DataError(
        f"the target {quoted(raw.target)} looks like an identifier: {different:,} different values in {counted(rows, 'row')}",
        where=raw.source,
        why="a class needs several rows to be learned from",
        hint="name another target column; if these are amounts to be predicted, use --task regression",
    )


def _labels(raw: Raw) -> Target:
    texts = _written(raw)
    codes, found = pd.factorize(texts)
    labels = sorted((str(label) for label in found), key=_label_order(found))
    place = {label: i for i, label in enumerate(labels)}
    y = np.array([place[label] for label in found], dtype=np.int64)[codes]
    if len(labels) == 1:
        raise DataError(
            f"the target {quoted(raw.target)} has one class only: {quoted(labels[0])} in all {counted(len(y), 'row')}",
            where=raw.source,
            why="; ".join(note.text for note in raw.notes if KEEP in note.text),
            hint="there is nothing to tell apart; name another target column",
        )
    if len(labels) * 2 > len(y) and len(y) >= 10:
        raise _identifier(raw, len(labels), len(y))
    return Target("classification", y, tuple(labels))


def _written(raw: Raw) -> NDArray[np.object_]:
    """(n,) the labels, as they are written in a file; of several ways to write a number or a truth value, the commonest."""
    if raw.written is None:
        return raw.y.to_numpy(dtype=object) if raw.y.dtype == object else values.texts(raw.y)
    written = values.meanings(raw.written, lambda found, _: [_label(cell) for cell in found])
    counts = values.counts(written)
    ways: dict[Any, str] = {}
    for text in sorted(counts, key=lambda text: (-counts[text], text)):
        ways.setdefault(_meant(text), text)
    if len(ways) < len(counts):
        raw.info(
            f"labels of {quoted(raw.target)} that are the same number are one class: {listed(ways.values())}"
        )
    labels = [ways[_meant(text)] for text in written.categories]
    return np.asarray(np.array(labels, dtype=object)[written.codes])


def _meant(label: str) -> Any:
    """What a label that a file's parser takes for a number or a truth value means: 7.0 is 7, but 007 is a code."""
    try:
        return label if re.match(r"[+-]?0\d", label) else Decimal(label)
    except InvalidOperation:
        return label.lower()


def _label_order(labels: Any) -> Any:
    """Numbers in numeric order, anything else in alphabetical order."""
    if any(np.isnan(number_of(label)) for label in labels):
        return str
    return lambda label: (number_of(label), label)


def refuse_small_classes(raw: Raw, target: Target, need: int, rows: int) -> None:
    """Every class must be able to give a row to each part.

    Args:
        raw: Where the target comes from.
        target: Classes.
        need: Rows that each class must have among the first `rows` rows.
        rows: How many rows are to be split.

    Raises:
        DataError: Some have fewer; says which.
    """
    counts = np.bincount(target.y[:rows], minlength=len(target.classes))
    small = np.flatnonzero(counts < need)
    if len(small) == 0:
        return
    each = ", ".join(f"{quoted(target.classes[i])} {counts[i]:,}" for i in small[:8])
    more = f" and {len(small) - 8:,} more" if len(small) > 8 else ""
    amounts = "if these are amounts, use --task regression; else " if values.is_numeric(raw.y) else ""
    raise DataError(
        f"{counted(len(small), 'class', 'classes')} of {quoted(raw.target)} {'has' if len(small) == 1 else 'have'} fewer "
        f"than {need} rows: {each}{more}",
        where=raw.source,
        why="each class needs a row for training, one for validation and one for the test",
        hint=f"{amounts}remove these rows or merge the classes",
    )


def _values(raw: Raw) -> tuple[Raw, Target]:
    numbers, column = target_numbers(raw)
    odd = np.isnan(numbers)
    raw.notes += (
        column.notes[:1] if not odd.any() else column.notes[:-1]
    )  # the last one says what is odd, as is done below
    if column.how:
        raw.info(
            f"the target {quoted(raw.target)} is read as numbers, {', '.join(NUMBER.written(column.how))}"
        )
    if odd.any():
        first = int(np.flatnonzero(odd)[0])
        what = f"{quoted(raw.y.iloc[first])} in row {int(raw.y.index[first]) + 1:,}"
        if odd.mean() > 0.05:
            raise DataError(
                f"the target {quoted(raw.target)} is not a number in {counted(int(odd.sum()), 'row')} of {len(odd):,}",
                where=f"{raw.source}, first {what}",
                hint="regression needs numbers; use --task classification for classes",
            )
        raw.warn(
            f"target {quoted(raw.target)} is not a number in {counted(int(odd.sum()), 'row')} of {len(odd):,}, "
            f"first {what}: left out"
        )
        raw, numbers = raw.keep(~odd), numbers[~odd]
    _refuse_too_large(raw, numbers)
    if len(np.unique(numbers)) == 1:
        raise DataError(
            f"the target {quoted(raw.target)} is {numbers[0]:g} in all {counted(len(numbers), 'row')}",
            where=raw.source,
            hint="there is nothing to predict; name another target column",
        )
    return raw, Target("regression", numbers, ())
