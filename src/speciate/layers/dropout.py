"""Dropout whose masks come from a stream of its own instead of torch's global generator."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

GAMMA = np.uint64(0x9E3779B97F4A7C15)
MIX1, MIX2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
"""SplitMix64's constants (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators", figure 15)."""

CHANCES = 65_536
"""A unit is dropped in so many of this many equal cases: sixteen random bits are enough for it."""


class Masks:
    """The random bits of one training's dropout: word i is the SplitMix64 output number i + 1 of the key.

    Every word depends on its number alone, so an engine may make them in any order, many at once.

    Args:
        key: The stream's seed, below 2**64.

    Attributes:
        words: How many have been used.
    """

    def __init__(self, key: int) -> None:
        self.key, self.words = np.uint64(key), 0

    def draw(self, count: int) -> np.ndarray:
        """The next `count` numbers below 65,536, shape (count,), uint16.

        Of W words, the lowest sixteen bits of all come first, then the next sixteen of all, and so on.
        """
        words = -(-count // 4)
        z = self.key + np.arange(self.words + 1, self.words + words + 1, dtype=np.uint64) * GAMMA
        z = (z ^ (z >> np.uint64(30))) * MIX1
        z = (z ^ (z >> np.uint64(27))) * MIX2
        z ^= z >> np.uint64(31)
        self.words += words
        quarters = [(z >> np.uint64(shift)).astype(np.uint16) for shift in (0, 16, 32, 48)]
        return np.concatenate(quarters)[:count]


class Dropout(nn.Dropout):
    """`torch.nn.Dropout`, with masks from `masks` when there are any.

    Two reasons: results must not depend on a global state, and sixteen bits a unit are cheaper than torch's Bernoulli
    numbers. The probability is therefore rounded to 1 / 65,536.

    Attributes:
        masks: Where masks come from in training; None falls back to torch's own dropout.
    """

    masks: Masks | None = None

    @property
    def threshold(self) -> int:
        """How many of the 65,536 equal cases drop a unit."""
        return round(self.p * CHANCES)

    @property
    def scale(self) -> float:
        """What the units that stay are multiplied by."""
        return 1.0 / (1.0 - self.p)

    def forward(self, x: Tensor) -> Tensor:
        """Zero each element with probability `p` and scale the others by 1 / (1 - p), in training only."""
        if not self.training or self.masks is None:
            return super().forward(x)
        kept = self.masks.draw(x.numel()).reshape(x.shape) >= self.threshold
        return x * torch.from_numpy(kept.astype(np.float32)).mul_(self.scale).to(x.device)
