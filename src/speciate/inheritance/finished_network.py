"""What a search starts from: a finished network, fitted to the search's data and space."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from speciate.data import Data, Preprocessing
from speciate.data.dataset import fingerprint
from speciate.errors import DataError
from speciate.inheritance.freezing import freezable
from speciate.layers import LAYERS, Shape
from speciate.networks import Network, Origin, Tensors, layer_tensors, replace_tensors, standardized
from speciate.records import Ancestor, Lineage
from speciate.rng import Stream, generator
from speciate.spaces import DEFAULTS, INPUT, OUTPUT, Integer, NetworkGenome, Space, Value, shapes

OUTSIDE = -1
"""The candidate id of a network from outside the run."""


@dataclass(frozen=True)
class Ancestry:
    """A network that a search starts from, as the search uses it.

    Attributes:
        network: With hyper-parameters of the space, and layers that fit the data.
        frozen: Marks of its layers that are not trained.
        notes: What people should know about it.
    """

    network: Network
    frozen: frozenset[str]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, network: Network, space: Space, data: Data, seed: int, freeze: bool) -> Ancestry:
        """Fit a network to data and a space.

        Args:
            network: From outside the run.
            space: Where its hyper-parameters have to lie.
            data: What is learned.
            seed: The run's: of what is drawn.
            freeze: Whether its layers stay as they are, as far as they fit.

        Raises:
            DataError: It cannot take the data.
        """
        hyper, drawn = _hyper(network.genome, space, seed)
        genome = replace(network.genome, hyper=tuple(hyper.items()))
        given, data = data, data.encoded(genome.bins)
        fitted = _fitted(_standardized(replace(network, genome=genome), data), data, seed)
        frozen = freezable(fitted) if freeze else frozenset()
        if freeze and not any(_mixes(fitted, mark) for mark in frozen):
            raise DataError(
                f"no layer of {network.origin.name or 'the network'} is left to be frozen",
                why="its layers with weights cannot be taken over, because the inputs are others",
                hint="start from it without --freeze, or freeze a network that was made for such inputs",
            )
        found = cls(fitted, frozen, ())
        wide = found.space(space, given.input_shape)
        notes = [*_notes(network, fitted, data, drawn, freeze), *_widened(network, space, wide)]
        return replace(found, notes=tuple(notes))

    def space(self, space: Space, input_shape: Shape) -> Space:
        """A space that has the network in it and, if it is frozen, lets nothing change but what comes on top.

        Args:
            space: What may be evolved.
            input_shape: Shape of one example.
        """
        genome = self.network.genome
        anywhere = genome.is_path and all(LAYERS[node.kind].fits_anywhere for node in genome.layers)
        wide = space.including(genome, None if anywhere else input_shape)
        return wide.freezing(genome) if self.frozen else wide

    @property
    def examples(self) -> int:
        """Training examples that went into the weights that were taken over; 0 where all weights are new."""
        carrying = {node.mark for node in self.network.genome.nodes if _mixes(self.network, node.mark)}
        return self.network.origin.examples if carrying - self.network.renewed else 0

    def lineage(self, weights: str) -> Lineage:
        """The lineage that its descendants go on with.

        Args:
            weights: SHA-256 of its weight file.
        """
        ancestor = Ancestor(OUTSIDE, self.network.genome, weights)
        return Lineage(ancestor, {OUTSIDE: self.examples})

    def identity(self) -> dict[str, Any]:
        """What of it decides the run's results, as JSON."""
        tensors = dict(sorted(self.network.tensors.items()))
        return {
            "genome": self.network.genome.key,
            "weights": fingerprint({"names": list(tensors)}, tensors.values()),
            "examples": self.examples,
            "frozen": sorted(self.frozen),
        }

    def to_json(self, weights: str) -> dict[str, Any]:
        """Everything but the weights, whose file is named."""
        return {
            "name": self.network.origin.name,
            "description": layers(self.network.genome),
            "examples": self.examples,
            "frozen": sorted(self.frozen),
            "notes": list(self.notes),
            "weights": weights,
            "genome": self.network.genome.to_json(),
            "renewed": sorted(self.network.renewed),
            "origin": {k: v for k, v in asdict(self.network.origin).items() if (k, v) not in UNUSED},
        }


def stored(value: Mapping[str, Any], tensors: Tensors) -> Network:
    """The network that `Ancestry.to_json` wrote.

    Raises:
        DataError: It was altered.
    """
    try:
        known: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in value["origin"].items()
        }
        genome, renewed = NetworkGenome.from_json(value["genome"]), frozenset(value["renewed"])
        return Network(genome, tensors, Origin(**known), renewed)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError("the network that the run started from cannot be read", why=repr(error)) from None


def layers(genome: NetworkGenome) -> str:
    """The layers in one line, without the hyper-parameters."""
    return replace(genome, hyper=()).describe()


def _mixes(network: Network, mark: str) -> bool:
    """Whether a layer has weights that are not just a scale for each unit."""
    return any(value.ndim > 1 for value in layer_tensors(network.tensors, mark).values())


