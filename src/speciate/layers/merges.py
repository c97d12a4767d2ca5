"""Merges: several paths become one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from speciate.layers.base import Genes, Merge, Shape, layer

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn


@layer
class Add(Merge):
    """The sum of the inputs, each times a learned gain; the narrower ones are filled up with zeros.

    The gain lets a new path begin without an effect (Bachlechner et al. 2020, "ReZero is All You Need", arXiv:2003.04887,
    equation 1); zeros fill up shortcuts as in He et al. 2015, arXiv:1512.03385, section 3.3, option A.
    """

    kind = "add"
    part_name = "gain"
    sign = "+"
    sums = True

    def width(self, widths: Sequence[int]) -> int:
        """The largest."""
        return max(widths)

    def offsets(self, widths: Sequence[int]) -> Sequence[int]:
        """All begin with the first unit."""
        return [0] * len(widths)

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """A gain for each input."""
        return len(inputs)

    def multiplications(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """None in products."""
        return 0

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """Gains of 1."""
        from speciate.layers.modules import Sum

        return Sum(len(inputs))

    def part(self, module: Any, inputs: int) -> nn.Parameter:
        """The gains."""
        gain: nn.Parameter = module.gain
        return gain

    def terms(self, part: str, values: Sequence[str], inputs: Sequence[Shape]) -> list[str]:
        """One for each input."""
        from speciate.layers.modules import padding

        lacking = [self.width([shape[0] for shape in inputs]) - shape[0] for shape in inputs]
        axes = len(inputs[0]) + 1
        wide = [
            f"nn.functional.pad({value}, {padding(axes, less)})" if less else value
            for value, less in zip(values, lacking, strict=True)
        ]
        return [f"{part}[{i}] * {value}" for i, value in enumerate(wide)]

    def run(self, part: Any, values: Sequence[Tensor]) -> Tensor:
        """The weighted sum."""
        from speciate.layers.modules import weighted_sum

        return weighted_sum(part, tuple(values))


@layer
class Concat(Merge):
    """The inputs side by side: all units of the first, then all of the second, and so on."""

    kind = "concat"
    weightless = True
    part_name = ""
    sign = "concat"

    def width(self, widths: Sequence[int]) -> int:
        """The sum."""
        return sum(widths)

    def offsets(self, widths: Sequence[int]) -> Sequence[int]:
        """Each begins where the one before it ends."""
        return list(accumulate(widths[:-1], initial=0))

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """Without parameters."""
        from speciate.layers.modules import Join

        return Join()

    def part(self, module: Any, inputs: int) -> None:
        """Nothing."""

    def terms(self, part: str, values: Sequence[str], inputs: Sequence[Shape]) -> list[str]:
        """One function of torch; of a single input nothing."""
        return [f"torch.cat([{', '.join(values)}], dim=1)"]

    def run(self, part: Any, values: Sequence[Tensor]) -> Tensor:
        """The inputs side by side."""
        import torch

        return torch.cat(list(values), dim=1)

    def never_negative(self, genes: Genes, positive: bool) -> bool:
        """As what comes in."""
        return positive

    def words(self, genes: dict[str, str]) -> str:
        """What it does."""
        return "concatenate"
