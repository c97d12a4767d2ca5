"""Reading modules of torch as layers: what was read so far, and the shape of what goes from one layer to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from speciate.errors import DataError
from speciate.layers.base import Shape


class UnfitError(Exception):
    """A layer that cannot be imported."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why)
        self.why, self.hint = why, hint


@dataclass(slots=True)
class Item:
    """A layer on its way into a genome."""

    kind: str
    genes: dict[str, Any] = field(default_factory=dict)
    tensors: dict[str, np.ndarray] = field(default_factory=dict)


class Reader:
    """Reads layers in order and keeps track of the shape of what goes from one to the next.

    Args:
        shape: Of one example.

    Raises:
        DataError: The shape is neither that of a vector nor that of an image.
    """

    def __init__(self, shape: Shape) -> None:
        if len(shape) not in (1, 3) or not all(type(n) is int and n > 0 for n in shape):
            raise DataError(
                f"input_shape must be (features,) or (channels, height, width), got {shape}",
                hint="it is the shape of one example, without the batch",
            )
        self.shape = shape
        self.items: list[Item] = []
        self.flat = False  # a Flatten that waits for what comes next: Linear needs none in a genome
        self.pooled = False  # torch still has height and width 1 here
        self.seen: set[int] = set()

    def check_alone(self, layer: nn.Module) -> None:
        """Refuse what computes more than its type says, and weights that two layers share."""
        check_plain(layer)
        if any(True for _ in layer.parameters()) and id(layer) in self.seen:
            raise UnfitError("it stands in two places and shares its weights", "give each place a copy")
        self.seen.add(id(layer))

    def finish(self) -> list[Item]:
        """All layers, the head last."""
        last = self.items[-1] if self.items else None
        if (
            last is None
            or last.kind != "dense"
            or last.genes["activation"] != "linear"
            or last.genes["dropout"]
        ):
            found = "nothing" if last is None else f"{last.kind} {dict(last.genes) or ''}".strip()
            raise DataError(
                f"the last layer must be a Linear that gives logits or a value, got {found}",
                hint="leave out Softmax and the like: the loss has them",
            )
        last.kind = "output"
        return self.items

    @property
    def last(self) -> Item | None:
        """The layer before, which may take over what is read; None behind a Flatten."""
        return self.items[-1] if self.items and not self.flat else None

    @property
    def incoming(self) -> Shape:
        """The shape of what the next layer gets."""
        return (math.prod(self.shape),) if self.flat else self.shape

    def add(self, kind: str, genes: dict[str, Any], tensors: dict[str, np.ndarray], shape: Shape) -> None:
        """A layer that is not Linear, behind a Flatten that waits."""
        if self.flat:
            self.items.append(Item("flatten"))
            self.flat = False
        self.items.append(Item(kind, genes, tensors))
        self.shape = shape

    def image(self) -> tuple[int, int, int]:
        """The incoming shape, which has to be that of an image."""
        self.settled()
        if len(self.incoming) != 3:
            raise UnfitError(
                f"it takes images, and what comes in has the shape {self.incoming}", "put it before Flatten"
            )
        channels, height, width = self.incoming
        return channels, height, width

    def settled(self) -> None:
        """Refuse what stands between global pooling and Flatten, where torch has images of one place."""
        if self.pooled:
            raise UnfitError(
                "it stands between global pooling and Flatten", "put Flatten() right behind the pooling"
            )

    def check(self, units: int) -> None:
        """Refuse what was made for another number of units or channels."""
        if units != self.incoming[0]:
            raise UnfitError(f"it is for {units} units or channels, and {self.incoming[0]} come in", "")


def check_plain(layer: nn.Module) -> None:
    """Refuse what computes more than its type says."""
    if layer._forward_hooks or layer._forward_pre_hooks:
        raise UnfitError("it has hooks, which may compute anything", "remove the hooks")
    if "forward" in vars(layer):
        raise UnfitError(
            "its forward was replaced, which may compute anything", "use layers as torch has them"
        )


def require(layer: nn.Module, **values: object) -> None:
    """Refuse a layer whose attributes are not these."""
    for name, wanted in values.items():
        found = getattr(layer, name)
        if found != wanted:
            raise UnfitError(f"its {name} is {found!r} and must be {wanted!r}", f"use {name}={wanted!r}")


def array(tensor: torch.Tensor | None, default: float, size: int) -> np.ndarray:
    """A tensor as float32; one that is not there as a constant."""
    if tensor is None:
        return np.full(size, default, np.float32)
    if tensor.is_meta:
        raise UnfitError("its weights have a shape but no values", "load the weights first")
    if not torch.is_floating_point(tensor):
        raise UnfitError(f"its weights are {tensor.dtype}", "use floating point weights")
    values = tensor.detach().cpu().to(torch.float32).numpy().copy()
    if not np.isfinite(values).all():
        raise UnfitError("a weight is not a finite number", "train it again")
    return values


def side(layer: nn.Module, name: str) -> int:
    """A number that may be given once or for each axis."""
    value = getattr(layer, name)
    found = {value} if isinstance(value, int) else set(value)
    if len(found) != 1:
        raise UnfitError(f"its {name} is {value}, not square", f"use one number for {name}")
    return int(found.pop())
