"""A network whose layers do not form one path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from speciate.spaces import INPUT, OUTPUT


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
