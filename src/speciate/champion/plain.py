"""From a built network to one of torch's own layers alone, which shares its weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from speciate.errors import DataError
from speciate.layers import LAYERS, Merge, Shape
from speciate.spaces import NetworkGenome

if TYPE_CHECKING:  # torch is imported where networks are made: a driver with worker processes can do without
    from torch import nn


def plain(module: nn.Module, genome: NetworkGenome, input_shape: Shape, outputs: int) -> nn.Module:
    """The same network of torch's own layers, sharing the weights, in evaluation mode.

    Args:
        module: What `build` made of the other arguments.
        genome: The network.
        input_shape: Shape of one example.
        outputs: Width of the head.

    Returns:
        One flat `nn.Sequential`, or a `Branching` if the network has merges.

    Raises:
        DataError: A layer is not one of torch's own.
    """
    from torch import nn

    from speciate.champion.branching import branching

    if any(isinstance(LAYERS[node.kind], Merge) for node in genome.nodes):
        return branching(module, genome, input_shape, outputs).eval()
    return nn.Sequential(*own_layers(module)).eval()


def built_names(module: nn.Module, same: nn.Module) -> dict[str, str]:
    """By each name in the state dictionary of `module`, the name that its tensor has in `same`, the plain network."""
    found = {id(tensor): name for name, tensor in same.state_dict(keep_vars=True).items()}
    return {name: found[id(tensor)] for name, tensor in module.state_dict(keep_vars=True).items()}


def own_layers(module: nn.Module) -> Iterator[nn.Module]:
    """A layer as layers of torch's own, in order; none for one that does nothing.

    Raises:
        DataError: There is no such layer in torch.
    """
    from torch import nn

    if isinstance(module, nn.Sequential):
        for part in module:
            yield from own_layers(part)
    elif not isinstance(module, nn.Identity):
        yield _own(module)


def _own(module: nn.Module) -> nn.Module:
    """The layer, or torch's own in place of one of ours, with the same weights."""
    from torch import nn

    from speciate.layers import convolution, linear, normalization

    same: nn.Module
    match module:
        case nn.Dropout():
            return nn.Dropout(module.p)
        case linear.Linear():
            same = nn.Linear(module.in_features, module.out_features, device="meta")
        case convolution.Conv2d():
            sizes = (module.kernel_size[0], module.stride[0], int(module.padding[0]))
            same = nn.Conv2d(
                module.in_channels, module.out_channels, *sizes, groups=module.groups, device="meta"
            )
        case normalization.BatchNorm1d():
            same = nn.BatchNorm1d(module.num_features, device="meta")
        case normalization.BatchNorm2d():
            same = nn.BatchNorm2d(module.num_features, device="meta")
        case _ if type(module).__module__.startswith("torch.nn."):
            return module
        case _:
            raise DataError(f"a layer of type {type(module).__name__} cannot be written as plain PyTorch")
    same.load_state_dict(module.state_dict(keep_vars=True), assign=True)
    return same
