"""What a node makes of its sum."""

from __future__ import annotations

import math

from speciate.neat.compiled.machine_code import compiled


@compiled
def activate(code, x):
    """The activation with a code of `speciate.neat.genome`."""
    if code == 0:
        return 1.0 / (1.0 + math.exp(-4.9 * x))
    if code == 1:
        return math.tanh(x)
    if code == 2:
        return max(x, 0.0)
    if code == 3:
        return x
    if code == 4:
        return math.sin(x)
    if code == 5:
        return math.exp(-x * x)
    if code == 6:
        return abs(x)
    return 1.0 / (1.0 + math.exp(-x))
