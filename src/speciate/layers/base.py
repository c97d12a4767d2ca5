"""What a layer type is: everything that Speciate knows of a kind of layer stands in its class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from speciate.errors import ConfigurationError
from speciate.layers.words import SAID, described, plain_words
from speciate.registry import Registry

if TYPE_CHECKING:  # torch takes over a second to import, and spaces only need the genes and shapes
    from torch import Tensor, nn


Shape = tuple[int, ...]
"""The shape of one example, without the batch axis: (units,), or (channels, height, width)."""

Genes = Mapping[str, Any]
"""Values of a layer's genes by name."""

Rule = Callable[[object], str]
"""What a gene's value must be, such as "must be an integer of at least 1"; empty if it is that."""

Tensors = Mapping[str, np.ndarray]
"""A layer's tensors; by the last part of their names in its state dictionary, where that says which is meant."""


class LayerType(ABC):
    """One kind of layer. Instances hold no state: genes are handed in.

    A layer of one's own needs `kind`, `genes`, `shape` and `module`; all else has a default. Most layers are of one of three
    sorts, which is what inheritance goes by: a `Map` has units of its own and weights from every unit that comes in; a
    `Unitwise` layer treats every unit (or channel) alone; a `Merge` joins several inputs. Of a layer of no sort
    all weights are inherited if all of them fit, and none otherwise.

    Attributes:
        kind: The name used in genomes; a Python identifier.
        genes: The names of the genes that a layer of this kind has, sorted, or rules for their values by these names.
        is_merge: Whether it takes several inputs.
        sums: Whether it adds them up, each times its entry of the tensor `gain`.
        mixes: Whether each of its units takes in every unit before it, so that it may have more or fewer than come in.
        fits_anywhere: Whether it takes inputs of any shape and gives a vector.
        flattens: Whether all it does is to make a unit of each place of a channel.
        weightless: Whether it has neither parameters nor products, so that it need not be built to count them.
        width_gene: The gene that says how many units or channels it has.
        in_front: Whether, in a space, it takes the examples themselves, and these with their numbers as they are, not in bins.
        training_genes: Genes that only matter in training.
        reads: Names of the classes of `torch.nn` that become layers of this kind; `read` takes them over.
        part_name: What it is called in code; empty if it is not worth a name.
        sign: What stands for a merge in a network's line; without one, its kind.
    """

    kind: ClassVar[str]
    genes: ClassVar[Collection[str] | Mapping[str, Rule]] = ()
    is_merge: ClassVar[bool] = False
    sums: ClassVar[bool] = False
    mixes: ClassVar[bool] = True
    fits_anywhere: ClassVar[bool] = False
    flattens: ClassVar[bool] = False
    weightless: ClassVar[bool] = False
    width_gene: ClassVar[str | None] = None
    in_front: ClassVar[bool] = False
    training_genes: ClassVar[frozenset[str]] = frozenset({"dropout"})
    reads: ClassVar[tuple[str, ...]] = ()
    part_name: ClassVar[str] = "block"
    sign: ClassVar[str] = ""

    # What a genome may hold, and how large it is.

    def problems(self, genes: Genes) -> list[str]:
        """What is wrong with these gene values; empty if nothing is."""
        rules = self.genes.items() if isinstance(self.genes, Mapping) else ()
        return [f"{name} {must}, got {genes[name]!r}" for name, rule in rules if (must := rule(genes[name]))]

    @abstractmethod
    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """The output's shape for the inputs' shapes.

        Raises:
            ValueError: The layer cannot take these inputs.
        """

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """How many trainable parameters the layer has. By default it is built and counted."""
        return self._measured(genes, inputs)[0]

    def multiplications(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """How many multiplications an example takes in the layer's products; what else it does is not counted.

        By default it is built and counted.
        """
        return self._measured(genes, inputs)[1]

    def _measured(self, genes: Genes, inputs: Sequence[Shape]) -> tuple[int, int]:
        if self.weightless:
            return 0, 0
        from speciate.layers.modules import measured

        return measured(self, genes, inputs)

    # The layer itself.

    @abstractmethod
    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """A freshly initialized module; random numbers come from `rng`, or from torch's generator, which is seeded before."""

    def plain(self, module: nn.Module, inputs: int = 1) -> list[nn.Module]:
        """The module as layers of torch's own, in order, which share its weights; none where it does nothing.

        Args:
            module: What `module` made.
            inputs: How many inputs it has.

        Raises:
            DataError: It cannot be written as plain PyTorch.
        """
        from speciate.layers.plain import plain_layers

        return plain_layers(module, inputs)

    def part(self, module: nn.Module, inputs: int) -> nn.Module | nn.Parameter | None:
        """The same as one module or parameter, to which `terms` and `run` refer; None where it needs nothing."""
        from torch import nn

        layers = self.plain(module, inputs)
        return layers[0] if len(layers) == 1 else nn.Sequential(*layers)

    def terms(self, part: str, values: Sequence[str], inputs: Sequence[Shape]) -> list[str]:
        """The code of what it computes, as a sum of terms; `part` and `values` are the names of its part and its inputs."""
        return [f"{part}({', '.join(values)})"]

    def run(self, part: Any, values: Sequence[Tensor]) -> Tensor:
        """What that code computes."""
        found: Tensor = part(*values)
        return found

    def read(self, reader: Any, module: Any) -> None:
        """Take over a module of one of the classes in `reads`.

        Raises:
            UnfitError: It computes something that no layer does.
        """
        raise NotImplementedError

    # What inheritance asks.

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """Whether it can begin as a layer that, in evaluation mode, passes on what comes in, given enough units.

        Args:
            genes: Its genes.
            positive: Whether none of what comes in is ever negative.
        """
        return False

    def neutral(self, fresh: Tensors) -> Mapping[str, np.ndarray]:
        """The tensors with which it begins as the identity, where it can be that."""
        return dict(fresh)

    def does_nothing(self, genes: Genes) -> bool:
        """Whether, in evaluation mode, it passes on what comes in, whatever its weights are."""
        return False

    def never_negative(self, genes: Genes, positive: bool) -> bool:
        """Whether no output is ever negative, if `positive` says that of the inputs."""
        return False

    # What people see.

    def words(self, genes: dict[str, str]) -> str:
        """The layer in a few words, such as `32 channels 3×3 relu`.

        Args:
            genes: Its genes as text, of which some may be missing where a file is damaged. What is said is taken out.
        """
        return plain_words(self.kind, genes)

    def line(self, genes: Genes) -> str:
        """The layer as a part of a network's line, such as `conv 32 3×3 /2 relu`."""
        rest = [f"{name} {genes[name]}" for name in self.genes if name not in SAID and name in genes]
        return described(self.kind.replace("_", " "), genes, rest)


class Map(LayerType):
    """A layer with units of its own that computes `activation(W x + b)`; W is `weight` (units, inputs, ...), b `bias` (units,).

    Attributes:
        size_genes: Genes that say how large a unit's weights are: `resized` brings them to another size.
    """

    size_genes: ClassVar[frozenset[str]] = frozenset()

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """If its activation leaves alone what it is given."""
        return leaves_alone(genes.get("activation"), positive)

    def resized(self, weight: np.ndarray, like: np.ndarray) -> np.ndarray:
        """Weights (units, inputs, ...) with the trailing axes of `like`."""
        return weight

    def identity(self, count: int, like: np.ndarray) -> np.ndarray:
        """Weights that pass on `count` units, (count, count, ...) with the trailing axes of `like`."""
        return np.eye(count)

    def never_negative(self, genes: Genes, positive: bool) -> bool:
        """Behind relu and sigmoid."""
        return genes.get("activation") in NEVER_NEGATIVE


class Unitwise(LayerType):
    """A layer that treats every unit or channel alone; its tensors, if any, are (units, ...).

    Attributes:
        norms_units: Whether what becomes of a unit depends on the mean and the variance of all of them.
    """

    mixes = False
    part_name = ""
    norms_units: ClassVar[bool] = False

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """That of the input, by default."""
        return only(inputs)

    def resized(self, name: str, tensor: np.ndarray, like: np.ndarray) -> np.ndarray:
        """A tensor (units, ...) with the trailing axes of `like`."""
        return tensor

    def never_negative(self, genes: Genes, positive: bool) -> bool:
        """As what comes in, by default."""
        return positive


class Merge(LayerType):
    """A layer of any number of inputs and no genes. Images must agree in height and width."""

    is_merge = True
    mixes = False
    part_name = "merge"

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """That of the inputs, but for the units or channels."""
        if not inputs:
            raise ValueError("nothing comes in")
        if len({shape[1:] for shape in inputs}) > 1:
            raise ValueError(f"its inputs differ in more than their width: {', '.join(map(str, inputs))}")
        return (self.width([shape[0] for shape in inputs]), *inputs[0][1:])

    @abstractmethod
    def width(self, widths: Sequence[int]) -> int:
        """Units or channels that come out."""

    def offsets(self, widths: Sequence[int]) -> Sequence[int] | None:
        """Where the units of each input begin among those that come out; None if these are neither the inputs' nor their sums."""
        return None


NEVER_NEGATIVE = frozenset({"relu", "sigmoid"})
"""Activations whose outputs are never negative: behind one, a relu is the identity."""


def leaves_alone(activation: object, positive: bool) -> bool:
    """Whether an activation passes on what it is given, if `positive` says that none of that is ever negative."""
    return activation == "linear" or (activation == "relu" and positive)


def only(inputs: Sequence[Shape]) -> Shape:
    """The only input.

    Raises:
        ValueError: There is none, or more than one.
    """
    if len(inputs) != 1:
        raise ValueError(f"it takes one input, got {len(inputs)}")
    return inputs[0]


def image(inputs: Sequence[Shape]) -> tuple[int, int, int]:
    """The only input as (channels, height, width).

    Raises:
        ValueError: It is not an image.
    """
    shape = only(inputs)
    if len(shape) != 3:
        raise ValueError(f"it takes an image (channels, height, width), got the shape {shape}")
    return shape


def vector(inputs: Sequence[Shape]) -> Shape:
    """The only input's shape, which has to be that of a vector.

    Raises:
        ValueError: It is an image.
    """
    shape = only(inputs)
    if len(shape) != 1:
        raise ValueError(f"it takes a vector, got the shape {shape}")
    return shape


def above(low: float) -> Rule:
    """A gene has to be a finite number greater than `low`."""
    must = f"must be a number above {low:g}"
    return lambda value: "" if type(value) in (int, float) and low < value < float("inf") else must  # type: ignore[operator]


def whole(low: int = 1, odd: bool = False) -> Rule:
    """A gene has to be a whole number of at least `low`."""
    must = f"must be an {'odd ' if odd else ''}integer of at least {low}"
    return lambda value: "" if type(value) is int and value >= low and (value % 2 or not odd) else must


def share(value: object) -> str:
    """A gene has to be in [0, 1)."""
    good = type(value) in (int, float) and 0 <= value < 1  # type: ignore[operator]
    return "" if good else "must be a number in [0, 1)"


def one_of(options: Collection[str]) -> Rule:
    """A gene has to be one of a few names."""
    names = tuple(options)
    return lambda value: "" if value in names else f"must be one of {', '.join(names)}"


def _made(cls: type[LayerType]) -> LayerType:
    """A layer type's only object.

    Raises:
        ConfigurationError: It lacks something.
    """
    kind, genes = getattr(cls, "kind", None), list(cls.genes)
    if not (isinstance(kind, str) and kind.isidentifier() and kind.isascii()):
        raise ConfigurationError(f"the kind of {cls.__name__} must be a Python name, got {kind!r}")
    if not all(isinstance(name, str) for name in genes) or genes != sorted(genes):
        raise ConfigurationError(f"the genes of {cls.__name__} must be names in order, got {genes}")
    if missing := sorted(cls.__abstractmethods__):
        raise ConfigurationError(f"the layer type {cls.__name__} lacks {', '.join(missing)}")
    return cls()


LAYERS: Registry[LayerType] = Registry(
    "speciate.layers",
    "layer type",
    tuple(
        f"speciate.layers.{name}"
        for name in ("ends", "dense", "conv", "pooling", "norms", "simple", "merges", "scale", "periodic")
    ),
    LayerType,
    entry=_made,
    named="kind",
)
"""Every layer type by its kind."""

S = TypeVar("S")

layer = LAYERS.decorator("layer")


class _Merges(AbstractSet[str]):
    """The kinds of layers that join several paths, those that are registered later too."""

    @classmethod
    def _from_iterable(cls, it: Iterable[S]) -> AbstractSet[S]:
        return frozenset(it)

    def __contains__(self, kind: object) -> bool:
        try:
            return isinstance(kind, str) and LAYERS[kind].is_merge
        except KeyError:
            return False

    def __iter__(self) -> Iterator[str]:
        return (kind for kind, layer in LAYERS.items() if layer.is_merge)

    def __len__(self) -> int:
        return len(list(iter(self)))


MERGES = _Merges()
