"""One space of every family, and genomes that have gone through some mutations."""

from __future__ import annotations

import numpy as np
import torch

from speciate.mutation import mutate
from speciate.networks import build
from speciate.spaces import NetworkGenome, NetworkSpace

OUTPUTS = 3
FAMILIES = {
    "conv-mnist": NetworkSpace.conv(input_shape=(1, 28, 28), rows=50_000, outputs=OUTPUTS),
    "conv-tiny": NetworkSpace.conv(input_shape=(1, 8, 8), rows=1_400, outputs=OUTPUTS),
    "conv-color": NetworkSpace.conv(input_shape=(3, 32, 32), rows=50_000, outputs=OUTPUTS),
    "graph-images": NetworkSpace.graph(input_shape=(1, 28, 28), rows=50_000, outputs=OUTPUTS),
    "graph-vectors": NetworkSpace.graph(input_shape=(13,), rows=5_000, outputs=OUTPUTS),
}


def evolved(space: NetworkSpace, seed: int, steps: int = 0) -> NetworkGenome:
    """A sample after some mutations."""
    rng = np.random.default_rng(seed)
    genome = space.sample(rng)
    for _ in range(steps):
        genome, _ = mutate(genome, space, rng)
    return genome


def train_one_step(genome: NetworkGenome, space: NetworkSpace, seed: int = 0) -> torch.nn.Module:
    """Build a network and take one step of gradient descent on two examples; everything has to stay finite."""
    rng = np.random.default_rng(seed)
    assert space.input_shape is not None
    net = build(genome, space.input_shape, OUTPUTS, rng)
    x = torch.from_numpy(rng.standard_normal((2, *space.input_shape), dtype=np.float32))
    loss = torch.nn.functional.cross_entropy(net(x), torch.tensor([0, 2]))
    loss.backward()
    torch.optim.SGD(net.parameters(), lr=1e-3).step()
    assert loss.isfinite()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
    return net
