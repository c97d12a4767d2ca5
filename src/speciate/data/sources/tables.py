"""Tables in files: CSV, TSV and other separated text, and Parquet."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from speciate.data import cells, values
from speciate.data.notes import Note
from speciate.data.preprocessing import Preprocessing
from speciate.data.raw import Raw, Reading
from speciate.data.sources import dialect
from speciate.data.sources.arrays import Rows, from_table, tidy
from speciate.errors import DataError
from speciate.files import open_file, read_file
from speciate.text import listed, quoted

TEXT = (".csv", ".tsv", ".tab", ".txt", ".data", ".csv.gz", ".tsv.gz")
SUFFIXES = (*TEXT, ".parquet", ".pq")


def read(path: str, target: str | None, reading: Reading) -> Raw:
    """The table and its target column.

    Raises:
        DataError: The file cannot be read or used, or the target is not in it.
    """
    found = read_table(Path(path), (*reading.categorical, *([] if target is None else [target])), reading)
    table, name = found.table, Path(path).name.split(".")[0]
    if target not in table.columns and any(note.level == "warning" for note in found.notes):
        raise DataError(
            "the first line looks like data, not like names of columns",
            where=path,
            why=f"it says {listed(table.columns)}",
            hint="add a line with the columns' names at the top",
        )
    raw = from_table(table, target, name=name, source=path)
    raw.notes[:0] = found.notes
    raw.decimal, raw.has_commas = found.decimal, found.has_commas
    if found.is_text and values.is_numeric(numbers := _numbers_if_any(raw.y, found)):
        raw.written, raw.y = raw.y, numbers
    return raw


def read_rows(path: str, preprocessing: Preprocessing, reading: Reading) -> tuple[Rows, Rows]:
    """The table, twice: for people and for the preprocessing."""
    table = read_table(Path(path), preprocessing.text_columns, reading, least=1).table
    return table, table


@dataclass
class TableFile:
    """A table in a file, and what was understood about it.

    Attributes:
        table: With text columns as they are written.
        notes: For people.
        decimal: The decimal mark of numbers that do not say it themselves.
        has_commas: Whether columns of numbers were written with a decimal comma.
        is_text: Whether it was a text file.
    """

    table: pd.DataFrame
    notes: list[Note]
    decimal: str = "."
    has_commas: bool = False
    is_text: bool = False


def read_table(path: Path, text_columns: tuple[str, ...], reading: Reading, least: int = 2) -> TableFile:
    """The table in a file.

    Args:
        path: The file.
        text_columns: Columns to leave as they are written, whatever they look like.
        reading: Says the encoding.
        least: Rows that it must have. With one, it is read to predict for: columns with a decimal comma are left as they are
            written, since what was fitted knows how they are to be read.

    Raises:
        DataError: It cannot be read.
    """
    if path.suffix.lower() in (".parquet", ".pq"):
        if reading.encoding is not None:
            raise DataError(
                "a Parquet file says itself how text is encoded", where=str(path), hint="leave encoding out"
            )
        return TableFile(_read_parquet(path), [])
    try:
        content = read_file(path, links=True)
        content = gzip.decompress(content) if path.suffix.lower() == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{quoted(path, 200)} cannot be read", why=str(error)) from error
    found = dialect.understand(content, str(path), least, reading.encoding)
    names = [name or f"Unnamed: {i}" for i, name in enumerate(found.header)]
    commas = found.sure and least > 1
    try:
        table = _parsed(found.text, names, text_columns, found.separator, "," if commas else ".")
    except (ValueError, OverflowError) as error:  # pandas' ParserError is a ValueError
        raise DataError(f"{quoted(path, 200)} cannot be read as a table", why=str(error)) from error
    return TableFile(tidy(table), _notes(found, reading), found.decimal, commas, is_text=True)


def _parsed(
    text: str, names: list[str], as_text: Iterable[str], separator: str, decimal: str
) -> pd.DataFrame:
    """The columns; those of numbers as pandas' own parser reads them, which makes no text of them."""
    kept = set(as_text) & set(names)
    missing = sorted(cells.MISSING)
    return pd.read_csv(
        io.StringIO(text, newline=""),
        sep=separator,
        decimal=decimal,
        header=0,
        names=names,
        index_col=False,
        dtype=dict.fromkeys(kept, str) or None,
        keep_default_na=False,
        na_values={name: [] if name in kept else missing for name in names},
        skipinitialspace=True,
        low_memory=False,
    )


def _numbers_if_any(written: pd.Series[Any], found: TableFile) -> pd.Series[Any]:
    """A column of text as numbers, if all of it is, as pandas' parser reads them."""
    name = str(written.name)
    text = pd.Series(written.to_numpy(), name="x").to_csv(index=False, lineterminator="\n")
    column = _parsed(text, ["x"], (), ",", "," if found.has_commas else ".")["x"]
    return pd.Series(column.to_numpy(), index=written.index, name=name)


def _notes(found: dialect.Dialect, reading: Reading) -> list[Note]:
    read_as = []
    if found.separator != ",":
        read_as.append(f"columns are separated by a {dialect.SEPARATORS[found.separator]}")
    if found.sure:
        read_as.append("numbers have a decimal comma")
    if found.encoding not in ("UTF-8", reading.encoding):
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
    return cells.number_of(text) == cells.number_of(text)


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
