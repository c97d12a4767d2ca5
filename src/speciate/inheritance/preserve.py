"""Weights for a changed network that let it compute what it computed before, or as much of it as can be kept.

Layer by layer from the input on: what a layer passes on is described by a `Signal`, which tells the next layer which of an
ancestor's units its inputs are. There is one rule for each sort of layer: layers with units of their own, layers that treat every
unit alone, merges, and all others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from speciate.inheritance.morphism import NEW, Signal, chosen, connected, rescaled, resized
from speciate.inheritance.removed_layers import RemovedLayers, is_affine, removed_between
from speciate.layers import LAYERS, Map, Merge, Shape, Unitwise
from speciate.networks import Tensors, layer_tensors, replace_tensors
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, Node

Trained = tuple[NetworkGenome, Tensors]
"""A genome and its trained tensors."""


@dataclass(frozen=True, slots=True)
class Child:
    """A child, and the ancestors that it inherits from.

    Attributes:
        genome: Its genome.
        tensors: Its tensors, fresh at first; replaced layer by layer.
        shapes: The shapes of its layers' inputs by mark.
        ancestors: Genomes and trained tensors.
        widths: For each ancestor, how many units or channels leave its layers, by mark.
        donors: By mark, the index of the ancestor that has the layer too, and whose weights it gets.
        rng: What draws copies and shares.
    """

    genome: NetworkGenome
    tensors: dict[str, np.ndarray]
    shapes: Mapping[str, Sequence[Shape]]
    ancestors: Sequence[Trained]
    widths: Sequence[Mapping[str, int]]
    donors: Mapping[str, int]
    rng: np.random.Generator

    def donor(self, mark: str) -> tuple[NetworkGenome, Tensors, Mapping[str, int]]:
        """The genome, the tensors and the widths of a layer's donor."""
        index = self.donors[mark]
        return (*self.ancestors[index], self.widths[index])

    def same_genes(self, node: Node, but: Collection[str] = ()) -> bool:
        """Whether a layer has the same genes as in its donor, apart from its width, what only matters in training, and `but`."""
        before = dict(next(n.genes for n in self.donor(node.mark)[0].nodes if n.mark == node.mark))
        free = {*but, *LAYERS[node.kind].training_genes, LAYERS[node.kind].width_gene}
        return all(name in free or before[name] == value for name, value in node.genes)

    def between(self, signal: Signal, last: str, mark: str) -> RemovedLayers | None:
        """The removed layers that lead, in the donor of an inherited layer, from a signal's layer to one of its inputs, if any do."""
        return removed_between(*self.donor(mark), signal.mark, last, self.genome.sources.keys())

    def way(self, signal: Signal, mark: str) -> RemovedLayers | None:
        """The same, to whichever of its inputs there is a path."""
        sources = self.donor(mark)[0].sources[mark]
        return next((way for last in sources if (way := self.between(signal, last, mark))), None)

    def expected(self, signal: Signal, mark: str) -> bool:
        """Whether an inherited layer behind a new one expects the signal that comes into the new one."""
        seen, waiting = set(), [mark]
        while waiting:
            for target in self.genome.targets[waiting.pop()]:
                if target in self.donors:
                    if self.way(signal, target) is not None:
                        return True
                elif target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return False


def preserve(child: Child, input_shape: Shape) -> tuple[dict[str, int], bool]:
    """Replace the tensors of a child, which are fresh.

    Returns:
        The donors of the layers that did take over weights; whether the child's outputs are the first ancestor's, in evaluation
        mode, to float tolerance.
    """
    start = Signal(INPUT, np.arange(input_shape[0]), False, math.prod(input_shape[1:]), exact=True)
    signals: dict[str, Signal] = {INPUT: start}
    sources: dict[str, int] = {}
    for node in child.genome.nodes[1:]:
        inputs = [signals[source] for source in child.genome.sources[node.mark]]
        signals[node.mark], inherited = _rule(child, node)(child, node, inputs)
        if inherited:
            sources[node.mark] = child.donors[node.mark]
    return sources, signals[OUTPUT].exact and set(child.donors.values()) == {0}


Rule = Callable[[Child, Node, Sequence[Signal]], tuple[Signal, bool]]
"""Sets a layer's tensors for the signals that come in; the signal that goes out, and whether weights were inherited."""


def _rule(child: Child, node: Node) -> Rule:
    """The rule for a layer's sort."""
    layer = LAYERS[node.kind]
    if is_affine(layer, layer_tensors(child.tensors, node.mark)):
        return _map
    if isinstance(layer, Merge) and layer.offsets([1]) is not None:
        return _merge
    return _unitwise if isinstance(layer, Unitwise) else _other


