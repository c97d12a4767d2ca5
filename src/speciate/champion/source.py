"""Writes model.py: a standalone file that predicts with one network, with torch and the standard library alone."""

from __future__ import annotations

import ast
import pprint
import sys
from importlib import resources
from typing import TYPE_CHECKING

from speciate.champion import templates
from speciate.champion.description import Description
from speciate.champion.limits import rows_at_once
from speciate.champion.network_code import network_code
from speciate.champion.wording import one_line

if TYPE_CHECKING:
    from torch import nn

    from speciate.champion.policy.description import TableRecord

MARK = "# model.py\n"
Imports = dict[str, set[str]]
"""Modules and the names imported from them; no names where the module itself is."""


def model_source(description: Description, module: nn.Module) -> str:
    """The text of model.py.

    Args:
        description: What the network is and how its inputs are made.
        module: Its layers, as `plain` gives them.
    """
    table = description.preprocessing["kind"] == "table"
    imports: Imports = {"sys": set(), "torch": {"Tensor", "nn", ""}, "pathlib": {"Path"}, "typing": {"Any"}}
    imports |= {"collections.abc": {"Mapping", "Sequence"}} if table else {"math": set()}
    names = ("cells", "dates", "table") if table else ("cells", "image")
    fixed = [part_of(name, imports) for name in (*names, "weights", "command")]
    own = [
        templates.TABLE if table else templates.IMAGE,
        templates.CLASSIFICATION if description.task == "classification" else templates.REGRESSION,
    ]
    top = templates.TOP.format(
        title=_title(description),
        reads="columns are found by name" if table else "one column for each value, in order",
        rows=_rows(description),
        version=description.versions.get("speciate", ""),
        imports=import_lines(imports),
        constants=constants(description),
        outputs=description.outputs,
        at_once=rows_at_once(*description.network),
        **_network(description, module),
    )
    return "\n\n\n".join(text.strip("\n") for text in [top, *own, *fixed, templates.MAIN]) + "\n"


def _network(description: Description, module: nn.Module) -> dict[str, str]:
    """How the layers are written down, what makes them, and what type that is."""
    shape = ", ".join(map(str, description.input_shape))
    about = f"The layers, with fresh weights: (rows, {shape}) to (rows, {description.outputs})."
    code = network_code(module, about, "    ")
    if code.type == "Network":
        return {"network": code.classes, "make": code.type, "type": code.type}
    path = templates.PATH.format(about=about, layers=code.make).strip("\n")
    return {
        "network": "\n\n\n".join(filter(None, [code.classes, path])),
        "make": "network",
        "type": code.type,
    }


def part_of(name: str, imports: Imports) -> str:
    """The code of a part; what it imports is added to `imports`."""
    text = resources.files("speciate.champion.standalone").joinpath(f"{name}.py").read_text("utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                names = {f"as {alias.asname}"} if alias.asname else {""}
                imports[alias.name] = imports.get(alias.name, set()) | names
        elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith(("speciate", "__")):
            found = {alias.name for alias in node.names}
            imports[str(node.module)] = imports.get(str(node.module), set()) | found
    return text.split(MARK, 1)[1]


def import_lines(imports: Imports) -> str:
    """The lines that import them, the standard library's first."""
    blocks: dict[bool, list[str]] = {True: [], False: []}
    for module, names in imports.items():
        block = blocks[module.split(".")[0] in sys.stdlib_module_names]
        block += [f"import {module} {name}".strip() for name in names or {""} if name[:3] in ("", "as ")]
        if plain := sorted((n for n in names if n[:3] not in ("", "as ")), key=str.lower):
            block.append(f"from {module} import {', '.join(plain)}")
    ordered = (
        sorted(blocks[standard], key=lambda line: (line[:4] == "from", line)) for standard in (True, False)
    )
    return "\n\n".join("\n".join(block) for block in ordered)


def _title(description: Description) -> str:
    return f"Predicts {one_line(description.target)} from a row of {one_line(description.data.name)}."


def _rows(description: Description) -> str:
    if description.preprocessing["kind"] == "image":
        return f"a tensor or lists of shape (rows, {', '.join(map(str, description.input_shape))})"
    return "a list of dictionaries, such as csv.DictReader gives"


def constants(description: Description | TableRecord) -> str:
    """The numbers and texts that are particular to this network, as Python code."""
    state = description.preprocessing
    if description.task == "classification":
        lines = [f"CLASSES = {_code(description.classes, 0)}"]
    else:
        lines = [f"TARGET_MEAN = {description.target_mean!r}", f"TARGET_SCALE = {description.target_scale!r}"]
    if state["kind"] == "table":
        columns = [f"    {_code(column, 4)}," for column in state["columns"]]
        lines += ["COLUMNS: list[dict[str, Any]] = [", *columns, "]"]
    else:
        lines += [f"{key.upper()} = {state[key]!r}" for key in ("shape", "divide", "mean", "scale")]
    return "\n".join(lines)


def _code(value: object, indent: int) -> str:
    """A value as Python code, on several lines where one would be too long."""
    text = repr(value)
    if len(text) > 100:  # `pformat` is slow, and there may be 50,000 columns
        text = pprint.pformat(value, width=100, compact=True, sort_dicts=False)
    return text.replace("\n", "\n" + " " * indent)