def _standardized(network: Network, data: Data) -> Network:
    """The network for inputs as the data have them.

    Raises:
        DataError: It was trained on other numbers, and they cannot be had back.
    """
    if not network.origin.input_mean:
        return network
    moments = data.preprocessing.standardization
    if moments is None:
        raise DataError(
            "mean and scale cannot be taken into the network's first layer",
            why="some inputs are not a number of the data, but made of categories, dates or missing values",
            hint="train the module on inputs as load_data(...).train.x has them",
        )
    found = standardized(network, *moments, math.prod(data.input_shape[1:]))
    return replace(found, origin=replace(found.origin, inputs=inputs_of(data.preprocessing)))


def _widened(network: Network, space: Space, wide: Space) -> list[str]:
    """What of a space had to become wider."""
    name, found = network.origin.name or "the network", []
    if wide.depth != space.depth and not wide.fixed:
        found.append(f"depth {space.depth[0]}-{space.depth[1]} became {wide.depth[0]}-{wide.depth[1]}")
    for kind, genes in wide.layers.items():
        for gene, values in genes.items():
            before = space.layers.get(kind, {}).get(gene)
            if isinstance(before, Integer) and isinstance(values, Integer) and before != values:
                found.append(f"{gene} {before.low}-{before.high} became {values.low}-{values.high}")
    return [f"the space was widened, because {name} has to belong to it: {'; '.join(found)}"] if found else []


def _hyper(genome: NetworkGenome, space: Space, seed: int) -> tuple[dict[str, Value], list[str]]:
    """The network's hyper-parameters where the space has them in range, drawn ones where not; the names of the latter."""
    rng, own = generator(seed, Stream.ANCESTOR), {**DEFAULTS, **genome.hyper_parameters}
    drawn = [name for name, gene in space.hyper.items() if name not in own or own[name] not in gene]
    return {n: gene.sample(rng) if n in drawn else own[n] for n, gene in space.hyper.items()}, drawn


def _fitted(network: Network, data: Data, seed: int) -> Network:
    """The network with a fresh first layer if the inputs differ, and without its head if what it predicts does."""
    fresh = _fresh(network.genome, data, seed)
    renewed, tensors = set(network.renewed), dict[str, np.ndarray]()
    foreign = input_layers(network) if _other_inputs(network.origin, data) else set()
    if not _same_goal(network.origin, data):
        renewed.add(OUTPUT)
    for node in network.genome.nodes:
        own: Tensors = layer_tensors(network.tensors, node.mark)
        new = layer_tensors(fresh, node.mark)
        fits = {k: v.shape for k, v in own.items()} == {k: v.shape for k, v in new.items()}
        if not fits or (node.mark in foreign and node.mark not in renewed):
            renewed.add(node.mark)
            own = new
        if node.kind == OUTPUT and OUTPUT in renewed:
            continue  # a new head begins as that of any other network
        if node.kind == OUTPUT:
            own = (_rescaled if data.task == "regression" else _reweighted)(own, network.origin, data)
        part = {name: value for name, value in fresh.items() if name.startswith(f"{node.mark}.")}
        replace_tensors(part, node.mark, own)
        tensors |= part
    origin = replace(
        network.origin,
        target_mean=data.target_mean,
        target_scale=data.target_scale,
        class_weights=data.class_weights or (),
    )
    return replace(network, tensors=tensors, renewed=frozenset(renewed), origin=origin)


def _fresh(genome: NetworkGenome, data: Data, seed: int) -> dict[str, np.ndarray]:
    """Fresh tensors of the network for the data."""
    from speciate.networks import build

    try:
        shapes(genome, data.input_shape, data.outputs)
    except DataError as error:
        raise DataError(
            "the network to start from cannot take these data",
            why=f"{error.what}; an example has the shape {' x '.join(map(str, data.input_shape))}",
            hint="start from a network for data of this kind, or without one",
        ) from None
    module = build(genome, data.input_shape, data.outputs, generator(seed, Stream.ANCESTOR, 1))
    return {name: value.numpy() for name, value in module.state_dict().items()}


def _other_inputs(origin: Origin, data: Data) -> bool:
    """Whether the network's inputs are known to mean something else."""
    width = None if data.encoding is None else data.encoding.width
    return bool(origin.inputs) and origin.inputs != inputs_of(data.preprocessing, width)


def inputs_of(preprocessing: Preprocessing, width: int | None = None) -> tuple[str, ...]:
    """What each input means, without the numbers that it is scaled by; all images mean the same.

    Args:
        preprocessing: What makes them.
        width: How many they become, for a network that takes numbers spread over bins.
    """
    fitted = {"fill", "mean", "scale"}
    columns = [] if preprocessing.kind == "image" else preprocessing.to_json()["columns"]
    said = [
        json.dumps({k: v for k, v in column.items() if k not in fitted}, sort_keys=True) for column in columns
    ]
    return (*(said or ["image"]), *([] if width is None else [f"{width} in bins"]))


