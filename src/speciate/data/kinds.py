"""The kinds of columns: how each is recognized, read, fitted, and read again in rows to predict for.

A column that has a kind holds float64 or other numbers, datetimes, or texts: what cells mean is decided once, here, by the
rules of `cells.py` and `dates.py`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data import cells, dates, values
from speciate.data.moments import standards
from speciate.data.notes import Note
from speciate.data.schema import DATE_PARTS, Category, Date, Entry, Numeric
from speciate.data.values import Read
from speciate.text import counted, quoted

RARE = 0.05
"""Text among numbers or dates, up to this share of the values, counts as missing."""
MANY_NUMBERS = 50
"""With more different numbers than this, or one kind of text only, text may be up to half of the values."""
FEW = 20
"""Below this many rows nothing is said about how many values are different."""
UNIQUE = 0.9
"""A text column in which more than this share of the values are different says which row it is, not what it is like."""
MOST_LEVELS = 50
"""Levels of a category with an input of their own; the rarer ones share one."""
SIGNS = "%‰$€£¥₹₽₩₺₿"
"""Units that are never a part of a name or a code."""

YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?=$|[\s./,;Q-])|^(?:19|20)\d{6}T")
"""What dates have that are written in no way that is read, such as May 2024."""
AMOUNT = re.compile(r"\d[.,]\d|\d\s")
"""What codes such as 12B do not have, and amounts may: decimals, or a space before the unit."""


@dataclass
class Column:
    """A column, and what is known of it.

    Attributes:
        name: As in the source.
        kind: None if it is left out.
        how: How its cells are written, where that is not as usual: `decimal`, `groups`, `unit`, or `order`.
        reason: Why it is left out.
        missing: Rows without a value that can be used.
        infinite: Of them, those with a number that is too large to use.
        pooled: Different texts that share an input.
        notes: What people should look at.
    """

    name: str
    kind: Kind | None
    how: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    missing: int = 0
    infinite: int = 0
    pooled: int = 0
    notes: list[Note] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Remember something that people should look at."""
        self.notes.append(Note("warning", text))


class Cells:
    """A column of text, looked at once for each different value."""

    def __init__(self, column: pd.Series[Any], decimal: str) -> None:
        self.column, self.name, self.decimal = column, str(column.name), decimal
        self.codes, self.cells = values.each_different(column)
        rows = np.bincount(self.codes[self.codes >= 0], minlength=len(self.cells))
        self.texts: Counter[str] = Counter()
        self.written: Counter[str] = Counter()  # without what is a number by its type
        for cell, count in zip(self.cells, rows.tolist(), strict=True):
            if (text := cells.text_of(cell)) is not None:
                self.texts[text] += count
            if (text := cells.written(cell)) is not None:
                self.written[text] += count
        self.total = self.texts.total()

    def first(self, odd: Mapping[str, int]) -> str:
        """`"abc" in row 12`: the first cell that is one of these."""
        places = [i for i, cell in enumerate(self.cells) if cells.text_of(cell) in odd]
        row = int(np.flatnonzero(np.isin(self.codes, places))[0])
        return f"{quoted(self.column.iloc[row])} in row {int(self.column.index[row]) + 1:,}"


class Kind(ABC):
    """A kind of column."""

    name: str
    word: str
    filled: str

    @abstractmethod
    def recognize(self, found: Cells, asked: bool) -> Column | None:
        """The column, if it is of this kind.

        Args:
            found: Its cells.
            asked: Whether the user says that it is.
        """

    @abstractmethod
    def read(self, column: pd.Series[Any], how: Mapping[str, Any]) -> Read:
        """(n,) what the cells mean."""

    def missing(self, read: Read) -> int:
        """In how many rows of a column that was read there is nothing."""
        cells = values.cells_of(read)
        return int((np.isnan(cells) if cells.dtype.kind == "f" else cells < 0).sum())

    @abstractmethod
    def fit(
        self, read: Mapping[str, Any], columns: list[Column], rows: NDArray[np.int64]
    ) -> dict[str, list[Entry]]:
        """The fitted entries of the columns of this kind, in the training rows."""

    @abstractmethod
    def again(self, column: pd.Series[Any], entry: Any) -> Read:
        """(n,) what the cells of rows to predict for mean; says what cannot be read.

        Args:
            column: The cells.
            entry: What was fitted; one of them.

        Raises:
            ValueError: Nothing can be read, or it may mean several things.
        """

    def described(self, column: Column, entries: list[Entry]) -> str:
        """A few words on a column that was fitted."""
        return self.alike(column)

    def alike(self, column: Column) -> str:
        """A few words on all columns that are read as this one is."""
        return ", ".join([self.word, *self.written(column.how)])

    def written(self, how: Mapping[str, Any]) -> list[str]:
        """In words, how cells are written that are not written as usual."""
        return []


