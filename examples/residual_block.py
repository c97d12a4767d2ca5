"""A layer of one's own: networks of residual blocks are evolved by two workers, exported, and loaded back.

python examples/residual_block.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import speciate
from speciate import AgingEvolution, Integer, NetworkSpace, ProcessBackend, Search, SupervisedEvaluator
from speciate.layers import Genes, LayerType, Shape, Tensors


class Block(nn.Module):
    """`x + W relu(V norm(x))`."""

    def __init__(self, units: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(units)
        self.into, self.out = nn.Linear(units, hidden), nn.Linear(hidden, units)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.out(torch.relu(self.into(self.norm(x))))


@speciate.layer
class Residual(LayerType):
    """A block that keeps the number of units."""

    kind = "residual"
    genes = ("hidden",)

    def shape(self, genes: Genes, inputs: list[Shape]) -> Shape:
        if len(inputs) != 1 or len(inputs[0]) != 1:
            raise ValueError(f"it takes one vector, got {inputs}")
        return inputs[0]

    def module(self, genes: Genes, inputs: list[Shape], rng: np.random.Generator) -> nn.Module:
        return Block(inputs[0][0], genes["hidden"])

    def can_be_identity(
        self, genes: Genes, positive: bool
    ) -> bool:  # so that `preserve` can put one anywhere
        return True

    def neutral(self, fresh: Tensors) -> Tensors:
        return {name: 0 * value if name.startswith("out.") else value for name, value in fresh.items()}


def main(folder: Path) -> None:
    data = speciate.load_data("sklearn:iris")
    hyper = NetworkSpace.mlp(features=4, rows=len(data.train), outputs=3).hyper
    space = NetworkSpace(
        (1, 3), {"residual": {"hidden": Integer(4, 32)}}, hyper, "preserving", input_shape=(4,)
    )
    evaluator, backend = SupervisedEvaluator(data, inherit="preserve"), ProcessBackend(workers=2)
    search = Search(space, AgingEvolution(6), evaluator, store=folder, examples=500, backend=backend)
    print(search.run(evaluations=18).champion)
    print(speciate.load_model(folder).module, "and in", folder / "champion" / "model.py")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()) / "run")
