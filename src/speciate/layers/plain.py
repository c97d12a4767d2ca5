"""Modules as plain PyTorch: torch's own layers, which share the weights, and the Python code that makes them."""

from __future__ import annotations

import ast
import builtins
import inspect
import keyword
import re
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, fx, nn

from speciate.errors import DataError
from speciate.layers.modules import SameAsTorch

WIDTH = 80
"""Columns of a Sequential that is written on one line."""


def plain_layers(module: nn.Module, inputs: int = 1) -> list[nn.Module]:
    """A module as layers of torch's own, in order; none for one that does nothing. They share its weights.

    A module of any other class is followed through its `forward` (`torch.fx`): if that is a chain, its layers are taken one by
    one, otherwise it becomes one module whose class is written anew and has its code in `source`.

    Raises:
        DataError: What it computes cannot be written as plain PyTorch.
    """
    if type(module) is nn.Sequential:
        return [layer for part in module for layer in plain_layers(part)]
    if type(module) is nn.Identity:
        return []
    if isinstance(module, SameAsTorch):
        return [_torchs_own(module)]
    if _is_torchs(type(module)):
        return [module]
    return _traced(module, inputs)


def _is_torchs(cls: type) -> bool:
    return cls.__module__.startswith("torch.nn.")


def _torchs_own(module: nn.Module) -> nn.Module:
    """Torch's own layer in place of one of ours."""
    base = next(cls for cls in type(module).__mro__ if _is_torchs(cls) and cls is not nn.Module)
    positional, named = _arguments(module, base)
    with torch.device("meta"):
        same: nn.Module = base(*positional, **named)
    same.load_state_dict(module.state_dict(keep_vars=True), assign=True)
    return same


def _arguments(module: nn.Module, cls: type) -> tuple[list[Any], dict[str, Any]]:
    """The arguments with which the module is made anew, as a person would write them: only what is not usual.

    Raises:
        AttributeError: The module does not remember an argument.
    """
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for name, parameter in list(inspect.signature(cls.__init__).parameters.items())[1:]:  # type: ignore[misc]
        if name in ("device", "dtype") or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        value, usual = getattr(module, name), parameter.default
        if name == "bias":
            value = value is not None
        if isinstance(value, tuple) and len(set(value)) == 1:
            value = value[0]  # 3 for (3, 3)
        if name == "stride" and usual is None and value == getattr(module, "kernel_size", None):
            continue
        if usual is parameter.empty or (name == "p" and not named):
            positional.append(value)
        elif value != usual:
            named[name] = value
    return positional, named


def layer_code(module: nn.Module, indent: str = "") -> str:
    """Python that makes the layer, with fresh weights; `indent` is where a Sequential's lines would begin."""
    if type(module) is nn.Sequential:
        line = f"nn.Sequential({', '.join(map(layer_code, module))})"
        return line if len(line) <= WIDTH else sequential_code(module, indent)
    cls = type(module)
    if hasattr(cls, "source"):
        return f"{cls.__name__}()"
    try:
        positional, named = _arguments(module, cls)
        code = f"nn.{cls.__name__}({', '.join([*map(repr, positional), *(f'{k}={v!r}' for k, v in named.items())])})"
        if repr(eval(code, {"nn": nn})) == repr(module):
            return code
    except Exception:  # not every layer of torch remembers its arguments
        pass
    return f"nn.{cls.__name__}({module.extra_repr()})"  # wordier


def sequential_code(module: nn.Module, indent: str = "") -> str:
    """The layers of a path, one on each line."""
    layers = "\n".join(f"{indent}    {layer_code(layer)}," for layer in module.children())
    return f"nn.Sequential(\n{layers}\n{indent})"


def part_code(part: nn.Module | Tensor, indent: str = "") -> str:
    """Python that makes a layer, a parameter, or a tensor of the same shape."""
    if isinstance(part, nn.Module):
        return layer_code(part, indent)
    shape = len(part) if part.ndim == 1 else tuple(part.shape)
    if isinstance(part, nn.Parameter):
        return f"nn.Parameter(torch.ones({shape}))"
    return f"torch.zeros({shape}, dtype={part.dtype})"


def name_classes(module: nn.Module) -> None:
    """Number the classes of a network's layers that were written anew; equal layers get the same name."""
    written: dict[str, str] = {}  # names by code
    for part in module.modules():
        if source := getattr(type(part), "source", ""):
            name = source.removeprefix("class ").partition("(")[0]
            type(part).__name__ = written.setdefault(source, f"{name}{len(written) + 1}")


def written_classes(module: nn.Module) -> list[str]:
    """The code of these classes, each once."""
    found = {}
    for part in module.modules():
        cls: Any = type(part)
        if hasattr(cls, "source"):
            found[cls.__name__] = re.sub(r"\w+", cls.__name__, cls.source.removeprefix("class "), count=1)
    return [f"class {text}" for text in found.values()]


