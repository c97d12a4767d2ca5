"""Weights for a changed network that let it compute what it computed before, or as much of it as can be kept.

Layer by layer from the input on: what each hands on is a `Stream`, which tells the next which of an ancestor's units its inputs
are. There is one rule for each sort of layer: those with units of their own, those that treat every unit alone, and merges.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from speciate.inheritance.morphism import NEW, Stream, chosen, connected, rescaled, resized
from speciate.inheritance.removed_layers import Passage, passage, steps_between
from speciate.layers import LAYERS, Map, Merge, Shape, Unitwise
from speciate.networks.state import Tensors, layer_tensors, replace_tensors
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, Node

Lineage = tuple[NetworkGenome, Tensors]
"""A genome and its trained tensors."""

FREE = frozenset({"units", "channels", "dropout"})
"""Genes that may change without a change of what the layer's old units compute."""


@dataclass(frozen=True, slots=True)
class Family:
    """A child and those it inherits from.

    Attributes:
        child: The child.
        tensors: Its tensors, fresh at first; replaced layer by layer.
        shapes: The shapes of its layers' inputs by mark.
        ancestors: Genomes and trained tensors.
        widths: For each ancestor, how many units or channels leave its layers, by mark.
        donors: By mark, the index of the ancestor that has the layer too and hands it on.
        rng: What draws copies and shares.
    """

    child: NetworkGenome
    tensors: dict[str, np.ndarray]
    shapes: Mapping[str, Sequence[Shape]]
    ancestors: Sequence[Lineage]
    widths: Sequence[Mapping[str, int]]
    donors: Mapping[str, int]
    rng: np.random.Generator

    def donor(self, mark: str) -> tuple[NetworkGenome, Tensors, Mapping[str, int]]:
        """The genome, the tensors and the widths of a layer's donor."""
        index = self.donors[mark]
        return (*self.ancestors[index], self.widths[index])

    def passage(self, stream: Stream, mark: str) -> Passage | None:
        """How a stream's layer leads to an inherited layer in its donor; None if it does not."""
        genome, tensors, widths = self.donor(mark)
        return passage(genome, tensors, widths, stream.mark, mark, self.child.sources.keys())

    def expected(self, stream: Stream, mark: str) -> bool:
        """Whether an inherited layer behind a new one expects the stream that comes into the new one."""
        seen, waiting = set(), [mark]
        while waiting:
            for target in self.child.targets[waiting.pop()]:
                if target in self.donors:
                    if self.passage(stream, target) is not None:
                        return True
                elif target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return False


@dataclass(frozen=True, slots=True)
class Preserved:
    """What came of it.

    Attributes:
        sources: The donors of the layers that did take over weights.
        exact: Whether the child's outputs are the first ancestor's, in evaluation mode, to float tolerance.
    """

    sources: dict[str, int]
    exact: bool


def preserve(family: Family, input_shape: Shape) -> Preserved:
    """Replace the child's tensors.

    Args:
        family: A child whose tensors are fresh.
        input_shape: Shape of one example.
    """
    start = Stream(INPUT, np.arange(input_shape[0]), False, math.prod(input_shape[1:]), exact=True)
    streams: dict[str, Stream] = {INPUT: start}
    sources: dict[str, int] = {}
    for node in family.child.nodes[1:]:
        inputs = [streams[source] for source in family.child.sources[node.mark]]
        layer = LAYERS[node.kind]
        rule: Rule = _map if isinstance(layer, Map) else _merge if isinstance(layer, Merge) else _unitwise
        streams[node.mark], inherited = rule(family, node, inputs)
        if inherited:
            sources[node.mark] = family.donors[node.mark]
    exact = streams[OUTPUT].exact and set(family.donors.values()) == {0}
    return Preserved(sources, exact)


Rule = Callable[[Family, Node, Sequence[Stream]], tuple[Stream, bool]]
"""Sets a layer's tensors for the streams that come in; the stream that goes out, and whether weights were inherited."""


