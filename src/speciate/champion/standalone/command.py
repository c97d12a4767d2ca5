"""Reads and writes text tables for the command that a champion's model.py is, with the standard library alone."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import IO


# model.py
def read_table(
    content: bytes, names: Iterable[str] = (), numbers: Iterable[str] | None = None
) -> list[dict[str, str]]:
    """The rows of a text table with a header; separated by commas, semicolons, tabs or vertical bars.

    Args:
        content: The file.
        names: Columns that it must have.
        numbers: Those that hold numbers, so that a decimal comma becomes a point; None for all.

    Raises:
        ValueError: It is not a regular table, or lacks columns.
    """
    text, names = decoded(content), set(names)
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
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    if has_decimal_comma([cell.strip() for line in lines[:199] for cell in line]):
        point = re.compile(r"(\s*[+-]?\d+),(\d+([eE][+-]?\d+)?\s*)")
        for row in rows:
            for name in header if numbers is None else set(numbers) & set(header):
                if match := point.fullmatch(row[name]):
                    row[name] = f"{match[1]}.{match[2]}"
    return rows


def read_numbers(content: bytes, count: int) -> list[list[float]]:
    """The rows of a text table of numbers; its first row is a header unless all of it are numbers.

    Args:
        content: The file.
        count: How many columns it must have.

    Raises:
        ValueError: It is no such table, or has no rows.
    """
    text = decoded(content)
    firsts = {separator: next(records(text, separator), []) for separator in ",;\t|"}
    bare = [s for s, cells in firsts.items() if cells and all(is_number(cell, s) for cell in cells)]
    if bare:
        separator = max(bare, key=lambda s: (len(firsts[s]) == count, len(firsts[s])))
        text = separator.join(f"column {k}" for k in range(1, len(firsts[separator]) + 1)) + "\n" + text
    rows = read_table(text.encode())
    if not rows:
        raise ValueError("the table has no rows")
    if len(rows[0]) != count:
        raise ValueError(f"columns: {count} expected, {len(rows[0])} found")
    return [[float(cell) for cell in row.values()] for row in rows]


def is_number(cell: str, separator: str) -> bool:
    """Whether a cell is a number, maybe with a decimal comma where a comma separates no cells."""
    try:
        float(cell if separator == "," else cell.replace(",", ".", 1))
    except ValueError:
        return False
    return True


def decoded(content: bytes) -> str:
    """The text of a file: in the encoding that its first bytes announce, else UTF-8, else Windows-1252."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


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


def has_decimal_comma(cells: list[str]) -> bool:
    """Whether numbers are written as 3,14: some are, none has a point, and it does not group thousands."""
    commas = [cell for cell in cells if re.fullmatch(r"[+-]?\d+,\d+", cell)]
    points = any(re.fullmatch(r"[+-]?\d*\.\d+", cell) for cell in cells)
    return bool(commas) and not points and not all(re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+", c) for c in commas)


def write_table(file: IO[str], header: list[str], rows: Iterable[Iterable[object]]) -> None:
    """Write rows as comma-separated values."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
