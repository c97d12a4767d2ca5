"""What the cells of a column mean, in plain Python: the one place for these rules.

Training, prediction and the model.py of every champion use them; into the latter all below the line `# model.py` is copied.

* A text is stripped; one of `MISSING` is a missing value.
* A number is what Python's `float` reads, without underscores; "true" and "false" in any case are 1 and 0, a span of time is
  its days. Digits may be grouped (1,234.5 or 1 234.5), the decimal mark may be a comma (1.234,5), and a unit may stand before
  or behind the number ($12.50, 8.5 kg, 12%), or be hours and minutes (7:30 is a part of a day): which decimal mark and which unit
  is decided for a whole column. Numbers beyond
  `LARGEST` count as missing, and so does text where a number is expected.
* A category is text; whole numbers are written without ".0", truth values as "true" and "false".
"""

from __future__ import annotations

import datetime as dt
import math
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# model.py
MISSING = {
    "", "?", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None", "NaT",
}  # fmt: skip
LARGEST = (
    1e100  # squares of larger numbers come near the end of what a float64 holds: they cannot be standardized
)
MARKS = {".": "point", ",": "comma"}
GROUPED = {
    mark: re.compile(
        rf"[+-]?[1-9]\d{{0,2}}([{other}'\u2019\s])(?:\d\d\d?\1)*\d{{3}}(?:{re.escape(mark)}\d*)?(?:[eE][+-]?\d+)?"
    )
    for mark, other in ((".", ","), (",", "."))
}
UNIT = re.compile(
    r"[+-]?\s*((?:[A-Z]{0,3}[$€£¥₹₽₩₺₿]|EUR|USD|GBP|CHF|JPY)?)\s*[+-]?[.,]?\d(?:[\d.,'\u2019\s]*\d)?[.,]?\s*"
    r"([^\d\s.,:;#+\-_][^\d\s.,:;_]{0,9})?"
)
CLOCK = re.compile(r"([+-]?)(\d{1,4}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?(?:\s*([AaPp])\.?[Mm]\.?)?")
MULTIPLES = {"k", "b", "bn", "mn", "mio", "mrd", "tsd", "million", "billion", "thousand"}  # 5.7k is no 5.7
TIMES = "h:mm"  # stands for the unit of numbers that are written so
ENOUGH = 10  # rows in which a value cannot be missing by accident


def text_of(value: Any) -> str | None:
    """The text of a cell, or None if it is missing."""
    if isinstance(value, str):
        text = value.strip()
        return None if text in MISSING else text
    value = value.item() if hasattr(value, "item") else value  # numbers of NumPy and torch
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    return text_of(str(value))


def number_of(value: Any, decimal: str = ".", unit: str = "") -> float:
    """The number in a cell, or NaN if there is none that can be used.

    Args:
        value: The cell.
        decimal: The decimal mark, "." or ",".
        unit: A unit that may stand before or behind the number.
    """
    number = typed(value)
    if number is None:
        number = _read(text_of(value), decimal, unit)
    return number if abs(number) <= LARGEST else math.nan


def typed(value: Any) -> float | None:
    """The number that a cell is by its type, or NaN if that can be none; None for anything else."""
    if isinstance(value, dt.timedelta):
        return value / dt.timedelta(days=1)
    value = value.item() if hasattr(value, "item") else value
    if not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.nan


def written(value: Any) -> str | None:
    """The text of a cell, if it has one and is no number by its type."""
    return text_of(value) if typed(value) is None else None


def _read(text: str | None, decimal: str, unit: str) -> float:
    """The number that a text says, or NaN."""
    if text is None or "_" in text:
        return math.nan
    if text.lower() in ("true", "false"):
        return float(text.lower() == "true")
    if unit == TIMES and (clock := CLOCK.fullmatch(text)):
        hours = int(clock[2]) if not clock[5] else int(clock[2]) % 12 + 12 * (clock[5] in "Pp")
        days = (hours + int(clock[3]) / 60 + float(clock[4] or 0) / 3600) / 24
        return -days if clock[1] == "-" else days
    text = without(text, unit)
    if grouped := GROUPED[decimal].fullmatch(text):
        text = text.replace(grouped[1], "")
    elif decimal == "," and "." in text:
        return math.nan
    try:
        return float(text.replace(",", ".", 1) if decimal == "," else text)
    except ValueError:
        return math.nan


