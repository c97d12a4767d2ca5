"""A folder of images by class: one folder a class, or train/ and test/ with one folder a class in each."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from speciate.data.preprocessing import Preprocessing
from speciate.data.raw import Raw, Reading
from speciate.data.schema import ImageState
from speciate.data.sources.arrays import Rows, from_arrays, refuse_target
from speciate.errors import DataError
from speciate.files import open_file
from speciate.text import counted, listed, quoted

SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
TEST_FOLDERS = ("test", "testing")
VALID_FOLDERS = ("valid", "val", "validation")
TRAIN_FOLDERS = ("train", "training")
MODES = {1: "L", 3: "RGB"}


def has_images(folder: Path) -> bool:
    """Whether there is an image in it, at most two folders down."""
    return any(
        path.suffix.lower() in SUFFIXES for pattern in ("*", "*/*", "*/*/*") for path in folder.glob(pattern)
    )


def read(where: str, target: str | None, reading: Reading) -> Raw:
    """All images in the commonest size, grayscale if all of them are.

    Raises:
        DataError: There are no classes, or hardly any image can be read.
    """
    refuse_target(target, "a folder of images")
    folder = Path(where)
    files = _by_part(folder)
    sizes, unreadable = _sizes([path for part in files for path, _ in part])
    if not sizes:
        raise DataError(f"no image in {quoted(folder, 200)} can be read")
    (height, width), same = Counter(size[1:] for size in sizes.values()).most_common(1)[0]
    channels = max(size[0] for size in sizes.values())
    kept = [[pair for pair in part if pair[0] in sizes] for part in files]
    rows = [pair for part in kept for pair in part]
    raw = from_arrays(
        np.stack([_pixels(path, (channels, height, width)) for path, _ in rows]),
        pd.Series([label for _, label in rows]),
        name=folder.resolve().name,
        source=where,
        target="folder",
        own_valid=len(kept[1]),
        own_test=len(kept[2]),
    )
    raw.complete = True  # a folder's name is a class, whatever it is
    if unreadable:
        names = listed(path.name for path in unreadable)
        raw.warn(f"{counted(len(unreadable), 'file')} cannot be read as an image, left out: {names}")
    if same < len(sizes):
        other = counted(len(sizes) - same, "image")
        raw.info(f"{other} of other sizes resized to the commonest, {height} x {width}")
    if min(size[0] for size in sizes.values()) < channels:
        raw.info("grayscale and color images are mixed: all are used in color")
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
    paths = sorted(
        p for pattern in ("*", "*/*", "*/*/*") for p in folder.glob(pattern) if p.suffix.lower() in SUFFIXES
    )
    sizes, unreadable = _sizes(paths)
    if unreadable:
        raise DataError(
            f"{counted(len(unreadable), 'file')} cannot be read as an image: {listed(p.name for p in unreadable)}",
            where=where,
            hint="remove them or replace them",
        )
    if not sizes:
        raise DataError(f"there is no image in {quoted(folder, 200)}")
    names = pd.DataFrame({"file": [str(path.relative_to(folder)) for path in paths]})
    return names, np.stack([_pixels(path, state.shape) for path in paths])


def _by_part(folder: Path) -> list[list[tuple[Path, str]]]:
    """(file, label) for training, validation and test."""
    inside = {path.name.lower(): path for path in sorted(folder.iterdir()) if path.is_dir()}
    train = next((inside[name] for name in TRAIN_FOLDERS if name in inside), None)
    if train is None:
        parts = [_labeled(folder), [], []]
    else:
        others = [
            next((inside[n] for n in names if n in inside), None) for names in (VALID_FOLDERS, TEST_FOLDERS)
        ]
        parts = [_labeled(train), *(_labeled(other) if other else [] for other in others)]
    if not parts[0]:
        raise DataError(
            f"the images in {quoted(folder, 200)} are not sorted into folders",
            hint="make a folder for each class and put its images there",
        )
    return parts


def _labeled(folder: Path) -> list[tuple[Path, str]]:
    return [
        (path, label.name)
        for label in sorted(folder.iterdir())
        if label.is_dir()
        for path in sorted(label.iterdir())
        if path.suffix.lower() in SUFFIXES
    ]


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise DataError("folders of images need Pillow", hint='pip install "speciate[images]"') from error
    return Image


def _sizes(paths: list[Path]) -> tuple[dict[Path, tuple[int, int, int]], list[Path]]:
    """(channels, height, width) of the files that can be read, and the files that cannot."""
    image = _pillow()
    sizes, unreadable = {}, []
    for path in paths:
        try:
            with open_file(path, links=True) as file, image.open(file) as opened:
                opened.load()
                channels = 1 if opened.mode in ("1", "L", "LA", "I", "F", "I;16") else 3
                sizes[path] = (channels, opened.height, opened.width)
        except (
            OSError,
            ValueError,
            SyntaxError,
            image.DecompressionBombError,
            image.DecompressionBombWarning,
        ):
            unreadable.append(path)
    return sizes, unreadable


def _pixels(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """(channels, height, width) bytes."""
    channels, height, width = shape
    with open_file(path, links=True) as file, _pillow().open(file) as opened:
        picture = opened.convert(MODES[channels])
        if picture.size != (width, height):
            picture = picture.resize((width, height))
        pixels = np.asarray(picture, dtype=np.uint8)
    return pixels[None] if channels == 1 else np.moveaxis(pixels, 2, 0)
