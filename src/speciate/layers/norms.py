"""Normalization: over the batch, or over the units of one example."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from speciate.layers.base import Genes, Shape, Tensors, Unitwise, layer

if TYPE_CHECKING:
    from torch import nn

    from speciate.layers.reading import Reader

EPSILON = 1e-5
"""What both add to a variance: torch's default."""


class Norm(Unitwise):
    """A layer that keeps the shape, and has a scale and a shift for each unit or channel."""

    part_name = "norm"

    def parameters(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """A scale and a shift for each unit or channel."""
        return 2 * inputs[0][0]

    def multiplications(self, genes: Genes, inputs: Sequence[Shape]) -> int:
        """None in products."""
        return 0

    def never_negative(self, genes: Genes, positive: bool) -> bool:
        """It shifts."""
        return False


@layer
class BatchNorm(Norm):
    """Every unit or channel with mean 0 and variance 1 over the batch, then scaled and shifted.

    Source: Ioffe & Szegedy 2015, arXiv:1502.03167, algorithm 1.
    """

    kind = "batch_norm"
    reads = ("BatchNorm1d", "BatchNorm2d")

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """Scale 1, shift 0, statistics of nothing seen yet."""
        from speciate.layers.modules import BatchNorm1d, BatchNorm2d

        shape = inputs[0]
        return BatchNorm1d(shape[0]) if len(shape) == 1 else BatchNorm2d(shape[0])

    def can_be_identity(self, genes: Genes, positive: bool) -> bool:
        """In evaluation mode, while its statistics are those of nothing seen yet."""
        return True

    def neutral(self, fresh: Tensors) -> Mapping[str, np.ndarray]:
        """A scale that undoes the division by `sqrt(1 + EPSILON)`."""
        return {**fresh, "weight": np.full_like(fresh["weight"], math.sqrt(1 + EPSILON))}

    def read(self, reader: Reader, module: Any) -> None:
        """Batch normalization of vectors or images."""
        from torch import nn

        from speciate.layers.reading import UnfitError, array, require

        shape = reader.incoming
        reader.settled()
        if len(shape) != (3 if isinstance(module, nn.BatchNorm2d) else 1):
            raise UnfitError(
                f"what comes in has the shape {shape}", "use BatchNorm1d for vectors, BatchNorm2d for images"
            )
        reader.check(module.num_features)
        require(module, eps=EPSILON, track_running_stats=True)
        count = np.array(
            0 if module.num_batches_tracked is None else int(module.num_batches_tracked), np.int64
        )
        tensors = {
            "weight": array(module.weight, 1, shape[0]),
            "bias": array(module.bias, 0, shape[0]),
            "running_mean": array(module.running_mean, 0, shape[0]),
            "running_var": array(module.running_var, 1, shape[0]),
            "num_batches_tracked": count,
        }
        reader.add(self.kind, {}, tensors, shape)


@layer
class LayerNorm(Norm):
    """All units of an example with mean 0 and variance 1 together, then each scaled and shifted; one scale for each channel.

    Source: Ba, Kiros & Hinton 2016, arXiv:1607.06450, equation 3; for images group normalization with one group (Wu & He 2018,
    arXiv:1803.08494, section 3.1).
    """

    kind = "layer_norm"
    reads = ("LayerNorm", "GroupNorm")
    norms_units = True

    def module(self, genes: Genes, inputs: Sequence[Shape], rng: np.random.Generator) -> nn.Module:
        """Scale 1, shift 0."""
        from torch import nn

        shape = inputs[0]
        return nn.LayerNorm(shape[0]) if len(shape) == 1 else nn.GroupNorm(1, shape[0])

    def read(self, reader: Reader, module: Any) -> None:
        """Layer normalization of vectors, or group normalization with one group."""
        from torch import nn

        from speciate.layers.reading import UnfitError, array, require

        reader.settled()
        shape = reader.incoming
        if isinstance(module, nn.GroupNorm):
            require(module, num_groups=1)
            reader.check(module.num_channels)
        elif len(shape) != 1 or tuple(module.normalized_shape) != shape:
            raise UnfitError(
                f"it normalizes {tuple(module.normalized_shape)}, and what comes in has the shape {shape}",
                "for images use GroupNorm(1, channels)",
            )
        require(module, eps=EPSILON)
        weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
        tensors = {"weight": array(weight, 1, shape[0]), "bias": array(bias, 0, shape[0])}
        reader.add(self.kind, {}, tensors, shape)
