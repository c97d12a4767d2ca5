"""A network of single connections as a torch module, and what lies between it and an environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

# model.py
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": lambda x: torch.sigmoid(4.9 * x),
    "tanh": torch.tanh,
    "relu": torch.relu,
    "linear": lambda x: x,
    "sine": torch.sin,
    "gaussian": lambda x: torch.exp(-x * x),
    "absolute": torch.abs,
    "logistic": torch.sigmoid,
}


class Network(nn.Module):
    """Nodes in groups; a group sees the inputs, a constant 1 and the groups before it. A weight of 0 is no connection.

    Args:
        inputs: How many numbers come in.
        groups: Activation and number of nodes of each group, in the order in which they are computed.
        outputs: Which nodes are the outputs, counted over all groups from 0.
        recurrent: Whether nodes also see what all nodes were one step before.
    """

    def __init__(
        self, inputs: int, groups: Sequence[tuple[str, int]], outputs: Sequence[int], recurrent: bool
    ) -> None:
        super().__init__()
        self.groups, self.outputs, self.recurrent = list(groups), list(outputs), recurrent
        self.nodes = sum(count for _, count in groups)
        width = inputs + 1
        for k, (_, count) in enumerate(groups):
            self.register_parameter(f"weights_{k}", nn.Parameter(torch.zeros(count, width).double()))
            if recurrent:
                memory = nn.Parameter(torch.zeros(count, self.nodes).double())
                self.register_parameter(f"memory_{k}", memory)
            width += count

    def forward(self, inputs: Tensor, before: Tensor | None = None) -> Any:
        """Inputs (rows, inputs) to outputs (rows, outputs).

        A recurrent network takes what it returned beside the outputs one step before, (rows, nodes), and nothing at first; it
        returns both.
        """
        one = torch.ones_like(inputs[:, :1]).double()
        values = torch.cat([inputs.double(), one], dim=1)
        first = values.shape[1]
        before = 0.0 * one.expand(-1, self.nodes) if before is None else before
        for k, (activation, _) in enumerate(self.groups):
            total = values @ self.get_parameter(f"weights_{k}").T
            if self.recurrent:
                total = total + before @ self.get_parameter(f"memory_{k}").T
            values = torch.cat([values, ACTIVATIONS[activation](total)], dim=1)
        nodes = values[:, first:]
        outputs = nodes[:, self.outputs]
        return (outputs, nodes) if self.recurrent else outputs


def act_on(
    net: Network,
    observations: Tensor,
    observing: Mapping[str, Any],
    acting: Mapping[str, Any],
    before: Tensor | None = None,
) -> Any:
    """One action for one observation, or actions (rows, ...) for observations (rows, ...).

    Args:
        net: What acts.
        observations: As the environment gives them.
        observing: How they become inputs.
        acting: How outputs become actions.
        before: For a network with a memory, what came back beside the actions one step before.

    Returns:
        The action or actions; with what to hand in next if the network has a memory.

    Raises:
        ValueError: The shapes do not fit, or numbers are missing.
    """
    rows, alone = as_rows(observations, observing)
    if before is not None and (not net.recurrent or before.shape != (len(rows), net.nodes)):
        had = f"({len(rows)}, {net.nodes})" if net.recurrent else "none: this network has no memory"
        raise ValueError(f"the state has the shape {tuple(before.shape)}; expected: {had}")
    answer = net(to_inputs(rows, observing), before)
    outputs, state = answer if net.recurrent else (answer, None)
    if outputs.isnan().any():
        raise ValueError("the outputs are no numbers: something observed is NaN or infinite")
    actions = to_actions(outputs, acting)
    actions = actions[0] if alone else actions
    return (actions, state) if net.recurrent else actions


def as_rows(observations: Tensor, form: Mapping[str, Any]) -> tuple[Tensor, bool]:
    """Observations as (rows, *shape), in the environment's type, and whether it is one alone; ValueError if they do not fit."""
    shape, given = tuple(form["shape"]), tuple(observations.shape)
    alone = given == shape
    if not alone and (len(given) != len(shape) + 1 or given[1:] != shape):
        several = ", ".join(map(str, ("rows", *shape)))
        raise ValueError(f"what is observed has the shape {given}; one has {shape}, several have ({several})")
    rows = observations.to(getattr(torch, form["dtype"]))
    if not rows.is_floating_point() and (rows.double() != observations.double()).any():
        raise ValueError(f"what is observed holds numbers that are no {form['dtype']}")
    return rows[None] if alone else rows, alone


def to_inputs(observations: Tensor, form: Mapping[str, Any]) -> Tensor:
    """What an environment shows, (rows, ...), as inputs of a network."""
    if form["kind"] == "one-hot":
        values = torch.arange(form["first"], form["first"] + form["count"])
        shown: Tensor = observations.reshape(-1, 1).double() == values
        if not shown.any(dim=1).all():
            raise ValueError(f"an observation is none of {values[0]} to {values[-1]}")
        return shown.double()
    numbers = (observations.flatten(1) if observations.dim() > 1 else observations[:, None]).double()
    if form["kind"] == "scaled":
        middle, half = torch.tensor(form["middle"]).double(), torch.tensor(form["half"]).double()
        numbers = (numbers - middle) / half
    return numbers


def to_actions(outputs: Tensor, form: Mapping[str, Any]) -> Tensor:
    """Outputs of a network, (rows, outputs), as actions (rows, *shape); of equal outputs the first counts."""
    chosen = to_choices(outputs, form).reshape(len(outputs), *form["shape"])
    return chosen.to(getattr(torch, form["dtype"]))


def to_choices(outputs: Tensor, form: Mapping[str, Any]) -> Tensor:
    """The numbers that make up the actions, (rows, ...)."""
    if form["kind"] == "greatest":
        return torch.add(outputs.argmax(dim=1), form["first"])
    if form["kind"] == "greatest of each":
        parts = torch.split(outputs, form["sizes"], dim=1)
        return torch.stack([part.argmax(dim=1) for part in parts], dim=1) + torch.tensor(form["first"])
    if form["kind"] == "positive":
        return outputs > 0
    if form["kind"] == "span":
        low, high = torch.tensor(form["low"]).double(), torch.tensor(form["high"]).double()
        bounded = torch.tensor(form["bounded"])
        start, span = torch.where(bounded, low, 0.0), torch.where(bounded, high - low, 0.0)
        within = torch.minimum(start + (outputs.clip(-1.0, 1.0) + 1.0) / 2.0 * span, high)
        return torch.where(bounded, within, torch.maximum(torch.minimum(outputs, high), low))
    return outputs
