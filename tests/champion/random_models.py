"""Random networks of all kinds of layers, with weights as if they had been trained, as models."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
import torch
from torch import nn

from speciate.champion import LayersModel
from speciate.champion.layers import LayersDescription, weight_file
from speciate.champion.plain import plain
from speciate.layers import GAINS, LAYERS, Shape
from speciate.networks import build
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, Node, Value, count_parameters

SHAPES: tuple[Shape, ...] = ((1, 6, 5), (3, 8, 8), (2, 1, 4), (7,), (1,))


def random_genome(rng: np.random.Generator, shape: Shape, branches: bool) -> NetworkGenome:
    """Up to ten layers, each behind one or more of those before it, that fit and all lead to the output."""
    nodes, edges, out = [Node(INPUT, INPUT)], [], {INPUT: shape}
    for _ in range(int(rng.integers(0, 11))):
        place = f"{rng.integers(2**48):012x}"
        kind = str(rng.choice(MERGES if branches and rng.random() < 0.3 else KINDS))
        before = str(rng.choice(list(out))) if branches and rng.random() < 0.4 else nodes[-1].mark
        sources = [before]
        if kind in MERGES:
            sources = [
                mark
                for mark in out
                if mark == before or (rng.random() < 0.4 and out[mark][1:] == out[before][1:])
            ]
        node = Node.make(place, kind, random_genes(rng, kind))
        try:
            out[place] = LAYERS[kind].shape(dict(node.genes), [out[mark] for mark in sources])
        except ValueError:  # it does not fit there
            continue
        nodes.append(node)
        edges += [(mark, place) for mark in sources]
    return NetworkGenome(*_ended(nodes, edges, out), (("learning_rate", 0.1),))


def _ended(nodes: list[Node], edges: list[tuple[str, str]], out: dict[str, Shape]) -> Any:
    """Loose ends become flat and are led together before the head."""
    loose = [node.mark for node in nodes if node.mark not in {source for source, _ in edges}]
    if len(loose) > 1:
        for i, mark in enumerate(loose):
            nodes.append(Node.make(f"f{i}", "flatten"))
            edges += [(mark, f"f{i}"), (f"f{i}", "c0")]
        nodes.append(Node.make("c0", "concat"))
        loose = ["c0"]
    return (*nodes, Node(OUTPUT, OUTPUT)), (*edges, (loose[0], OUTPUT))


KINDS = ("dense", "conv", "conv", "depthwise", "pool", "global_pool", "batch_norm", "layer_norm", "dropout", "activation", "flatten", "scale", "periodic")  # fmt: skip
MERGES = ("add", "concat")


def random_genes(rng: np.random.Generator, kind: str) -> dict[str, Value]:
    drawn: dict[str, Value] = {
        "activation": str(rng.choice(list(GAINS))),
        "channels": int(rng.integers(1, 6)),
        "dropout": float(rng.choice([0.0, 0.25])),
        "frequencies": int(rng.integers(1, 9)),
        "kernel": int(rng.choice([1, 3, 5])),
        "mode": str(rng.choice(["max", "mean"])),
        "sigma": float(rng.uniform(0.1, 1)),
        "size": int(rng.integers(2, 4)),
        "stride": int(rng.integers(1, 3)),
        "units": int(rng.integers(1, 9)),
    }
    return {name: drawn[name] for name in LAYERS[kind].genes}


def trained(genome: NetworkGenome, shape: Shape, outputs: int, rng: np.random.Generator) -> nn.Module:
    """The built network with random weights and statistics, in evaluation mode."""
    module = build(genome, shape, outputs, rng)
    for name, tensor in module.state_dict().items():
        if name.endswith("num_batches_tracked"):
            tensor.fill_(int(rng.integers(1, 2**40)))
        elif name.endswith("running_var"):
            tensor.copy_(torch.from_numpy(rng.uniform(0.5, 2, tuple(tensor.shape))))
        else:
            spread = 1 / math.sqrt(max(1, tensor[0].numel()))
            tensor.copy_(torch.from_numpy(rng.normal(0, spread, tuple(tensor.shape))))
    return module.eval()


def model_of(genome: NetworkGenome, built: nn.Module, shape: Shape, outputs: int) -> LayersModel:
    """A model of a built network; classes 0, 1, ... or, with one output, a regression."""
    module = plain(built, genome, shape, outputs)
    return LayersModel(description_of(genome, shape, outputs, weight_file(module)), module)


def description_of(genome: NetworkGenome, shape: Shape, outputs: int, weights: bytes) -> LayersDescription:
    channels = shape[0] if len(shape) == 3 else 1
    image = {"version": 1, "kind": "image", "shape": list(shape), "divide": 2.0}
    scores = {"valid": 0.5, "test": None, "test_low": None, "test_high": None}
    return LayersDescription.model_validate(
        {
            "format": "speciate-model",
            "version": 1,
            "task": "regression" if outputs == 1 else "classification",
            "target": "y",
            "target_mean": 0.0,
            "target_scale": 1.0,
            "classes": [str(i) for i in range(outputs)] if outputs > 1 else [],
            "metric": "r2" if outputs == 1 else "accuracy",
            "scores": scores,
            "baselines": [],
            "input_shape": list(shape),
            "outputs": outputs,
            "parameters": count_parameters(genome, shape, outputs),
            "genome": genome.to_json(),
            "layers": genome.describe(),
            "preprocessing": {**image, "mean": [0.25] * channels, "scale": [0.5] * channels},
            "examples": 1,
            "weights": {"sha256": hashlib.sha256(weights).hexdigest(), "trained": None},
            "data": {
                "name": "d",
                "source": "d",
                "fingerprint": "0",
                "rows": {"train": 1, "valid": 1, "test": 0},
                "summary": [],
            },
            "run": {
                "name": "",
                "seed": 0,
                "algorithm": "random",
                "candidates": 1,
                "examples": 1,
                "finalists": 0,
                "champion": 0,
            },
            "versions": {},
        }
    )
