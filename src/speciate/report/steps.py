"""The steps of the champion's lineage as they are drawn: parents and child, what became of each layer, and where its weights came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from speciate.inheritance.inherit import POLICIES
from speciate.layers import LAYERS
from speciate.report.lineage import OUTSIDE, chain, changes, layer_changes, loose_edges, rewired
from speciate.report.network import DrawnLayer, DrawnNetwork, network, read_genome
from speciate.report.sizes import Shape
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, Node
from speciate.store import Row

MOST_STEPS = 12
"""Steps that are drawn: the latest."""

MOST_ROWS, MOST_WIRES = 48, 150
"""Networks with more layers or connections are not drawn side by side."""

ADDED, REMOVED, CHANGED, FIRST, SECOND, BOTH = "+", "-", "~", "A", "B", "AB"
"""How a layer changed in a step: added, removed, changed, or after a crossover from the first parent, the second, or both."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What is said about a layer in a step.

    Attributes:
        sign: One of the signs above, or "".
        changes: What became of it, in words.
        origin: Where its weights came from, in words.
    """

    sign: str = ""
    changes: tuple[str, ...] = ()
    origin: str = ""


@dataclass(frozen=True, slots=True)
class StepNetwork:
    """A network of a step.

    Attributes:
        name: Such as `#12`.
        score: Validation score in the search.
        network: The network.
        remarks: One for every layer.
        edges: Signs of its edges: "+", "-" or "".
    """

    name: str
    score: float | None
    network: DrawnNetwork
    remarks: tuple[Remark, ...]
    edges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DrawnStep:
    """A child and its parents.

    Attributes:
        id: Candidate id of the child.
        generation: The child's generation.
        operator: What made it.
        change: Its score minus the first parent's.
        parents: The first and, after a crossover, the second.
        child: The child.
        wiring: Connections added or removed on their own, in words.
        hyper: Changed hyper-parameters, in words.
    """

    id: int
    generation: int
    operator: str
    change: float | None
    parents: tuple[StepNetwork, ...]
    child: StepNetwork
    wiring: tuple[str, ...]
    hyper: tuple[str, ...]

    @property
    def figure(self) -> str:
        """The name of its figure."""
        return f"step-{self.id}"

    @property
    def structural(self) -> bool:
        """Whether a layer or a connection changed."""
        signs = {remark.sign for member in (*self.parents, self.child) for remark in member.remarks}
        return bool(signs & {ADDED, REMOVED, CHANGED, FIRST, SECOND} or self.wiring)


def steps(
    rows: Sequence[Row],
    champion: int,
    shape_for: Callable[[dict[str, Any]], Shape],
    outputs: int,
    policy: str,
) -> tuple[DrawnStep, ...]:
    """The latest steps of the champion's lineage that can be drawn, oldest first.

    Args:
        rows: The search's candidates.
        champion: Id of the champion.
        shape_for: Shape of one example as the network of a genome takes it.
        outputs: Width of the head, or 0 if unknown.
        policy: How weights are inherited; "" if they are not.
    """
    by_id, line = {row.id: row for row in rows}, chain(rows, champion)
    made = [(b, a) for a, b in pairwise(line) if a.key != b.key][-MOST_STEPS:]
    found = (_step(child, first, by_id, shape_for, outputs, policy) for child, first in made)
    return tuple(step for step in found if step is not None)


def _step(
    child: Row,
    first: Row,
    by_id: Mapping[int, Row],
    shape_for: Callable[[dict[str, Any]], Shape],
    outputs: int,
    policy: str,
) -> DrawnStep | None:
    second = next((by_id[p] for p in child.parents[1:2] if p in by_id and by_id[p].key != first.key), None)
    rows = [child, first, *([] if second is None else [second])]
    drawn = [network(row.genome, shape_for(row.genome), outputs) for row in rows]
    genomes = [read_genome(row.genome) for row in rows]
    if any(n is None or len(n.layers) > MOST_ROWS or len(n.edges) > MOST_WIRES for n in drawn):
        return None
    own, *parents = [
        StepNetwork(_name(row.id, by_id), row.score, n, (Remark(),) * len(n.layers), ("",) * len(n.edges))
        for row, n in zip(rows, drawn, strict=True)
        if n is not None
    ]
    new, old, other = [*genomes, None][:3]
    assert new is not None
    assert old is not None
    ancestors = [
        (_name(i, by_id), n)
        for i, genome, _ in child.ancestors
        if (n := network(genome, shape_for(genome), outputs))
    ]
    weights = origins(own.network, ancestors, policy)
    if other is None:
        own, parents = _mutated(own, parents[0], old, new)
    else:
        own, parents = _crossed(own, parents)
    remarks = tuple(replace(r, origin=words) for r, words in zip(own.remarks, weights, strict=True))
    change = None if child.score is None or first.score is None else child.score - first.score
    return DrawnStep(
        child.id,
        child.generation,
        child.operator,
        change,
        tuple(parents),
        replace(own, remarks=remarks),
        tuple(rewired(old, new)) if other is None else (),
        _hyper(old, new, other),
    )


def _name(number: int, by_id: Mapping[int, Row]) -> str:
    """What a candidate is called: an unchanged copy by the number of what it copies."""
    if number == OUTSIDE:
        return "the ancestor"
    row = by_id.get(number)
    original = by_id.get(row.repeat_of) if row is not None and row.repeat_of is not None else None
    if row is not None and original is not None and original.key == row.key:
        return f"#{original.id}"
    return f"#{number}"


def _mutated(
    child: StepNetwork, parent: StepNetwork, old: NetworkGenome, new: NetworkGenome
) -> tuple[StepNetwork, list[StepNetwork]]:
    """What a child of one parent has added, lost and changed."""
    before, after = _by_mark(parent.network), _by_mark(child.network)
    gone, came = loose_edges(old, new)
    own = tuple(_compared(before.get(layer.mark), layer) for layer in child.network.layers)
    theirs = tuple(Remark("" if n.mark in after else REMOVED) for n in parent.network.layers)
    child = replace(child, remarks=own, edges=_edge_signs(child.network, before, came, ADDED))
    return child, [replace(parent, remarks=theirs, edges=_edge_signs(parent.network, after, gone, REMOVED))]


def _compared(before: DrawnLayer | None, after: DrawnLayer) -> Remark:
    if before is None:
        return Remark(ADDED)
    words = tuple(layer_changes(_node(before), _node(after)))
    return Remark(CHANGED if words else "", words)


def _node(layer: DrawnLayer) -> Node:
    return Node.make(layer.mark, layer.kind, layer.genes)


def _by_mark(found: DrawnNetwork) -> dict[str, DrawnLayer]:
    return {layer.mark: layer for layer in found.layers}


def _edge_signs(
    found: DrawnNetwork, others: Mapping[str, DrawnLayer], loose: Sequence[tuple[str, str]], sign: str
) -> tuple[str, ...]:
    """The sign of edges at layers that the other network lacks, and of edges that were added or removed on their own."""
    marks = [layer.mark for layer in found.layers]
    return tuple(
        sign if (marks[a], marks[b]) in loose or marks[a] not in others or marks[b] not in others else ""
        for a, b in found.edges
    )


def _crossed(child: StepNetwork, parents: Sequence[StepNetwork]) -> tuple[StepNetwork, list[StepNetwork]]:
    """Which parent each layer of a crossover's child came from, and what each parent passed on."""
    first, second = (_by_mark(parent.network) for parent in parents)
    remarks = []
    for layer in child.network.layers:
        a, b = _same(layer, first), _same(layer, second)
        sign = BOTH if a and b else FIRST if a else SECOND if b else ""
        nearest = first.get(layer.mark) or second.get(layer.mark)
        remarks.append(Remark("" if layer.end else sign) if sign else _compared(nearest, layer))
    own = _by_mark(child.network)
    passed = []
    for letter, parent in zip((FIRST, SECOND), parents, strict=True):
        on = (Remark("" if n.end else letter if _same(n, own) else REMOVED) for n in parent.network.layers)
        passed.append(replace(parent, remarks=tuple(on)))
    return replace(child, remarks=tuple(remarks)), passed