def input_layers(network: Network) -> set[str]:
    """The layers with weights that the inputs reach, up to the first that mixes them."""
    found, waiting = set[str](), [INPUT]
    while waiting:
        for target in network.genome.targets[waiting.pop()]:
            if target in found:
                continue
            weights = layer_tensors(network.tensors, target)
            if weights:
                found.add(target)
            if not any(value.ndim > 1 for value in weights.values()):
                waiting.append(target)
    return found


def without_inputs(genome: NetworkGenome, tensors: Tensors) -> dict[str, np.ndarray]:
    """A network's tensors but for those of the layers that take in its inputs."""
    marks = input_layers(Network(genome, tensors))
    return {name: value for name, value in tensors.items() if name.partition(".")[0] not in marks}


def _same_goal(origin: Origin, data: Data) -> bool:
    """Whether a head that fits answers the same question; one of which nothing is known is believed to."""
    if data.task == "regression":
        return origin.task in ("", "regression") and origin.target in ("", data.target)
    return origin.task in ("", "classification") and origin.classes in ((), data.classes)


def _rescaled(head: Tensors, origin: Origin, data: Data) -> Tensors:
    """A head that gave values in one standardization, for another."""
    mean, scale = origin.target_mean - data.target_mean, origin.target_scale
    if mean == 0 and scale == data.target_scale:
        return head
    weight, bias = head["weight"].astype(np.float64), head["bias"].astype(np.float64)
    return {
        "weight": weight * (scale / data.target_scale),
        "bias": (bias * scale + mean) / data.target_scale,
    }


def _reweighted(head: Tensors, origin: Origin, data: Data) -> Tensors:
    """A head that was trained with some class weights, for others."""
    before = np.log(origin.class_weights) if origin.class_weights else 0.0
    change = data.shift - before
    return {**head, "bias": head["bias"].astype(np.float64) + change} if np.any(change) else head


UNUSED = (("networks", 1), ("refit", False))
"""What is not written down of where a network comes from."""


def _notes(
    network: Network, fitted: Network, data: Data, drawn: Sequence[str], freeze: bool
) -> Sequence[str]:
    """What was changed to make it fit, and what to be careful with."""
    return [*_changes(network, fitted, data, drawn, freeze), *_cautions(network.origin, data)]


def _changes(
    network: Network, fitted: Network, data: Data, drawn: Sequence[str], freeze: bool
) -> Sequence[str]:
    """What was changed to make it fit."""
    notes, hidden = [], [n.mark for n in fitted.genome.layers if n.mark in fitted.renewed]
    name = network.origin.name or "the network"
    if network.origin.networks > 1:
        notes.append(
            f"{name} is an ensemble of {network.origin.networks} networks: this starts from the first"
        )
    if hidden:
        marks = [node.mark for node in fitted.genome.layers]
        places = ", ".join(str(marks.index(mark) + 1) for mark in hidden)
        layer = "layer" if len(hidden) == 1 else "layers"
        notes.append(
            f"{layer} {places} of {name} cannot be taken over, because the inputs are others: fresh weights"
            + (", not frozen" if freeze else "")
        )
    if OUTPUT in fitted.renewed:
        what = "what it takes in is" if _same_goal(network.origin, data) else "the target is"
        notes.append(f"the head of {name} cannot be taken over, because {what} another: a new head")
    if drawn:
        notes.append(f"{', '.join(drawn)}: drawn, because {name} has none in the range of the space")
    if len(hidden) == len(fitted.genome.layers) and OUTPUT in fitted.renewed:
        notes.append(f"nothing of {name} could be taken over but its structure")
    return notes


def _cautions(origin: Origin, data: Data) -> Sequence[str]:
    """What to be careful with."""
    notes, name = [], origin.name or "the network"
    if not origin.inputs and not origin.input_mean:
        notes.append(
            f"{name} is believed to have been trained on inputs that are standardized as they are here; if not, give from_module "
            "the mean and scale of its inputs"
        )
    alike = bool(origin.inputs) and not _other_inputs(origin, data) and _same_goal(origin, data)
    same = origin.source == data.name
    parts = ("validation", *["test"] * bool(data.test.rows))
    if same and origin.refit and origin.target == data.target:
        notes.append(
            f"{name} was trained on all rows of {data.name}, so it knows the {' and '.join(parts)} rows: scores here are too good, "
            "those of what comes of it and its own; start from a run with --no-refit for scores that hold"
        )
    elif alike and origin.target == data.target and origin.fingerprint != data.fingerprint:
        notes.append(
            f"{name} was trained on {data.name} too, but the rows were split in another way: it may know rows that are "
            f"{' or '.join(parts)} rows here, and scores may be too good; use the --split-seed of its run"
            if same
            else f"{name} was trained on {origin.source or 'other data'}, whose columns and target are the same: if rows of it are "
            f"among the {' or '.join(parts)} rows here, scores are too good"
        )
    return notes
