"""NumPy's .npz archives: arrays x and y, with test and validation rows of their own if they have them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data.preprocessing import Preprocessing
from speciate.data.raw import Raw
from speciate.data.sources.arrays import Rows, from_arrays, labels_of, rows_of
from speciate.errors import DataError
from speciate.files import open_file
from speciate.text import did_you_mean, listed, quoted

X_NAMES = ("x", "x_train", "train_x", "train_images", "data", "features", "images", "inputs")
Y_NAMES = ("y", "y_train", "train_y", "train_labels", "target", "targets", "labels", "label")
X_VALID, Y_VALID = ("x_valid", "x_val", "val_images"), ("y_valid", "y_val", "val_labels")
X_TEST, Y_TEST = ("x_test", "test_x", "test_images"), ("y_test", "test_y", "test_labels")
Arrays = dict[str, NDArray[Any]]


def read(path: str, target: str | None) -> Raw:
    """X and y, then own validation rows, then own test rows; `target` names the array to predict.

    Raises:
        DataError: The archive is damaged, needs pickle, or lacks x or y.
    """
    arrays = _open(path)
    if target is not None and target not in arrays:
        close = did_you_mean(target, list(arrays))
        raise DataError(
            f"there is no array {quoted(target)} in {quoted(path, 200)}",
            hint=close or f"it has {listed(arrays)}",
        )
    parts = [
        (_pick(arrays, X_NAMES), arrays[target] if target else _pick(arrays, Y_NAMES)),
        (_pick(arrays, X_VALID), _pick(arrays, Y_VALID)),
        (_pick(arrays, X_TEST), _pick(arrays, Y_TEST)),
    ]
    if parts[0][0] is None or parts[0][1] is None:
        lacking = "inputs (x, data or x_train)" if parts[0][0] is None else "a target (y, target or y_train)"
        raise DataError(f"{quoted(path, 200)} has no array of {lacking}", why=f"it has {listed(arrays)}")
    return _join(path, parts, target or "y")


def _join(path: str, parts: list[tuple[Any, Any]], target: str) -> Raw:
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


def read_rows(path: str, preprocessing: Preprocessing) -> tuple[Rows, Rows]:
    """The inputs, twice: test rows if the archive has no others."""
    arrays = _open(path)
    x = _pick(arrays, (*X_NAMES, *X_TEST))
    if x is None and len(arrays) == 1:
        x = next(iter(arrays.values()))
    if x is None:
        raise DataError(f"{quoted(path, 200)} has no array named x", why=f"it has {listed(arrays)}")
    rows = rows_of(x)
    return rows, rows


def _pick(arrays: Mapping[str, NDArray[Any]], names: tuple[str, ...]) -> NDArray[Any] | None:
    folded = {key.lower(): key for key in arrays}
    return next((arrays[folded[name]] for name in names if name in folded), None)


def _open(path: str) -> Arrays:
    with open_file(Path(path), links=True) as file:
        is_archive = zipfile.is_zipfile(file)
    if not is_archive:
        raise DataError(
            f"{quoted(path, 200)} is not an .npz archive", hint="np.savez(path, x=..., y=...) writes one"
        )
    try:
        with open_file(Path(path), links=True) as file, np.load(file, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except (ValueError, OSError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, MemoryError) as error:
        pickled = "pickle" in str(error).lower()
        raise DataError(
            f"{quoted(path, 200)} cannot be read as an .npz archive",
            why="it holds Python objects, which are not opened because they can run code"
            if pickled
            else str(error),
            hint="save plain arrays of numbers or text: np.savez(path, x=..., y=...)",
        ) from error
