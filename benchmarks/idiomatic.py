"""Training one network after another in PyTorch, as fast as one writes it without tricks.

The data are one tensor in memory, rows are picked by a permutation, optimizers are fused where torch has them, and nothing
is asked for in a step that would have to be waited for. The learning rate stays the same: a schedule costs time.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

ACTIVATIONS = {"tanh": nn.Tanh, "relu": nn.ReLU, "sigmoid": nn.Sigmoid, "elu": nn.ELU}
SCORING_BATCH = 1_000


def build(genome: dict[str, Any], inputs: int, outputs: int) -> nn.Sequential:
    """A network of dense layers on flat examples.

    Args:
        genome: A sequential network in canonical JSON form.
        inputs: Numbers in an example.
        outputs: Classes.
    """
    parts: list[nn.Module] = []
    for genes in (node["genes"] for node in genome["nodes"] if node["kind"] == "dense"):
        parts.append(nn.Linear(inputs, genes["units"]))
        if genes["activation"] != "linear":
            parts.append(ACTIVATIONS[genes["activation"]]())
        if genes["dropout"] > 0:
            parts.append(nn.Dropout(genes["dropout"]))
        inputs = genes["units"]
    return nn.Sequential(*parts, nn.Linear(inputs, outputs))


def make_optimizer(network: nn.Module, hyper: dict[str, Any]) -> torch.optim.Optimizer:
    """The genome's optimizer in its fastest form on a CPU."""
    settings = {"lr": hyper["learning_rate"], "weight_decay": hyper["weight_decay"]}
    match hyper["optimizer"]:
        case "sgd":
            return torch.optim.SGD(network.parameters(), momentum=0.9, nesterov=True, fused=True, **settings)
        case "adam":
            return torch.optim.Adam(network.parameters(), fused=True, **settings)
        case "rmsprop":
            return torch.optim.RMSprop(network.parameters(), foreach=FOREACH, **settings)
        case _:
            return torch.optim.Adadelta(network.parameters(), foreach=FOREACH, **settings)


FOREACH = True
"""Where torch has no fused form: all parameters at once. One after another takes as long on a CPU."""


def train(
    network: nn.Module, hyper: dict[str, Any], x: Tensor, y: Tensor, *, examples: int, batch: int
) -> None:
    """Show a network as many examples, permutation by permutation.

    Args:
        network: From (batch, inputs) to logits.
        hyper: The genome's hyper-parameters.
        x: Examples (n, inputs).
        y: Their classes (n,).
        examples: How many to show in all.
        batch: Examples in a step.
    """
    optimizer = make_optimizer(network, hyper)
    order = torch.cat([torch.randperm(len(x)) for _ in range(-(-examples // len(x)))])[:examples]
    network.train()
    torch.set_flush_denormal(True)  # denormal numbers slow some processors down a hundredfold
    try:
        for rows in order.split(batch):
            optimizer.zero_grad()
            functional.cross_entropy(network(x[rows]), y[rows]).backward()
            optimizer.step()
    finally:
        torch.set_flush_denormal(False)


@torch.no_grad()
def accuracy(network: nn.Module, x: Tensor, y: Tensor) -> float:
    """Share of right answers."""
    network.eval()
    right = [(network(part).argmax(1) == classes).sum() for part, classes in _batches(x, y)]
    return float(torch.stack(right).sum()) / len(x)


def _batches(x: Tensor, y: Tensor) -> Any:
    return zip(x.split(SCORING_BATCH), y.split(SCORING_BATCH), strict=True)
