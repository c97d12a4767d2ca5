"""The space of networks: layers with their genes, the graphs they may form, and the hyper-parameters of their training."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from speciate.errors import ConfigurationError, DataError
from speciate.layers import LAYERS, Shape, checked
from speciate.spaces import presets
from speciate.spaces.base import Space
from speciate.spaces.branching import connect, split
from speciate.spaces.describe import describe_space
from speciate.spaces.drawing import draw_genes, draw_path
from speciate.spaces.genes import Choice, Gene
from speciate.spaces.genome import BINS, NetworkGenome
from speciate.spaces.node import MERGES, Node
from speciate.spaces.operators import applicable
from speciate.spaces.shapes import belongs, check_ends, count_multiplications, multiplications, shapes
from speciate.spaces.wider import wider, wider_layers

ATTEMPTS = 1000
"""How many networks `sample` draws before it gives up finding one that can be built and is not too expensive."""


@dataclass(frozen=True, init=False)
class NetworkSpace(Space):
    """Networks made of layers of one or more kinds: paths, or graphs with branches.

    Args:
        depth: Fewest and most layers. Neither the two ends nor merges nor fixed layers are counted.
        layers: The ranges of the genes of each allowed layer kind.
        hyper: The ranges of the hyper-parameters.
        operators: Weights of the mutation operators, or the name of a table of them; those that the space has no use for are
            left out.
        input_shape: Shape of one example. Where given, every genome of the space can be built for such examples.
        max_multiplications: Most multiplications that an example may take (the head counted as if it had one output), so that no candidate is
            a hundred times as expensive as another. Needs `input_shape`.
        merges: Most layers that join several paths; with 0 the layers form one path.
        fixed: Marks of layers that every genome has and no operator may change, remove, or give other inputs. They may be of
            kinds and have genes that are not in `layers`.
        recipes: Genomes of the space by name that a search may begin with; see `Space.recipes`.

    Raises:
        ConfigurationError: A range is empty, a layer kind is unknown or lacks a gene, a recipe does not belong to the space, or
            arguments contradict each other.
    """

    depth: tuple[int, int]
    layers: Mapping[str, Mapping[str, Gene]] = field()
    hyper: Mapping[str, Gene]
    operators: Mapping[str, float]
    input_shape: Shape | None
    max_multiplications: int | None
    merges: int
    fixed: frozenset[str]
    _recipes: Mapping[str, NetworkGenome] = field(repr=False, compare=False)
    _offered: Mapping[str, float] | str = field(repr=False, compare=False)
    """All operators that were handed in: a wider space may have a use for more of them."""
    _code: Mapping[str, str] = field(repr=False, compare=False)
    """Hashes of the sources of layer types that are not Speciate's own."""
    ranges_only: bool = field(repr=False, compare=False)
    """Whether every path of as many layers as allowed, with genes in range, belongs to the space."""

    def __init__(
        self,
        depth: tuple[int, int],
        layers: Mapping[str, Mapping[str, Gene]],
        hyper: Mapping[str, Gene],
        operators: Mapping[str, float] | str = "local",
        *,
        input_shape: Shape | None = None,
        max_multiplications: int | None = None,
        merges: int = 0,
        fixed: Collection[str] = frozenset(),
        recipes: Mapping[str, NetworkGenome] = MappingProxyType({}),
    ) -> None:
        if not 0 <= depth[0] <= depth[1]:
            raise ConfigurationError(f"depth must be a range from at least 0, got {depth}")
        for kind, genes in layers.items():
            if kind not in LAYERS:
                raise LAYERS.unknown(kind)
            if set(genes) != set(needed := LAYERS[kind].genes):
                raise ConfigurationError(f"layer {kind!r} needs ranges for {needed}, got {sorted(genes)}")
        some = np.random.default_rng(0)
        codes = {kind: checked(kind, draw_genes(genes, some), input_shape) for kind, genes in layers.items()}
        if input_shape is not None and not (input_shape and all(int(n) == n >= 1 for n in input_shape)):
            raise ConfigurationError(f"input_shape must be whole numbers of at least 1, got {input_shape}")
        if max_multiplications is not None and (max_multiplications < 1 or input_shape is None):
            raise ConfigurationError(
                f"max_multiplications must be at least 1 and needs input_shape, got {max_multiplications} and {input_shape}"
            )
        if merges < 0 or (merges and not MERGES & set(layers)):
            raise ConfigurationError(
                f"merges must be at least 0, and 0 without a layer kind of {sorted(MERGES)}, got {merges}"
            )
        values = {
            "depth": (int(depth[0]), int(depth[1])),
            "layers": {k: dict(sorted(g.items())) for k, g in sorted(layers.items())},
            "hyper": dict(sorted(hyper.items())),
            "input_shape": None if input_shape is None else tuple(int(n) for n in input_shape),
            "max_multiplications": max_multiplications,
            "merges": int(merges),
            "fixed": frozenset(fixed),
            "_recipes": dict(recipes),
            "_offered": operators if isinstance(operators, str) else dict(operators),
            "_code": {kind: code for kind, code in codes.items() if code},
            "ranges_only": not (input_shape or merges or fixed or any(LAYERS[k].in_front for k in layers)),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "operators", MappingProxyType(applicable(operators, self)))
        for name, recipe in recipes.items():
            if found := self.problems(recipe):
                what = f"the recipe {name!r:.60} does not belong to the space"
                raise ConfigurationError(what, why="; ".join(found))

    def recipes(self) -> Mapping[str, NetworkGenome]:
        """Those that it was made with."""
        return self._recipes

    def _more(self) -> dict[str, Any]:
        """Those of the arguments by name that are not at their defaults."""
        values = {
            "input_shape": self.input_shape,
            "max_multiplications": self.max_multiplications,
            "merges": self.merges,
            "fixed": self.fixed,
        }
        return {name: value for name, value in values.items() if value}

    def __reduce__(self) -> tuple[Any, ...]:
        values = (self.depth, dict(self.layers), dict(self.hyper), self._offered)
        return (_rebuild, (type(self), values, {**self._more(), "recipes": self._recipes}))

    def _with(self, **changes: Any) -> NetworkSpace:
        values = {name: getattr(self, name) for name in ("depth", "layers", "hyper")}
        return NetworkSpace(**{**values, "operators": self._offered, **self._more(), **changes})

    @classmethod
    def mlp(
        cls,
        *,
        features: int = 784,
        rows: int = 50_000,
        outputs: int = 10,
        depth: tuple[int, int] = (1, 4),
        units: tuple[int, int] | None = None,
        bins: Sequence[int] = (),
        operators: Mapping[str, float] | str = "local",
    ) -> NetworkSpace:
        """Multi-layer perceptrons, in the article's ranges for images of MNIST's size or more, else fitted to the data.

        Args:
            features: Inputs of the data.
            rows: Training rows of the data.
            outputs: Classes of the data, or 1.
            depth: Fewest and most hidden layers.
            units: Narrowest and widest layer; fitted to the data where not given.
            bins: Numbers of bins that each number of the inputs may be spread over, beside none; see `Data.bins`.
            operators: Weights of the mutation operators.
        """
        return cls(**presets.mlp(features, rows, outputs, depth, units, bins), operators=operators)

    @classmethod
    def table(
        cls,
        *,
        features: int,
        rows: int,
        outputs: int,
        depth: tuple[int, int] = (0, 4),
        units: tuple[int, int] | None = None,
        bins: Sequence[int] = (),
        operators: Mapping[str, float] | str = "local",
    ) -> NetworkSpace:
        """Stacks of dense layers as they suit tables, with recipes; see `mlp` for the arguments."""
        return cls(**presets.table(features, rows, outputs, depth, units, bins), operators=operators)

    @classmethod
    def article(
        cls,
        *,
        depth: tuple[int, int] = (1, 4),
        units: tuple[int, int] = (128, 1024),
        operators: Mapping[str, float] | str = "local",
    ) -> NetworkSpace:
        """The genes and ranges of "Design by Evolution" (2017): 1-4 layers of 128-1024 units, batches of 64."""
        return cls(**presets.article(depth, units), operators=operators)

    @classmethod
    def conv(
        cls,
        *,
        input_shape: Shape,
        rows: int,
        outputs: int,
        depth: tuple[int, int] = (1, 12),
        units: tuple[int, int] | None = None,
        operators: Mapping[str, float] | str = "local",
    ) -> NetworkSpace:
        """Convolutional networks without branches: filters, pools and normalization, then dense layers.

        An example takes at most `presets.most_multiplications(input_shape)` multiplications. Pools, normalization and dropout
        count toward `depth`; see `mlp` for the other arguments.

        Raises:
            ConfigurationError: The data are not images.
        """
        return cls(**presets.conv(input_shape, rows, outputs, depth, units), operators=operators)

    @classmethod
    def graph(
        cls,
        *,
        input_shape: Shape,
        rows: int,
        outputs: int,
        depth: tuple[int, int] = (1, 12),
        units: tuple[int, int] | None = None,
        bins: Sequence[int] = (),
        merges: int = 4,
        operators: Mapping[str, float] | str = "local",
    ) -> NetworkSpace:
        """Networks with parallel layers, merges and skip connections, for images as in `conv`, else of dense layers.

        There are at most `merges` merges, which do not count toward `depth`; see `mlp` for the other arguments.
        """
        preset = presets.graph(input_shape, rows, outputs, depth, units, bins, merges)
        return cls(**preset, operators=operators)

    def including(self, genome: NetworkGenome, input_shape: Shape | None = None) -> NetworkSpace:
        """The space with its ranges widened as little as needed for a network that was made elsewhere.

        Hyper-parameters that the genome lacks, or has beyond those of the space, are not touched: fill in the ones and leave
        out the others, then the genome belongs to it.

        Args:
            genome: The network.
            input_shape: Shape of one example, for a space that does not know it: with other layers than dense ones, or with
                branches, not everything fits everywhere any more.

        Raises:
            DataError: The network cannot be built for the space's examples.
            ConfigurationError: It has layers of unknown kinds, or genes that are not theirs.
        """
        layers = wider_layers(self.layers, self._own(genome))
        hyper = {
            name: wider(gene, [genome.hyper_parameters[name]]) if name in genome.hyper_parameters else gene
            for name, gene in self.hyper.items()
        }
        count, merges = self.counted(genome)
        shape, most = self.input_shape or input_shape, self.max_multiplications
        if shape is not None:
            needed = count_multiplications(genome, shape, 1)
            most = None if most is None else max(most, needed)
        return self._with(
            depth=(min(self.depth[0], count), max(self.depth[1], count)),
            layers=layers,
            hyper=hyper,
            input_shape=shape,
            merges=max(self.merges, merges),
            max_multiplications=most,
        )

    def freezing(self, genome: NetworkGenome) -> NetworkSpace:
        """The space of networks that have all layers of a genome as they are, and up to as many more as before.

        Neither depth nor merges nor multiplications of the genome count.

        Raises:
            DataError: The network cannot be built for the space's examples.
        """
        most = self.max_multiplications
        if self.input_shape is not None and most is not None:
            most += count_multiplications(genome, self.input_shape, 1)
        fixed = self.fixed | {node.mark for node in genome.layers}
        taken = {name: Choice((value,)) for name, value in genome.hyper if name == BINS}
        hyper = {**self.hyper, **taken}  # what the first layer takes in stays too
        return self._with(depth=(0, self.depth[1]), hyper=hyper, max_multiplications=most, fixed=fixed)

    def sample(self, rng: np.random.Generator) -> NetworkGenome:
        """A random network; where the shape of examples is known, one that can be built and is not too expensive.

        Raises:
            ConfigurationError: None was found, or layers are fixed, which only mutation can do anything with.
        """
        if self.fixed:
            raise ConfigurationError(
                "there is nothing to sample where layers are fixed",
                hint="begin with the network that has them",
            )
        for _ in range(ATTEMPTS):
            nodes = draw_path(self.layers, self.depth, self.input_shape, rng)
            hyper = draw_genes(self.hyper, rng)
            genome = NetworkGenome.path(nodes, hyper)
            if self.input_shape is None:
                return genome
            if self.problems(genome):
                continue
            for _ in range(int(rng.integers(min(self.merges, 2) + 1)) if self.merges else 0):
                branch = (split, connect)[int(rng.integers(2))]
                child = branch(genome, self.layers, self.input_shape, rng)
                genome = genome if self.problems(child) else child
            return genome
        raise ConfigurationError(
            f"{ATTEMPTS} random networks were drawn, and none could be built within the limits of the space",
            hint=f"allow more multiplications than {self.max_multiplications}, or another depth than {self.depth}",
        )

    def counted(self, genome: NetworkGenome) -> tuple[int, int]:
        """How many layers and how many merges of a genome count: those that are not fixed."""
        if self.ranges_only:
            return len(genome.layers), 0
        own = self._own(genome)
        merges = sum(node.kind in MERGES for node in own)
        return len(own) - merges, merges

    def problems(self, genome: NetworkGenome) -> list[str]:
        """Why a genome does not belong to the space; empty if it does."""
        found = self._hyper_problems(genome)
        layers, merges = self.counted(genome)
        if not self.merges and not self.fixed and not genome.is_path:
            found.append("its layers do not form one path")
        if merges > self.merges:
            found.append(f"it must have at most {self.merges} merges, got {merges}")
        if not self.depth[0] <= layers <= self.depth[1]:
            found.append(f"it must have {self.depth[0]} to {self.depth[1]} layers, got {layers}")
        if self.fixed and (missing := self.fixed - {node.mark for node in genome.layers}):
            found.append(f"it lacks the fixed layers {', '.join(sorted(missing))}")
        for node in self._own(genome):
            found += self._node_problems(node)
            if not belongs(node.kind, genome.sources[node.mark], genome):
                found.append(f"a {node.kind} layer takes the inputs, with numbers that are not in bins")
        return found if found or self.ranges_only else self._graph_problems(genome)

    def _own(self, genome: NetworkGenome) -> tuple[Node, ...]:
        """The layers that are not fixed."""
        if not self.fixed:
            return genome.layers
        return tuple(node for node in genome.layers if node.mark not in self.fixed)

    def _node_problems(self, node: Node) -> list[str]:
        if node.kind not in self.layers:
            return [f"layer kind {node.kind!r} is not one of {sorted(self.layers)}"]
        ranges, genes = self.layers[node.kind], dict(node.genes)
        found = []
        if genes.keys() != ranges.keys():
            found.append(f"a {node.kind} layer has genes {sorted(ranges)}, got {sorted(genes)}")
        for name, value in genes.items():
            if name in ranges and value not in ranges[name]:
                found.append(f"{name} must be in {ranges[name]}, got {value!r}")
        return found

    def _graph_problems(self, genome: NetworkGenome) -> list[str]:
        """What is wrong with the connections, the shapes and the cost."""
        try:
            if self.input_shape is None:
                check_ends(genome)
                single = [n for n in genome.nodes if n.kind not in MERGES]
                crowded = [n.kind for n in single if len(genome.sources[n.mark]) > 1]
                return [f"a {kind} layer takes one input" for kind in crowded]
            inputs = shapes(genome, self.input_shape, 1)
        except DataError as error:
            return [error.what]
        cost = multiplications(genome, inputs) if self.max_multiplications is not None else 0
        if self.max_multiplications is not None and cost > self.max_multiplications:
            return [
                f"an example must take at most {self.max_multiplications:,} multiplications, got {cost:,}"
            ]
        return []

    def summary(self) -> str:
        """What may be evolved, in one line for people."""
        return describe_space(self.depth, self.layers, self.hyper, self.merges, len(self.fixed))

    def to_json(self) -> dict[str, Any]:
        """The space as JSON."""
        more = {n: v if isinstance(v, int) else sorted(v) for n, v in self._more().items()}
        if "max_multiplications" in more:
            more["most"] = more.pop("max_multiplications")  # its name in stored runs
        if self.input_shape is not None:
            more["input_shape"] = list(self.input_shape)
        return {
            "depth": list(self.depth),
            "layers": {k: {n: g.to_json() for n, g in genes.items()} for k, genes in self.layers.items()},
            "hyper": {n: g.to_json() for n, g in self.hyper.items()},
            "operators": dict(self.operators),
            **({"code": dict(self._code)} if self._code else {}),
            **more,
        }


def _rebuild(kind: type[NetworkSpace], values: tuple[Any, ...], more: Mapping[str, Any]) -> NetworkSpace:
    return kind(*values, **more)
