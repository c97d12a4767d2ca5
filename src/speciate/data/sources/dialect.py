"""How a text table is written: encoding, separator, decimal comma, and whether every line has the same columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from speciate.data.cells import find_decimal, find_unit
from speciate.data.encodings import decoded
from speciate.errors import DataError
from speciate.text import counted, listed, quoted

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
SAMPLE = 200
"""Lines that the separator and the decimal comma are guessed from."""
MOST_PROBLEMS = 5
ALIKE = str.maketrans("23456789", "11111111")
"""Digits that say the same about the decimal mark, so that few fields of a sample differ."""


@dataclass(frozen=True)
class Dialect:
    """What was found out about a file.

    Attributes:
        content: The whole file in UTF-8.
        encoding: The file's encoding, for people.
        separator: Between columns.
        decimal: "." or ",": the decimal mark of numbers that do not say it themselves.
        sure: Whether the file has numbers with a decimal comma and none with a decimal point.
        header: The columns' names.
    """

    content: bytes
    encoding: str
    separator: str
    decimal: str
    sure: bool
    header: list[str]


def understand(content: bytes, where: str, least: int = 2, encoding: str | None = None) -> Dialect:
    """How the file is written.

    Args:
        content: The file.
        where: Its name.
        least: Rows that it must have.
        encoding: Its encoding; None finds it out.

    Raises:
        DataError: It is empty, not text, ragged, or its header cannot be used.
    """
    try:
        text, encoding = decoded(content, encoding)
        content = text.encode()
    except ValueError as error:
        raise DataError(
            "the file cannot be read as text",
            where=where,
            why=str(error),
            hint="--encoding says how it is encoded",
        ) from error
    if not text or text.isspace():
        raise DataError("the file is empty", where=where)
    del text  # it is as large as the file
    separator = _separator(content, where, least)
    records = _records(content, separator, where)
    _, header = next(records)
    header = [name.strip() for name in header]
    if header[-1] == "" and len(header) == 1:
        raise DataError("the first line is empty", where=where, hint="it must hold the columns' names")
    if len(set(header)) < len(header) or not _is_regular(content, separator, len(header), least):
        _check_lines(header, records, where, least)
    sample = [record for _, record in _head(content, separator, where)][1:]
    return Dialect(content, encoding, separator, *_decimal(sample, separator), header)


def _is_regular(content: bytes, separator: str, columns: int, least: int) -> bool:
    """Whether every line plainly has as many fields, and there are enough; where it is not so plain, each field must be looked at.

    Without everything but separators, ends of lines and quotes, all lines must be the same.
    """
    between, ended = separator.encode(), content.endswith(b"\n")
    others = bytes(set(range(256)) - set(between + b'\r\n"'))
    if b'"' in content:  # whole fields in quotes, without quotes inside, are as good as empty
        field = b'"(?<![^%b\n]")[^"]*"(?=[%b\r\n]|\\Z)' % (re.escape(between), re.escape(between))
        content = re.sub(field, b"", content)
    marks = content.translate(None, others)
    end = b"\r\n" if marks[columns - 1 : columns + 1] == b"\r\n" else b"\n"
    line = between * (columns - 1) + end
    lines = len(marks) // len(line)
    if not ended:
        marks, lines = marks + end, lines + 1
    return columns > 1 and lines > least and marks == line * lines


def _records(content: bytes, separator: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """(line, fields) for each line that is not blank."""
    reader = csv.reader(
        io.TextIOWrapper(io.BytesIO(content), "utf-8", newline=""),
        delimiter=separator,
        skipinitialspace=True,
        strict=False,
    )
    line = 1
    try:
        for record in reader:
            if len(record) > 1 or "".join(record).strip():
                yield line, record
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            "the file is not a text table", where=f"{where}, line {reader.line_num:,}", why=str(error)
        ) from error


def _head(content: bytes, separator: str, where: str) -> list[tuple[int, list[str]]]:
    return list(islice(_records(content, separator, where), SAMPLE))


def _separator(content: bytes, where: str, least: int) -> str:
    """The one that cuts most lines into as many fields as the header; of equals the one that makes most fields.

    One column may be all that a network needs (`least` is 1 then), but leaves nothing to learn from beside a target.
    """
    best = ("", (0.0, 0))
    for separator in SEPARATORS:
        try:
            if len(next(_records(content, separator, where), (0, []))[1]) < 2:
                continue
            widths = [len(record) for _, record in _head(content, separator, where)]
        except DataError:
            continue
        rank = (sum(width == widths[0] for width in widths) / len(widths), widths[0])
        best = max(best, (separator, rank), key=lambda found: found[1])
    if not best[0] and least == 1:
        return ","
    if not best[0]:
        first = content.decode().strip().splitlines()[0]
        raise DataError(
            "the file has one column only",
            where=where,
            why=f"no comma, semicolon, tab or vertical bar separates the columns in {quoted(first)}",
        )
    return best[0]


def _decimal(sample: list[list[str]], separator: str) -> tuple[str, bool]:
    """The decimal mark for numbers such as 1,234, which do not say it themselves; and whether all that do say the comma.

    It is what the other numbers of the file have; where they say nothing, a comma behind semicolons, else a point.
    """
    alike = ("\0".join(record).translate(ALIKE).split("\0") for record in sample)
    fields = {field.strip() for record in alike for field in record}
    marks = {find_decimal({field: 1}, find_unit({field: 1})) for field in fields}
    commas, points = "," in marks, "." in marks
    sure = commas and not points
    return "," if sure or (separator == ";" and commas == points) else ".", sure


def _check_lines(header: list[str], records: Iterator[tuple[int, list[str]]], where: str, least: int) -> None:
    """The header's names differ, every line has as many fields, and there are at least `least` lines."""
    problems = []
    twice = (
        sorted({name for name in header if name and header.count(name) > 1})
        if len(set(header)) < len(header)
        else []
    )
    if twice:
        problems.append(f"line 1: more than one column is named {listed(twice)}")
    rows = ragged = 0
    for line, record in records:
        rows += 1
        if len(record) != len(header):
            ragged += 1
            if ragged <= MOST_PROBLEMS:
                problems.append(
                    f"line {line:,}: {counted(len(record), 'field')}, the header has {len(header):,}"
                )
    if ragged > MOST_PROBLEMS:
        problems.append(f"and {counted(ragged - MOST_PROBLEMS, 'more line')} like these")
    if problems:
        raise DataError(
            "the file is not a regular table",
            where=where,
            why="; ".join(problems),
            hint="a separator inside a value needs quotes around the value"
            if ragged
            else "rename or remove one of them",
        )
    if rows < least:
        raise DataError(
            "the file has a header and no rows" if rows == 0 else "the file has one row only",
            where=where,
            hint="the first line must hold the columns' names, each further line an example",
        )
