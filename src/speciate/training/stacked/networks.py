"""The networks of a stack as tensors: built from modules, and written back to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from speciate.training.jobs import Job, order_of, streams
from speciate.training.stacked.sizes import StackSize
from speciate.training.tape import Operation


@dataclass(frozen=True, slots=True)
class StackMember:
    """A network to train in a stack.

    Attributes:
        job: As the engine was given it.
        layers: Of its module, the head last.
        size: Its own, without padding.
    """

    job: Job
    layers: list[Operation]
    size: StackSize


@dataclass(frozen=True, slots=True)
class Stack:
    """Stack with the same number of layers: axis 0 of every tensor, those with the most steps first.

    Attributes:
        weights: Layer by layer the matrix (inputs, units) and the bias, padded with zeros, (networks, parameters).
        moments: The optimizer's first memory, (networks, parameters).
        squares: The optimizer's second memory, (networks, parameters).
        averages: Of the weights, (networks, parameters); without columns if no network has an average.
        finite: Whether all losses so far were finite, (networks, 1).
        losses: (networks, steps); beyond a network's own steps they mean nothing.
        rates: Learning rate of every step, (networks, steps).
        decays: Weight decay of every step, (networks, steps).
        averaging: How far the averages move toward the weights after every step, (networks, steps): 1 without an average.
        smoothing: Share of every label that is spread evenly over the classes, (networks, 1).
        order: Row numbers of all the examples to show, (networks, examples), int64.
        batch: Examples in a step, (networks,), int64.
        examples: Examples to show in all, (networks,), int64.
        units: Of every layer, (networks, layers), int64.
        keys: Of the dropout masks, (networks,), int64.
        words: How many words of the masks have been used, (networks,), int64.
        drops: Whether a layer has dropout, (networks, layers), bool.
        thresholds: Of 65,536 equal chances of dropout, how many drop a unit, (networks, layers), int64.
        scales: What the units that stay are multiplied by, (networks, layers).
    """

    weights: Tensor
    moments: Tensor
    squares: Tensor
    averages: Tensor
    finite: Tensor
    losses: Tensor
    rates: Tensor
    decays: Tensor
    averaging: Tensor
    smoothing: Tensor
    order: Tensor
    batch: Tensor
    examples: Tensor
    units: Tensor
    keys: Tensor
    words: Tensor
    drops: Tensor
    thresholds: Tensor
    scales: Tensor

    def first(self, count: int) -> Stack:
        """The first `count` networks: views, so what is done to them is done here."""
        return Stack(*(getattr(self, field.name)[:count] for field in fields(self)))


def stack_of(members: Sequence[StackMember], size: StackSize, n: int, device: torch.device) -> Stack:
    """The members' tensors on a device, padded to a common size, to be trained on `n` examples."""
    recipes = [member.job.recipe for member in members]
    drawn = [streams(member.job) for member in members]
    drops = [[layer.dropout for layer in member.layers] for member in members]

    def floats(rows: Sequence[object]) -> Tensor:
        return torch.tensor(rows, dtype=torch.float32, device=device)

    def integers(rows: Sequence[object]) -> Tensor:
        return torch.tensor(rows, dtype=torch.int64, device=device)

    def zeros(columns: int) -> Tensor:
        return torch.zeros((len(members), columns), device=device)

    def steps(rows: Sequence[np.ndarray]) -> Tensor:
        return _padded([row.astype(np.float32) for row in rows], size.steps).to(device)

    orders = [order_of(n, recipe, rng) for recipe, (rng, _) in zip(recipes, drawn, strict=True)]
    averaging = [recipe.averaging if recipe.ema else np.ones(recipe.steps) for recipe in recipes]
    networks = Stack(
        weights=zeros(size.parameters),
        moments=zeros(size.parameters),
        squares=zeros(size.parameters),
        averages=zeros(size.parameters if any(recipe.ema for recipe in recipes) else 0),
        finite=torch.ones((len(members), 1), dtype=torch.bool, device=device),
        losses=zeros(size.steps),
        rates=steps([recipe.learning_rates for recipe in recipes]),
        decays=steps([recipe.weight_decays for recipe in recipes]),
        averaging=steps(averaging),
        smoothing=floats([[recipe.label_smoothing] for recipe in recipes]),
        order=_padded(orders, size.examples).to(device),
        batch=integers([member.size.batch for member in members]),
        examples=integers([member.size.examples for member in members]),
        units=integers([member.size.widths[1:] for member in members]),
        keys=integers([masks.key.view(np.int64).item() for _, masks in drawn]),
        words=integers([0] * len(members)),
        drops=torch.tensor([[drop is not None for drop in row] for row in drops], device=device),
        thresholds=integers([[drop.threshold if drop else 0 for drop in row] for row in drops]),
        scales=floats([[drop.scale if drop else 1.0 for drop in row] for row in drops]),
    )
    for tensors, matrix, bias in _places(networks.weights, members, size.widths):
        matrix.copy_(tensors[0].T)
        bias.copy_(tensors[1])
    return networks


@torch.no_grad()
def write_back(networks: Stack, members: Sequence[StackMember], size: StackSize) -> None:
    """Write the weights, or their averages, into the members' modules."""
    weights = networks.averages if networks.averages.numel() else networks.weights
    for tensors, matrix, bias in _places(weights, members, size.widths):
        tensors[0].copy_(matrix.T)
        tensors[1].copy_(bias)


def matrices(weights: Tensor, widths: Sequence[int]) -> list[tuple[Tensor, Tensor]]:
    """Views of every layer's matrix (..., inputs, units) and bias (..., units) in weights (..., parameters)."""
    views, at = [], 0
    for inputs, units in pairwise(widths):
        end = at + inputs * units
        matrix = weights[..., at:end].view(*weights.shape[:-1], inputs, units)
        views.append((matrix, weights[..., end : end + units]))
        at = end + units
    return views


def _places(
    weights: Tensor, members: Sequence[StackMember], widths: Sequence[int]
) -> Iterator[tuple[list[Tensor], Tensor, Tensor]]:
    """The tensors of every layer, and where in the padded weights its matrix (inputs, units) and its bias are."""
    for row, member in zip(weights, members, strict=True):
        for layer, (matrix, bias) in zip(member.layers, matrices(row, widths), strict=True):
            weight, _ = layer.tensors
            units, inputs = weight.shape
            yield layer.tensors, matrix[:inputs, :units], bias[:units]


def _padded(rows: Sequence[np.ndarray], width: int) -> Tensor:
    whole = np.zeros((len(rows), width), rows[0].dtype)
    for row, target in zip(rows, whole, strict=True):
        target[: len(row)] = row
    return torch.from_numpy(whole)
