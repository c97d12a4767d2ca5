"""Selection: scores in, indices out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def best(scores: Sequence[float], count: int) -> list[int]:
    """Indices of the `count` highest scores, best first; among equals the earlier comes first."""
    return sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:count]


def tournament(scores: Sequence[float], size: int, rng: np.random.Generator, p: float = 1.0) -> int:
    """The index of the winner of one tournament.

    `size` members are drawn without replacement and ranked. The first wins with probability p, the second with
    p (1 - p), and so on; the last takes what is left (Goldberg & Deb 1991, section 4; p = 1 is the plain tournament).

    Args:
        scores: One score a member, shape (n,), higher is better; minus infinity for failures.
        size: Members in the tournament; no more than n are drawn.
        rng: Where the draw comes from.
        p: Probability that the better one wins, in (0, 1].
    """
    drawn = rng.choice(len(scores), size=min(size, len(scores)), replace=False)
    ranked = [int(drawn[i]) for i in best([scores[i] for i in drawn], len(drawn))]
    for index in ranked[:-1]:
        if p >= 1.0 or rng.random() < p:
            return index
    return ranked[-1]