def _map(family: Family, node: Node, inputs: Sequence[Stream]) -> tuple[Stream, bool]:
    """Layers with units of their own: taken over, else the identity, else fresh."""
    layer, genes = LAYERS[node.kind], dict(node.genes)
    assert isinstance(layer, Map)
    fresh = layer_tensors(family.tensors, node.mark)
    image = fresh["weight"].ndim > 2
    (stream,) = inputs if image else [inputs[0].flat()]
    positive = layer.never_negative(genes, stream.positive)
    places = math.prod(layer.shape(genes, family.shapes[node.mark])[1:])
    carried = _carried(family, node, stream, fresh) if node.mark in family.donors else None
    if carried is not None:
        values, units, exact = carried
        replace_tensors(family.tensors, node.mark, values)
        return Stream(node.mark, units, positive, places, exact=exact), True
    wide = len(fresh["weight"]) >= len(stream.kept) > 0
    new = node.mark not in family.donors and node.kind != OUTPUT
    if new and wide and layer.can_be_identity(genes, stream.positive) and family.expected(stream, node.mark):
        values, units = _identity(layer, stream, fresh, family.rng)
        replace_tensors(family.tensors, node.mark, values)
        return replace(stream, units=units), False
    return Stream(node.mark, np.arange(len(fresh["weight"])), positive, places), False


