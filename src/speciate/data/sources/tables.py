"""Tables in files: CSV, TSV and other separated text, and Parquet."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from pathlib import Path
from typing import Any

import pandas as pd

from speciate.data import values
from speciate.data.dataset import Note
from speciate.data.preprocessing import Preprocessing
from speciate.data.raw import Raw
from speciate.data.sources import dialect
from speciate.data.sources.arrays import Rows, from_table, tidy
from speciate.errors import DataError
from speciate.files import open_file, read_file
from speciate.text import listed, quoted

TEXT = (".csv", ".tsv", ".tab", ".txt", ".data", ".csv.gz", ".tsv.gz")
SUFFIXES = (*TEXT, ".parquet", ".pq")


def read(path: str, target: str | None) -> Raw:
    """The table and its target column.

    Raises:
        DataError: The file cannot be read or used, or the target is not in it.
    """
    table, notes = read_table(Path(path))
    name = Path(path).name.split(".")[0]
    if target not in table.columns and any(note.level == "warning" for note in notes):
        raise DataError(
            "the first line looks like data, not like names of columns",
            where=path,
            why=f"it says {listed(table.columns)}",
            hint="add a line with the columns' names at the top",
        )
    raw = from_table(table, target, name=name, source=path)
    raw.notes[:0] = notes
    return raw


def read_rows(path: str, preprocessing: Preprocessing) -> tuple[Rows, Rows]:
    """The table, twice: for people and for the preprocessing."""
    table, _ = read_table(Path(path), preprocessing.text_columns, least=1)
    return table, table


def read_table(
    path: Path, text_columns: tuple[str, ...] = (), least: int = 2
) -> tuple[pd.DataFrame, list[Note]]:
    """The table in a file, and what was understood about it.

    Args:
        path: The file.
        text_columns: Columns to read as text whatever they look like.
        least: Rows that it must have.

    Raises:
        DataError: It cannot be read.
    """
    if path.suffix.lower() in (".parquet", ".pq"):
        return _read_parquet(path), []
    try:
        content = read_file(path, links=True)
        content = gzip.decompress(content) if path.suffix.lower() == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{quoted(path, 200)} cannot be read", why=str(error)) from error
    found = dialect.understand(content, str(path), least)
    names = [name or f"Unnamed: {i}" for i, name in enumerate(found.header)]
    try:
        table = pd.read_csv(
            io.StringIO(found.text, newline=""),
            sep=found.separator,
            decimal=found.decimal,
            header=0,
            names=names,
            index_col=False,
            dtype=dict.fromkeys(set(text_columns) & set(names), str) or None,
            keep_default_na=False,
            na_values=sorted(values.MISSING),
            skipinitialspace=True,
            low_memory=False,
        )
    except (ValueError, OverflowError) as error:  # pandas' ParserError is a ValueError
        raise DataError(f"{quoted(path, 200)} cannot be read as a table", why=str(error)) from error
    if found.decimal == ",":
        _point_for_comma(table, text_columns)
    return tidy(table), _notes(found)


def _point_for_comma(table: pd.DataFrame, text_columns: tuple[str, ...]) -> None:
    """Where a column mixes numbers and text, pandas left the numbers as they are written."""
    number = re.compile(r"\s*[+-]?\d+,\d+([eE][+-]?\d+)?\s*")
    for name in table.columns:
        if not values.is_numeric(table[name]) and name not in text_columns:
            codes, cells = values.each_different(table[name])
            fixed = [c.replace(",", ".") if isinstance(c, str) and number.fullmatch(c) else c for c in cells]
            table[name] = pd.Series([*fixed, None], dtype=object).iloc[codes].to_numpy()


def _notes(found: dialect.Dialect) -> list[Note]:
    read_as = []
    if found.separator != ",":
        read_as.append(f"columns are separated by a {dialect.SEPARATORS[found.separator]}")
    if found.decimal == ",":
        read_as.append("numbers have a decimal comma")
    if found.encoding != "UTF-8":
        read_as.append(f"the encoding is {found.encoding}")
    notes = [Note("info", f"read the file so: {', '.join(read_as)}")] if read_as else []
    numbers = [name for name in found.header if name == name.strip() and _is_number(name)]
    if len(numbers) == len(found.header) and numbers != [str(i) for i in range(len(numbers))]:
        notes.append(
            Note(
                "warning",
                f"the first line looks like data, not like names of columns: {listed(numbers)}; add a header",
            )
        )
    return notes


def _is_number(text: str) -> bool:
    return values.number_of(text) == values.number_of(text)


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        with open_file(path, links=True) as file:
            table: Any = pd.read_parquet(file)
    except ImportError as error:
        raise DataError(
            "Parquet files need pyarrow", where=str(path), hint='pip install "speciate[parquet]"'
        ) from error
    except Exception as error:  # pyarrow raises its own kinds, which cannot be named without importing it
        raise DataError(
            f"{quoted(path, 200)} cannot be read as Parquet", why=str(error).splitlines()[0]
        ) from error
    return tidy(table)
