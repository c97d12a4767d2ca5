"""NumPy's .npz archives: arrays x and y, with test and validation rows of their own if they have them."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data.memory import require
from speciate.data.preprocessing import Preprocessing
from speciate.data.raw import Raw, Reading
from speciate.data.sources.arrays import Rows, from_arrays, labels_of, rows_of
from speciate.errors import DataError, SpeciateError
from speciate.files import open_file
from speciate.text import clean, did_you_mean, listed, quoted

X_NAMES = ("x", "x_train", "train_x", "train_images", "data", "features", "images", "inputs")
Y_NAMES = ("y", "y_train", "train_y", "train_labels", "target", "targets", "labels", "label")
X_VALID, Y_VALID = ("x_valid", "x_val", "val_images"), ("y_valid", "y_val", "val_labels")
X_TEST, Y_TEST = ("x_test", "test_x", "test_images"), ("y_test", "test_y", "test_labels")
ENCRYPTED = 1
"""The bit that says so of a file in an archive."""
TIMES = 5
"""Reading takes about so much memory, in sizes of the arrays: they are copied, and become single-precision numbers."""


def read(path: str, target: str | None, reading: Reading) -> Raw:
    """X and y, then own validation rows, then own test rows; `target` names the array to predict.

    Raises:
        DataError: The archive is damaged, needs pickle, or lacks x or y.
    """
    names = _names(path)
    if target is not None and target not in names:
        close = did_you_mean(target, names)
        raise DataError(
            f"there is no array {quoted(target)} in {quoted(path, 200)}",
            hint=close or f"it has {listed(names)}",
        )
    pairs = [
        (_pick(names, X_NAMES), target or _pick(names, Y_NAMES)),
        (_pick(names, X_VALID), _pick(names, Y_VALID)),
        (_pick(names, X_TEST), _pick(names, Y_TEST)),
    ]
    if None in pairs[0]:
        lacking = "inputs (x, data or x_train)" if pairs[0][0] is None else "a target (y, target or y_train)"
        raise DataError(f"{quoted(path, 200)} has no array of {lacking}", why=f"it has {listed(names)}")
    arrays = _arrays(path, [name for pair in pairs for name in pair if name is not None], reading.most)
    parts = [tuple(None if name is None else arrays[name] for name in pair) for pair in pairs]
    return _join(path, parts, target or "y")


def _join(path: str, parts: list[tuple[Any, ...]], target: str) -> Raw:
    for inputs, labels in parts[1:]:
        if (inputs is None) != (labels is None):
            raise DataError("own test or validation rows need both inputs and targets", where=path)
    used = [(rows_of(x), labels_of(y)) for x, y in parts if x is not None]
    sizes = [0 if x is None else len(x) for x, _ in parts]
    try:
        tables = [x for x, _ in used if isinstance(x, pd.DataFrame)]
        x: Rows = pd.concat(tables, ignore_index=True) if tables else np.concatenate([x for x, _ in used])
    except (ValueError, TypeError) as error:
        shapes = ", ".join(str(x.shape) for x, _ in used)
        raise DataError(f"training and test rows have different shapes: {shapes}", where=path) from error
    y = pd.concat([y for _, y in used], ignore_index=True)
    raw = from_arrays(
        x, y, name=Path(path).stem, source=path, target=target, own_valid=sizes[1], own_test=sizes[2]
    )
    for number, use in ((sizes[1], "validation"), (sizes[2], "test")):
        if number:
            raw.info(f"the file has {number:,} {use} rows of its own: used as they are")
    return raw


def read_rows(path: str, preprocessing: Preprocessing, reading: Reading) -> tuple[Rows, Rows]:
    """The inputs, twice: test rows if the archive has no others."""
    names = _names(path)
    x = _pick(names, (*X_NAMES, *X_TEST)) or (names[0] if len(names) == 1 else None)
    if x is None:
        raise DataError(f"{quoted(path, 200)} has no array named x", why=f"it has {listed(names)}")
    rows = rows_of(_arrays(path, [x], reading.most)[x])
    return rows, rows


def _pick(names: list[str], wanted: tuple[str, ...]) -> str | None:
    folded = {name.lower(): name for name in names}
    return next((folded[name] for name in wanted if name in folded), None)


def _names(path: str) -> list[str]:
    with open_file(Path(path), links=True) as file:
        is_archive = zipfile.is_zipfile(file)
    if not is_archive:
        raise DataError(
            f"{quoted(path, 200)} is not an .npz archive", hint="np.savez(path, x=..., y=...) writes one"
        )
    with (
        _explained(path),
        open_file(Path(path), links=True) as file,
        np.load(file, allow_pickle=False) as npz,
    ):
        return [name.removesuffix(".npy") for name in npz.zip.namelist()]


def _arrays(path: str, names: list[str], most: int) -> dict[str, NDArray[Any]]:
    """Some of the arrays, none of which takes more memory than it has content."""
    with (
        _explained(path),
        open_file(Path(path), links=True) as file,
        np.load(file, allow_pickle=False) as npz,
    ):
        archive = npz.zip
        files = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        if any(files[name].flag_bits & ENCRYPTED for name in names):
            raise ValueError("it is encrypted")
        needed = 0
        for name in names:
            with archive.open(files[name]) as member:
                needed += _size(member, files[name].file_size, name)
            require(TIMES * needed, most, quoted(path, 200))
        found = {}
        for name in names:
            with archive.open(files[name]) as member:
                found[name] = np.lib.format.read_array(member, allow_pickle=False)
        return found


def _size(file: IO[bytes], content: int, name: str) -> int:
    """Bytes that an array takes, by its header.

    Args:
        file: The array's file, at its beginning.
        content: Bytes that the archive says are in it.
        name: Of the array.

    Raises:
        ValueError: There are fewer, or they are no plain values.
    """
    version = np.lib.format.read_magic(file)
    read: Any = (
        np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read(file)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are not opened because they can run code")
    if dtype.kind not in "biufSU" or dtype.itemsize == 0:
        raise ValueError(f"the array {quoted(name)} is of the type {clean(dtype, 40)}")
    taken = int(math.prod(shape) * dtype.itemsize)
    if not all(0 <= length <= content for length in shape) or taken > content:
        raise ValueError(f"the array {quoted(name)} is damaged: its header says more than is there")
    return taken


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """One error for all that can be wrong with an archive."""
    try:
        yield
    except SpeciateError:
        raise
    except (
        Exception
    ) as error:  # whatever zipfile, its packers and NumPy make of bytes that anybody may have written
        raise DataError(
            f"{quoted(path, 200)} cannot be read as an .npz archive",
            why=clean(error, 200) or type(error).__name__,
            hint="save plain arrays of numbers or text: np.savez(path, x=..., y=...)",
        ) from error
