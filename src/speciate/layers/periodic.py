"""Numbers as waves: an input layer for tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from speciate.layers.base import Genes, LayerType, Shape, above, layer, vector, whole
from speciate.layers.words import joined, number_text, take

if TYPE_CHECKING:
    from torch import nn


@layer
class PeriodicLayer(LayerType):
    """For every number x of a vector: x itself and W cos(2 pi w x + b) + c, with weights of its own for each number.

    Sources: Gorishniy et al. 2022, "On Embeddings for Numerical Features in Tabular Deep Learning", arXiv:2203.05556, section 3.3;
    in the form PBLD of Holzmueller et al. 2024, arXiv:2407.04491, section 3, with a tenth of the learning rate (`Periodic.learning_rate_factor`).

    Genes: `frequencies` (waves of each number, at least 1), `sigma` (standard deviation of the first w, above 0), `size` (units of
    each number, itself included, at least 2).
    """

    kind = "periodic"
    genes: ClassVar = {"frequencies": whole(), "sigma": above(0.0), "size": whole(2)}
    mixes = False
    in_front = True
    part_name = "waves"

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """`(numbers * size,)`, those of a number side by side."""
        return (vector(inputs)[0] * int(genes["size"]),)

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """For each number w and b of every wave, W and c."""
        waves, more = int(genes["frequencies"]), int(genes["size"]) - 1
        return inputs[0][0] * (2 * waves + (waves + 1) * more)

    def multiplications(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """One for each entry of W."""
        return inputs[0][0] * int(genes["frequencies"]) * (int(genes["size"]) - 1)

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """W normal with standard deviation sigma, b even over a period, W even within 1 / sqrt(frequencies), c zero."""
        from speciate.layers.modules import Periodic, drawn

        numbers, waves, size = inputs[0][0], int(genes["frequencies"]), int(genes["size"])
        module = Periodic(numbers, waves, size)
        bound = waves**-0.5
        drawn(module.frequency, rng.standard_normal((numbers, waves)) * float(genes["sigma"]))
        drawn(module.phase, rng.uniform(-np.pi, np.pi, (numbers, waves)))
        drawn(module.mix, rng.uniform(-bound, bound, (numbers, size - 1, waves)))
        return module

    def words(self, genes: dict[str, str]) -> str:
        """Such as `16 waves to 4 each`."""
        return joined(take(genes, "frequencies"), "waves to", take(genes, "size"), "each")

    def line(self, genes: Genes) -> str:
        """Such as `waves 16 to 4 (sigma 0.1)`."""
        return f"waves {genes.get('frequencies')} to {genes.get('size')} (sigma {number_text(genes.get('sigma', 0))})"
