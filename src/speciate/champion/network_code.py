"""The Python code that says what a plain network is: an `nn.Sequential`, or a class with named layers and a forward."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # torch is imported where networks are made: a driver with worker processes can do without
    from torch import nn

    from speciate.champion.branching import Branching, Step

WIDTH = 110
"""Columns of a line."""
SUMS = "What is added is weighted by learned gains, and filled up with channels of zeros where it has fewer."


def sequential_code(module: nn.Module, indent: str = "") -> str:
    """The layers of a path, one a line."""
    layers = "\n".join(f"{indent}    {layer_code(layer)}," for layer in module.children())
    return f"nn.Sequential(\n{layers}\n{indent})"


def class_code(module: Branching, about: str) -> str:
    """A class with the layers of a branching network by name.

    Args:
        module: The network.
        about: Its docstring, but for what has to be said about sums.
    """
    from torch import nn

    parts = {**dict(module.named_parameters(recurse=False)), **dict(module.named_children())}
    sums = any(step.kind == "add" for step in module.steps)
    text = f"{about}\n\n    {SUMS}\n    " if sums else about
    lines = ["class Network(nn.Module):", f'    """{text}"""', ""]
    lines += ["    def __init__(self) -> None:", "        super().__init__()"]
    for step in module.steps:
        if step.name:
            part = parts[step.name]
            made = (
                layer_code(part)
                if isinstance(part, nn.Module)
                else f"nn.Parameter(torch.ones({len(step.sources)}))"
            )
            lines.append(f"        self.{step.name} = {made}")
    lines += ["", "    def forward(self, x: Tensor) -> Tensor:"]
    return "\n".join([*lines, *(f"        {line}" for line in forward_lines(module))])


def forward_lines(module: Branching) -> list[str]:
    """The statements of a branching network's forward."""
    found: list[str] = []
    for number, step in enumerate(module.steps, 1):
        left = f"x{number} =" if number < len(module.steps) else "return"
        comment = f"  # (rows, {', '.join(map(str, step.shape))})"
        terms = _terms(step)
        line = f"{left} {' + '.join(terms)}{comment}"
        if len(line) > WIDTH - 8 and len(terms) > 1:
            found += [f"{left} ({comment}", f"    {terms[0]}", *(f"    + {term}" for term in terms[1:]), ")"]
        else:
            found.append(line)
    return found


def _terms(step: Step) -> list[str]:
    """What a step computes, as a sum."""
    values = [f"x{source or ''}" for source in step.sources]
    if step.kind == "layer":
        return [f"self.{step.name}({values[0]})"]
    if step.kind == "concat":
        return [f"torch.cat([{', '.join(values)}], dim=1)"]
    wide = [
        f"nn.functional.pad({value}, {step.padding(lacking)})" if lacking else value
        for value, lacking in zip(values, step.lacking, strict=True)
    ]
    return [f"self.{step.name}[{i}] * {value}" for i, value in enumerate(wide)]


def layer_code(module: nn.Module) -> str:
    """Python that makes the layer, with fresh weights."""
    from torch import nn

    if isinstance(module, nn.Sequential):
        line = f"nn.Sequential({', '.join(map(layer_code, module))})"
        return line if len(line) <= WIDTH - 30 else sequential_code(module, " " * 8)
    short = _arguments(module)
    # What torch shows of a layer is how it is made, only wordier.
    return f"nn.{type(module).__name__}({module.extra_repr() if short is None else short})"


def _arguments(module: nn.Module) -> str | None:
    """The arguments that somebody would write, or None where they would not say everything."""
    from torch import nn

    match module:
        case nn.Linear() if module.bias is not None:
            return f"{module.in_features}, {module.out_features}"
        case nn.Conv2d() if _is_usual(module):
            kernel, stride, padding = module.kernel_size[0], module.stride[0], module.padding[0]
            options = {"stride": (stride, 1), "padding": (padding, 0), "groups": (module.groups, 1)}
            rest = "".join(f", {name}={value}" for name, (value, usual) in options.items() if value != usual)
            return f"{module.in_channels}, {module.out_channels}, {kernel}{rest}"
        case nn.BatchNorm1d() | nn.BatchNorm2d() if (module.eps, module.momentum, module.affine) == (
            1e-5,
            0.1,
            True,
        ):
            return f"{module.num_features}"
        case nn.LayerNorm() if (len(module.normalized_shape), module.eps, module.elementwise_affine) == (
            1,
            1e-5,
            True,
        ):
            return f"{module.normalized_shape[0]}"
        case nn.GroupNorm() if (module.eps, module.affine) == (1e-5, True):
            return f"{module.num_groups}, {module.num_channels}"
        case nn.MaxPool2d() | nn.AvgPool2d() if (module.stride, module.padding) == (module.kernel_size, 0):
            return f"{module.kernel_size}"
        case nn.AdaptiveMaxPool2d() | nn.AdaptiveAvgPool2d():
            return f"{module.output_size}"
        case nn.Dropout():
            return f"{module.p}"
        case nn.Flatten() if (module.start_dim, module.end_dim) == (1, -1):
            return ""
        case nn.ELU() if module.alpha == 1:
            return ""
        case nn.GELU() if module.approximate == "none":
            return ""
    return None


def _is_usual(module: nn.Conv2d) -> bool:
    """Whether a convolution is square, has biases and pads with zeros."""
    square = all(len(set(pair)) == 1 for pair in (module.kernel_size, module.stride, module.padding))
    plain = (
        module.padding_mode == "zeros" and not isinstance(module.padding, str) and set(module.dilation) == {1}
    )
    return square and plain and module.bias is not None
