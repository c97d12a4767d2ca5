"""A folder of images by class: one folder a class, or train/ and test/ with one folder a class in each."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from speciate.data.memory import require
from speciate.data.preprocessing import Preprocessing
from speciate.data.raw import Raw, Reading
from speciate.data.schema import ImageState
from speciate.data.sources.arrays import Rows, from_arrays, refuse_target
from speciate.data.sources.pictures import MODES, Header, Pictures
from speciate.errors import DataError
from speciate.text import counted, listed, quoted

SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
TEST_FOLDERS = ("test", "testing")
VALID_FOLDERS = ("valid", "val", "validation")
TRAIN_FOLDERS = ("train", "training")
LARGEST = 256
"""Height and width of images where nothing else is asked for, at most."""
HIDDEN = ("__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin")
"""What systems leave in folders, beside what begins with a dot."""
TIMES = 6
"""Reading takes about so much memory, in bytes a value: a byte, a copy, and a single-precision number."""


def has_images(folder: Path) -> bool:
    """Whether there is an image in it, however deep."""
    return next(_images(folder), None) is not None


def read(where: str, target: str | None, reading: Reading) -> Raw:
    """All images in one size, grayscale if all of them are.

    Raises:
        DataError: There are no classes, or hardly any image can be read, or they take too much memory.
    """
    refuse_target(target, "a folder of images")
    folder, notes = Path(where), list[tuple[bool, str]]()
    parts = _by_part(folder, notes)
    reader, looked = Pictures(reading.most), dict[Path, Header]()
    for path, _ in (pair for part in parts for pair in part):
        if (header := reader.header(path)) is not None:
            looked[path] = header
    if not looked:
        raise _none_readable(folder, reader)
    height, width = reading.image_size or _fitting(list(looked.values()), reading.most)
    channels = max(header.channels for header in looked.values())
    depths = {header.depth for header in looked.values()}
    white = max(depths)
    dtype = np.float32 if 0 in depths else np.uint8 if white == 255 else np.uint16
    shape = (channels, height, width)
    need = TIMES * np.dtype(dtype).itemsize * len(looked) * math.prod(shape)
    require(
        need,
        reading.most,
        f"{counted(len(looked), 'image')} of {height} x {width} in {counted(channels, 'channel')}",
    )
    x, used = np.empty((len(looked), *shape), dtype), list[list[str]]()
    at = 0
    for part in parts:
        used.append([])
        for path, label in part:
            if path in looked and (pixels := reader.pixels(path, shape, white or 1.0)) is not None:
                x[at] = np.rint(pixels) if dtype == np.uint16 else pixels
                used[-1].append(label)
                at += 1
    if not at:
        raise _none_readable(folder, reader)
    x = x[:at]
    if channels == 4 and (x[:, 3] == white).all():  # nothing is transparent
        gray = all(header.channels == 1 for header in looked.values())
        x = np.ascontiguousarray(x[:, : 1 if gray else 3])
    raw = from_arrays(
        x,
        pd.Series([label for part in used for label in part]),
        name=folder.resolve().name,
        source=where,
        target="folder",
        own_valid=len(used[1]),
        own_test=len(used[2]),
    )
    finite = np.abs(x[np.isfinite(x)]) if dtype == np.float32 else x
    raw.complete = True  # a folder's name is a class, whatever it is
    raw.white = white or float(finite.max(initial=0)) or 1.0
    for loud, text in notes:
        (raw.warn if loud else raw.info)(text)
    _say(raw, reader, looked, (height, width), reading.image_size is not None)
    return raw


def read_rows(where: str, preprocessing: Preprocessing, reading: Reading) -> tuple[Rows, Rows]:
    """A table of the files' names, and the images in the network's size.

    Raises:
        DataError: A file cannot be read: a prediction would be missing for it.
    """
    state, folder = preprocessing.state, Path(where)
    if not isinstance(state, ImageState) or len(state.shape) != 3 or state.shape[0] not in MODES:
        raise DataError(
            f"the network does not take images: its inputs have the shape {preprocessing.input_shape}"
        )
    paths = sorted(_images(folder))
    if not paths:
        raise DataError(f"there is no image in {quoted(folder, 200)}")
    require(TIMES * 4 * len(paths) * math.prod(state.shape), reading.most, counted(len(paths), "image"))
    reader = Pictures(reading.most)
    x = np.empty((len(paths), *state.shape), np.float32)
    for i, path in enumerate(paths):
        if (pixels := reader.pixels(path, state.shape, state.divide)) is not None:
            x[i] = pixels
    if reader.unreadable:
        raise DataError(
            f"{counted(len(reader.unreadable), 'file')} cannot be read as an image: {_named(reader)}",
            where=where,
            hint="remove them or replace them",
        )
    return pd.DataFrame({"file": [str(path.relative_to(folder)) for path in paths]}), x


def _by_part(folder: Path, notes: list[tuple[bool, str]]) -> list[list[tuple[Path, str]]]:
    """(file, label) for training, validation and test; what was decided goes to `notes`, as (whether it is a warning, text)."""
    found, hidden = folder, [path.name for path in sorted(folder.rglob("*")) if _is_hidden(path)]
    if hidden:
        notes.append((False, f"hidden files and folders skipped: {listed(dict.fromkeys(hidden))}"))
    inside = _folders(found)
    while (
        len(inside) == 1 and not _beside(found) and len(_folders(inside[0])) > 1
    ):  # as archives are unpacked
        found, inside = inside[0], _folders(inside[0])
    if found != folder:
        notes.append((False, f"the classes are the folders in {quoted(found.relative_to(folder), 200)}"))
    named = {path.name.lower(): path for path in inside}
    parts = [
        next((named[n] for n in names if n in named), None)
        for names in (TRAIN_FOLDERS, VALID_FOLDERS, TEST_FOLDERS)
    ]
    there = [part for part in parts if part is not None]
    if (
        parts[0] is not None
        and len(there) > 1
        and all(any(map(has_images, _folders(part))) for part in there)
    ):
        if others := [path.name for path in inside if path not in there]:
            notes.append((True, f"folders beside {there[0].name} are not used: {listed(others)}"))
        names = [f"{path.name}/" for path in there]
        notes.append((False, f"{listed(names)} are the parts of the data, with a folder for each class"))
        return [_labeled(part, notes) if part else [] for part in parts]
    first = _labeled(found, notes)
    if not first:
        raise DataError(
            f"the images in {quoted(folder, 200)} are not sorted into folders",
            hint="make a folder for each class and put its images there",
        )
    return [first, [], []]


def _labeled(folder: Path, notes: list[tuple[bool, str]]) -> list[tuple[Path, str]]:
    """The images by class; those in folders within a class belong to it."""
    found, empty, nested = list[tuple[Path, str]](), list[str](), 0
    for label in _folders(folder):
        paths = sorted(_images(label))
        nested += sum(path.parent != label for path in paths)
        found += [(path, label.name) for path in paths]
        if not paths:
            empty.append(label.name)
    if empty:
        notes.append(
            (
                True,
                f"no image in {counted(len(empty), 'class folder')}, which cannot be learned: {listed(empty)}",
            )
        )
    if nested:
        notes.append((False, f"{counted(nested, 'image')} in folders within a class belong to that class"))
    if beside := _beside(folder):
        notes.append(
            (True, f"{counted(len(beside), 'image')} beside the class folders left out: {listed(beside)}")
        )
    return found


def _folders(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.is_dir() and not _is_hidden(path)]


def _beside(folder: Path) -> list[str]:
    """Images that are in no folder of a class."""
    return [
        p.name
        for p in sorted(folder.iterdir())
        if p.suffix.lower() in SUFFIXES and p.is_file() and not _is_hidden(p)
    ]


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower() in HIDDEN


def _images(folder: Path) -> Iterator[Path]:
    """Images in a folder, however deep, without what is hidden."""
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_hidden(Path(name)))
        for name in names:
            if Path(name).suffix.lower() in SUFFIXES and not _is_hidden(Path(name)):
                yield Path(top) / name


def _fitting(headers: Sequence[Header], most: int) -> tuple[int, int]:
    """The median height and width, smaller if that is large or memory is short."""
    height, width = (int(np.median([getattr(h, side) for h in headers])) for side in ("height", "width"))
    channels = max(h.channels for h in headers)
    values = most / (4 * TIMES * len(headers) * channels)
    by = min(1.0, LARGEST / max(height, width), math.sqrt(values / (height * width)))
    return max(1, int(height * by)), max(1, int(width * by))


def _say(raw: Raw, reader: Pictures, looked: dict[Path, Header], shape: tuple[int, int], asked: bool) -> None:
    """What was done to the images."""
    height, width = shape
    if reader.unreadable:
        lost = counted(len(reader.unreadable), "file")
        raw.warn(f"{lost} cannot be read as an image, left out: {_named(reader)}")
    resized = reader.done.pop("resized", 0)
    if resized:
        ratios = [header.width / header.height * height / width for header in looked.values()]
        bent = sum(not 0.9 < ratio < 1.1 for ratio in ratios)
        why = "" if asked else " (the median, at most 256; --image-size)"
        shapes = f"; {bent:,} of another aspect ratio are stretched, nothing is cut off" if bent else ""
        raw.info(f"{counted(resized, 'image')} resized to {height} x {width}{why}{shapes}")
    for what, number in sorted(reader.done.items()):
        if number:
            raw.info(f"{counted(number, 'image')} {what}")
    if isinstance(raw.x, np.ndarray) and raw.x.dtype == np.float32:
        raw.info(f"values of the images go from {raw.x.min():.4g} to {raw.x.max():.4g}: scaled by that range")
    kinds = Counter(header.channels for header in looked.values())
    if len(raw.x[0]) == 4:
        raw.info("some images are transparent: transparency is a channel of its own")
    if 1 in kinds and len(kinds) > 1:
        raw.info("grayscale and color images are mixed: all are used in color")


def _none_readable(folder: Path, reader: Pictures) -> DataError:
    return DataError(
        f"no image in {quoted(folder, 200)} can be read", why=next(iter(reader.unreadable.values()), "")
    )


def _named(reader: Pictures) -> str:
    found = [f"{quoted(path.name)} ({why})" for path, why in reader.unreadable.items()]
    return "; ".join(found[:8]) + (f"; and {len(found) - 8:,} more" if len(found) > 8 else "")