def _map(child: Child, node: Node, inputs: Sequence[Signal]) -> tuple[Signal, bool]:
    """Layers with units of their own: taken over, else the identity, else fresh."""
    layer, genes = LAYERS[node.kind], dict(node.genes)
    assert isinstance(layer, Map)
    fresh = layer_tensors(child.tensors, node.mark)
    image = fresh["weight"].ndim > 2
    (signal,) = inputs if image else [inputs[0].flat()]
    positive = layer.never_negative(genes, signal.positive)
    places = math.prod(layer.shape(genes, child.shapes[node.mark])[1:])
    carried = _carried(child, node, signal, fresh) if node.mark in child.donors else None
    if carried is not None:
        values, units, exact = carried
        replace_tensors(child.tensors, node.mark, values)
        return Signal(node.mark, units, positive, places, exact=exact), True
    wide = len(fresh["weight"]) >= len(signal.kept) > 0
    new = node.mark not in child.donors and node.kind != OUTPUT
    if new and wide and layer.can_be_identity(genes, signal.positive) and child.expected(signal, node.mark):
        values, units = _identity(layer, signal, fresh, child.rng)
        replace_tensors(child.tensors, node.mark, values)
        return replace(signal, units=units), False
    return Signal(node.mark, np.arange(len(fresh["weight"])), positive, places), False


