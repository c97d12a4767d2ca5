"""Truncation: the best few, in order."""

from __future__ import annotations

from collections.abc import Sequence


def best(scores: Sequence[float], count: int) -> list[int]:
    """Indices of the `count` highest scores, best first; among equals the earlier comes first."""
    return sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:count]
