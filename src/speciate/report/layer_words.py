"""A layer in words, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from speciate.report.text import shown
from speciate.text import clean

TIMES = "\N{MULTIPLICATION SIGN}"

Genes = dict[str, Any]


def layer_words(kind: str, genes: Mapping[str, object]) -> tuple[str, list[str]]:
    """What a layer is, such as `32 channels 3×3 relu`, and what else there is to say, such as `stride 2`."""
    rest = dict(genes)
    name = _NAMES.get(kind, _other(kind))(rest)
    plain = {"dropout": 0, "stride": 1}  # values that need no words
    said = [
        f"{clean(gene.replace('_', ' '), 24)} {_rounded(value)}"
        for gene, value in sorted(rest.items())
        if plain.get(gene) != value
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


def _taken(genes: Genes, *names: str) -> str:
    """The values of some genes, which are then said; those that are missing are nothing."""
    return " ".join(clean(shown(genes.pop(name)), 24) for name in names if name in genes)


def _square(genes: Genes, name: str) -> str:
    side = _taken(genes, name)
    return f"{side}{TIMES}{side}" if side else ""


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _conv(genes: Genes) -> str:
    channels = _taken(genes, "channels")
    many = "" if not channels else f"{channels} channel" if channels == "1" else f"{channels} channels"
    return _joined(many or "conv", _square(genes, "kernel"), _taken(genes, "activation"))


def _dropout(genes: Genes) -> str:
    return _joined("dropout", _rounded(genes.pop("dropout", "")))


_NAMES: dict[str, Callable[[Genes], str]] = {
    "dense": lambda genes: _taken(genes, "units", "activation"),
    "conv": _conv,
    "depthwise": lambda g: _joined("depthwise", _square(g, "kernel"), _taken(g, "activation")),
    "pool": lambda genes: _joined(_taken(genes, "mode"), "pool", _square(genes, "size")),
    "global_pool": lambda genes: _joined("global", _taken(genes, "mode"), "pool"),
    "dropout": _dropout,
    "activation": lambda genes: _taken(genes, "activation"),
    "concat": lambda genes: "concatenate",
}


def _other(kind: str) -> Callable[[Genes], str]:
    """The rule for all other kinds: units or channels where there are any, and the activation or else the kind."""

    def words(genes: Genes) -> str:
        size = _taken(genes, "units") or _taken(genes, "channels", "filters")
        return _joined(size, _taken(genes, "activation") or kind_words(kind))

    return words
