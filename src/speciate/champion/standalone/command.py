"""Reads and writes text tables for the command that a champion's model.py is, with the standard library alone."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import IO

from speciate.data.cells import find_decimal, number_of, two_ways
from speciate.data.encodings import decoded


# model.py
def read_table(content: bytes, names: Iterable[str] = ()) -> list[dict[str, str]]:
    """The rows of a text table with a header; separated by commas, semicolons, tabs or vertical bars.

    Args:
        content: The file.
        names: Columns that it must have.

    Raises:
        ValueError: It is not a regular table, or lacks columns.
    """
    text, names = decoded(content)[0], set(names)
    headers = {separator: next(records(text, separator), []) for separator in ",;\t|"}
    fits = {separator: (len(names & set(header)), len(header)) for separator, header in headers.items()}
    header, *lines = records(text, max(fits, key=lambda separator: fits[separator]))
    if lacking := sorted(names - set(header)):
        raise ValueError(
            f"columns missing: {', '.join(map(repr, lacking))}; the table has {', '.join(header)}"
        )
    if len(set(header)) < len(header):
        raise ValueError("two columns have the same name")
    for number, line in enumerate(lines, 1):
        if len(line) != len(header):
            raise ValueError(f"row {number} has {len(line)} fields, the header has {len(header)}")
    return [dict(zip(header, line, strict=True)) for line in lines]


def read_numbers(content: bytes, count: int | None = None) -> list[list[float]]:
    """The rows of a text table of numbers, NaN where there is none; its first row is a header unless all of it are numbers.

    Args:
        content: The file.
        count: How many columns it must have.

    Raises:
        ValueError: It is no such table, has no rows, or may mean several numbers.
    """
    text = decoded(content)[0]
    firsts = {separator: next(records(text, separator), []) for separator in ",;\t|"}
    bare = [s for s, cells in firsts.items() if cells and all(is_number(cell, s) for cell in cells)]
    if bare and count:
        separator = max(bare, key=lambda s: (len(firsts[s]) == count, len(firsts[s])))
        text = separator.join(f"column {k}" for k in range(1, len(firsts[separator]) + 1)) + "\n" + text
    rows = read_table(text.encode())
    if not rows:
        raise ValueError("the table has no rows")
    if count not in (None, len(rows[0])):
        raise ValueError(f"columns: {count} expected, {len(rows[0])} found")
    columns = []
    for name in rows[0]:
        cells = [row[name] for row in rows]
        decimal = find_decimal(Counter(cells)) or "."
        if decimal == "?":
            raise ValueError(f"{name}: {two_ways(cells)}")
        columns.append([number_of(cell, decimal) for cell in cells])
        odd = [cell for cell, number in zip(cells, columns[-1], strict=True) if number != number]
        if count and (odd := [cell for cell in odd if cell.strip().lower() != "nan"]):
            raise ValueError(f"{name}: {odd[0]!r:.40} is no number")
    return [list(row) for row in zip(*columns, strict=True)]


def is_number(cell: str, separator: str) -> bool:
    """Whether a cell is a number, maybe with a decimal comma where a comma separates no cells."""
    try:
        float(cell if separator == "," else cell.replace(",", ".", 1))
    except ValueError:
        return False
    return True


def records(text: str, separator: str) -> Iterator[list[str]]:
    """The fields of every line that is not blank; those of the first line are stripped."""
    # A header of many columns is one field to a wrong separator.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    lines = (fields for fields in reader if fields)
    try:
        yield [name.strip() for name in next(lines, [])]
        yield from lines
    except csv.Error as error:
        raise ValueError(f"this is not a text table: {error}") from None


def write_table(file: IO[str], header: list[str], rows: Iterable[Iterable[object]]) -> None:
    """Write rows as comma-separated values."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
