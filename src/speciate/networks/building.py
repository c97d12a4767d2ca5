"""From a genome to a `torch.nn.Module`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor, nn

from speciate.layers import LAYERS, Shape
from speciate.layers.modules import torch_seeded, with_own_masks
from speciate.spaces import INPUT, OUTPUT, NetworkGenome, shapes


def build(genome: NetworkGenome, input_shape: Shape, outputs: int, rng: np.random.Generator) -> nn.Module:
    """A freshly initialized network; its layers are named by their historical marks.

    Args:
        genome: The network.
        input_shape: Shape of one example.
        outputs: Width of the head.
        rng: Where initial weights come from.

    Returns:
        A module from (batch, *input_shape) to (batch, outputs), float32: an `nn.Sequential` where the layers form one path,
        else a `Graph`.

    Raises:
        DataError: The genome cannot be built.
    """
    inputs = shapes(genome, input_shape, outputs)
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    with torch_seeded(rng):
        for node in genome.nodes[1:]:
            made = LAYERS[node.kind].module(dict(node.genes), inputs[node.mark], rng)
            modules[node.mark] = with_own_masks(made)
    return nn.Sequential(modules) if genome.is_path else Graph(modules, genome.sources)


class Graph(nn.Module):
    """Layers that take the outputs of other layers.

    Args:
        modules: The layers by mark, in topological order, the head last.
        sources: By mark, the marks that a layer takes its inputs from, in the order in which it takes them.
    """

    def __init__(self, modules: Mapping[str, nn.Module], sources: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        for mark, module in modules.items():
            self.add_module(mark, module)
        self.sources = {mark: tuple(sources[mark]) for mark in modules}
        self._last_use = {source: mark for mark, marks in self.sources.items() for source in marks}

    def forward(self, x: Tensor) -> Tensor:
        """(batch, *shape) to (batch, outputs)."""
        values = {INPUT: x}
        for mark, module in self.named_children():
            values[mark] = module(*(values[source] for source in self.sources[mark]))
            for source in self.sources[mark]:
                if self._last_use[source] == mark:  # its memory is not needed any more
                    values.pop(source, None)
        return values[OUTPUT]