class NumberKind(Kind):
    """A column of numbers."""

    name = "numeric"
    word = "number"
    filled = "filled with the median, and an input of its own says so"

    def recognize(self, found: Cells, asked: bool) -> Column | None:
        """Whether the texts among the numbers are few enough, or are one marker, to count as missing."""
        unit, texts = cells.find_unit(found.written), found.written
        mark = cells.find_decimal(texts, unit)
        decimal = found.decimal if mark == "?" else mark or "."
        odd = {text: n for text, n in texts.items() if not is_amount(text, decimal, unit)}
        share, good = sum(odd.values()) / max(found.total, 1), len(found.texts) - len(odd)
        few = share <= RARE or (share <= 0.5 and ((len(odd) == 1 and good > 2) or good > MANY_NUMBERS))
        other = {text: n for text, n in odd.items() if is_amount(text, "." if decimal == "," else ",", unit)}
        few = few and sum(other.values()) <= RARE * found.total  # else points and commas are mixed
        code = unit and not set(unit) & set(SIGNS) and len(texts) <= FEW
        code = code and not any(AMOUNT.search(text) for text in texts)
        column = Column(found.name, self)
        if not asked and (code or not few):
            return None
        if asked and not good:
            column.kind, column.reason = None, f"none of its values is a number, such as {found.first(odd)}"
            return column
        groups = cells.groups_of(texts, decimal, unit)
        how = {"decimal": decimal if decimal != "." else "", "groups": groups, "unit": unit}
        column.how = {key: value for key, value in how.items() if value}
        if mark == "?":
            column.warn(
                f"column {quoted(found.name)}: {cells.two_ways(texts, unit)}, and no other value decides it; a decimal "
                f"{cells.MARKS[decimal]} is assumed, as in the rest of the file"
            )
        if odd:
            column.notes.append(_mixed(found, odd, "text counts as missing here"))
        return column

    def read(self, column: pd.Series[Any], how: Mapping[str, Any]) -> NDArray[Any]:
        """(n,) float64."""
        return values.numbers(column, how.get("decimal", "."), how.get("unit", ""))

    def fit(
        self, read: Mapping[str, Any], columns: list[Column], rows: NDArray[np.int64]
    ) -> dict[str, list[Entry]]:
        """One entry each."""
        moments = standards([read[column.name] for column in columns], rows)
        return {
            column.name: [Numeric(column.name, *standard, **column.how)]
            for column, standard in zip(columns, moments, strict=True)
        }

    def again(self, column: pd.Series[Any], entry: Numeric) -> Read:
        """(n,) float64."""
        if not values.is_numeric(column):
            return values.spread_all(column, lambda found, rows: cells.numbers_in(found, rows, asdict(entry)))
        numbers = values.numbers(column)
        gone = int(np.isnan(numbers).sum())
        cells.weigh(entry.name, len(column), {}, gone, entry.indicator, "numbers")
        return numbers

    def written(self, how: Mapping[str, Any]) -> list[str]:
        """`decimal comma`, `in kg`."""
        names = {" ": "spaces", "\xa0": "spaces", "\u202f": "spaces", ",": "commas", ".": "points"}
        said = ["decimal comma"] if how.get("decimal") == "," else []
        said += [f"digits grouped by {names.get(sign, 'apostrophes')}" for sign in how.get("groups", "")]
        return said + ([f"in {how['unit']}"] if "unit" in how else [])


class DateKind(Kind):
    """A column of dates."""

    name = "date"
    word = "date"
    filled = NumberKind.filled

    def recognize(self, found: Cells, asked: bool) -> Column | None:
        """Whether nearly every value is a date."""
        order = dates.find_order(found.texts)
        known = "dmy" if order == "?" else order
        odd = {text: n for text, n in found.texts.items() if dates.date_of(text, known) is None}
        if sum(odd.values()) > RARE * found.total or not found.total:
            return None
        column = Column(found.name, self, {"order": known} if known else {})
        if order == "?":
            column.warn(
                f"column {quoted(found.name)}: in dates such as {found.first(found.texts)} day and month may be either way "
                "round; the day is taken to be first"
            )
        if odd:
            column.notes.append(_mixed(found, odd, "text counts as missing here", "dates"))
        return column

    def read(self, column: pd.Series[Any], how: Mapping[str, Any]) -> pd.Categorical:
        """(n,) datetimes."""
        return values.meanings(
            column, lambda found, _: [dates.date_of(c, how.get("order", "")) for c in found]
        )

    def fit(
        self, read: Mapping[str, Any], columns: list[Column], rows: NDArray[np.int64]
    ) -> dict[str, list[Entry]]:
        """An entry for the days and for each further part that is not the same in all training rows."""
        found: dict[str, list[Entry]] = {}
        for column in columns:
            cells = read[column.name]
            block = [values.date_parts(cells, part)[cells.codes[rows]] for part in DATE_PARTS]
            entries = found.setdefault(column.name, [])
            for i, (fill, indicator, mean, scale) in enumerate(standards(block, slice(None))):
                if i == 0 or np.fmin.reduce(block[i]) < np.fmax.reduce(block[i]):
                    gap = indicator and i == 0
                    entries.append(Date(column.name, DATE_PARTS[i], fill, gap, mean, scale, **column.how))
        return found

    def again(self, column: pd.Series[Any], entry: Date) -> Read:
        """(n,) datetimes."""
        return values.meanings(column, lambda found, rows: dates.dates_in(found, rows, asdict(entry)))

    def written(self, how: Mapping[str, Any]) -> list[str]:
        """`day first`."""
        return [dates.ORDERS[how["order"]]] if "order" in how else []