def is_huge(text: str) -> bool:
    """Whether a text is a number that is too large to use, such as 1e400, which is not the same as no number."""
    try:
        return "_" not in text and abs(float(text)) > LARGEST
    except ValueError:
        return False


def without(text: str, unit: str) -> str:
    """The text of a number without its unit, and with a plain minus, even where accountants write (12)."""
    text = text.replace("\u2212", "-")
    if text[:1] == "(" and text[-1:] == ")" and (inner := text[1:-1].strip())[:1] not in ("", "-", "+"):
        text = "-" + inner
    if not unit or unit not in text:
        return text
    sign, bare = (text[0], text[1:].strip()) if text[0] in "+-" else ("", text)
    return sign + (bare.removesuffix(unit) if bare.endswith(unit) else bare.removeprefix(unit)).strip()


def find_unit(texts: Mapping[str, int]) -> str:
    """The commonest unit of the numbers in texts (with how many cells have each), or nothing if fewer than half have it."""
    found: Counter[str] = Counter()
    for text, rows in texts.items():
        match = UNIT.fullmatch(without(text, ""))
        if CLOCK.fullmatch(text):
            found[TIMES] += rows
        elif match and bool(match[1]) != bool(match[2]) and (match[2] or "").lower() not in MULTIPLES:
            found[match[1] or match[2]] += rows
    unit, rows = found.most_common(1)[0] if found else ("", 0)
    return unit if 2 * rows >= sum(texts.values()) else ""


def find_decimal(texts: Mapping[str, int], unit: str = "") -> str:
    """The decimal mark under which most cells are numbers; nothing if it does not matter, "?" if either may be meant.

    Args:
        texts: Different cells, and how many there are of each.
        unit: The numbers' unit.
    """
    readable, same = dict.fromkeys(MARKS, 0), True
    for text, rows in texts.items():
        point, comma = (number_of(text, mark, unit) for mark in MARKS)
        readable["."] += rows * (point == point)
        readable[","] += rows * (comma == comma)
        same = same and (point == comma or point != point or comma != comma)
    if readable["."] == readable[","]:
        return "" if same else "?"
    return max(readable, key=lambda mark: readable[mark])


def groups_of(texts: Iterable[str], decimal: str, unit: str = "") -> str:
    """The signs that group the digits of numbers: usually one, or none."""
    found = (GROUPED[decimal].fullmatch(without(text, unit)) for text in texts)
    return "".join(sorted({match[1] for match in found if match}))


def decimal_here(name: str, texts: Mapping[str, int], column: Mapping[str, Any]) -> str:
    """The decimal mark of a column's cells: that of training, or another one that is clear.

    Args:
        name: The column's.
        texts: Different cells that are there, and how many there are of each.
        column: Its `decimal`, `groups` and `unit` in training, where they are not ".", none and none.

    Raises:
        ValueError: Either mark may be meant.
    """
    decimal, unit = str(column.get("decimal", ".")), str(column.get("unit", ""))
    found = find_decimal(texts, unit)
    if found in ("", decimal):
        return decimal
    if found == "?":
        if set(groups_of(texts, decimal, unit)) <= set(column.get("groups", "")):
            return decimal
        raise ValueError(f'"{name}": {two_ways(texts, unit)}; in training it had a decimal {MARKS[decimal]}')
    warnings.warn(
        f'"{name}" has a decimal {MARKS[found]} here and had a decimal {MARKS[decimal]} in training',
        stacklevel=2,
    )
    return found


