"""A factor for every unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from speciate.layers.base import Genes, Shape, Unitwise, layer, vector

if TYPE_CHECKING:
    import numpy as np
    from torch import nn


@layer
class ScaleLayer(Unitwise):
    """`x * s` for vectors, s learned for each unit, 1 at first: in front, it chooses among the inputs.

    Source: Holzmueller et al. 2024, "Better by default", arXiv:2407.04491, section 3 ("scaling layer"). As there, it learns six
    times as fast as other layers (`Scaling.learning_rate_factor`).
    """

    kind = "scale"
    part_name = "scale"

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """That of the input."""
        return vector(inputs)

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """A factor for each unit."""
        return inputs[0][0]

    def multiplications(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """None in products."""
        return 0

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """Factors of 1."""
        from speciate.layers.modules import Scaling

        return Scaling(inputs[0][0])

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """As it begins."""
        return True

    def never_negative(self, genes: Genes, positive: bool) -> bool:
        """Factors may become negative."""
        return False
