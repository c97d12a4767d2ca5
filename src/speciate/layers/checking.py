"""A layer type of one's own is tried before a search begins with it: built, run, and written down as plain PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import nn

from speciate.errors import ConfigurationError, DataError
from speciate.layers.base import Genes, LayerType, Shape
from speciate.layers.modules import made
from speciate.registry import source_hash

SHAPES: tuple[Shape, ...] = ((8,), (8, 12, 12))
"""What a layer type is tried with where the shape of its inputs is not known."""


@lru_cache(1000)
def checked(layer: LayerType, genes: tuple[tuple[str, Any], ...], input_shape: Shape | None) -> str:
    """Try a layer type: build it, run it, and write it down as plain PyTorch.

    Args:
        layer: The layer type.
        genes: Names and values of its genes.
        input_shape: That of an example; None if it is not known.

    Returns:
        A hash of its source, and of the classes of its modules that are not torch's.

    Raises:
        ConfigurationError: It does not do what a layer type has to do; says what.
    """
    module = _check(layer, dict(genes), input_shape)
    classes = set() if module is None else {type(part) for part in module.modules()}
    own = sorted((c for c in classes if not c.__module__.startswith("torch.")), key=lambda c: c.__qualname__)
    return " ".join(source_hash(each) for each in (layer, *own))


def _check(layer: LayerType, genes: Genes, input_shape: Shape | None) -> nn.Module | None:
    """The module with which it was tried; None where it takes nothing that could be tried."""
    name = type(layer).__name__
    try:
        found = _inputs(layer, genes, input_shape)
        if found is None:
            return None
        inputs, shape = found
        module, again = made(layer, genes, inputs), made(layer, genes, inputs)
        examples = [torch.randn(3, *each, generator=torch.Generator().manual_seed(1)) for each in inputs]
        with torch.no_grad():
            out = module(*examples)
    except Exception as error:  # a user's layer may raise anything
        why = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        raise ConfigurationError(f"the layer type {name} cannot be built", why=why) from error
    if tuple(out.shape) != (3, *shape):
        raise ConfigurationError(
            f"the shape of {name} is wrong: it says {shape} for inputs {list(inputs)}, and gives {tuple(out.shape[1:])}"
        )
    state, same = module.state_dict(), again.state_dict()
    if any(not torch.equal(value, same[key]) for key, value in state.items()):
        raise ConfigurationError(
            f"{name} begins with other weights each time", hint="draw them from `rng`, or leave them to torch"
        )
    count = sum(p.numel() for p in module.parameters() if p.requires_grad)
    if layer.parameters(genes, inputs) != count:
        raise ConfigurationError(f"{name} has {count} parameters, not {layer.parameters(genes, inputs)}")
    _export(layer, module, examples, out)
    return module


def _export(layer: LayerType, module: nn.Module, examples: Sequence[torch.Tensor], out: torch.Tensor) -> None:
    """Write the module down as plain PyTorch, and compare what that gives for the same examples with `out`."""
    what = f"the layer type {type(layer).__name__} could not be exported"
    try:
        part = layer.part(module, len(examples))
        with torch.no_grad():
            answer = layer.run(part, examples)
    except DataError as error:
        raise ConfigurationError(f"{what}: {error.what}", why=error.why, hint=error.hint) from None
    kept = _names(part)
    lost = [name for tensor, name in _names(module).items() if tensor not in kept]
    if lost or not torch.equal(answer, out):
        raise ConfigurationError(
            what, why=f"{', '.join(lost)} would be lost" if lost else "it answers otherwise"
        )


def _names(part: nn.Module | nn.Parameter | None) -> dict[int, str]:
    """Its tensors' names by their identity."""
    if not isinstance(part, nn.Module):
        return {id(part): ""}
    return {id(tensor): name for name, tensor in part.state_dict(keep_vars=True).items()}


def _inputs(
    layer: LayerType, genes: Genes, input_shape: Shape | None
) -> tuple[tuple[Shape, ...], Shape] | None:
    """Shapes of inputs that it takes, and that of what it gives."""
    for each in (*([input_shape] if input_shape else []), *SHAPES):
        inputs = (each,) * (2 if layer.is_merge else 1)
        try:
            shape = layer.shape(genes, inputs)
        except ValueError:
            continue
        if min(shape, default=1) >= 1:
            return inputs, tuple(shape)
    return None