def _same(layer: DrawnLayer, others: Mapping[str, DrawnLayer]) -> bool:
    other = others.get(layer.mark)
    return other is not None and (other.kind, other.genes) == (layer.kind, layer.genes)


def _hyper(old: NetworkGenome, new: NetworkGenome, other: NetworkGenome | None) -> tuple[str, ...]:
    """What became of the hyper-parameters, and after a crossover which are the second parent's."""
    before, after = dict(old.hyper), dict(new.hyper)
    theirs = {} if other is None else dict(other.hyper)
    words = []
    for name in sorted(after):
        own = theirs.get(name) == after[name]
        words += [f"{w} (as in B)" if own else w for w in changes(before, {name: after[name]})]
    return tuple(words)


SHAPELESS = frozenset({"activation", "dropout", "stride", "mode"})
"""Genes that do not affect the shapes of a layer's tensors."""


def policy_of(settings: dict[str, Any]) -> str:
    """How weights were inherited in a run: "common", "preserve", or "" if they were not."""
    evaluator = settings.get("evaluator")
    found = evaluator.get("inherit") if isinstance(evaluator, dict) else None
    return found if found in POLICIES else ""


def origins(
    child: DrawnNetwork, ancestors: Sequence[tuple[str, DrawnNetwork]], policy: str
) -> tuple[str, ...]:
    """Where each layer's weights came from, in words; nothing for layers that have no weights.

    A layer takes its weights from an ancestor that has a layer of the same mark and kind: from one whose tensors fit before
    one whose tensors do not, among those from one with equal genes, among those from the first.

    Args:
        child: The network.
        ancestors: What each is called, and its network, the most important first.
        policy: "common" or "preserve"; with "" nothing is said.
    """
    if not policy:
        return ("",) * len(child.layers)
    known = all(layer.kind in LAYERS for _, other in [("", child), *ancestors] for layer in other.layers)
    reshape = policy == "preserve" and known
    return tuple(_origin(layer, child, ancestors, reshape) for layer in child.layers)


