"""Layers without weights that change one thing: dropout, an activation, the shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from speciate.layers.activations import GAINS, activation, activations
from speciate.layers.base import (
    NEVER_NEGATIVE,
    Genes,
    Shape,
    Unitwise,
    joined,
    layer,
    leaves_alone,
    number_text,
    one_of,
    only,
    share,
    take,
)

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from speciate.layers.reading import Reader


class Simple(Unitwise):
    """A layer without weights that keeps the shape."""

    def shape(self, genes: Genes, inputs: Sequence[Shape]) -> Shape:
        """That of the input."""
        return only(inputs)

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """None."""
        return 0

    def multiplications(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """None in products."""
        return 0


@layer
class DropoutLayer(Simple):
    """Each value is zero with a probability, in training only.

    Genes: `dropout` (probability, in [0, 1)).
    """

    kind = "dropout"
    genes: ClassVar = {"dropout": share}

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

    def reads(self) -> Mapping[type[nn.Module], Callable[[Reader, Any], None]]:
        """Dropout, which becomes that of a dense layer right before it."""
        from torch import nn

        return {nn.Dropout: _read_dropout}

    def words(self, genes: dict[str, str]) -> str:
        """Such as `dropout 0.1`."""
        return joined("dropout", take(genes, "dropout"))

    def line(self, genes: Genes) -> str:
        """Such as `drop 0.1`."""
        return f"drop {number_text(genes.get('dropout', 0))}"


@layer
class Activation(Simple):
    """A function of every value.

    Genes: `activation` (a name in `GAINS`).
    """

    kind = "activation"
    genes: ClassVar = {"activation": one_of(GAINS)}

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

    def reads(self) -> Mapping[type[nn.Module], Callable[[Reader, Any], None]]:
        """Activations, which become those of a layer right before them that has none yet."""
        found = activations()
        return {cls: partial(_read_activation, name=name) for name, cls in found.items() if name != "linear"}


@layer
class Flatten(Simple):
    """All values in one row."""

    kind = "flatten"
    flattens = True

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

    def reads(self) -> Mapping[type[nn.Module], Callable[[Reader, Any], None]]:
        """Flatten, which a linear map behind it does not need."""
        from torch import nn

        return {nn.Flatten: _read_flatten}


def _read_dropout(reader: Reader, module: nn.Dropout) -> None:
    from speciate.layers.reading import UnfitError

    if not 0 <= module.p < 1:
        raise UnfitError(f"it drops everything (p = {module.p})", "use p below 1")
    last = reader.last
    if module.p == 0:
        return
    if last is not None and last.genes.get("dropout") == 0:
        last.genes["dropout"] = float(module.p)
    else:
        reader.add(DropoutLayer.kind, {"dropout": float(module.p)}, {}, reader.incoming)


def _read_activation(reader: Reader, module: nn.Module, name: str) -> None:
    from torch import nn

    from speciate.layers.reading import require

    if isinstance(module, nn.ELU):
        require(module, alpha=1.0)
    if isinstance(module, nn.GELU):
        require(module, approximate="none")
    last = reader.last
    # A layer has one activation, and dropout comes behind it.
    if last is not None and last.genes.get("activation") == "linear" and not last.genes.get("dropout"):
        last.genes["activation"] = name
    else:
        reader.add(Activation.kind, {"activation": name}, {}, reader.incoming)


def _read_flatten(reader: Reader, module: nn.Flatten) -> None:
    from speciate.layers.reading import require

    require(module, start_dim=1, end_dim=-1)
    reader.flat = reader.flat or len(reader.shape) == 3
    reader.pooled = False
