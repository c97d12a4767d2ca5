"""Train the weights of a finished network by gradient, where there are data; its topology stays."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from speciate.champion.connections import module_of
from speciate.champion.wiring import wiring

if TYPE_CHECKING:  # torch is imported where something is refined
    import torch
    from torch import nn

    from speciate.data import Data

EPOCHS = 300
"""Most passes over the training rows."""
PATIENCE = 40
"""Passes without a better validation score after which to stop."""
BATCH = 128
"""Rows in a step."""
LEARNING_RATE = 0.01
"""Of Adam; it falls to 0 along a cosine."""


def refined(genome: Mapping[str, Any], data: Data, seed: int) -> tuple[dict[str, Any], float, float, int]:
    """A network with weights that gradients have made better.

    Cross-entropy, or the mean squared error of the standardized target; the weights of the pass with the best validation score are
    kept, those it came with included. Only connections that are there are trained.

    Args:
        genome: The canonical JSON form; feed-forward.
        data: What to learn from.
        seed: Decides the order of the rows.

    Returns:
        The genome with its new weights, the validation score before and after, and how many examples were shown.
    """
    import torch

    from speciate.training.reference import loss_of

    wired = wiring(genome)
    module = module_of(wired).train()
    masks = {name: torch.from_numpy(value != 0) for name, value in wired.tensors.items()}
    for _, name, row, column in wired.places:  # a weight may be 0 by chance
        masks[name][row, column] = True
    x, y = _tensors(data)
    loss = "cross_entropy" if data.classes else "mse"
    weight = None if data.weight is None else torch.from_numpy(data.weight).double()
    optimizer = torch.optim.Adam(module.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    order = torch.Generator().manual_seed(seed % 2**63)
    before = best = _validated(module, data)
    kept, idle, shown = copy.deepcopy(module.state_dict()), 0, 0
    for _ in range(EPOCHS):
        for rows in torch.split(torch.randperm(len(x), generator=order), BATCH):
            optimizer.zero_grad()
            counts = None if weight is None else weight[rows]
            loss_of(module(x[rows]), y[rows], loss, counts).backward()  # type: ignore[no-untyped-call]
            for name, weights in module.named_parameters():
                if weights.grad is not None:
                    weights.grad *= masks[name]
            optimizer.step()
            shown += len(rows)
        schedule.step()
        found = _validated(module, data)
        idle = 0 if found > best else idle + 1
        if found > best:
            best, kept = found, copy.deepcopy(module.state_dict())
        if idle >= PATIENCE:
            break
    return _with_weights(genome, kept), before, best, shown


def _tensors(data: Data) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    x = torch.from_numpy(data.train.x).reshape(len(data.train), -1).double()
    if data.classes:
        return x, torch.from_numpy(data.train.y)
    return x, torch.from_numpy(data.standardized(data.train.y))


def _validated(module: nn.Module, data: Data) -> float:
    import torch

    x = torch.from_numpy(data.valid.x).reshape(len(data.valid), -1)
    with torch.inference_mode():
        outputs = module(x)
        if data.classes:
            logits = outputs - torch.from_numpy(data.shift)
            return data.score(data.valid, logits.softmax(dim=1).numpy())
        return data.score(data.valid, outputs[:, 0].numpy() * data.target_scale + data.target_mean)


def _with_weights(genome: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    genes = [dict(gene) for gene in genome["connections"]]
    for index, name, row, column in wiring(genome).places:
        genes[index]["weight"] = float(tensors[name][row, column])
    return {**genome, "connections": genes}
