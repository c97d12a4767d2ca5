"""The space of networks: layers with their genes, and the hyper-parameters of their training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from speciate.errors import ConfigurationError
from speciate.layers import GAINS, LAYERS
from speciate.spaces.base import Space
from speciate.spaces.genes import Choice, Gene, Integer, Real
from speciate.spaces.genome import INPUT, OUTPUT, NetworkGenome, Node, mark

LOCAL = {
    "add_layer": 1.0,
    "remove_layer": 1.0,
    "change_units": 2.0,
    "change_activation": 1.5,
    "change_dropout": 1.5,
    "change_learning_rate": 2.0,
    "change_weight_decay": 1.0,
    "change_optimizer": 1.0,
    "change_batch_size": 1.0,
}
"""One small change a child: the default."""

PRESERVING = {**LOCAL, "add_layer": 0.5, "deepen": 1.0, "widen": 1.0}
"""The same with changes that begin as the function they change: the default where weights are inherited that way."""

ARTICLE = {"resample": 1.0}
"""The article's mutation: every gene is drawn anew with probability 0.2, and layers come and go."""


@dataclass(frozen=True)
class NetworkSpace(Space):
    """Networks made of layers of one or more kinds.

    Args:
        depth: Fewest and most layers, the head not counted.
        layers: The ranges of the genes of each allowed layer kind.
        hyper: The ranges of the hyper-parameters.
        operators: Weights of the mutation operators; those that the space has no gene for are left out.

    Raises:
        ConfigurationError: The depth is empty, or a layer kind is unknown or lacks a gene.
    """

    depth: tuple[int, int]
    layers: Mapping[str, Mapping[str, Gene]]
    hyper: Mapping[str, Gene]
    operators: Mapping[str, float]

    def __init__(
        self,
        depth: tuple[int, int],
        layers: Mapping[str, Mapping[str, Gene]],
        hyper: Mapping[str, Gene],
        operators: Mapping[str, float] = LOCAL,
    ) -> None:
        if not 0 <= depth[0] <= depth[1]:
            raise ConfigurationError(f"depth must be a range from at least 0, got {depth}")
        for kind, genes in layers.items():
            if kind not in LAYERS or set(genes) != set(LAYERS[kind].genes):
                needed = LAYERS[kind].genes if kind in LAYERS else f"none: the kinds are {sorted(LAYERS)}"
                raise ConfigurationError(f"layer {kind!r} needs ranges for {needed}, got {sorted(genes)}")
        object.__setattr__(self, "depth", (int(depth[0]), int(depth[1])))
        object.__setattr__(self, "layers", {k: dict(sorted(g.items())) for k, g in sorted(layers.items())})
        object.__setattr__(self, "hyper", dict(sorted(hyper.items())))
        object.__setattr__(self, "operators", self._applicable(operators))

    def _applicable(self, operators: Mapping[str, float]) -> Mapping[str, float]:
        names = {f"change_{name}" for genes in (self.hyper, *self.layers.values()) for name in genes}
        kept = {
            k: float(w) for k, w in operators.items() if w > 0 and (not k.startswith("change_") or k in names)
        }
        if self.depth[0] == self.depth[1]:
            kept = {k: w for k, w in kept.items() if k not in ("add_layer", "deepen", "remove_layer")}
        if not kept:
            raise ConfigurationError(f"no mutation operator applies to the space, got {dict(operators)}")
        return MappingProxyType(kept)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.depth, dict(self.layers), dict(self.hyper), dict(self.operators)))

    @classmethod
    def mlp(
        cls,
        *,
        features: int = 784,
        rows: int = 50_000,
        outputs: int = 10,
        depth: tuple[int, int] = (1, 4),
        units: tuple[int, int] | None = None,
        operators: Mapping[str, float] = LOCAL,
    ) -> NetworkSpace:
        """Multi-layer perceptrons, in the article's ranges for images of MNIST's size or more, else fitted to the data.

        Args:
            features: Inputs of the data.
            rows: Training rows of the data.
            outputs: Classes of the data, or 1.
            depth: Fewest and most hidden layers.
            units: Narrowest and widest layer; fitted to the data where not given.
            operators: Weights of the mutation operators.
        """
        if features >= 784 and rows >= 10_000:
            return cls.article(depth=depth, units=units or (128, 1024), operators=operators)
        # Wide enough for the inputs and the classes, narrow enough for the rows: past that, width only costs time.
        wanted = min(512, max(128, 4 * features, 8 * outputs), max(32, rows // 8))
        widest = 2 ** int(math.log2(wanted))
        low, high = units or (max(8, widest // 16), widest)
        batches = [b for b in (16, 32, 64, 128, 256) if b * 8 <= rows] or [8]
        return cls(
            depth,
            {"dense": _dense(low, high, 4, 0.5, tuple(GAINS))},
            {
                "learning_rate": Real(3e-4, 0.1, log=True),
                "weight_decay": Real(1e-6, 1e-2, log=True),
                "optimizer": Choice(("sgd", "adam", "adamw", "rmsprop", "adadelta")),
                "batch_size": Choice(batches, ordered=True),
            },
            operators,
        )

    @classmethod
    def article(
        cls,
        *,
        depth: tuple[int, int] = (1, 4),
        units: tuple[int, int] = (128, 1024),
        operators: Mapping[str, float] = LOCAL,
    ) -> NetworkSpace:
        """The genes and ranges of "Design by Evolution" (2017): 1-4 layers of 128-1024 units, batches of 64."""
        activations = ("linear", "tanh", "relu", "sigmoid", "elu")
        return cls(
            depth,
            {"dense": _dense(*units, 16, 0.7, activations)},
            {
                "learning_rate": Real(5e-4, 0.2, log=True),
                "weight_decay": Real(5e-5, 2e-3, log=True),
                "optimizer": Choice(("sgd", "adam", "adadelta", "rmsprop")),
            },
            operators,
        )

    def sample(self, rng: np.random.Generator) -> NetworkGenome:
        """A path of uniformly many layers, every gene drawn from its range."""
        nodes: list[Node] = []
        for _ in range(int(rng.integers(self.depth[0], self.depth[1] + 1))):
            before = nodes[-1].mark if nodes else INPUT
            nodes.append(self.sample_layer(before, OUTPUT, (n.mark for n in nodes), rng))
        return NetworkGenome.path(nodes, {name: gene.sample(rng) for name, gene in self.hyper.items()})

    def sample_layer(self, source: str, target: str, taken: Any, rng: np.random.Generator) -> Node:
        """A random layer to stand between two others, with its historical mark."""
        kinds = list(self.layers)
        kind = kinds[int(rng.integers(len(kinds)))]
        genes = {name: gene.sample(rng) for name, gene in self.layers[kind].items()}
        return Node.make(mark(kind, source, target, taken), kind, genes)

    def problems(self, genome: NetworkGenome) -> list[str]:
        """Why a genome does not belong to the space; empty if it does."""
        found = self._hyper_problems(genome)
        if not genome.is_path:
            found.append("its layers do not form one path")
        if not self.depth[0] <= len(genome.layers) <= self.depth[1]:
            found.append(f"it must have {self.depth[0]} to {self.depth[1]} layers, got {len(genome.layers)}")
        for node in genome.layers:
            if node.kind not in self.layers:
                found.append(f"layer kind {node.kind!r} is not one of {sorted(self.layers)}")
                continue
            ranges, genes = self.layers[node.kind], dict(node.genes)
            if set(genes) != set(ranges):
                found.append(f"a {node.kind} layer has genes {sorted(ranges)}, got {sorted(genes)}")
            found += [
                f"{n} must be in {ranges[n]}, got {v!r}"
                for n, v in genes.items()
                if n in ranges and v not in ranges[n]
            ]
        return found

    def to_json(self) -> dict[str, Any]:
        """The space as JSON."""
        return {
            "depth": list(self.depth),
            "layers": {k: {n: g.to_json() for n, g in genes.items()} for k, genes in self.layers.items()},
            "hyper": {n: g.to_json() for n, g in self.hyper.items()},
            "operators": dict(self.operators),
        }


def _dense(
    low: int, high: int, multiple: int, dropout: float, activations: tuple[str, ...]
) -> dict[str, Gene]:
    return {
        "units": Integer(low, high, log=True, multiple=multiple),
        "activation": Choice(activations),
        "dropout": Real(0.0, dropout),
    }
