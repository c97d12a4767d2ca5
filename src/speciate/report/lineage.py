"""The champion's lineage: every ancestor, what made it, and what that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from speciate.report.layer_words import kind_words, one_line
from speciate.report.network import numbered, read_genome
from speciate.report.origins import OUTSIDE
from speciate.report.rewiring import rewired
from speciate.report.text import shown
from speciate.spaces import Node
from speciate.store import Row
from speciate.text import clean

MOST_CHANGES = 12
"""Changes of one step that are spelled out."""


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A step of the champion's lineage.

    Attributes:
        id: Candidate id; -1 for the network from outside that the run started from.
        generation: When it was born.
        until: The last generation into which it was copied unchanged.
        operator: What made it.
        score: Validation score in the search.
        change: The score minus the parent's.
        changes: What the operator changed, in words.
        description: The genome in one line.
        other_parents: Parents besides the one above it.
    """

    id: int
    generation: int
    until: int
    operator: str
    score: float | None
    change: float | None
    changes: tuple[str, ...]
    description: str
    other_parents: tuple[int, ...]


def chain(rows: Sequence[Row], champion: int) -> tuple[Row, ...]:
    """The champion and its ancestors along first parents, oldest first, unchanged copies among them."""
    by_id = {row.id: row for row in rows}
    found: list[Row] = []
    current = by_id.get(champion)
    while current is not None and len(found) <= len(rows):  # a damaged run may hold a cycle
        found.append(current)
        current = by_id.get(current.parents[0]) if current.parents else None
    return tuple(reversed(found))


def lineage(rows: Sequence[Row], champion: int) -> tuple[Ancestor, ...]:
    """The champion and its ancestors along first parents, oldest first.

    A copy that a generation took over unchanged is no step of its own: it prolongs the step that it copies. A copy of the
    network from outside is one: it was trained further here.
    """
    steps: list[Ancestor] = []
    parent: Row | None = None
    for row in chain(rows, champion):
        if parent is not None and row.key == parent.key and parent.id != OUTSIDE:
            steps[-1] = _prolonged(steps[-1], row)
        else:
            steps.append(_step(row, parent))
        parent = row
    return tuple(steps)


def _prolonged(step: Ancestor, copy: Row) -> Ancestor:
    return replace(step, until=max(step.until, copy.generation))


def _step(row: Row, parent: Row | None) -> Ancestor:
    known = parent is not None and row.score is not None and parent.score is not None
    change = row.score - parent.score if known else None  # type: ignore[operator,union-attr]
    words = () if parent is None else differences(parent.genome, row.genome)
    if parent is not None and parent.id == OUTSIDE and row.key == parent.key:
        words = ("trained further",)
    elif row.id == OUTSIDE:
        words = ("the network that the run started from",)
    return Ancestor(
        row.id,
        row.generation,
        row.generation,
        row.operator,
        row.score,
        change,
        words,
        row.description,
        row.parents[1:],
    )


def differences(parent: dict[str, Any], child: dict[str, Any]) -> tuple[str, ...]:
    """What a child has that its parent has not, in words. Layers are told apart by historical marks."""
    a, b = read_genome(parent), read_genome(child)
    if a is None or b is None:
        return ()
    before, after = {n.mark: n for n in a.layers}, {n.mark: n for n in b.layers}
    old, new = numbered(a), numbered(b)
    gone = sorted(set(before) - set(after), key=old.__getitem__)
    words = [f"layer {old[m]} removed ({one_line(before[m].kind, dict(before[m].genes))})" for m in gone]
    for mark in sorted(after, key=new.__getitem__):
        node = after[mark]
        if mark not in before:
            words.append(f"layer {new[mark]} added ({one_line(node.kind, dict(node.genes))})")
        else:
            words += [f"layer {new[mark]}: {change}" for change in layer_changes(before[mark], node)]
    words += rewired(a, b)
    words += changes(dict(a.hyper), dict(b.hyper))
    rest = len(words) - MOST_CHANGES
    return tuple(words) if rest <= 0 else (*words[:MOST_CHANGES], f"and {rest} more changes")


def layer_changes(before: Node, after: Node) -> list[str]:
    """What became of a layer."""
    kind = [] if before.kind == after.kind else [f"{kind_words(before.kind)} → {kind_words(after.kind)}"]
    return kind + changes(dict(before.genes), dict(after.genes))


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """What became of some values, by name."""
    names = [name for name in after if before.get(name) != after[name]]
    return [
        f"{clean(name.replace('_', ' '), 40)} {shown(before.get(name, 'none'))} → {shown(after[name])}"
        for name in sorted(names)
    ]
