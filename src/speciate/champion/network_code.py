"""The Python code of a plain network: an `nn.Sequential`, or a class with named layers and a forward."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from speciate.champion.plain import Branching
from speciate.layers.plain import part_code, sequential_code, written_classes

WIDTH = 102
"""Columns of a statement."""
SUMS = "What is added is weighted by learned gains, and filled up with channels of zeros where it has fewer."


@dataclass(frozen=True)
class NetworkCode:
    """How a network is written down.

    Attributes:
        classes: The classes of its layers that are not torch's own, and its own class if it branches.
        make: An expression that makes it, with fresh weights.
        type: The type of that.
    """

    classes: str
    make: str
    type: str


def network_code(module: nn.Module, about: str, indent: str = "") -> NetworkCode:
    """The code of a network.

    Args:
        module: The network, as `plain` gives it.
        about: What it is, for the docstring of its class if it gets one.
        indent: Where the lines of a path begin.
    """
    texts = written_classes(module)
    if not isinstance(module, Branching):
        return NetworkCode("\n\n\n".join(texts), sequential_code(module, indent), "nn.Sequential")
    return NetworkCode("\n\n\n".join([*texts, class_code(module, about)]), "Network()", "Network")


def class_code(module: Branching, about: str) -> str:
    """A class with the layers of a branching network by name.

    Args:
        module: The network.
        about: Its docstring, but for what has to be said about sums.
    """
    parts: dict[str, nn.Module | Tensor] = dict(module.named_children())
    parts |= module.named_parameters(recurse=False)
    sums = any(statement.layer.sums for statement in module.statements)
    text = f"{about}\n\n    {SUMS}\n    " if sums else about
    lines = ["class Network(nn.Module):", f'    """{text}"""', ""]
    lines += ["    def __init__(self) -> None:", "        super().__init__()"]
    for statement in module.statements:
        if name := statement.name:
            made = part_code(parts[name], " " * 8)
            lines.append(f"        self.{name} = {made}")
    lines += ["", "    def forward(self, x: Tensor) -> Tensor:"]
    return "\n".join([*lines, *(f"        {line}" for line in forward_lines(module))])


def forward_lines(module: Branching) -> list[str]:
    """The statements of a branching network's forward."""
    found: list[str] = []
    for number, statement in enumerate(module.statements, 1):
        left = f"x{number} =" if number < len(module.statements) else "return"
        comment = f"  # (rows, {', '.join(map(str, statement.shape))})"
        terms = statement.terms()
        line = f"{left} {' + '.join(terms)}{comment}"
        if len(line) > WIDTH and len(terms) > 1:
            found += [f"{left} ({comment}", f"    {terms[0]}", *(f"    + {term}" for term in terms[1:]), ")"]
        else:
            found.append(line)
    return found