def _origin(
    layer: DrawnLayer, child: DrawnNetwork, ancestors: Sequence[tuple[str, DrawnNetwork]], reshape: bool
) -> str:
    if layer.kind == INPUT or layer.parameters == 0:
        return ""
    found: list[tuple[bool, bool, int, bool]] = []  # the smallest is the best
    for index, (_, other) in enumerate(ancestors):
        same = next((o for o in other.layers if (o.mark, o.kind) == (layer.mark, layer.kind)), None)
        other_inputs = child.hyper.get("bins", 0) != other.hyper.get("bins", 0)
        if same is None or (other_inputs and _behind_input(child, layer.mark)):
            continue
        fits = _fits(layer, same)
        # Weights learned on another layer's outputs are only sometimes of use right behind the input.
        moved = _behind_input(child, layer.mark) and not _behind_input(other, layer.mark)
        # A head behind another layer than before may have lost its inputs, and then begins with fresh weights.
        other_front = reshape and layer.kind == OUTPUT and _front(child) != _front(other)
        unsure = fits is None or (not fits and moved) or other_front
        if fits is not False or reshape:
            found.append((fits is False, same.genes != layer.genes, index, unsure))
    if not found:
        return "new"
    adapted, _, index, unsure = min(found)
    name = ancestors[index][0]
    if unsure:
        return f"from {name}, if it fits"
    return f"adapted from {name}" if adapted else f"taken over from {name}"


def _behind_input(network: DrawnNetwork, mark: str) -> bool:
    """Whether a layer is connected to the input."""
    layers = network.layers
    return any(layers[a].kind == INPUT and layers[b].mark == mark for a, b in network.edges)


def _front(network: DrawnNetwork) -> set[str]:
    """The layers that feed the head."""
    layers = network.layers
    return {layers[a].mark for a, b in network.edges if layers[b].kind == OUTPUT}


def _fits(layer: DrawnLayer, other: DrawnLayer) -> bool | None:
    """Whether two layers of a kind have tensors of the same shapes; None if that cannot be told."""
    own, theirs = ({k: v for k, v in o.genes.items() if k not in SHAPELESS} for o in (layer, other))
    if own != theirs:
        return False
    if layer.parameters is None or other.parameters is None:
        return None
    return layer.parameters == other.parameters
