"""The Python code of a plain network: an `nn.Sequential`, or a class with named layers and a forward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from speciate.champion.plain import Branching
from speciate.champion.standalone.bins import Bins
from speciate.champion.standalone.ensemble import Ensemble
from speciate.layers.plain import layer_code, part_code, written_classes

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
        parts: The modules of `standalone` that it needs.
    """

    classes: str
    make: str
    type: str
    parts: tuple[str, ...] = ()


def network_code(module: nn.Module, about: str, indent: str = "") -> NetworkCode:
    """The code of a network.

    Args:
        module: The network, as `plain` gives it.
        about: What it is, for the docstring of its class if it gets one.
        indent: Where the lines of a path begin.
    """
    texts, several = written_classes(module), isinstance(module, Ensemble)
    members = list(module.members) if isinstance(module, Ensemble) else [module]
    names = dict[nn.Module, str]()
    for number, member in enumerate(members, 1):
        for part in (part for part in member.modules() if isinstance(part, Branching)):
            names[part] = f"Network{number if several else ''}"
            texts.append(class_code(part, f"Network {number}." if several else about, names[part]))
    kinds = type(module).__name__ if several else names.get(module, "nn.Sequential")
    used = {"bins": Bins, "ensemble": Ensemble}
    parts = tuple(name for name, cls in used.items() if any(isinstance(m, cls) for m in module.modules()))
    return NetworkCode("\n\n\n".join(texts), _made(module, names, indent), kinds, parts)


def _made(module: nn.Module, names: Mapping[nn.Module, str], indent: str | None = None) -> str:
    """An expression that makes a network, or with no indent a layer of it, where there are classes of these names."""
    if module in names:
        return f"{names[module]}()"
    if isinstance(module, Bins):
        return f"Bins({len(module.source)})"
    if isinstance(module, Ensemble):
        indent = indent or ""
        members = "".join(f"{indent}        {_made(m, names, indent + ' ' * 8)},\n" for m in module.members)
        last = f"{indent}    outputs={len(module.raised)},\n{indent}    temperature={module.temperature},\n{indent})"
        return f"Ensemble(\n{indent}    [\n{members}{indent}    ],\n{last}"
    if indent is None or not isinstance(module, nn.Sequential):
        return layer_code(module)
    layers = "".join(f"{indent}    {_made(layer, names)},\n" for layer in module.children())
    return f"nn.Sequential(\n{layers}{indent})"


def class_code(module: Branching, about: str, name: str = "Network") -> str:
    """A class with the layers of a branching network by name.

    Args:
        module: The network.
        about: Its docstring, but for what has to be said about sums.
        name: Its name.
    """
    parts: dict[str, nn.Module | Tensor] = dict(module.named_children())
    parts |= module.named_parameters(recurse=False)
    sums = any(statement.layer.sums for statement in module.statements)
    text = f"{about}\n\n    {SUMS}\n    " if sums else about
    lines = [f"class {name}(nn.Module):", f'    """{text}"""', ""]
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
