"""A layer of one's own: residual blocks are evolved beside dense layers, with two workers, exported, and loaded back.

    python examples/residual_block.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

import speciate
from speciate import AgingEvolution, Integer, NetworkSpace, ProcessBackend, Search, SupervisedEvaluator
from speciate.layers import Genes, LayerType, Shape


class Block(nn.Module):
    """`x + W relu(V norm(x))`."""

    def __init__(self, units: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(units)
        self.narrow, self.wide = nn.Linear(units, hidden), nn.Linear(hidden, units)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.wide(torch.relu(self.narrow(self.norm(x))))


@speciate.layer
class Residual(LayerType):
    """A block of vectors that keeps the number of units."""

    kind = "residual"
    genes = ("hidden",)

    def shape(self, genes: Genes, inputs: list[Shape]) -> Shape:
        if len(inputs) != 1 or len(inputs[0]) != 1:
            raise ValueError(f"it takes one vector, got {inputs}")
        return inputs[0]

    def module(self, genes: Genes, inputs: list[Shape], rng: np.random.Generator) -> nn.Module:
        return Block(inputs[0][0], genes["hidden"])


def main(folder: Path) -> None:
    data = speciate.load_data("sklearn:iris")
    usual = NetworkSpace.mlp(features=4, rows=len(data.train), outputs=3)
    layers = {**usual.layers, "residual": {"hidden": Integer(4, 32)}}
    space = NetworkSpace((1, 3), layers, usual.hyper, input_shape=(4,))
    evaluator = SupervisedEvaluator(data, inherit="preserve")
    backend = ProcessBackend(workers=2)
    search = Search(space, AgingEvolution(6), evaluator, store=folder, examples=500, backend=backend)
    search.run(evaluations=18)
    model = speciate.load_model(folder)
    print(search.champion, model.module, (folder / "champion" / "model.py").read_text(), sep="\n\n")


if __name__ == "__main__":
    main(Path(tempfile.mkdtemp()) / "run")
