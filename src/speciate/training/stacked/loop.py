"""The training of a stack: in every step, one call to the device does the same for all its networks.

Stack do not mix: every operation keeps them apart along axis 0, so what is not finite in one stays there. Nothing is
read from the device before the last step, so that it never waits for Python.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from speciate.training.stacked.masks import draws, words_of
from speciate.training.stacked.networks import Stack, StackMember, matrices, stack_of, write_back
from speciate.training.stacked.optimizers import STEPS
from speciate.training.stacked.sizes import largest

Name = TypeVar("Name")

FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda sums: sums,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "elu": functional.elu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "mish": functional.mish,
    "selu": functional.selu,
}
"""The activations by name."""


def train(
    members: Sequence[StackMember],
    x: Tensor,
    y: Tensor,
    weight: Tensor | None = None,
    until: float = math.inf,
) -> np.ndarray:
    """Train networks in place.

    Args:
        members: With the same number of layers, outputs and loss; those with the most steps first.
        x: Examples, shape (n, inputs), float32.
        y: Class indices, shape (n,), int64; or standardized values, shape (n,), float32.
        weight: What each example counts in the loss, shape (n,), float32, with a mean of 1; None if all count the same.
        until: When all stop at their next step, in seconds of `time.monotonic`.

    Returns:
        Losses, shape (networks, steps begun); what follows one that is not finite, or a network's last step, means nothing.
    """
    size = largest([member.size for member in members])
    networks = stack_of(members, size, len(x), x.device)
    begun = 0
    for count, steps in phases([member.size.steps for member in members]):
        part = Part(networks.first(count), members[:count], size.widths)
        for step in steps:
            if begun and time.monotonic() >= until:
                break
            part.train_step(step, x, y, weight)
            begun = step + 1
            if (
                until < math.inf and x.device.type == "cuda"
            ):  # steps would wait in the device's queue, begun already
                torch.cuda.synchronize(x.device)
    losses: np.ndarray = networks.losses[:, :begun].cpu().numpy()
    write_back(networks, members, size)
    return losses


def phases(steps: Sequence[int]) -> Iterator[tuple[int, range]]:
    """How many networks take part in which steps, given their numbers of steps in descending order."""
    done = 0
    for count in range(len(steps), 0, -1):
        if steps[count - 1] > done:
            yield count, range(done, steps[count - 1])
            done = steps[count - 1]


class Part:
    """The networks of a stack that take part in a run of steps.

    Args:
        networks: Their tensors, which are changed in place.
        members: The same networks.
        widths: Inputs, then the padded units of every layer.
    """

    def __init__(self, networks: Stack, members: Sequence[StackMember], widths: Sequence[int]) -> None:
        device = networks.weights.device
        hidden = range(len(widths) - 2)
        self.networks = networks
        self.loss = members[0].job.recipe.loss
        self.batch = max(member.size.batch for member in members)
        self.layers = [
            (matrix.detach().requires_grad_(), bias.detach().requires_grad_())
            for matrix, bias in matrices(networks.weights, widths)
        ]
        recipes = [member.job.recipe for member in members]
        self.optimizers = by_name([(recipe.optimizer, recipe.beta2) for recipe in recipes], device)
        self.smooth = any(recipe.label_smoothing for recipe in recipes)
        self.activations = [
            Activations([member.layers[k].activation for member in members], device) for k in hidden
        ]
        self.dropping = [any(member.layers[k].dropout for member in members) for k in hidden]
        self.own_units = [
            (torch.arange(widths[k + 1], device=device) < networks.units[:, k, None])[:, None] for k in hidden
        ]  # (networks, 1, units)

    def train_step(self, step: int, x: Tensor, y: Tensor, weight: Tensor | None) -> None:
        """Take step number `step`, counted from 0, with all the networks."""
        networks = self.networks
        first = step * networks.batch
        rows = torch.minimum(networks.batch, networks.examples - first)
        row = torch.arange(self.batch, device=x.device)
        own = row < rows[:, None]
        # A batch is filled up with its own first row: any other could overflow where the network's own do not.
        index = networks.order.gather(1, first[:, None] + row * own)
        outputs = self.outputs(x[index], rows, own)
        counts = own if weight is None else weight[index] * own
        smoothing = networks.smoothing if self.smooth else None
        losses = losses_of(outputs, y[index], self.loss, counts, smoothing) / rows
        networks.losses[:, step] = losses.detach()
        networks.finite.logical_and_(losses.detach().isfinite()[:, None])
        leaves = [leaf for layer in self.layers for leaf in layer]
        gradients = torch.autograd.grad(losses.sum(), leaves)
        self.update(step, torch.cat([gradient.flatten(1) for gradient in gradients], 1))

    def outputs(self, x: Tensor, rows: Tensor, own: Tensor) -> Tensor:
        """The heads' outputs (networks, batch, outputs) for inputs (networks, batch, inputs).

        Args:
            x: The inputs.
            rows: Examples in each network's batch, shape (networks,).
            own: Which rows those are, shape (networks, batch).
        """
        *hidden, head = self.layers
        for k, (matrix, bias) in enumerate(hidden):
            sums = torch.baddbmm(bias[:, None], x, matrix)
            x = self.activations[k](sums) * self.kept(k, rows, own)
        return torch.baddbmm(head[1][:, None], x, head[0])

    def kept(self, k: int, rows: Tensor, own: Tensor) -> Tensor:
        """What the activations of layer `k` are multiplied by, shape (networks, batch or 1, units).

        It is zero for padding: a sigmoid is not zero at zero, and would send gradients to the weights above it.
        """
        networks, own_units = self.networks, self.own_units[k]
        if not self.dropping[k]:
            return own_units.float()
        units = networks.units[:, k]
        numbers = draws(networks.keys, networks.words, rows, units, (self.batch, own_units.shape[-1]))
        networks.words.add_(words_of(rows, units) * networks.drops[:, k])
        kept = (numbers >= networks.thresholds[:, k, None, None]) & own_units & own[:, :, None]
        return kept * networks.scales[:, k, None, None]

    @torch.no_grad()
    def update(self, step: int, gradients: Tensor) -> None:
        """Change weights by gradients (networks, parameters), but for networks that have diverged."""
        networks = self.networks
        for (name, beta2), places in self.optimizers.items():
            w, g, m, v, rate, decay, finite = (
                tensor[places]
                for tensor in (
                    networks.weights,
                    gradients,
                    networks.moments,
                    networks.squares,
                    networks.rates[:, step, None],
                    networks.decays[:, step, None],
                    networks.finite,
                )
            )
            change = STEPS[name](step + 1, beta2, rate, decay, w, g, m, v)
            networks.weights[places] = torch.where(finite, w - change, w)
            networks.moments[places] = m
            networks.squares[places] = v
        if networks.averages.numel():
            networks.averages.lerp_(networks.weights, networks.averaging[:, step, None])


def by_name(names: Sequence[Name], device: torch.device) -> dict[Name, Tensor]:
    """The places of every name, or of what else tells networks apart, shape (places,), int64."""
    return {
        name: torch.tensor([place for place, other in enumerate(names) if other == name], device=device)
        for name in dict.fromkeys(names)
    }


class Activations:
    """The functions of one layer, each on the networks that have it.

    Args:
        names: Of every network's function.
        device: Where the networks are.
    """

    def __init__(self, names: Sequence[str], device: torch.device) -> None:
        self.places = by_name(names, device)
        self.back = torch.cat(list(self.places.values())).argsort()

    def __call__(self, sums: Tensor) -> Tensor:
        """Activations for sums (networks, batch, units), of the same shape."""
        if len(self.places) == 1:
            (name,) = self.places
            return FUNCTIONS[name](sums)
        parts = [FUNCTIONS[name](sums[places]) for name, places in self.places.items()]
        return torch.cat(parts)[self.back]


def losses_of(
    outputs: Tensor, y: Tensor, loss: str, counts: Tensor, smoothing: Tensor | None = None
) -> Tensor:
    """The sum of every network's losses, shape (networks,).

    Args:
        outputs: Shape (networks, batch, outputs).
        y: Class indices or values, shape (networks, batch).
        loss: "cross_entropy" or "mse".
        counts: What each row counts, 0 where it is not the network's own, shape (networks, batch).
        smoothing: Share of every label that is spread evenly over the classes, shape (networks, 1); None for none at all.
    """
    if loss == "mse":
        return ((outputs[..., 0] - y).square() * counts).sum(1)
    logs = functional.log_softmax(outputs, 2)
    aims = logs.gather(2, y[..., None])[..., 0]
    if smoothing is not None:
        aims = torch.where(smoothing > 0, torch.lerp(aims, logs.mean(2), smoothing), aims)
    return -(aims * counts).sum(1)
