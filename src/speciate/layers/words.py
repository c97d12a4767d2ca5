"""How layers are said: in a few words for a picture, and as parts of a network's line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

TIMES = "\N{MULTIPLICATION SIGN}"


def plain_words(kind: str, genes: dict[str, str]) -> str:
    """How many units or channels, and the activation, or else the kind: a layer of which no more is known."""
    size = take(genes, "units") or take(genes, "channels") or take(genes, "filters")
    return joined(size, take(genes, "activation") or kind.replace("_", " "))


SAID = frozenset({"units", "activation", "dropout"})
"""Genes that `described` says."""


def described(kind: str, genes: Mapping[str, Any], rest: Sequence[str] = ()) -> str:
    """The same for a network's line, with the rest and the dropout behind it."""
    drop = genes.get("dropout", 0)
    behind = f"(drop {number_text(drop)})" if drop else None
    return joined(genes.get("units"), genes.get("activation", kind), *rest, behind)


def number_text(value: float | str) -> str:
    """A number with two digits; text as it is."""
    return value if isinstance(value, str) else f"{value:.2g}"


def take(genes: dict[str, str], name: str) -> str:
    """The text of a gene, which is then said; empty where it is missing."""
    return genes.pop(name, "")


def square(side: object) -> str:
    """A neighborhood's size, such as `3×3`; empty where it is missing."""
    return f"{side}{TIMES}{side}" if side not in ("", None) else ""


def joined(*words: object) -> str:
    """The words that are there."""
    return " ".join(str(word) for word in words if word not in ("", None))
