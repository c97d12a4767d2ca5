"""Layers without weights that change one thing: dropout, an activation, the shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from speciate.layers.activations import GAINS, activation, activations
from speciate.layers.base import (
    NEVER_NEGATIVE,
    Genes,
    Shape,
    Unitwise,
    layer,
    leaves_alone,
    one_of,
    only,
    share,
)
from speciate.layers.words import joined, number_text, take

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from speciate.layers.reading import Reader


@layer
class DropoutLayer(Unitwise):
    """Each value is zero with a probability, in training only.

    Genes: `dropout` (probability, in [0, 1)).
    """

    kind = "dropout"
    weightless = True
    genes: ClassVar = {"dropout": share}
    reads = ("Dropout",)

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """With masks from the training's own stream."""
        from speciate.layers.modules import Dropout

        return Dropout(float(genes["dropout"]))

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """In evaluation mode it always is."""
        return True

    def does_nothing(self, genes: Genes) -> bool:
        """In evaluation mode."""
        return True

    def read(self, reader: Reader, module: Any) -> None:
        """Dropout, which becomes that of a dense layer right before it."""
        from speciate.layers.reading import UnfitError

        if not 0 <= module.p < 1:
            raise UnfitError(f"it drops everything (p = {module.p})", "use p below 1")
        last = reader.last
        if module.p == 0:
            return
        if last is not None and last.genes.get("dropout") == 0:
            last.genes["dropout"] = float(module.p)
        else:
            reader.add(self.kind, {"dropout": float(module.p)}, {}, reader.incoming)

    def words(self, genes: dict[str, str]) -> str:
        """Such as `dropout 0.1`."""
        return joined("dropout", take(genes, "dropout"))

    def line(self, genes: Genes) -> str:
        """Such as `drop 0.1`."""
        return f"drop {number_text(genes.get('dropout', 0))}"


@layer
class Activation(Unitwise):
    """A function of every value.

    Genes: `activation` (a name in `GAINS`).
    """

    kind = "activation"
    weightless = True
    genes: ClassVar = {"activation": one_of(GAINS)}
    reads = ("Tanh", "Sigmoid", "ReLU", "ELU", "GELU", "SiLU", "Mish", "SELU")

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """One of torch's own."""
        return activation(genes["activation"])

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """The linear one, and relu where nothing negative comes in."""
        return leaves_alone(genes["activation"], positive)

    def does_nothing(self, genes: Genes) -> bool:
        """The linear one."""
        return bool(genes["activation"] == "linear")

    def never_negative(self, genes: Genes, positive: bool) -> bool:
        """Behind relu and sigmoid, and behind the linear one if nothing negative comes in."""
        return genes["activation"] in NEVER_NEGATIVE or (genes["activation"] == "linear" and positive)

    def read(self, reader: Reader, module: Any) -> None:
        """An activation, which becomes that of a layer right before it that has none yet."""
        from torch import nn

        from speciate.layers.reading import require

        if isinstance(module, nn.ELU):
            require(module, alpha=1.0)
        if isinstance(module, nn.GELU):
            require(module, approximate="none")
        name = next(name for name, cls in activations().items() if type(module) is cls)
        last = reader.last
        # A layer has one activation, and dropout comes behind it.
        if last is not None and last.genes.get("activation") == "linear" and not last.genes.get("dropout"):
            last.genes["activation"] = name
        else:
            reader.add(self.kind, {"activation": name}, {}, reader.incoming)


@layer
class Flatten(Unitwise):
    """All values in one row."""

    kind = "flatten"
    weightless = True
    flattens = True
    reads = ("Flatten",)

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """`(values,)`."""
        return (math.prod(only(inputs)),)

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """The one of torch."""
        from torch import nn

        return nn.Flatten()

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """The values stay what they are; only what follows sees another shape."""
        return True

    def read(self, reader: Reader, module: Any) -> None:
        """Flatten, which a linear map behind it does not need."""
        from speciate.layers.reading import require

        require(module, start_dim=1, end_dim=-1)
        reader.flat = reader.flat or len(reader.shape) == 3
        reader.pooled = False
