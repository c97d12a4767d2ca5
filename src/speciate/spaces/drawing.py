"""How layers are drawn: single ones, and whole paths that an experienced engineer would find sensible."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from speciate.layers import LAYERS, Shape
from speciate.spaces.genes import Choice, Gene, Value
from speciate.spaces.node import INPUT, MERGES, OUTPUT, Node, mark

T = TypeVar("T")

Layers = Mapping[str, Mapping[str, Gene]]
"""The ranges of the genes of each allowed layer kind."""

Drawn = tuple[str, dict[str, Value]]
"""Kind and genes of a layer that has no mark yet."""

SIDE = 7
"""Height and width at which images are small enough for a dense layer: the last convolutions of a sample see about that."""

CONVOLUTIONS, MAPS = Choice((1, 2, 3, 4), weights=(3, 5, 3, 0.5)), Choice((1, 2, 3), weights=(3, 4, 2))
"""How many layers with units of their own a sample for images has, and one for vectors, where depth leaves it open."""


def draw_genes(ranges: Mapping[str, Gene], rng: np.random.Generator) -> dict[str, Value]:
    """A value of each gene."""
    return {name: gene.sample(rng) for name, gene in ranges.items()}


def draw_path(
    layers: Layers, depth: tuple[int, int], input_shape: Shape | None, rng: np.random.Generator
) -> list[Node]:
    """The layers of a sequential network, without the two ends.

    Args:
        layers: The ranges of the genes of each allowed layer kind.
        depth: Fewest and most layers.
        input_shape: Shape of one example. Where it is known, convolutions or dense layers come first and what goes with
            them after them; without it every kind may stand anywhere, but for those that belong in front, which are not drawn.
        rng: What draws.
    """
    kinds = _anywhere(layers)
    if input_shape is None:
        count = int(rng.integers(depth[0], depth[1] + 1))
        return marked(_draw(_any(kinds, rng), layers, rng) for _ in range(count))
    images = len(input_shape) == 3 and "conv" in layers
    drawn = _for_images(layers, input_shape, rng) if images else _for_vectors(layers, rng)
    while len(drawn) > depth[1]:
        extra = [i for i, (kind, _) in enumerate(drawn) if not LAYERS[kind].mixes]
        del drawn[_any(extra, rng) if extra else -1]
    while len(drawn) < depth[0]:
        drawn.insert(int(rng.integers(len(drawn) + 1)), _draw(_any(kinds, rng), layers, rng))
    return marked(drawn)


def marked(drawn: Iterable[Drawn]) -> list[Node]:
    """Layers with the marks that they get when they are put in front of the head one after another."""
    nodes: list[Node] = []
    for kind, genes in drawn:
        before = nodes[-1].mark if nodes else INPUT
        nodes.append(Node.make(mark(kind, before, OUTPUT, (n.mark for n in nodes)), kind, genes))
    return nodes


def _for_images(layers: Layers, input_shape: Shape, rng: np.random.Generator) -> list[Drawn]:
    """One to four convolutions, most of the time one to three; pools that shrink the image to about `SIDE`; then the top."""
    side = min(input_shape[1:])
    fewest = math.ceil(math.log(max(1.0, side / (SIDE + 1)), 4))  # a stage shrinks it to a quarter at most
    count = max(1, fewest, int(CONVOLUTIONS.sample(rng)))
    goal = min(side, SIDE if rng.random() < 0.7 else SIDE / 2)
    normalized = "batch_norm" in layers and rng.random() < 0.4
    drawn: list[Drawn] = []
    start, now = side, side
    for stage in range(1, count + 1):
        depthwise = "depthwise" in layers and stage > 1 and rng.random() < 0.15
        drawn.append(_draw("depthwise" if depthwise else "conv", layers, rng))
        now = -(-now // int(drawn[-1][1]["stride"]))
        if normalized and rng.random() < 0.8:
            drawn.append(_draw("batch_norm", layers, rng))
        wanted = start * (goal / start) ** (stage / count)
        if "pool" in layers and now > 1.4 * wanted:
            drawn.append(_pool(layers, now / wanted, rng))
            now //= int(drawn[-1][1]["size"])
    return drawn + _top(layers, rng)


def _pool(layers: Layers, factor: float, rng: np.random.Generator) -> Drawn:
    """A pool that shrinks an image by about a factor."""
    kind, genes = _draw("pool", layers, rng)
    gene = layers["pool"]["size"]
    if isinstance(gene, Choice):
        genes["size"] = min(gene.options, key=lambda option: abs(float(option) - factor))
    return kind, genes


def _top(layers: Layers, rng: np.random.Generator) -> list[Drawn]:
    """What stands between the last convolution and the head: each part only now and then."""
    chances = (("global_pool", 0.15), ("dropout", 0.2), ("dense", 0.5), ("dense", 0.1))
    return [_draw(kind, layers, rng) for kind, chance in chances if kind in layers and rng.random() < chance]


def _for_vectors(layers: Layers, rng: np.random.Generator) -> list[Drawn]:
    """One to three layers with units of their own, each followed by another kind of layer in one case of five.

    In every other case a layer that belongs in front comes first, where there are such kinds.
    """
    maps = [kind for kind in layers if LAYERS[kind].mixes]
    others = [kind for kind in _anywhere(layers) if kind not in maps]
    front = [kind for kind in layers if LAYERS[kind].in_front]
    drawn: list[Drawn] = [_draw(_any(front, rng), layers, rng)] if front and rng.random() < 0.5 else []
    for _ in range(int(MAPS.sample(rng))):
        if maps:
            drawn.append(_draw(_any(maps, rng), layers, rng))
        if others and rng.random() < 0.2:
            drawn.append(_draw(_any(others, rng), layers, rng))
    return drawn


def _anywhere(layers: Layers) -> list[str]:
    """The kinds that are neither merges nor belong in front."""
    return [kind for kind in layers if kind not in MERGES and not LAYERS[kind].in_front]


def _draw(kind: str, layers: Layers, rng: np.random.Generator) -> Drawn:
    return kind, draw_genes(layers[kind], rng)


def _any(options: Sequence[T], rng: np.random.Generator) -> T:
    return options[int(rng.integers(len(options)))]
