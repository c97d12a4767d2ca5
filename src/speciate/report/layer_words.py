"""A layer in words, whatever its kind; its own words are the layer type's."""

from __future__ import annotations

from collections.abc import Mapping

from speciate.layers import LAYERS
from speciate.layers.base import TIMES, plain_words
from speciate.report.text import shown
from speciate.text import clean


def layer_words(kind: str, genes: Mapping[str, object]) -> tuple[str, list[str]]:
    """What a layer is, such as `32 channels 3×3 relu`, and what else there is to say, such as `stride 2`."""
    rest = {name: clean(_rounded(value), 24) for name, value in genes.items()}
    layer = LAYERS.get(kind)
    name = layer.words(rest) if layer else plain_words(kind_words(kind), rest)
    plain = {"dropout": 0, "stride": 1}  # values that need no words
    said = [
        f"{clean(gene.replace('_', ' '), 24)} {_rounded(genes[gene])}"
        for gene in sorted(rest)
        if plain.get(gene) != genes[gene]
    ]
    return name or kind_words(kind), said


def _rounded(value: object) -> str:
    """A value for reading, not for computing."""
    return f"{value:.2g}" if isinstance(value, float) and 0 < value < 1 else shown(value)


def kind_words(kind: str) -> str:
    """A layer type's name for people."""
    return clean(kind.replace("_", " "), 40)


def one_line(kind: str, genes: Mapping[str, object]) -> str:
    """A layer in one line, such as `64 relu, dropout 0.1`."""
    name, said = layer_words(kind, genes)
    return ", ".join([name, *said])


__all__ = ["TIMES", "kind_words", "layer_words", "one_line"]
