"""Dropout whose masks come from a generator of its own instead of torch's global one."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn


class Dropout(nn.Dropout):
    """`torch.nn.Dropout`, drawing from `generator` when there is one.

    Two reasons: results must not depend on a global state, and 16 random bits a unit are enough and about ten times
    cheaper to draw on a CPU than torch's Bernoulli numbers. The probability is therefore rounded to 1 / 65,536.

    Attributes:
        generator: Where masks come from in training; None falls back to torch's own dropout.
    """

    generator: np.random.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Zero each element with probability `p` and scale the others by 1 / (1 - p), in training only."""
        if not self.training or self.generator is None:
            return super().forward(x)
        bits = np.frombuffer(self.generator.bytes(2 * x.numel()), dtype=np.uint16).reshape(x.shape)
        mask = torch.from_numpy((bits >= round(self.p * 65536)).astype(np.float32))
        return x * mask.mul_(1.0 / (1.0 - self.p)).to(x.device)
