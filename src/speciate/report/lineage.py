"""The champion's lineage: every ancestor, what made it, and what that changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from speciate.records import RECIPE
from speciate.report.network import kind_words, numbered, one_line, read_genome
from speciate.report.scores import operator_title, shown
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, Node
from speciate.store import Baseline, Json, Row
from speciate.store.values import mapping, whole
from speciate.text import clean

OUTSIDE = -1
"""The id of an ancestor that is not of the run."""

MOST_CHANGES = 12
"""Changes of one step that are spelled out."""


@dataclass(frozen=True, slots=True)
class LineageStep:
    """A step of the champion's lineage.

    Attributes:
        id: Candidate id; -1 for the network from outside that the run started from.
        generation: The generation that it was made in.
        until: The last generation into which it was copied unchanged.
        operator: What made it.
        score: Validation score in the search.
        change: The score minus the parent's.
        changes: What the operator changed, in words.
        description: The genome in one line.
        other_parents: Parents besides the one above it.
        random: Whether it was drawn at random: it has neither parents nor an ancestor, and is no recipe.
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
    random: bool

    @property
    def headline(self) -> str:
        """What made it, in words."""
        if self.changes:
            return "; ".join(self.changes)
        return "drawn at random" if self.random else operator_title(self.operator)

    @property
    def span(self) -> str:
        """The generations that it belonged to."""
        if self.id == OUTSIDE:
            return "before"
        born = f"gen {self.generation}"
        return born if self.until == self.generation else f"{born}\N{EN DASH}{self.until}"

    @property
    def origin(self) -> str:
        """Its number, the operator and further parents that made it, and its genome in one line."""
        others = ", ".join(f"#{p}" for p in self.other_parents[:5])
        other = f" (other parents: {others})" if others else ""
        made = "" if self.id == OUTSIDE else f"#{self.id}, {self.operator.replace('_', ' ')}{other}: "
        return made + self.description


def chain(rows: Sequence[Row], champion: int) -> tuple[Row, ...]:
    """The champion and its ancestors along first parents, oldest first, unchanged copies among them."""
    by_id = {row.id: row for row in rows}
    found: list[Row] = []
    current = by_id.get(champion)
    while current is not None and len(found) <= len(rows):  # a damaged run may hold a cycle
        found.append(current)
        current = by_id.get(current.parents[0]) if current.parents else None
    return tuple(reversed(found))


def lineage(rows: Sequence[Row], champion: int) -> tuple[LineageStep, ...]:
    """The champion and its ancestors along first parents, oldest first.

    A copy that a generation took over unchanged is no step of its own: it prolongs the step that it copies. A copy of the
    network from outside is one: it was trained further here.
    """
    steps: list[LineageStep] = []
    parent: Row | None = None
    for row in chain(rows, champion):
        if parent is not None and row.key == parent.key and parent.id != OUTSIDE:
            steps[-1] = replace(steps[-1], until=max(steps[-1].until, row.generation))
        else:
            steps.append(_step(row, parent))
        parent = row
    return tuple(steps)


def _step(row: Row, parent: Row | None) -> LineageStep:
    known = parent is not None and row.score is not None and parent.score is not None
    change = row.score - parent.score if known else None  # type: ignore[operator,union-attr]
    words = () if parent is None else differences(parent.genome, row.genome)
    if parent is not None and parent.id == OUTSIDE and row.key == parent.key:
        words = ("trained further",)
    elif row.id == OUTSIDE:
        words = ("the network that the run started from",)
    return LineageStep(
        row.id,
        row.generation,
        row.generation,
        row.operator,
        row.score,
        change,
        words,
        row.description,
        row.parents[1:],
        not (row.parents or row.sources or row.id == OUTSIDE or row.operator.startswith(RECIPE)),
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


Edge = tuple[str, str]


def rewired(parent: NetworkGenome, child: NetworkGenome) -> list[str]:
    """Connections removed and added, in words."""
    gone, came = loose_edges(parent, child)
    old, new = numbered(parent), numbered(child)
    words = [f"connection removed: {_end(a, old)} → {_end(b, old)}" for a, b in gone]
    return words + [f"connection added: {_end(a, new)} → {_end(b, new)}" for a, b in came]


def loose_edges(parent: NetworkGenome, child: NetworkGenome) -> tuple[list[Edge], list[Edge]]:
    """Connections removed and added between layers that both networks have.

    Where a layer was put on a connection, or one between two others was taken out, that says it all.
    """
    before, after = set(parent.edges), set(child.edges)
    both = {n.mark for n in parent.nodes} & {n.mark for n in child.nodes}
    gone = [e for e in sorted(before - after) if both.issuperset(e) and not _leads(child, e, both)]
    came = [e for e in sorted(after - before) if both.issuperset(e) and not _leads(parent, e, both)]
    return gone, came


def _leads(genome: NetworkGenome, edge: Edge, both: Collection[str]) -> bool:
    """Whether one layer leads to another through layers that only this network has."""
    after: dict[str, list[str]] = {}
    for source, target in genome.edges:
        after.setdefault(source, []).append(target)
    waiting, seen = list(after.get(edge[0], [])), set()
    while waiting:
        mark = waiting.pop()
        if mark == edge[1]:
            return True
        if mark not in both and mark not in seen:
            seen.add(mark)
            waiting += after.get(mark, [])
    return False


def _end(mark: str, numbers: dict[str, int]) -> str:
    return {INPUT: "input", OUTPUT: "output"}.get(mark) or f"layer {numbers.get(mark, 0)}"


def rooted(
    search: Sequence[Row], ancestor: Mapping[str, Any], baselines: Sequence[Baseline]
) -> tuple[Row, ...]:
    """The rows of a search with the network from outside before them, if there is one that can be read.

    Args:
        search: The search's candidates.
        ancestor: What the run says about the network that it started from; empty if it started from none.
        baselines: The run's baselines; the network's score as it came is one of them, unless some of its weights are new.
    """
    first = _row(ancestor, baselines)
    if first is None:
        return tuple(search)
    return (first, *(_child(row) for row in search))


def _child(row: Row) -> Row:
    """A row whose parent is from outside says so; any other as it is."""
    begun = not row.parents and any(number == OUTSIDE for number, _, _ in row.sources)
    return replace(row, parents=(OUTSIDE,)) if begun else row


def _row(ancestor: Mapping[str, Any], baselines: Sequence[Baseline]) -> Row | None:
    genome = mapping(ancestor.get("genome"))
    found = read_genome(genome)
    if found is None:
        return None
    known = next((row for row in baselines if row.name == "ancestor"), None)
    name = clean(ancestor.get("name") or "a network of your own", 60)
    return Row(
        id=OUTSIDE,
        phase="search",
        generation=OUTSIDE,
        form=Json.of(genome),
        key=found.key,
        phenotype="",
        description=f"{name}: {found.describe()}",
        seed=0,
        examples=whole(ancestor.get("examples")),
        operator="ancestor",
        parents=(),
        sources=(),
        inherited_examples=0,
        status="ok",
        score=None if known is None else known.valid_score,
        metrics={},
        examples_seen=0,
        lineage_examples=whole(ancestor.get("examples")),
        seconds=0.0,
        parameters=0 if known is None else whole(known.metrics.get("parameters")),
        engine="",
        repeat_of=None,
        weights=None,
        error="",
    )