def two_ways(texts: Iterable[str], unit: str = "") -> str:
    """`1,234 may be 1.234 or 1234`, and how many other values may be two numbers."""
    both = {text: [number_of(text, mark, unit) for mark in MARKS] for text in texts}
    both = {text: pair for text, pair in both.items() if pair[0] == pair[0] != pair[1] == pair[1]}
    text, pair = next(iter(both.items()))
    more = f" (and so on in {len(both) - 1:,} more)" if len(both) > 1 else ""
    return f"{text} may be {pair[0]:.15g} or {pair[1]:.15g}{more}"


def numbers_in(cells: Sequence[Any], rows: Sequence[int], column: Mapping[str, Any]) -> list[float]:
    """The numbers in cells, NaN where there is none; written as in training, or in another clear way.

    Args:
        cells: Cells of a column.
        rows: How many rows have each.
        column: What was fitted.

    Raises:
        ValueError: Nothing can be read, or it may mean several things.
    """
    texts, odd, gone = Counter[str](), Counter[str](), 0
    for cell, count in zip(cells, rows, strict=True):
        if (text := written(cell)) is not None:
            texts[text] += count
    decimal = decimal_here(column["name"], texts, column)
    numbers = [number_of(cell, decimal, column.get("unit", "")) for cell in cells]
    for cell, number, count in zip(cells, numbers, rows, strict=True):
        if number != number:
            text = written(cell)
            if text is None or is_huge(text):
                gone += count
            else:
                odd[text] += count
    weigh(column["name"], sum(rows), odd, gone, column["indicator"], "numbers")
    return numbers


def weigh(name: str, rows: int, odd: Mapping[str, int], missing: int, gap: bool, what: str) -> None:
    """Say how many cells of a column could not be read, or refuse it.

    Args:
        name: The column's.
        rows: How many it has.
        odd: The cells that could not be read, and how many there are of each.
        missing: How many cells are missing.
        gap: Whether cells were missing in training.
        what: What they should be, such as "numbers".

    Raises:
        ValueError: None could be read, or none is there where one always was.
    """
    bad = sum(odd.values())
    if bad:
        text = f'"{name}": {bad:,} of {rows:,} {"value is" if rows == 1 else "values are"} not {what}, such as "{next(iter(odd)):.40}"'
        if bad + missing == rows:
            raise ValueError(f"{text}; in training they were")
        warnings.warn(f"{text}; they count as missing", stacklevel=2)
    elif missing == rows and rows:
        text = f'"{name}" has no value in any of {rows:,} rows'
        if not gap or rows >= ENOUGH:
            raise ValueError(f"{text}; in training {'it had values' if gap else 'none was missing'}")
        if rows > 1:
            warnings.warn(text, stacklevel=2)


def weigh_levels(
    name: str, rows: int, texts: Mapping[str, int], levels: Iterable[str], gap: bool, other: bool
) -> None:
    """Say if most categories of a column were not there in training, or refuse it.

    Args:
        name: The column's.
        rows: How many it has.
        texts: Different cells, and how many there are of each.
        levels: Categories that have an input of their own.
        gap: Whether cells were missing in training.
        other: Whether others share an input.

    Raises:
        ValueError: No cell has a value, and in training every one had; or many have different ones, and all are new.
    """
    there = sum(texts.values())
    weigh(name, rows, {}, rows - there, gap, "categories")
    known = set(levels)
    new = {text: count for text, count in texts.items() if text not in known}
    bad = sum(new.values())
    if 2 * bad > there and not (other and there == 1):  # a few new ones are as usual
        least = "the commoner" if other else "the"
        text = (
            f'"{name}": {bad:,} of {rows:,} {"value is" if rows == 1 else "values are"} none of {least} {len(known)} categories of the '
            f"training rows, such "
            f'as "{next(iter(new)):.40}"'
        )
        if bad == there >= ENOUGH and len(new) > 1 and not other:  # these are other words for something
            raise ValueError(text)
        warnings.warn(text, stacklevel=2)
