"""From the networks of a champion to one module of torch's own layers: numbers into bins, each network, the mean of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from speciate.champion.plain import plain
from speciate.champion.standalone.bins import Bins
from speciate.champion.standalone.ensemble import Ensemble
from speciate.data.encoding import Encoding
from speciate.layers import Shape
from speciate.layers.plain import name_classes
from speciate.networks import build
from speciate.spaces import NetworkGenome


@dataclass(frozen=True)
class Member:
    """A network of a champion, but for its weights.

    Attributes:
        genome: Its genome.
        input_shape: Shape of one example, standardized.
        outputs: Width of its head.
        width: How many numbers it takes where those of an example are spread over bins first; None where they are not.
    """

    genome: NetworkGenome
    input_shape: Shape
    outputs: int
    width: int | None = None

    @property
    def network(self) -> tuple[NetworkGenome, Shape, int]:
        """What it is built from: genome, shape of what it takes, width of the head."""
        return self.genome, self.input_shape if self.width is None else (self.width,), self.outputs

    def build(self) -> nn.Module:
        """The network with weights that are to be replaced.

        Raises:
            ValueError: It cannot be built.
        """
        try:
            return build(*self.network, np.random.default_rng(0))
        except (KeyError, TypeError) as error:
            raise ValueError(f"a layer has a name that torch keeps for itself: {error}") from None


def assembled(members: Sequence[Member], built: Sequence[nn.Module], temperature: float) -> nn.Module:
    """One module in evaluation mode, which shares the weights of the networks; bins and class weights are still to be put in.

    Args:
        members: What the champion consists of.
        built: The built network of each.
        temperature: See `Ensemble`.

    Returns:
        From (batch, *input_shape) to (batch, outputs): what `plain` makes of a single network, behind `Bins` if it takes them; an
        `Ensemble` of several, or of one with a temperature.
    """
    parts = [
        _behind_bins(member, plain(b, *member.network)) for member, b in zip(members, built, strict=True)
    ]
    if len(parts) == 1 and temperature == 1:
        return parts[0]
    made = Ensemble(parts, members[0].outputs, temperature)
    name_classes(made)
    return made.eval()


def _behind_bins(member: Member, network: nn.Module) -> nn.Module:
    if member.width is None:
        return network
    layers = network if isinstance(network, nn.Sequential) else [network]
    return nn.Sequential(Bins(member.width), *layers).eval()


def put_in(module: nn.Module, encodings: Sequence[Encoding | None], shift: np.ndarray) -> None:
    """Give an assembled module its bins, and what class weights raise its outputs by."""
    used = iter([encoding for encoding in encodings if encoding is not None])
    for part in module.modules():
        if isinstance(part, Bins):
            source, rows = next(used).parts
            numbers = dict(zip(("low", "slope", "least", "most"), torch.from_numpy(rows), strict=True))
            part.load_state_dict({"source": torch.from_numpy(source), **numbers})
        if isinstance(part, Ensemble):
            part.raised.copy_(torch.from_numpy(shift))


def check_bins(module: nn.Module, inputs: int) -> None:
    """Refuse bins of numbers that an example does not have.

    Raises:
        ValueError: There are some.
    """
    for part in module.modules():
        if isinstance(part, Bins) and not ((part.source >= 0) & (part.source < inputs)).all():
            raise ValueError("its bins are of inputs that there are not")
