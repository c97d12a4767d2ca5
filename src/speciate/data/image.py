"""Images and arrays of bytes to network inputs: their layout, and how a fitted `ImageState` is applied."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.data.schema import CLIP, ImageState
from speciate.errors import DataError

CHANNELS = (1, 3, 4)
NARROW, ELONGATED = 4, 4
"""A side below which, and a ratio of the sides above which, rows with two axes are not taken for images by themselves."""
CELLS_AT_ONCE = 4_000_000


def input_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The network's view of rows of `shape`: (features,) or (channels, height, width).

    Raises:
        DataError: Rows of more than three axes, or of two that are no image's height and width.
    """
    if len(shape) == 1:
        return shape
    if len(shape) == 2:
        if (min(shape) < NARROW and shape[0] != shape[1]) or max(shape) > ELONGATED * min(shape):
            raise DataError(
                f"rows of shape {shape} could be windows of time or images",
                why="an image has hardly ever such sides, and a network for images would mix what is beside each other",
                hint=f"x.reshape(len(x), {math.prod(shape)}) for values that stand for themselves, "
                f"x.reshape(len(x), 1, {shape[0]}, {shape[1]}) for images",
            )
        return (1, *shape)
    if len(shape) == 3:
        last = shape[2] in CHANNELS and shape[0] not in CHANNELS
        return (shape[2], *shape[:2]) if last else shape
    raise DataError(
        f"rows of shape {shape} are neither features nor images",
        hint="give (n, features), (n, height, width), (n, height, width, channels) or (n, channels, height, width)",
    )


def laid_out(x: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """A view of x (n, ...) as (n, *shape), channels first.

    Raises:
        DataError: The rows do not have this shape.
    """
    row = x.shape[1:]
    if row == shape:
        return x
    if len(row) == 3 and len(shape) == 3 and (row[2], row[0], row[1]) == shape:
        return np.moveaxis(x, 3, 1)
    flat = len(row) == 1 or len(shape) == 1 or (1, *row) == shape
    if flat and math.prod(row) == math.prod(shape):
        return x.reshape(len(x), *shape)
    raise DataError(f"rows of shape {row} do not fit a network for rows of shape {shape}")


def encode(x: NDArray[Any], state: ImageState) -> NDArray[np.float32]:
    """X (n, ...) to (n, *state.shape) float32, finite.

    Raises:
        DataError: The rows do not have the shape, or are not numbers.
    """
    if x.dtype.kind not in "biuf":
        raise DataError(f"values of type {x.dtype} are not numbers")
    x = laid_out(x, state.shape)
    each = (-1,) + (1,) * (len(state.shape) - 1)
    factor = 1 / (state.divide * np.array(state.scale)).reshape(each)
    offset = (np.array(state.mean) / np.array(state.scale)).reshape(each)
    middle = (state.divide * np.array(state.mean)).reshape(each)
    far = np.abs(offset).max() > 1e5  # then what is left after a product would be rounding
    out = np.empty(x.shape, dtype=np.float32)
    for rows in _blocks(x):
        with np.errstate(over="ignore", invalid="ignore"):
            block = (x[rows] - middle) * factor if far else x[rows] * factor - offset
        out[rows] = np.clip(np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0), -CLIP, CLIP)
    return out


def fit(x: NDArray[Any], shape: tuple[int, ...], white: float | None = None) -> ImageState:
    """Mean and standard deviation of the training rows, per channel.

    Args:
        x: (n, ...) numbers.
        shape: (channels, height, width), or (features,), which is treated as one channel.
        white: What numbers are divided by; None for 255 where they are bytes, else 1.
    """
    x = laid_out(x, shape)
    divide = white or (255.0 if x.dtype == np.uint8 else 1.0)
    mean = _channel_means(x, None) / divide
    variance = _channel_means(x, mean * divide) / divide**2
    scale = np.sqrt(variance)
    # A constant channel has no spread to divide by; what is left of it is rounding.
    exact = 1e-14 if x.dtype.itemsize == 8 else 1e-7
    scale = np.where(scale <= exact * np.maximum(np.abs(mean), 1e-200), 1.0, scale)
    return ImageState(shape, divide, tuple(mean.tolist()), tuple(scale.tolist()))


def not_finite(x: NDArray[Any]) -> int:
    """How many values are infinite or not a number."""
    if x.dtype.kind != "f":
        return 0
    return sum(int((~np.isfinite(x[rows])).sum()) for rows in _blocks(x))


def _channel_means(x: NDArray[Any], center: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """(channels,) mean of the finite values of x, or of their squared distance from `center`."""
    channels = x.shape[1] if x.ndim == 4 else 1
    total, number = np.zeros(channels), np.zeros(channels)
    for rows in _blocks(x):
        block = x[rows].astype(np.float64).reshape(-1, channels, math.prod(x.shape[1:]) // channels)
        good = np.abs(block) <= 1e100
        if center is not None:
            block = np.square(np.where(good, block - center[:, None], 0.0))
        total += np.where(good, block, 0.0).sum(axis=(0, 2))
        number += good.sum(axis=(0, 2))
    return total / np.maximum(number, 1)


def _blocks(x: NDArray[Any]) -> list[slice]:
    step = max(1, CELLS_AT_ONCE // max(math.prod(x.shape[1:]), 1))
    return [slice(start, start + step) for start in range(0, len(x), step)]