def _identity(
    layer: Map, stream: Stream, fresh: Tensors, rng: np.random.Generator
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """A layer that hands on every kept unit of a stream, copies added up; its other units start fresh and unheard.

    Source: Net2Net, section 2.4.
    """
    kept = stream.kept
    weight = fresh["weight"].astype(np.float64)
    known = np.zeros((len(kept), kept.max() + 1, *weight.shape[2:]))
    known[:, kept] = layer.identity(len(kept), weight)
    weight[: len(kept)] = connected(known, weight[: len(kept)], stream.units, rng)
    units = np.concatenate([kept, np.full(len(weight) - len(kept), NEW)])
    return {"weight": weight, "bias": np.zeros(len(weight))}, units


def _carried(
    family: Family, node: Node, stream: Stream, fresh: Tensors
) -> tuple[dict[str, np.ndarray], np.ndarray, bool] | None:
    """The donor's tensors in the child's shape, which of the donor's units each unit is, and whether it is exactly that.

    Args:
        family: The family.
        node: A layer that has a donor.
        stream: What comes in, flattened where the layer flattens.
        fresh: The layer's fresh tensors.
    """
    genome, tensors, widths = family.donor(node.mark)
    layer, old = LAYERS[node.kind], layer_tensors(tensors, node.mark)
    assert isinstance(layer, Map)
    if node.kind == OUTPUT and len(old["weight"]) != len(fresh["weight"]):
        return None  # the head of another task
    weight, bias = old["weight"].astype(np.float64), old["bias"].astype(np.float64)
    rows = resized(weight, _outgoing(genome, tensors, node.mark), len(fresh["weight"]), family.rng)
    weight = layer.resized(weight, fresh["weight"])
    grown = weight.shape[2:] >= old["weight"].shape[2:]
    way = family.passage(stream, node.mark)
    if way is None and node.kind == OUTPUT:
        return (
            None  # what it heard is gone: to hear something else by its weights is worse than to know nothing
        )
    if way is None:
        inputs, exact = chosen(weight, fresh["weight"].shape[1]), False
    else:
        weight, bias = way.back(weight, bias)
        if stream.mark == INPUT and len(stream.kept) != weight.shape[1]:
            return None  # the features of other data
        units, exact = widths[stream.mark], way.exact and grown
        if weight.shape[1] != units * stream.spread and weight.shape[1] % units == 0:
            weight, exact = rescaled(weight, units, stream.spread), False
        inputs, exact = stream.units, exact and stream.holds(weight.shape[1])
    genes = {name: value for name, value in node.genes if name not in {*FREE, "kernel"}}
    before = dict(next(n.genes for n in genome.nodes if n.mark == node.mark))
    exact = exact and all(before[name] == value for name, value in genes.items())
    weight = connected(weight[rows], fresh["weight"], inputs, family.rng)
    return {"weight": weight, "bias": bias[rows]}, rows, exact


def _outgoing(genome: NetworkGenome, tensors: Tensors, mark: str) -> np.ndarray | None:
    """The weights that a layer's units go out by, (any, units, ...), where a layer with units of its own comes next."""
    units = len(layer_tensors(tensors, mark)["weight"])
    for target in genome.targets[mark]:
        weight = layer_tensors(tensors, target).get("weight")
        if weight is not None and weight.ndim > 1 and weight.shape[1] % units == 0:
            return weight if weight.ndim > 2 else weight.reshape(len(weight), units, -1)
    return None


def _unitwise(family: Family, node: Node, inputs: Sequence[Stream]) -> tuple[Stream, bool]:
    """Layers that treat every unit alone: each unit keeps what belongs to it, and a new layer begins neutral if it can."""
    layer, genes, (stream,) = LAYERS[node.kind], dict(node.genes), inputs
    assert isinstance(layer, Unitwise)
    shape = layer.shape(genes, family.shapes[node.mark])
    if len(shape) == 1 and node.kind == "flatten":
        stream = stream.flat()
    fresh = layer_tensors(family.tensors, node.mark)
    places = math.prod(shape[1:])
    out = replace(stream, positive=layer.never_negative(genes, stream.positive), places=places)
    if node.mark not in family.donors:
        neutral = layer.can_be_identity(genes, stream.positive)
        if fresh and neutral:
            replace_tensors(family.tensors, node.mark, layer.neutral(fresh))
        return replace(out, exact=stream.exact and neutral), False
    genome, tensors, widths = family.donor(node.mark)
    before = dict(next(n.genes for n in genome.nodes if n.mark == node.mark))
    way = family.passage(stream, node.mark)
    units, exact = stream.units, False
    if way is None:  # what comes in is something else: place by place
        units = np.where(np.arange(len(units)) < widths[node.mark], np.arange(len(units)), NEW)
    else:
        units, exact = way.forth(units), stream.exact and way.exact
    exact = exact and all(name in FREE or before[name] == value for name, value in node.genes)
    if fresh:
        old = layer_tensors(tensors, node.mark)
        values = {
            name: _by_unit(layer.resized(name, old[name], value), value, units)
            for name, value in fresh.items()
        }
        replace_tensors(family.tensors, node.mark, values)
    # Statistics over all units are others where some are new or gone.
    exact = exact and (node.kind != "layer_norm" or np.array_equal(units, np.arange(widths[node.mark])))
    return replace(out, mark=node.mark, units=units, spread=1, exact=exact), bool(fresh)


def _by_unit(old: np.ndarray, fresh: np.ndarray, units: np.ndarray) -> np.ndarray:
    """A tensor (units, ...) of old and fresh entries; one without axes is taken as it is."""
    if old.ndim == 0:
        return old
    found = fresh.astype(np.float64)
    known = (units != NEW) & (units < len(old))
    found[known] = old[units[known]]
    return found


def _merge(family: Family, node: Node, inputs: Sequence[Stream]) -> tuple[Stream, bool]:
    """Merges: old inputs are heard as before, new ones not yet."""
    layer = LAYERS[node.kind]
    assert isinstance(layer, Merge)
    width = layer.width([len(stream.units) for stream in inputs])
    if node.mark in family.donors:
        out, gains = _old_merge(family, node, inputs, width)
    else:
        out, gains = _new_merge(family, node, inputs, width)
    if node.kind == "add":
        replace_tensors(family.tensors, node.mark, {"gain": np.array(gains)})
    return replace(out, places=inputs[0].places), node.kind == "add" and node.mark in family.donors


def _new_merge(
    family: Family, node: Node, inputs: Sequence[Stream], width: int
) -> tuple[Stream, list[float]]:
    """One input is what the layers behind it know; the others are new to them."""
    known = [i for i, stream in enumerate(inputs) if family.expected(stream, node.mark)]
    if not known:
        return Stream(node.mark, np.arange(width)), [1.0] * len(inputs)
    main = inputs[known[0]]
    units = np.full(width, NEW)
    start = sum(len(stream.units) for stream in inputs[: known[0]]) if node.kind == "concat" else 0
    units[start : start + len(main.units)] = main.units
    return replace(main, units=units), [float(i == known[0]) for i in range(len(inputs))]


def _old_merge(
    family: Family, node: Node, inputs: Sequence[Stream], width: int
) -> tuple[Stream, list[float]]:
    """Each input takes the place of the donor's input that it computes; those that are left are paired in order."""
    genome, tensors, widths = family.donor(node.mark)
    slots = genome.sources[node.mark]
    ways = [_ways(family, node.mark, stream, slots) for stream in inputs]
    places: list[int | None] = []
    for way in ways:
        places.append(next((slot for slot in way if slot not in places), None))
    exact = len(set(places) - {None}) == len(slots) and all(
        stream.exact and way[place]
        for stream, way, place in zip(inputs, ways, places, strict=True)
        if place is not None
    )
    free = iter([i for i in range(len(slots)) if i not in places])
    paired = [
        next(free, None) if place is None and not stream.exact else place
        for stream, place in zip(inputs, places, strict=True)
    ]
    old = layer_tensors(tensors, node.mark).get("gain", np.ones(len(slots)))
    gains = [0.0 if place is None else float(old[place]) for place in paired]
    sizes = [widths[slot] for slot in slots]
    units = [_positional(s, place, sizes) for s, place in zip(inputs, paired, strict=True)]
    if node.kind == "concat":
        offsets = np.cumsum([0, *sizes])
        shifted = [
            np.where(u == NEW, NEW, u + (0 if place is None else offsets[place]))
            for u, place in zip(units, paired, strict=True)
        ]
        return Stream(node.mark, np.concatenate(shifted), all(s.positive for s in inputs), exact=exact), gains
    heard = {place: u for u, place in zip(units, paired, strict=True) if place is not None}
    summed = _summed(heard, sizes, width)
    if len(np.unique(summed[summed != NEW])) < max(sizes):  # not all sums are there: the nearest guess
        summed, exact = _nearest(heard, width), False
    return Stream(node.mark, summed, exact=exact), gains


def _ways(family: Family, mark: str, stream: Stream, slots: Sequence[str]) -> dict[int, bool]:
    """The inputs of a merge in its donor that a stream's layer leads to unit by unit, and whether nothing that is gone matters."""
    genome, tensors, widths = family.donor(mark)
    found: dict[int, bool] = {}
    for i, slot in enumerate(slots):
        if stream.mark not in genome.sources:
            continue
        steps = steps_between(genome, tensors, widths, stream.mark, slot, family.child.sources.keys())
        if steps is not None and all(isinstance(LAYERS[step.node.kind], Unitwise) for step in steps):
            found[i] = all(step.exact for step in steps)
    return found


def _positional(stream: Stream, place: int | None, sizes: Sequence[int]) -> np.ndarray:
    """Which units of the donor's input these are; without one, all are new."""
    if place is None:
        return np.full(len(stream.units), NEW)
    return np.where(stream.units < sizes[place], stream.units, NEW)


def _summed(heard: Mapping[int, np.ndarray], sizes: Sequence[int], width: int) -> np.ndarray:
    """Of which of the donor's sums each sum is the same; `NEW` where of none. Shape (width,).

    Args:
        heard: The units of each input that the donor has too, by the donor's number of it.
        sizes: The widths of the donor's inputs.
        width: The number of sums.
    """
    found = np.full(width, NEW)
    for i in range(width):
        parts = {place: int(units[i]) for place, units in heard.items() if i < len(units)}
        same = set(parts.values())
        if (
            len(same) == 1
            and (j := same.pop()) != NEW
            and set(parts) == {p for p, n in enumerate(sizes) if j < n}
        ):
            found[i] = j
    return found


def _nearest(heard: Mapping[int, np.ndarray], width: int) -> np.ndarray:
    """The unit of the first input that has one."""
    found = np.full(width, NEW)
    for _, units in sorted(heard.items(), reverse=True):
        found[: len(units)] = np.where(units == NEW, found[: len(units)], units)
    return found