class CategoryKind(Kind):
    """A column of texts."""

    name = "category"
    word = "category"
    filled = "a level of its own"

    def recognize(self, found: Cells, asked: bool) -> Column | None:
        """Any text is one; where nearly every value is different, it is of no use."""
        column = Column(found.name, self)
        amounts = {t: n for t, n in found.texts.items() if is_amount(t, ".") or is_amount(t, ",")}
        units = {t: n for t, n in found.texts.items() if t not in amounts and cells.UNIT.fullmatch(t)}
        if found.total >= FEW and len(found.texts) > UNIQUE * found.total and not asked:
            column.kind = None
            column.reason = "nearly every value is different, like a name or an identifier"
        use = "the column is left out" if column.kind is None else "all of it is used as categories"
        share = sum(amounts.values()) / max(found.total, 1)
        if asked:
            return column
        if share > RARE:
            odd = {t: n for t, n in found.texts.items() if t not in amounts}
            if odd:
                column.notes.append(_mixed(found, odd, use))
            else:
                column.warn(f"column {quoted(found.name)} mixes decimal points and decimal commas; {use}")
        elif 2 * sum(n for t, n in found.texts.items() if len(t) < 40 and YEAR.search(t)) > found.total:
            column.warn(
                f"column {quoted(found.name)} looks like dates that cannot be read, first {found.first(found.texts)}; {use}; "
                "write them as 2024-05-31"
            )
        elif 2 * sum(units.values()) > found.total:
            column.warn(
                f"column {quoted(found.name)} looks like numbers with units, first {found.first(units)}; {use}; "
                f"--numeric reads the numbers"
            )
        return column

    def read(self, column: pd.Series[Any], how: Mapping[str, Any]) -> pd.Categorical:
        """(n,) texts."""
        return values.meanings(column, lambda found, _: [cells.text_of(cell) for cell in found])

    def fit(
        self, read: Mapping[str, Any], columns: list[Column], rows: NDArray[np.int64]
    ) -> dict[str, list[Entry]]:
        """One entry each."""
        found: dict[str, list[Entry]] = {}
        for column in columns:
            entry, column.pooled = _fit_category(column.name, read[column.name][rows])
            found[column.name] = [entry]
        return found

    def again(self, column: pd.Series[Any], entry: Category) -> Read:
        """(n,) texts."""
        texts = self.read(column, {})
        there = values.counts(texts)
        cells.weigh_levels(
            str(column.name), len(texts), there, entry.levels, entry.missing_level, entry.other
        )
        return texts

    def described(self, column: Column, entries: list[Entry]) -> str:
        """How many levels it has, and how many share an input."""
        levels = sum(len(entry.levels) for entry in entries if isinstance(entry, Category))
        text = counted(levels, "category", "categories")
        return f"{text}, {column.pooled:,} rarer ones share an input" if column.pooled else text


KINDS: tuple[Kind, ...] = (NumberKind(), DateKind(), CategoryKind())
"""In the order in which they are tried."""
NUMBER, DATE, CATEGORY = KINDS
BY_NAME = {kind.name: kind for kind in KINDS}


def is_amount(text: str, decimal: str = ".", unit: str = "") -> bool:
    """Whether a text is a number, even one that is too large to use, such as 1e400: that is not the same as no number."""
    number = cells.number_of(text, decimal, unit)
    return number == number or cells.is_huge(text)


def too_large(column: pd.Series[Any]) -> int:
    """How many cells are numbers that are too large to use."""
    return int(values.spread(column, lambda cell: cells.is_huge(str(cell).strip()), False, bool).sum())


def _mixed(found: Cells, odd: Mapping[str, int], decision: str, kind: str = "numbers") -> Note:
    """What was found, with the first row of it."""
    number = sum(odd.values())
    return Note(
        "warning",
        f"column {quoted(found.name)} mixes {kind} and text: {number:,} of {found.total:,} values "
        f"{'is' if number == 1 else 'are'} text, first {found.first(odd)}; {decision}",
    )


def _fit_category(name: str, texts: pd.Categorical) -> tuple[Category, int]:
    """The entry, and how many rare texts share its last input."""
    counts, gap = values.counts(texts), bool((texts.codes < 0).any())
    levels = sorted(text for text, rows in counts.items() if rows)
    if len(levels) >= MOST_LEVELS:  # the commonest; of equals the last
        often = sorted(range(len(levels)), key=lambda i: (counts[levels[i]], i))[1 - MOST_LEVELS :]
        shared = len(levels) - len(often)
        return Category(name, tuple(levels[i] for i in sorted(often)), gap, True), shared
    return Category(name, tuple(levels), gap, False), 0
