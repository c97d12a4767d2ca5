"""Weights carried over to layers of another shape, so that what the network computes stays the same where it can.

Chen, Goodfellow & Shlens 2016, "Net2Net: Accelerating Learning via Knowledge Transfer", arXiv:1511.05641, and Wei, Wang,
Rui & Chen 2016, "Network Morphism", arXiv:1603.01670. All weights are (units, inputs) or, for images, (channels, channels that
come in, kernel, kernel); all biases (units,).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

NEW = -1
"""In `Signal.units`: a unit that computes nothing that an ancestor's unit does."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What comes out of a layer of the child, in the terms of an ancestor.

    Attributes:
        mark: The layer of the ancestor whose units these are.
        units: Shape (units or channels,): which unit of that layer each of the child's units computes, or `NEW`.
        positive: Whether none of these (the new ones aside) is ever negative.
        places: Height times width of an image, else 1.
        spread: How many of the units there are for each unit of that layer: its places, once they were flattened.
        exact: Whether each unit (the new ones aside) computes exactly what the ancestor's does, in evaluation mode.
    """

    mark: str
    units: np.ndarray
    positive: bool = False
    places: int = 1
    spread: int = 1
    exact: bool = False

    @property
    def kept(self) -> np.ndarray:
        """The ancestor's units that are still there, ascending, shape (at most units,)."""
        return np.unique(self.units[self.units != NEW])

    def holds(self, count: int) -> bool:
        """Whether all of the ancestor's `count` units are there, and exactly."""
        return self.exact and len(self.kept) == count

    def flat(self) -> Signal:
        """The same after flattening: all places of the first channel, then all of the second, and so on."""
        if self.places == 1:
            return self
        units = self.units[:, None] * self.places + np.arange(self.places)
        units[self.units == NEW] = NEW
        return replace(self, units=units.reshape(-1), places=1, spread=self.places)


def resized(
    weight: np.ndarray, outgoing: np.ndarray | None, units: int, rng: np.random.Generator
) -> np.ndarray:
    """Which old units a layer of another width is made of.

    A wider layer keeps all and copies some, drawn at random (Net2Net, section 2.3). A narrower one keeps those that matter
    most: the largest products of the norms of incoming and outgoing weights.

    Args:
        weight: Incoming weights of the old units, (old, inputs, ...).
        outgoing: Their outgoing weights, (any, old, ...); None if there are none to go by.
        units: The new width.
        rng: What draws the copies.

    Returns:
        Indices of old units, shape (units,).
    """
    old = len(weight)
    if units >= old:
        return np.concatenate([np.arange(old), rng.integers(old, size=units - old)])
    importance = np.linalg.norm(weight.reshape(old, -1), axis=1)
    if outgoing is not None:
        importance = importance * np.linalg.norm(np.moveaxis(outgoing, 1, 0).reshape(old, -1), axis=1)
    return _largest(importance, units)


def connected(
    weight: np.ndarray, fresh: np.ndarray, units: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Old weights, for inputs that are copies, a part or a superset of the old inputs.

    The weights of an input are divided among its copies, in random positive shares that differ from row to row: with equal
    shares copies would get equal gradients and stay copies (Net2Net, section 2.3, adds noise instead).

    Args:
        weight: Old weights, (rows, old inputs, ...).
        fresh: Fresh weights, (rows, inputs, ...): what inputs get that the old weights have no column for.
        units: The old input that each input is, or `NEW`, whose weights are zero; shape (inputs,).
        rng: What draws the shares.

    Returns:
        Weights, (rows, inputs, ...), in double precision.
    """
    found = fresh.astype(np.float64)
    found[:, units == NEW] = 0.0
    known = (units != NEW) & (units < weight.shape[1])
    shares = _shares(units[known], len(weight), rng)
    found[:, known] = weight[:, units[known]] * shares.reshape(*shares.shape, *[1] * (weight.ndim - 2))
    return found


def _shares(units: np.ndarray, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Positive numbers, (rows, len(units)): in each row those of the copies of a unit sum to one."""
    shares = np.ones((rows, len(units)))
    copies = np.flatnonzero(np.bincount(units)[units] > 1)
    if len(copies):
        copies = copies[np.argsort(units[copies], kind="stable")]
        _, starts, counts = np.unique(units[copies], return_index=True, return_counts=True)
        draws = rng.uniform(0.5, 1.5, (rows, len(copies)))  # far enough from zero for every copy to learn
        shares[:, copies] = draws / np.repeat(np.add.reduceat(draws, starts, axis=1), counts, axis=1)
    return shares


def chosen(weight: np.ndarray, inputs: int) -> np.ndarray:
    """Which old inputs to keep for new ones that have nothing to do with them: those with the largest weights.

    Args:
        weight: Old weights, (rows, old inputs, ...).
        inputs: How many inputs there are now.

    Returns:
        Shape (inputs,); numbers past the old inputs stand for inputs that no column is left for.
    """
    old = weight.shape[1]
    if inputs >= old:
        return np.arange(inputs)
    return _largest(np.linalg.norm(np.moveaxis(weight, 1, 0).reshape(old, -1), axis=1), inputs)


def _largest(values: np.ndarray, count: int) -> np.ndarray:
    """The indices of the largest values, ascending; of equal values the first."""
    return np.sort(np.argsort(-values, kind="stable")[:count])


def rescaled(weight: np.ndarray, channels: int, places: int) -> np.ndarray:
    """Weights (rows, channels * old places) behind images of another size: the sum over an image's places stays the same."""
    mean = weight.reshape(len(weight), channels, -1).sum(axis=2, keepdims=True) / places
    return np.broadcast_to(mean, (len(weight), channels, places)).reshape(len(weight), -1)