class _Tracer(fx.Tracer):
    """Goes into every module that is not one layer of torch's own."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, SameAsTorch) or super().is_leaf_module(m, module_qualified_name)


def _traced(module: nn.Module, inputs: int) -> list[nn.Module]:
    name, values = type(module).__name__, ", ".join(f"x{i + 1}" for i in range(inputs))
    forward = eval(f"lambda self, {values}: self.of({values})")
    root = type("Root", (nn.Module,), {"forward": forward})()
    root.of = module
    try:
        graph = _Tracer().trace(root.eval())
        chain = list(_chain(graph, root))
        if chain:
            return [layer for part in chain for layer in plain_layers(part)]
        return [_written(name, graph, root)]
    except DataError:
        raise
    except Exception as error:  # a user's forward may do anything
        raise DataError(
            f"a layer of class {name} cannot be written as plain PyTorch",
            why=f"{type(error).__name__}: {' '.join(str(error).split())[:200]}",
            hint="use torch's layers and functions, and no conditions on what the tensors hold",
        ) from None


def _chain(graph: fx.Graph, root: nn.Module) -> Iterator[nn.Module]:
    """The layers, if each takes what the one before it gives, and none stands in two places; otherwise nothing."""
    nodes = list(graph.nodes)
    calls = nodes[1:-1]
    follow = all(
        node.op == "call_module" and node.args == (before,) and not node.kwargs
        for before, node in zip(nodes, calls, strict=False)
    )
    once = len({node.target for node in calls}) == len(calls)
    if nodes[0].op == "placeholder" and follow and once and nodes[-1].args == (nodes[-2],):
        yield from (root.get_submodule(node.target) for node in calls)


def _written(name: str, graph: fx.Graph, root: nn.Module) -> nn.Module:
    """A module of a class that is written from a graph, with the parts that it uses."""
    parts: dict[str, Any] = {}
    names: dict[str, str] = {}
    for node in graph.nodes:
        node.type = None
        if node.op in ("call_module", "get_attr"):
            if node.target not in names:
                names[node.target] = _free(node.target.removeprefix("of."), parts)
                parts[names[node.target]] = _part(root, node.target)
            node.target = names[node.target]
    name = name if name.isascii() else "Block"
    source = _class_code(name, vars(type(root.of)).get("__doc__") or "", graph, parts)
    space = {"torch": torch, "nn": nn, "Tensor": Tensor, "__name__": __name__}
    exec(f"from __future__ import annotations\n{source}", space)
    cls: Any = space[name]
    with torch.device("meta"):
        made: nn.Module = cls()
    for key, part in parts.items():
        setattr(made, key, part)
    cls.source = source
    return made.eval()


def _free(target: str, taken: dict[str, Any]) -> str:
    name = re.sub(r"\W", "_", target)
    if hasattr(nn.Module, name) or keyword.iskeyword(name) or not name.isidentifier() or not name.isascii():
        name = f"part_{len(taken) + 1}"
    while name in taken:
        name += "_"
    return name


def _part(root: nn.Module, target: str) -> nn.Module | Tensor:
    """What a graph refers to by name: a layer, a parameter, or a tensor of the state dictionary."""
    owner, _, name = target.rpartition(".")
    holder = root.get_submodule(owner)
    found = getattr(holder, name)
    if isinstance(found, nn.Module):
        layers = plain_layers(found)
        return layers[0] if len(layers) == 1 else nn.Sequential(*layers)
    if isinstance(found, nn.Parameter) or (name in holder._buffers and name in holder.state_dict()):
        return found  # type: ignore[no-any-return]
    raise DataError(
        f"a layer of class {type(root.of).__name__} has a constant tensor, {target.removeprefix('of.')}",
        hint="register it as a buffer that is saved",
    )


def _class_code(name: str, about: str, graph: fx.Graph, parts: dict[str, Any]) -> str:
    """The class as Python."""
    about = " ".join(re.sub(r'[^ -~]|["\\\\]', " ", about.partition("\n")[0]).split())
    lines = [f"class {name}(nn.Module):", f'    """{about or "A layer."}"""', ""]
    lines += ["    def __init__(self) -> None:", "        super().__init__()"]
    for key, part in parts.items():
        made = part_code(part, " " * 8)
        keeps = isinstance(part, nn.Module | nn.Parameter)
        lines.append(
            f"        self.{key} = {made}" if keeps else f'        self.register_buffer("{key}", {made})'
        )
    values = [node.name for node in graph.nodes if node.op == "placeholder"]
    lines += ["", f"    def forward(self, {', '.join(f'{value}: Tensor' for value in values)}) -> Tensor:"]
    function = ast.parse(graph.python_code("self").src).body[-1]
    assert isinstance(function, ast.FunctionDef)
    names = _Names(function)
    for line in map(names.visit, function.body):
        if not (isinstance(line, ast.Assign) and getattr(line.value, "value", 0) is None):  # it frees memory
            lines.append(f"        {ast.unparse(line)}")
    if foreign := sorted(names.read - names.set - {*values, "self", "torch", *dir(builtins)}):
        raise DataError(f"a layer of class {name} uses {', '.join(foreign)}, which is not torch's")
    return "\n".join(lines)


class _Names(ast.NodeTransformer):
    """Shorter names for values, and torch's own for what only `torch.fx` knows."""

    def __init__(self, function: ast.FunctionDef) -> None:
        found = {"torch", "nn"} | {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        short = {name: name.removeprefix("of_") for name in found if name.startswith("of_")}
        self.short = {
            n: s for n, s in short.items() if s.isidentifier() and not keyword.iskeyword(s) and s not in found
        }
        self.read: set[str] = set()
        self.set: set[str] = set()

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in ("inf", "nan", "device"):
            self.read.add("torch")
            return ast.Attribute(ast.Name("torch", ast.Load()), node.id, ast.Load())
        name = self.short.get(node.id, node.id)
        (self.set if isinstance(node.ctx, ast.Store) else self.read).add(name)
        return ast.Name(name, node.ctx)
