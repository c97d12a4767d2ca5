"""MNIST's own IDX files, gzipped or not: train and t10k (or test) images and labels in one folder.

Format: two zero bytes, a type code, the number of axes, each axis as a big-endian 32-bit number, then the values
(http://yann.lecun.com/exdb/mnist/, "the IDX file format").
"""

from __future__ import annotations

import math
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data.memory import opened, require
from speciate.data.preprocessing import Preprocessing
from speciate.data.raw import Raw, Reading
from speciate.data.sources.arrays import Rows, from_arrays, refuse_target
from speciate.errors import DataError
from speciate.text import listed, quoted

MOST_SHRUNK = 1100
"""gzip cannot make a file smaller than about a 1032nd: a header that announces more is wrong."""
TIMES = 5
"""Reading takes about so much memory, in sizes of the values: they become single-precision numbers."""
TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
FILE = re.compile(r"(?i)^(.*?)(images|labels)[-.]idx\d-ubyte(\.gz)?$")
_TEST = re.compile(r"(?i)(t10k|test)")


def is_idx(path: Path) -> bool:
    """Whether the file's name is that of an IDX file."""
    return FILE.match(path.name) is not None


def read(where: str, target: str | None, reading: Reading) -> Raw:
    """The training rows, then the test rows if there are any.

    Raises:
        DataError: Files are missing, damaged or do not belong together.
    """
    refuse_target(target, "a folder of IDX files")
    folder = Path(where)
    found = _files(folder)
    x, y = _pair(folder, found, reading.most, test=False)
    sizes = [len(x)]
    if ("images", True) in found:
        x_test, y_test = _pair(folder, found, reading.most, test=True)
        if x_test.shape[1:] != x.shape[1:]:
            raise DataError(f"training images are {x.shape[1:]}, test images {x_test.shape[1:]}", where=where)
        x, y = np.concatenate([x, x_test]), np.concatenate([y, y_test])
        sizes.append(len(x_test))
    own_test = sizes[1] if len(sizes) > 1 else 0
    name = folder.resolve().name
    if x.ndim == 3:  # images, in this format, whatever their sides
        x = x[:, None]
    raw = from_arrays(x, pd.Series(y), name=name, source=f"idx:{where}", target="label", own_test=own_test)
    if own_test:
        raw.info(f"the folder has {own_test:,} test rows of its own: sealed as they are")
    return raw


def read_rows(where: str, preprocessing: Preprocessing, reading: Reading) -> tuple[Rows, Rows]:
    """The images of one file, or of a folder: its test images if it has both kinds."""
    path = Path(where)
    if not path.is_file():
        files = _files(path)
        found = files.get(("images", True)) or files.get(("images", False))
        if found is None:
            raise DataError(f"there are no images in {quoted(path, 200)}", where=f"idx:{where}")
        path = found
    images = read_file(path, reading.most)
    return images, images


def _files(folder: Path) -> dict[tuple[str, bool], Path]:
    """("images" or "labels", whether for test) to file."""
    if not folder.is_dir():
        raise DataError(
            f"there is no folder {quoted(folder, 200)}",
            hint="idx:DIR is a folder of IDX files, such as MNIST's",
        )
    found: dict[tuple[str, bool], Path] = {}
    for path in sorted(folder.iterdir()):
        match = FILE.match(path.name)
        if match:
            found.setdefault((match[2].lower(), _TEST.search(match[1]) is not None), path)
    return found


def _pair(
    folder: Path, files: dict[tuple[str, bool], Path], most: int, *, test: bool
) -> tuple[NDArray[Any], NDArray[Any]]:
    names = {
        (kind, test): f"{'t10k' if test else 'train'}-{kind}-idx{axes}-ubyte.gz"
        for kind, axes in (("images", 3), ("labels", 1))
    }
    missing = [name for key, name in names.items() if key not in files]
    if missing:
        raise DataError(
            f"{listed(missing)} missing in {quoted(folder, 200)}",
            hint="IDX files come in pairs, with or without .gz",
        )
    images, labels = (read_file(files[key], most) for key in names)
    if labels.ndim != 1 or len(images) != len(labels):
        raise DataError(
            f"{len(images):,} images but {labels.size:,} labels",
            where=f"{files['images', test].name} and {files['labels', test].name}",
        )
    return images, labels


def read_file(path: Path, most: int) -> NDArray[Any]:
    """The array in one IDX file.

    Args:
        path: The file, gzipped or not.
        most: Bytes of memory that reading may take.

    Raises:
        DataError: The file is damaged, longer or shorter than its header says, or too large.
    """
    try:
        with opened(path) as file:
            head = file.read(4)
            head += file.read(4 * (head[3] if len(head) == 4 else 0))
            dtype, shape = _header(head, path)
            size = math.prod(shape) * dtype.itemsize
            require(TIMES * size, most, quoted(path, 200))
            least = path.stat().st_size
            content = b"" if size > MOST_SHRUNK * least else file.read(size)
            if len(content) != size or file.read(1):
                raise DataError(
                    f"{quoted(path, 200)} has {'more' if len(content) == size else 'fewer'} bytes of values than the {size:,} "
                    "that its header says",
                    hint="the file is damaged or cut off; fetch it again",
                )
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{quoted(path, 200)} cannot be read", why=str(error)) from error
    return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _header(content: bytes, path: Path) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Type and shape, from all of the header."""
    axes = content[3] if len(content) > 3 else 0
    if len(content) < 4 + 4 * axes or content[:2] != b"\0\0" or content[2] not in TYPES or not 1 <= axes <= 4:
        raise DataError(
            f"{quoted(path, 200)} does not start like an IDX file", hint="is it another format, or damaged?"
        )
    return np.dtype(TYPES[content[2]]), tuple(int(n) for n in np.frombuffer(content, ">u4", axes, 4))
