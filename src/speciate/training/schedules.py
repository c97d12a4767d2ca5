"""Schedules: how a rate changes in the course of a training, as a share of its highest value."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

Schedule = Callable[[np.ndarray, bool], np.ndarray]
"""From positions in the training, shape (steps,), in (0, 1), and whether the weights were trained before, to factors in [0, 1].

An optimizer begins without memory, so its first steps are rough (Ma & Yarats 2019, arXiv:1910.04209): weights that were trained
before never begin at the highest rate.
"""

FRESH, AGAIN = 0.2, 0.1
"""Share of the training in which the learning rate rises: for fresh weights, and for weights that were trained before."""

SHORT = 0.05
"""The same where the rise shall only spare the optimizer its first steps."""

FLAT = 0.7
"""Share of the training after which a rate that was flat begins to fall."""


def one_cycle(position: np.ndarray, again: bool) -> np.ndarray:
    """Linearly up, then linearly down to zero: one cycle (Smith & Topin 2017, arXiv:1708.07120)."""
    warmup = AGAIN if again else FRESH
    return np.minimum(position / warmup, (1 - position) / (1 - warmup))


def cosine(position: np.ndarray, again: bool) -> np.ndarray:
    """Linearly up for a short while, then half a cosine down to zero (Loshchilov & Hutter 2017, arXiv:1608.03983, equation 5)."""
    return np.where(position < SHORT, position / SHORT, _fall(position, SHORT))


def flat_cos(position: np.ndarray, again: bool) -> np.ndarray:
    """Flat, then half a cosine down to zero (Holzmueller et al. 2024, arXiv:2407.04491; theirs falls from the middle on)."""
    return np.asarray(flat(position, again) * _fall(position, FLAT))


def coslog4(position: np.ndarray, again: bool) -> np.ndarray:
    """Four cosine waves, each twice as long as the one before (Holzmueller et al. 2024, arXiv:2407.04491)."""
    waves = np.log2(1 + 15 * position)
    return np.asarray((1 - np.cos(2 * math.pi * waves)) / 2)


def flat(position: np.ndarray, again: bool) -> np.ndarray:
    """The highest value throughout; where weights were trained before, once it has risen to that."""
    return np.minimum(1.0, position / AGAIN) if again else np.ones_like(position)


def _fall(position: np.ndarray, start: float) -> np.ndarray:
    """Half a cosine from 1 at `start` to 0 at the end; 1 before."""
    since = np.maximum(position - start, 0) / (1 - start)
    return np.asarray((1 + np.cos(math.pi * since)) / 2)


SCHEDULES: Mapping[str, Schedule] = {
    "one_cycle": one_cycle,
    "cosine": cosine,
    "flat_cos": flat_cos,
    "coslog4": coslog4,
    "flat": flat,
}
"""The schedules by name."""
