"""From a built network to a plain `nn.Sequential` of torch's own layers, and to the Python code that says the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from speciate.errors import DataError

if TYPE_CHECKING:  # torch is imported where networks are made: a driver with worker processes can do without
    from torch import nn


def plain(module: nn.Module) -> nn.Sequential:
    """The same layers in one flat `nn.Sequential`, sharing the weights, in evaluation mode.

    The tensors of the state dictionary come in the same order as in `module`.

    Raises:
        DataError: A layer is not one of torch's own.
    """
    from torch import nn

    return nn.Sequential(*_layers(module)).eval()


def _layers(module: nn.Module) -> Iterator[nn.Module]:
    from torch import nn

    from speciate.layers.linear import Linear

    if isinstance(module, nn.Sequential):
        for part in module:
            yield from _layers(part)
    elif isinstance(module, nn.Dropout):
        yield nn.Dropout(module.p)
    elif type(module) is Linear:
        same = nn.Linear(module.in_features, module.out_features, device="meta")
        same.weight, same.bias = module.weight, module.bias
        yield same
    elif not type(module).__module__.startswith("torch.nn."):
        raise DataError(f"a layer of type {type(module).__name__} cannot be written as plain PyTorch")
    elif not isinstance(module, nn.Identity):
        yield module


def layer_code(module: nn.Module) -> str:
    """A line of Python that makes the layer, with fresh weights."""
    from torch import nn

    arguments: tuple[Any, ...] | None = None
    match module:
        case nn.Linear() if module.bias is not None:
            arguments = (module.in_features, module.out_features)
        case nn.Dropout():
            arguments = (module.p,)
        case nn.Flatten() if (module.start_dim, module.end_dim) == (1, -1):
            arguments = ()
        case nn.ELU() if module.alpha == 1:
            arguments = ()
        case nn.GELU() if module.approximate == "none":
            arguments = ()
    name = type(module).__name__
    # What torch shows of a layer is how it is made, only wordier.
    inner = module.extra_repr() if arguments is None else ", ".join(map(repr, arguments))
    return f"nn.{name}({inner})"
