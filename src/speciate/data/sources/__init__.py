"""Finds the reader for a source: one file a format, each giving rows as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from speciate.data.preprocessing import Preprocessing
from speciate.data.raw import Raw
from speciate.data.sources import arrays, builtin, idx, images, npz, online, tables
from speciate.data.wording import did_you_mean, shown
from speciate.errors import DataError

Reader = Callable[[str, str | None], Raw]
RowReader = Callable[[str, Preprocessing], tuple[pd.DataFrame | NDArray[Any], pd.DataFrame | NDArray[Any]]]

PREFIXES: dict[str, tuple[Reader, RowReader]] = {
    "sklearn": (builtin.read, builtin.read_rows),
    "openml": (online.read, online.read_rows),
    "idx": (idx.read, idx.read_rows),
}
KINDS = "a source is a .csv, .tsv, .parquet or .npz file, a folder of images by class, idx:DIR, sklearn:NAME or openml:ID"


def read_source(source: object, target: str | None) -> Raw:
    """The rows and the target of a source.

    Raises:
        DataError: There is no such source, or it cannot be read.
    """
    if isinstance(source, str | Path):
        try:
            (read, _), where = find_reader(str(source))
            return read(where, target)
        except OSError as error:
            raise _unreadable(source, error) from error
    return arrays.read(source, target)


def read_rows(
    source: object, preprocessing: Preprocessing
) -> tuple[pd.DataFrame | NDArray[Any], pd.DataFrame | NDArray[Any]]:
    """The rows of a source for people and for `preprocessing.transform`; a target is ignored.

    Raises:
        DataError: There is no such source, or it cannot be read.
    """
    if isinstance(source, str | Path):
        try:
            (_, read), where = find_reader(str(source))
            return read(where, preprocessing)
        except OSError as error:
            raise _unreadable(source, error) from error
    return arrays.read_rows(source)


def find_reader(source: str) -> tuple[tuple[Reader, RowReader], str]:
    """The readers for a source, and what to give them."""
    prefix, colon, rest = source.partition(":")
    if colon and prefix in PREFIXES and not Path(source).exists():
        return PREFIXES[prefix], rest
    path = Path(source)
    if path.is_dir():
        return _folder(path), source
    if not path.exists():
        raise _nothing_there(path, prefix if colon else "", rest)
    suffix = "".join(path.suffixes[-2:]).lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    if suffix in tables.SUFFIXES:
        return (tables.read, tables.read_rows), source
    if suffix == ".npz":
        return (npz.read, npz.read_rows), source
    if idx.is_idx(path):
        return PREFIXES["idx"], source
    if suffix in images.SUFFIXES:
        raise DataError(f"{shown(source)} is a single image", hint="give the folder that holds it")
    raise DataError(
        f"{shown(source)} is of a kind that cannot be read: {shown(suffix or 'no suffix')}", hint=KINDS
    )


def _folder(path: Path) -> tuple[Reader, RowReader]:
    if any(idx.is_idx(file) for file in path.iterdir() if file.is_file()):
        return PREFIXES["idx"]
    if images.has_images(path):
        return images.read, images.read_rows
    readable = sorted(f.name for f in path.iterdir() if f.suffix.lower() in (*tables.SUFFIXES, ".npz"))
    hint = f"name a file in it, such as {shown(path / readable[0], 200)}" if readable else KINDS
    raise DataError(f"the folder {shown(path, 200)} holds neither images nor IDX files", hint=hint)


def _unreadable(source: object, error: OSError) -> DataError:
    return DataError(f"{shown(source, 200)} cannot be read", why=error.strerror or str(error))


def _nothing_there(path: Path, prefix: str, rest: str) -> DataError:
    if did_you_mean(prefix, list(PREFIXES)):
        close = did_you_mean(f"{prefix}:{rest}", [f"{known}:{rest}" for known in PREFIXES])
        return DataError(f"there is no kind of source {shown(prefix + ':')}", hint=f"{close} {KINDS}")
    folder = path.parent
    there = sorted(f.name for f in folder.iterdir() if not f.name.startswith(".")) if folder.is_dir() else []
    near = did_you_mean(path.name, there)
    if str(path) in builtin.NAMES:
        hint = f"for scikit-learn's data set write sklearn:{path}"
    elif near:
        hint = f"in {shown(folder.resolve(), 200)}, {near}"
    elif not folder.is_dir():
        hint = f"there is no folder {shown(folder, 200)} either"
    else:
        hint = KINDS
    return DataError(f"there is no file or folder {shown(path, 200)}", hint=hint)


__all__ = ["find_reader", "read_rows", "read_source"]
