"""Linear maps carried over to layers of another shape, so that what the network computes stays the same where it can.

Chen, Goodfellow & Shlens 2016, "Net2Net: Accelerating Learning via Knowledge Transfer", arXiv:1511.05641, and Wei, Wang,
Rui & Chen 2016, "Network Morphism", arXiv:1603.01670. All weights are (units, inputs), all biases (units,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from speciate.layers import GAINS, Genes
from speciate.networks.state import Linear

NEVER_NEGATIVE = frozenset({"relu", "sigmoid"})
"""Activations behind which a relu is the identity."""

NEW = -1
"""In `Stream.units`: a unit that computes nothing that an ancestor's unit does."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What comes out of a layer of the child, in the terms of an ancestor.

    Attributes:
        mark: The layer of the ancestor whose units these are.
        units: Shape (width,): which unit of that layer each of the child's units computes, or `NEW`.
        positive: Whether none of these (the new ones aside) is ever negative.
    """

    mark: str
    units: np.ndarray
    positive: bool

    @property
    def kept(self) -> np.ndarray:
        """The ancestor's units that are still there, ascending, shape (at most width,)."""
        return np.unique(self.units[self.units != NEW])


def can_be_identity(genes: Genes, width: float, positive: bool) -> bool:
    """Whether a dense layer can start as the identity.

    Source: Net2Net, section 2.4: an activation that leaves alone what it is given.

    Args:
        genes: The layer's genes.
        width: How many units come before it.
        positive: Whether these are never negative.
    """
    suits = genes["activation"] == "linear" or (genes["activation"] == "relu" and positive)
    return suits and int(genes["units"]) >= width


def resized(
    weight: np.ndarray, outgoing: np.ndarray | None, units: int, rng: np.random.Generator
) -> np.ndarray:
    """Which old units a layer of another width is made of.

    A wider layer keeps all and copies some, drawn at random (Net2Net, section 2.3). A narrower one keeps those that matter
    most: the largest products of the norms of incoming and outgoing weights.

    Args:
        weight: Incoming weights of the old units, (old, inputs).
        outgoing: Their outgoing weights, (any, old); None if there are none to go by.
        units: The new width.
        rng: What draws the copies.

    Returns:
        Indices of old units, shape (units,).
    """
    old = len(weight)
    if units >= old:
        return np.concatenate([np.arange(old), rng.integers(old, size=units - old)])
    importance = np.linalg.norm(weight, axis=1)
    if outgoing is not None:
        importance = importance * np.linalg.norm(outgoing, axis=0)
    return _largest(importance, units)


def connected(
    weight: np.ndarray, fresh: np.ndarray, units: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Old weights, for inputs that are copies, a part or a superset of the old inputs.

    The weights of an input are divided among its copies, in random positive shares that differ from row to row: with equal
    shares copies would get equal gradients and stay copies (Net2Net, section 2.3, adds noise instead).

    Args:
        weight: Old weights, (rows, old inputs).
        fresh: Fresh weights, (rows, inputs): what inputs get that the old weights have no column for.
        units: The old input that each input is, or `NEW`, whose weights are zero; shape (inputs,).
        rng: What draws the shares.

    Returns:
        Weights, (rows, inputs), in double precision.
    """
    found = fresh.astype(np.float64)
    found[:, units == NEW] = 0.0
    known = (units != NEW) & (units < weight.shape[1])
    found[:, known] = weight[:, units[known]] * _shares(units[known], len(weight), rng)
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
        weight: Old weights, (rows, old inputs).
        inputs: How many inputs there are now.

    Returns:
        Shape (inputs,); numbers past the old inputs stand for inputs that no column is left for.
    """
    if inputs >= weight.shape[1]:
        return np.arange(inputs)
    return _largest(np.linalg.norm(weight, axis=0), inputs)


def _largest(values: np.ndarray, count: int) -> np.ndarray:
    """The indices of the largest values, ascending; of equal values the first."""
    return np.sort(np.argsort(-values, kind="stable")[:count])


def identity(stream: Stream, fresh: np.ndarray, rng: np.random.Generator) -> tuple[Linear, Stream]:
    """A layer that hands on every kept unit of a stream, copies added up; its other units start fresh and unheard.

    Source: Net2Net, section 2.4.

    Args:
        stream: What comes in, of n kept units.
        fresh: Fresh weights of the layer, (units, width of the stream), units >= n.
        rng: What draws the shares of copies.
    """
    kept = stream.kept
    weight = fresh.astype(np.float64)
    known = np.eye(kept.max(initial=NEW) + 1)[kept]
    weight[: len(kept)] = connected(known, fresh[: len(kept)], stream.units, rng)
    units = np.concatenate([kept, np.full(len(fresh) - len(kept), NEW)])
    return (weight, np.zeros(len(fresh))), Stream(stream.mark, units, stream.positive)


def folded(later: Linear, earlier: Linear, activation: str) -> Linear:
    """The two layers as one, as if the activation between them were linear with the slope that its gain makes up for.

    Exact for the linear activation; else only the best guess at what the later layer has to hear now.

    Args:
        later: A map of n inputs.
        earlier: The map before it, of n units.
        activation: The activation of the earlier one.
    """
    slope = 1.0 / GAINS[activation]
    weight, bias = (part.astype(np.float64) for part in later)
    return weight @ earlier[0] * slope, weight @ earlier[1] * slope + bias
