"""Tables in files: CSV, TSV and other separated text, and Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from speciate.data import cells, values
from speciate.data.memory import require, unpacked
from speciate.data.notes import Note
from speciate.data.preprocessing import Preprocessing
from speciate.data.raw import Raw, Reading
from speciate.data.sources import dialect
from speciate.data.sources.arrays import Rows, from_table, tidy
from speciate.errors import DataError
from speciate.files import open_file
from speciate.text import clean, listed, quoted

TEXT = (".csv", ".tsv", ".tab", ".txt", ".data", ".csv.gz", ".tsv.gz")
SUFFIXES = (*TEXT, ".parquet", ".pq")
TIMES = 4
"""Reading a table takes about so much memory, in sizes of its text."""


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
    numbers = _numbers_if_any(raw.y, found) if found.is_text else raw.y
    if found.is_text and values.is_numeric(numbers) and np.isfinite(numbers.to_numpy(np.float64)).any():
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
        return TableFile(_read_parquet(path, reading.most), [])
    found = dialect.understand(unpacked(path, reading.most, TIMES), str(path), least, reading.encoding)
    names = [name or f"Unnamed: {i}" for i, name in enumerate(found.header)]
    commas = found.sure and least > 1
    try:
        table = _parsed(found.content, names, text_columns, found.separator, "," if commas else ".")
    except (ValueError, OverflowError) as error:  # pandas' ParserError is a ValueError
        raise DataError(f"{quoted(path, 200)} cannot be read as a table", why=str(error)) from error
    return TableFile(tidy(table), _notes(found, reading), found.decimal, commas, is_text=True)


def _parsed(
    content: bytes, names: list[str], as_text: Iterable[str], separator: str, decimal: str
) -> pd.DataFrame:
    """The columns; those of numbers as pandas' own parser reads them, which makes no text of them."""
    kept = set(as_text) & set(names)
    missing = sorted(cells.MISSING)
    return pd.read_csv(
        io.BytesIO(content),
        sep=separator,
        decimal=decimal,
        header=0,
        names=names,
        index_col=False,
        dtype=dict.fromkeys(kept, str) or None,
        keep_default_na=False,
        na_values={name: [] if name in kept else missing for name in names},
        skipinitialspace=b" " in content,
        low_memory=False,
    )


def _numbers_if_any(written: pd.Series[Any], found: TableFile) -> pd.Series[Any]:
    """A column of text as numbers, if all of it is, as pandas' parser reads them."""
    codes, texts = values.each_different(written)
    text = "\n".join(["x", *texts])
    if "" in texts or any(sign in text for sign in ' ",\r') or text.count("\n") > len(texts):
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\n").writerows(zip(["x", *texts], strict=True))
        text = lines.getvalue()
    column = _parsed(text.encode(), ["x"], (), ",", "," if found.has_commas else ".")["x"]
    return pd.Series(column.to_numpy()[codes], index=written.index, name=str(written.name))


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


def _read_parquet(path: Path, most: int) -> pd.DataFrame:
    try:
        with open_file(path, links=True) as file:
            _check_parquet(file, path, most)
            table: Any = pd.read_parquet(file)
    except ImportError as error:
        raise DataError(
            "Parquet files need pyarrow", where=str(path), hint='pip install "speciate[parquet]"'
        ) from error
    except DataError:
        raise
    except Exception as error:  # pyarrow raises its own kinds, which cannot be named without importing it
        raise DataError(f"{quoted(path, 200)} cannot be read as Parquet", why=clean(error, 200)) from error
    return tidy(table)


BATCH = 4096
"""Rows of a Parquet file that are looked at together."""
POINTER = 8
"""Bytes that pandas keeps for a text, beside the text."""


def _check_parquet(content: Any, path: Path, most: int) -> None:
    """Refuse a file that says so little that its rows take far more memory than it does on the disk.

    Numbers take what their type says. How long texts are is not declared, and a few may stand for many: they are counted.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(content) as file:
        groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
        chunks = [group.column(i) for group in groups for i in range(group.num_columns)]
        require(
            2 * POINTER * sum(max(chunk.num_values, 0) for chunk in chunks)
            + sum(c.total_uncompressed_size for c in chunks),
            most,
            quoted(path, 200),
        )
        texts = [
            name for name in file.schema_arrow.names if _has_text(file.schema_arrow.field(name).type, pa)
        ]
        used = 0
        for batch in file.iter_batches(BATCH, columns=texts) if texts else ():
            used += batch.nbytes
            require(2 * used, most, quoted(path, 200))


def _has_text(kind: Any, pa: Any) -> bool:
    """Whether a type is not of a fixed width. A dictionary holds every text once."""
    return not (pa.types.is_primitive(kind) or pa.types.is_dictionary(kind) or pa.types.is_null(kind))