def _identity(
    layer: Map, signal: Signal, fresh: Tensors, rng: np.random.Generator
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """A layer that passes on every kept unit of a signal, copies added up; its other units start fresh, without outgoing weights.

    Source: Net2Net, section 2.4.
    """
    kept = signal.kept
    weight = fresh["weight"].astype(np.float64)
    known = np.zeros((len(kept), kept.max() + 1, *weight.shape[2:]))
    known[:, kept] = layer.identity(len(kept), weight)
    weight[: len(kept)] = connected(known, weight[: len(kept)], signal.units, rng)
    units = np.concatenate([kept, np.full(len(weight) - len(kept), NEW)])
    return {"weight": weight, "bias": np.zeros(len(weight))}, units


def _carried(
    child: Child, node: Node, signal: Signal, fresh: Tensors
) -> tuple[dict[str, np.ndarray], np.ndarray, bool] | None:
    """The donor's tensors in the child's shape, which of the donor's units each unit is, and whether it is exactly that.

    Args:
        child: The child.
        node: A layer that has a donor.
        signal: What comes in, flattened where the layer flattens.
        fresh: The layer's fresh tensors.
    """
    genome, tensors, widths = child.donor(node.mark)
    layer, old = LAYERS[node.kind], layer_tensors(tensors, node.mark)
    assert isinstance(layer, Map)
    if node.kind == OUTPUT and len(old["weight"]) != len(fresh["weight"]):
        return None  # the head of another task
    weight, bias = old["weight"].astype(np.float64), old["bias"].astype(np.float64)
    rows = resized(weight, _outgoing(genome, tensors, node.mark), len(fresh["weight"]), child.rng)
    weight = layer.resized(weight, fresh["weight"])
    grown = weight.shape[2:] >= old["weight"].shape[2:]
    way = child.way(signal, node.mark)
    if way is None and node.kind == OUTPUT:
        return None  # its inputs are gone: its weights on other inputs would be worse than a fresh head
    if way is None:
        inputs, exact = chosen(weight, fresh["weight"].shape[1]), False
    else:
        weight, bias = way.back(weight, bias)
        if signal.mark == INPUT and len(signal.kept) != weight.shape[1]:
            return None  # the features of other data
        units, exact = widths[signal.mark], way.exact and grown
        if weight.shape[1] != units * signal.spread and weight.shape[1] % units == 0:
            weight, exact = rescaled(weight, units, signal.spread), False
        inputs, exact = signal.units, exact and signal.holds(weight.shape[1])
    exact = exact and child.same_genes(node, layer.size_genes)
    weight = connected(weight[rows], fresh["weight"], inputs, child.rng)
    return {"weight": weight, "bias": bias[rows]}, rows, exact


def _outgoing(genome: NetworkGenome, tensors: Tensors, mark: str) -> np.ndarray | None:
    """The outgoing weights of a layer's units, (any, units, ...), where a layer with units of its own comes next."""
    units = len(layer_tensors(tensors, mark)["weight"])
    for target in genome.targets[mark]:
        weight = layer_tensors(tensors, target).get("weight")
        if weight is not None and weight.ndim > 1 and weight.shape[1] % units == 0:
            return weight if weight.ndim > 2 else weight.reshape(len(weight), units, -1)
    return None


def _unitwise(child: Child, node: Node, inputs: Sequence[Signal]) -> tuple[Signal, bool]:
    """Layers that treat every unit alone: each unit keeps what belongs to it, and a new layer begins neutral if it can."""
    layer, genes, (signal,) = LAYERS[node.kind], dict(node.genes), inputs
    assert isinstance(layer, Unitwise)
    shape = layer.shape(genes, child.shapes[node.mark])
    if len(shape) == 1 and layer.flattens:
        signal = signal.flat()
    fresh = layer_tensors(child.tensors, node.mark)
    places = math.prod(shape[1:])
    out = replace(signal, positive=layer.never_negative(genes, signal.positive), places=places)
    if node.mark not in child.donors:
        neutral = layer.can_be_identity(genes, signal.positive)
        if fresh and neutral:
            replace_tensors(child.tensors, node.mark, layer.neutral(fresh))
        return replace(out, exact=signal.exact and neutral), False
    _, tensors, widths = child.donor(node.mark)
    way = child.way(signal, node.mark)
    units, exact = signal.units, False
    if way is None:  # what comes in is something else: place by place
        units = np.where(np.arange(len(units)) < widths[node.mark], np.arange(len(units)), NEW)
    else:
        units, exact = way.forth(units), signal.exact and way.exact
    exact = exact and child.same_genes(node)
    if fresh:
        old = layer_tensors(tensors, node.mark)
        values = {
            name: _by_unit(layer.resized(name, old[name], value), value, units)
            for name, value in fresh.items()
        }
        replace_tensors(child.tensors, node.mark, values)
    # Statistics over all units change where some are new or gone.
    exact = exact and (not layer.norms_units or np.array_equal(units, np.arange(widths[node.mark])))
    return replace(out, mark=node.mark, units=units, spread=1, exact=exact), bool(fresh)


def _by_unit(old: np.ndarray, fresh: np.ndarray, units: np.ndarray) -> np.ndarray:
    """A tensor (units, ...) of old and fresh entries; one without axes is taken as it is."""
    if old.ndim == 0:
        return old
    found = fresh.astype(np.float64)
    known = (units != NEW) & (units < len(old))
    found[known] = old[units[known]]
    return found


def _merge(child: Child, node: Node, inputs: Sequence[Signal]) -> tuple[Signal, bool]:
    """Merges: old inputs count as before, new ones not yet."""
    layer = LAYERS[node.kind]
    assert isinstance(layer, Merge)
    width = layer.width([len(signal.units) for signal in inputs])
    if node.mark in child.donors:
        out, gains = _old_merge(child, node, inputs, width)
    else:
        out, gains = _new_merge(child, node, inputs, width)
    if layer.sums:
        replace_tensors(child.tensors, node.mark, {"gain": np.array(gains)})
    return replace(out, places=inputs[0].places), layer.sums and node.mark in child.donors


def _new_merge(child: Child, node: Node, inputs: Sequence[Signal], width: int) -> tuple[Signal, list[float]]:
    """One input is what the layers behind it expect; the others do not count yet."""
    known = [i for i, signal in enumerate(inputs) if child.expected(signal, node.mark)]
    if not known:
        return Signal(node.mark, np.arange(width)), [1.0] * len(inputs)
    main = inputs[known[0]]
    units = np.full(width, NEW)
    start = _offsets(node, [len(signal.units) for signal in inputs])[known[0]]
    units[start : start + len(main.units)] = main.units
    return replace(main, units=units), [float(i == known[0]) for i in range(len(inputs))]


def _old_merge(child: Child, node: Node, inputs: Sequence[Signal], width: int) -> tuple[Signal, list[float]]:
    """Each input takes the place of the donor's input that it computes; the remaining ones are paired in order."""
    genome, tensors, widths = child.donor(node.mark)
    slots = genome.sources[node.mark]
    ways = [_ways(child, node.mark, signal, slots) for signal in inputs]
    places: list[int | None] = []
    for way in ways:
        places.append(next((slot for slot in way if slot not in places), None))
    exact = len(set(places) - {None}) == len(slots) and all(
        signal.exact and way[place]
        for signal, way, place in zip(inputs, ways, places, strict=True)
        if place is not None
    )
    free = iter([i for i in range(len(slots)) if i not in places])
    paired = [
        next(free, None) if place is None and not signal.exact else place
        for signal, place in zip(inputs, places, strict=True)
    ]
    old = layer_tensors(tensors, node.mark).get("gain", np.ones(len(slots)))
    gains = [0.0 if place is None else float(old[place]) for place in paired]
    sizes = [widths[slot] for slot in slots]
    units = [_positional(s, place, sizes) for s, place in zip(inputs, paired, strict=True)]
    if not LAYERS[node.kind].sums:
        offsets = _offsets(node, sizes)
        shifted = [
            np.where(u == NEW, NEW, u + (0 if place is None else offsets[place]))
            for u, place in zip(units, paired, strict=True)
        ]
        return Signal(node.mark, np.concatenate(shifted), all(s.positive for s in inputs), exact=exact), gains
    parts = {place: u for u, place in zip(units, paired, strict=True) if place is not None}
    summed = _summed(parts, sizes, width)
    if len(np.unique(summed[summed != NEW])) < max(sizes):  # not all sums are there: the nearest guess
        summed, exact = _nearest(parts, width), False
    return Signal(node.mark, summed, exact=exact), gains


def _offsets(node: Node, widths: Sequence[int]) -> Sequence[int]:
    """Where the units of each input of a merge begin."""
    layer = LAYERS[node.kind]
    assert isinstance(layer, Merge)
    return layer.offsets(widths) or ()


def _ways(child: Child, mark: str, signal: Signal, slots: Sequence[str]) -> dict[int, bool]:
    """The inputs of a merge in its donor that a signal's layer leads to unit by unit, and whether it does so exactly."""
    ways = ((i, child.between(signal, slot, mark)) for i, slot in enumerate(slots))
    return {i: way.exact for i, way in ways if way is not None and way.unitwise}


def _positional(signal: Signal, place: int | None, sizes: Sequence[int]) -> np.ndarray:
    """Which units of the donor's input these are; without one, all are new."""
    if place is None:
        return np.full(len(signal.units), NEW)
    return np.where(signal.units < sizes[place], signal.units, NEW)


def _summed(inputs: Mapping[int, np.ndarray], sizes: Sequence[int], width: int) -> np.ndarray:
    """Which of the donor's sums each sum is; `NEW` where it is none of them. Shape (width,).

    Args:
        inputs: The units of each input that the donor has too, by its place in the donor.
        sizes: The widths of the donor's inputs.
        width: The number of sums.
    """
    found = np.full(width, NEW)
    for i in range(width):
        parts = {place: int(units[i]) for place, units in inputs.items() if i < len(units)}
        same = set(parts.values())
        if (
            len(same) == 1
            and (j := same.pop()) != NEW
            and set(parts) == {p for p, n in enumerate(sizes) if j < n}
        ):
            found[i] = j
    return found


def _nearest(inputs: Mapping[int, np.ndarray], width: int) -> np.ndarray:
    """The unit of the first input that has one."""
    found = np.full(width, NEW)
    for _, units in sorted(inputs.items(), reverse=True):
        found[: len(units)] = np.where(units == NEW, found[: len(units)], units)
    return found


def _other(child: Child, node: Node, inputs: Sequence[Signal]) -> tuple[Signal, bool]:
    """All other layers: every weight as it was if all of them fit; a new one begins as the identity if it can."""
    layer, genes = LAYERS[node.kind], dict(node.genes)
    shape = layer.shape(genes, child.shapes[node.mark])
    fresh = layer_tensors(child.tensors, node.mark)
    positive = layer.never_negative(genes, all(signal.positive for signal in inputs))
    if node.mark not in child.donors:
        if list(child.shapes[node.mark]) == [shape] and layer.can_be_identity(genes, inputs[0].positive):
            replace_tensors(child.tensors, node.mark, layer.neutral(fresh))
            return inputs[0], False
        return Signal(node.mark, np.arange(shape[0]), positive, math.prod(shape[1:])), False
    genome, tensors, widths = child.donor(node.mark)
    old, before = layer_tensors(tensors, node.mark), genome.sources[node.mark]
    fits = {k: v.shape for k, v in old.items()} == {k: v.shape for k, v in fresh.items()}
    if fits:
        replace_tensors(child.tensors, node.mark, old)
    same = [signal.mark for signal in inputs] == list(before) and all(
        s.exact and s.spread == 1 and np.array_equal(s.units, np.arange(widths[s.mark])) for s in inputs
    )
    exact = fits and same and child.same_genes(node)
    signal = Signal(node.mark, np.arange(shape[0]), positive, math.prod(shape[1:]), exact=exact)
    return signal, fits and bool(fresh)
