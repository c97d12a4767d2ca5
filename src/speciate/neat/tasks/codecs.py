"""Between an environment's spaces and a network's numbers: observations become inputs, outputs become actions.

Arrays have a column for every environment, as networks have: observations (width, *shape) come in, inputs (inputs, width) go to
the networks, outputs (outputs, width) come back, and actions (width, ...) go to the environments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.errors import UsageError

LIMIT = 1e300
"""Stands for infinity where JSON is written."""

FAR = 1e6
"""A bound beyond this is no bound for an action."""
NARROW = 1.0
"""A range below this is stretched, so that an input is not drowned by the others."""


@dataclass(frozen=True)
class Codec:
    """One direction of the translation.

    Attributes:
        size: How many numbers of a network it takes.
        translate: Observations (width, ...) to inputs (size, width), or outputs (size, width) to actions (width, ...).
        form: The same as JSON, as `speciate.champion.standalone.connections` does it; with the shape and type of one observation
            or action.
    """

    size: int
    translate: Callable[[NDArray[Any]], NDArray[Any]]
    form: Mapping[str, Any]


def observing(space: Any, name: str) -> Codec:
    """How observations become inputs.

    A `Box` is flattened. Numbers whose bounds are less than 1 apart, such as a velocity of at most 0.07, are stretched to
    [-1, 1]; the others are left as they are, for bounds are often much wider than what is ever seen. A `Discrete` is one input for
    each value, 1 for the one that is seen.

    Args:
        space: A Gymnasium space.
        name: Of the environment, for the error.

    Raises:
        UsageError: A space of another kind.
    """
    kind = type(space).__name__
    if kind == "Box":
        return _box_inputs(space)
    if kind == "Discrete":
        first, count = int(space.start), int(space.n)
        values = np.arange(first, first + count)[:, None]
        form = {"kind": "one-hot", "first": first, "count": count, **_array(space)}
        return Codec(count, lambda seen: (np.asarray(seen)[None, :] == values).astype(np.float64), form)
    raise _unsupported("observations", space, name)


def _box_inputs(space: Any) -> Codec:
    low, high = (np.asarray(end, dtype=np.float64).ravel() for end in (space.low, space.high))
    scaled = (low < high) & (high - low < NARROW)
    low, high = np.where(scaled, low, -1.0)[:, None], np.where(scaled, high, 1.0)[:, None]
    middle, half = (low + high) / 2, (high - low) / 2

    def translate(seen: NDArray[Any]) -> NDArray[np.float64]:
        rows = np.ascontiguousarray(np.asarray(seen).reshape(len(seen), -1).T, dtype=np.float64)
        rows -= middle
        rows /= half
        return rows

    form = {
        "kind": "scaled",
        "middle": middle.ravel().tolist(),
        "half": half.ravel().tolist(),
        **_array(space),
    }
    return Codec(low.size, translate, form)


def acting(space: Any, name: str) -> Codec:
    """How outputs become actions.

    `Discrete`: an output for each action, the greatest wins, the first of equals. `MultiDiscrete`: the same for each of its
    parts. `MultiBinary`: on where an output is positive. `Box`: an output in [-1, 1] (clipped) spans the bounds; where there
    are none, the output itself.

    Args:
        space: A Gymnasium space.
        name: Of the environment, for the error.

    Raises:
        UsageError: A space of another kind.
    """
    kind = type(space).__name__
    if kind == "Discrete":
        first, count = int(space.start), int(space.n)
        form = {"kind": "greatest", "first": first, **_array(space)}
        return Codec(count, lambda outputs: (greatest(outputs) + first).astype(space.dtype), form)
    if kind == "MultiDiscrete" and space.nvec.ndim == 1:
        return _choices(space)
    if kind == "MultiBinary" and len(space.shape) == 1:
        form = {"kind": "positive", **_array(space)}
        return Codec(int(space.n), lambda outputs: (outputs.T > 0).astype(space.dtype), form)
    if continuous(space):
        return _box_actions(space)
    raise _unsupported("actions", space, name)


def continuous(space: Any) -> bool:
    """Whether actions are numbers with bounds, not choices."""
    return type(space).__name__ == "Box"


def greatest(outputs: NDArray[Any]) -> NDArray[np.int64]:
    """Which output is the greatest in each column, the first of equals."""
    if len(outputs) == 2:
        return np.asarray(outputs[1] > outputs[0], np.int64)  # several times as fast
    return np.asarray(outputs.argmax(axis=0))


def _choices(space: Any) -> Codec:
    ends = np.cumsum(space.nvec)
    parts = [slice(end - count, end) for end, count in zip(ends, space.nvec, strict=True)]

    def translate(outputs: NDArray[Any]) -> NDArray[Any]:
        places = np.stack([greatest(outputs[part]) for part in parts], axis=1)
        return np.asarray(places + space.start, space.dtype)

    sizes = {"sizes": space.nvec.tolist(), "first": space.start.tolist()}
    return Codec(int(ends[-1]), translate, {"kind": "greatest of each", **sizes, **_array(space)})


def _box_actions(space: Any) -> Codec:
    low, high = (np.asarray(end, dtype=np.float64).ravel() for end in (space.low, space.high))
    if space.dtype.itemsize == 8 and space.dtype.kind in "iu":  # float64 rounds 2**63 - 1 up, out of its type
        high = np.minimum(high, np.nextafter(float(np.iinfo(space.dtype).max), 0.0))
    bounded = (low > -FAR) & (high < FAR)
    start, span = np.where(bounded, low, 0.0), np.where(bounded, high - low, 0.0)

    def translate(outputs: NDArray[Any]) -> NDArray[Any]:
        rows = outputs.T
        within = start + (np.clip(rows, -1.0, 1.0) + 1.0) / 2.0 * span
        chosen = np.where(bounded, np.minimum(within, high), np.clip(rows, low, high))
        return np.asarray(chosen.reshape(-1, *space.shape), dtype=space.dtype)

    ends = {"low": np.maximum(low, -LIMIT).tolist(), "high": np.minimum(high, LIMIT).tolist()}
    return Codec(low.size, translate, {"kind": "span", **ends, "bounded": bounded.tolist(), **_array(space)})


def _array(space: Any) -> dict[str, Any]:
    """The shape and type of one element of a space."""
    return {"shape": list(space.shape), "dtype": str(space.dtype)}


def _unsupported(what: str, space: Any, name: str) -> UsageError:
    return UsageError(
        f"{name}: networks cannot be given or asked for {what} of the kind {type(space).__name__}",
        hint="choose an environment whose observations are Box or Discrete, and whose actions are Discrete, MultiDiscrete, "
        "MultiBinary or Box; or wrap it with one of gymnasium.wrappers and register that under a name of its own",
    )
