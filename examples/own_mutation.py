"""A mutation of one's own: double the width of every layer, or halve it. Others are mixed in by their weights.

python examples/own_mutation.py
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import speciate
from speciate import AgingEvolution, NetworkSpace, ProcessBackend, Search, SupervisedEvaluator
from speciate.mutation import LOCAL


@speciate.mutation_operator("rescale", serves=lambda space: "units" in space.layers.get("dense", {}))
def rescale(genome, space, rng: np.random.Generator):
    """All layers twice as wide, or half as wide; what would leave the ranges stays as it is."""
    factor, gene = rng.choice([0.5, 2.0]), space.layers["dense"]["units"]

    def scaled(node):
        units = int(dict(node.genes).get("units", 0) * factor)
        return node.with_gene("units", units) if units in gene else node

    return replace(genome, nodes=tuple(scaled(node) for node in genome.nodes))


if __name__ == "__main__":
    data = speciate.load_data("sklearn:iris")
    operators = {**LOCAL, "rescale": 3.0}
    space = NetworkSpace.mlp(features=4, rows=len(data.train), outputs=3, operators=operators)
    evaluator, backend = SupervisedEvaluator(data), ProcessBackend(workers=2)
    search = Search(
        space, AgingEvolution(6), evaluator, examples=500, backend=backend, store="rescaled", finalists=2
    )
    search.run(evaluations=24)
    print(sorted({row.operator for row in search.rows}), search.champion)
