"""Reads one image after another: turned as its camera says, in one size, with one white, and what was done is counted.

Values go from 0 to `white`. With transparency, there is a fourth channel, and the colors are multiplied by it; without, what is
transparent is white.
"""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.data.memory import size
from speciate.errors import DataError
from speciate.files import open_file
from speciate.text import clean

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
"""What is read, whatever a file's name ends with: other formats of Pillow's run other programs."""
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
GRAY = ("1", "L", "LA", "La", "I", "F")
ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
BYTES_A_PIXEL = 16
"""What decoding takes at most."""


@dataclass(frozen=True)
class Header:
    """What an image's file says of it before it is decoded."""

    channels: int
    height: int
    width: int
    depth: float
    """The value that stands for white: 255, 65,535, or 0 for values of any range."""


@dataclass
class Pictures:
    """A reader of images.

    Attributes:
        most: Bytes of memory that decoding one may take.
        done: What was done to how many images.
        unreadable: Why an image could not be read, by its path.
    """

    most: int
    done: Counter[str] = field(default_factory=Counter)
    unreadable: dict[Path, str] = field(default_factory=dict)

    def header(self, path: Path) -> Header | None:
        """What an image is, without decoding it; None if it cannot be read."""
        found: Header | None = self._try(path, _header)
        return found

    def pixels(self, path: Path, shape: tuple[int, ...], white: float) -> NDArray[Any] | None:
        """The image as `shape` (channels, height, width), from 0 to `white`; None if it cannot be read."""
        found: NDArray[Any] | None = self._try(path, lambda image: self._pixels(image, shape, white))
        return found

    def _try(self, path: Path, read: Any) -> Any:
        image = pillow()
        try:
            with warnings.catch_warnings(), open_file(path, links=True) as file:
                warnings.simplefilter("ignore")  # of Pillow, about odd files; what matters is said here
                with image.open(file, formats=FORMATS) as opened:
                    needed = BYTES_A_PIXEL * opened.width * opened.height
                    if needed > self.most:
                        raise ValueError(
                            f"decoding it needs {size(needed)}, and reading may take {size(self.most)}"
                        )
                    return read(opened)
        except image.UnidentifiedImageError:  # its message names an open file
            self.unreadable[path] = "not an image, or damaged"
            return None
        except Exception as error:  # whatever Pillow makes of bytes that anybody may have written
            self.unreadable[path] = clean(str(error), 200) or type(error).__name__
            return None

    def _pixels(self, opened: Any, shape: tuple[int, ...], white: float) -> NDArray[Any]:
        from PIL import ImageOps

        channels, height, width = shape
        if _bits(opened) == 8:
            opened.draft(None, (2 * max(height, width),) * 2)  # JPEG: decoded at a fraction of its size
        turned = opened.getexif().get(274, 1) not in (0, 1)
        self.done["turned as EXIF says"] += turned
        self.done["of several frames, of which the first is used"] += getattr(opened, "is_animated", False)
        depth = _bits(opened)
        picture: Any = ImageOps.exif_transpose(opened)
        if depth != 8:
            return self._deep(picture, depth, shape, white)
        rgba = picture.mode in ALPHA or "transparency" in picture.info
        if rgba:
            picture = picture.convert("RGBA")
            if channels < 4 and picture.getextrema()[3][0] < 255:
                self.done["transparent, put on white"] += 1
                ground = pillow().new("RGBA", picture.size, "white")
                picture = pillow().alpha_composite(ground, picture)
        picture = (
            picture.convert("RGBA").convert("RGBa") if channels == 4 else picture.convert(MODES[channels])
        )
        if picture.size != (width, height):
            self.done["resized"] += 1
            picture = picture.resize((width, height))
        values = np.asarray(picture, dtype=np.uint8)
        values = values[None] if channels == 1 else np.moveaxis(values, 2, 0)
        return values if white == 255 else values * (white / 255)

    def _deep(self, picture: Any, depth: int, shape: tuple[int, ...], white: float) -> NDArray[Any]:
        """An image of one channel with numbers that do not fit into bytes."""
        channels, height, width = shape
        self.done["of 16 bits, scaled by them" if depth else "of numbers of any range, as they are"] += 1
        plane = pillow().fromarray(np.asarray(picture).astype(np.float32))
        if plane.size != (width, height):
            self.done["resized"] += 1
            plane = plane.resize((width, height))
        values = np.asarray(plane, dtype=np.float32)
        if depth:
            values = values * (white / (2**depth - 1))
        elif white in (255.0, 65535.0) and np.nanmin(values) >= 0 and np.nanmax(values) <= 1:
            values = values * white  # the usual range, beside images of whole numbers
        out = np.broadcast_to(values, (channels, height, width)).copy()
        if channels == 4:
            out[3] = white
        return out


def _header(opened: Any) -> Header:
    turned = _orientation(opened) in (5, 6, 7, 8)
    height, width = (opened.width, opened.height) if turned else (opened.height, opened.width)
    alpha = opened.mode in ALPHA or "transparency" in opened.info
    depth = _bits(opened)
    channels = 1 if opened.mode.split(";")[0] in GRAY else 3
    if alpha and depth == 8:
        channels = 4
    return Header(channels, height, width, float(2**depth - 1 if depth == 8 else 65535 if depth else 0))


def _orientation(opened: Any) -> int:
    """Which side is up, where that is known before the pixels are; Pillow turns a TIFF itself."""
    known = opened.format != "TIFF" and (opened.format != "PNG" or "exif" in opened.info)
    return int(opened.getexif().get(274, 1)) if known else 1


def _bits(opened: Any) -> int:
    """Bits of a value; 0 where its range is not fixed."""
    if not opened.mode.startswith(("I", "F")):
        return 8
    tags = getattr(opened, "tag_v2", {})
    bits = int((tags.get(258) or (16,))[0])
    signed = 2 in (tags.get(339) or ())
    return 0 if opened.mode == "F" or bits > 16 or signed else bits


def pillow() -> Any:
    """Pillow.

    Raises:
        DataError: It is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise DataError("folders of images need Pillow", hint='pip install "speciate[images]"') from error
    return Image
