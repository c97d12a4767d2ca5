"""The optimizers, with torch's formulas and constants, on many networks that each have their own rate and decay."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

Step = Callable[[int, float, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]
"""From (t, beta2, rate, decay, w, g, m, v) to what is subtracted from the weights.

`t` counts the steps from 1; `beta2` is for Adam alone. `rate` and `decay` have shape (networks, 1); weights `w`, gradients `g`
and memories `m` and `v`, which are changed in place, have shape (networks, parameters). SGD uses `m` alone, RMSprop `v` alone.
"""

MOMENTUM = 0.9
BETA1, EPSILON = 0.9, 1e-8
ALPHA = 0.99
RHO, ADADELTA_EPSILON = 0.9, 1e-6


def sgd(
    t: int, beta2: float, rate: Tensor, decay: Tensor, w: Tensor, g: Tensor, m: Tensor, v: Tensor
) -> Tensor:
    """With Nesterov momentum (Sutskever et al. 2013, ICML)."""
    x = g + decay * w
    m.mul_(MOMENTUM).add_(x)
    return rate * (x + MOMENTUM * m)


def adam(
    t: int, beta2: float, rate: Tensor, decay: Tensor, w: Tensor, g: Tensor, m: Tensor, v: Tensor
) -> Tensor:
    """Kingma & Ba 2015, arXiv:1412.6980, algorithm 1; the decay is a part of the gradient."""
    return _adam(t, beta2, rate, g + decay * w, m, v)


def adamw(
    t: int, beta2: float, rate: Tensor, decay: Tensor, w: Tensor, g: Tensor, m: Tensor, v: Tensor
) -> Tensor:
    """Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2; the decay is apart from the gradient."""
    return rate * decay * w + _adam(t, beta2, rate, g, m, v)


def _adam(t: int, beta2: float, rate: Tensor, x: Tensor, m: Tensor, v: Tensor) -> Tensor:
    m.mul_(BETA1).add_(x, alpha=1 - BETA1)
    v.mul_(beta2).addcmul_(x, x, value=1 - beta2)
    size, correction = rate / (1 - BETA1**t), math.sqrt(1 - beta2**t)
    return size * m / (v.sqrt().div_(correction).add_(EPSILON))


def adadelta(
    t: int, beta2: float, rate: Tensor, decay: Tensor, w: Tensor, g: Tensor, m: Tensor, v: Tensor
) -> Tensor:
    """Zeiler 2012, arXiv:1212.5701, algorithm 1, times the rate."""
    x = g + decay * w
    v.mul_(RHO).addcmul_(x, x, value=1 - RHO)
    change = (m + ADADELTA_EPSILON).sqrt_().div_((v + ADADELTA_EPSILON).sqrt_()).mul_(x)
    m.mul_(RHO).addcmul_(change, change, value=1 - RHO)
    return rate * change


def rmsprop(
    t: int, beta2: float, rate: Tensor, decay: Tensor, w: Tensor, g: Tensor, m: Tensor, v: Tensor
) -> Tensor:
    """Hinton, "Neural networks for machine learning", lecture 6e, 2012."""
    x = g + decay * w
    v.mul_(ALPHA).addcmul_(x, x, value=1 - ALPHA)
    return rate * x / v.sqrt().add_(EPSILON)


STEPS: dict[str, Step] = {
    "sgd": sgd,
    "adam": adam,
    "adamw": adamw,
    "adadelta": adadelta,
    "rmsprop": rmsprop,
}
"""The optimizers by name."""
