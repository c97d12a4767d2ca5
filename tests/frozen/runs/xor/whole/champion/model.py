"""Acts in xor.

    python model.py observations.csv > actions.csv  # a column for each number that is observed, a row for each step;
                                                    # with a header or without

    from model import act, load
    net = load()                                    # a plain torch.nn.Module
    act(observations, net)                          # (rows, ...), as the environment gives them

Needs torch and nothing else; the weights are in model.safetensors beside this file. Written by speciate 0.1.0.
"""

from __future__ import annotations

import csv
import io
import json
import re
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, IO

import torch
from torch import nn, Tensor

OBSERVATIONS = {'kind': 'plain'}
"""How what is observed becomes inputs."""
ACTIONS = {'kind': 'plain'}
"""How outputs become actions."""
COLUMNS = 2
"""How many numbers are observed."""

INPUTS = 2
GROUPS = [('sigmoid', 1)]
"""Activation and number of nodes of each group, in the order in which they are computed."""
OUTPUTS = [0]
"""Which nodes are the outputs, counted over all groups."""
RECURRENT = False


def load(weights: str | Path = Path(__file__).with_name("model.safetensors")) -> Network:
    """The network with its weights, ready for use."""
    net = Network(INPUTS, GROUPS, OUTPUTS, RECURRENT)
    net.load_state_dict(read_weights(Path(weights), net.state_dict()))
    return net.eval()


@torch.inference_mode()
def act(observations: Any, net: Network | None = None, before: Tensor | None = None) -> Any:
    """Observations (rows, ...) to actions (rows, ...)."""
    net = load() if net is None else net
    answer = net(to_inputs(torch.as_tensor(observations), OBSERVATIONS), before)
    outputs, state = answer if RECURRENT else (answer, None)
    actions = to_actions(outputs, ACTIONS)
    return (actions, state) if RECURRENT else actions


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": lambda x: torch.sigmoid(4.9 * x),
    "tanh": torch.tanh,
    "relu": torch.relu,
    "linear": lambda x: x,
    "sine": torch.sin,
    "gaussian": lambda x: torch.exp(-x * x),
    "absolute": torch.abs,
    "logistic": torch.sigmoid,
}


class Network(nn.Module):
    """Nodes in groups; a group sees the inputs, a constant 1 and the groups before it. A weight of 0 is no connection.

    Args:
        inputs: How many numbers come in.
        groups: Activation and number of nodes of each group, in the order in which they are computed.
        outputs: Which nodes are the outputs, counted over all groups from 0.
        recurrent: Whether nodes also see what all nodes were one step before.
    """

    def __init__(
        self, inputs: int, groups: Sequence[tuple[str, int]], outputs: Sequence[int], recurrent: bool
    ) -> None:
        super().__init__()
        self.groups, self.outputs, self.recurrent = list(groups), list(outputs), recurrent
        self.nodes = sum(count for _, count in groups)
        width = inputs + 1
        for k, (_, count) in enumerate(groups):
            self.register_parameter(f"weights_{k}", nn.Parameter(torch.zeros(count, width).double()))
            if recurrent:
                memory = nn.Parameter(torch.zeros(count, self.nodes).double())
                self.register_parameter(f"memory_{k}", memory)
            width += count

    def forward(self, inputs: Tensor, before: Tensor | None = None) -> Any:
        """Inputs (rows, inputs) to outputs (rows, outputs).

        A recurrent network takes what it returned beside the outputs one step before, (rows, nodes), and nothing at first; it
        returns both.
        """
        one = torch.ones_like(inputs[:, :1]).double()
        values = torch.cat([inputs.double(), one], dim=1)
        first = values.shape[1]
        before = 0.0 * one.expand(-1, self.nodes) if before is None else before
        for k, (activation, _) in enumerate(self.groups):
            total = values @ self.get_parameter(f"weights_{k}").T
            if self.recurrent:
                total = total + before @ self.get_parameter(f"memory_{k}").T
            values = torch.cat([values, ACTIVATIONS[activation](total)], dim=1)
        nodes = values[:, first:]
        outputs = nodes[:, self.outputs]
        return (outputs, nodes) if self.recurrent else outputs


def to_inputs(observations: Tensor, form: Mapping[str, Any]) -> Tensor:
    """What an environment shows, (rows, ...), as inputs of a network."""
    if form["kind"] == "one-hot":
        values = torch.arange(form["first"], form["first"] + form["count"])
        shown: Tensor = observations.reshape(-1, 1) == values
        return shown.double()
    numbers = observations.reshape(len(observations), -1).double()
    if form["kind"] == "scaled":
        middle, half = torch.tensor(form["middle"]).double(), torch.tensor(form["half"]).double()
        numbers = (numbers - middle) / half
    return numbers


def to_actions(outputs: Tensor, form: Mapping[str, Any]) -> Tensor:
    """Outputs of a network, (rows, outputs), as actions; of equal outputs the first counts."""
    if form["kind"] == "greatest":
        return torch.add(outputs.argmax(dim=1), form["first"])
    if form["kind"] == "greatest of each":
        parts = torch.split(outputs, form["sizes"], dim=1)
        return torch.stack([part.argmax(dim=1) for part in parts], dim=1) + torch.tensor(form["first"])
    if form["kind"] == "positive":
        return (outputs > 0).long()
    if form["kind"] == "span":
        low, high = torch.tensor(form["low"]).double(), torch.tensor(form["high"]).double()
        bounded = torch.tensor(form["bounded"])
        start, span = torch.where(bounded, low, 0.0), torch.where(bounded, high - low, 0.0)
        within = torch.minimum(start + (outputs.clip(-1.0, 1.0) + 1.0) / 2.0 * span, high)
        return torch.where(bounded, within, torch.maximum(torch.minimum(outputs, high), low))
    return outputs


MOST_HEADER = 16_000_000
DTYPES = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64}


def read_weights(path: Path, like: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a safetensors file, if their names, types and shapes are those of `like`.

    Everything is checked before memory is taken; `like` may hold tensors on the meta device.

    Raises:
        ValueError: The file holds anything else, or numbers that are not finite.
        OSError: The file cannot be read.
    """
    total = sum(tensor.numel() * tensor.element_size() for tensor in like.values())
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))
        if length > MOST_HEADER or path.stat().st_size != 8 + length + total:
            raise ValueError(f"{path.name} does not have the size of this network's weights")
        try:
            places = weight_places(json.loads(file.read(length)), like, total)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"{path.name} does not hold this network's weights: {error}") from None
        tensors = {}
        for name, start in places.items():
            content = bytearray(like[name].numel() * like[name].element_size())
            file.seek(8 + length + start)
            file.readinto(content)
            flat = torch.frombuffer(content, dtype=like[name].dtype)
            tensors[name] = flat.reshape(like[name].shape).clone()  # where torch aligns it
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise ValueError(f"{path.name} holds weights that are not finite numbers")
    return tensors


def weight_places(header: Any, like: dict[str, Tensor], total: int) -> dict[str, int]:
    """Where each tensor starts, from a safetensors header; ValueError, KeyError or TypeError if it is not as expected."""
    if set(header) - {"__metadata__"} != set(like):
        raise ValueError("the names of the tensors differ")
    places, taken = {}, []
    for name, tensor in like.items():
        start, end = header[name]["data_offsets"]
        if DTYPES.get(header[name]["dtype"]) != tensor.dtype or header[name]["shape"] != list(tensor.shape):
            raise ValueError(f"tensor {name} has another type or shape")
        if end - start != tensor.numel() * tensor.element_size():
            raise ValueError(f"tensor {name} has another size")
        places[name] = start
        taken.append((start, end))
    taken.sort()
    if [0, *(end for _, end in taken)] != [*(start for start, _ in taken), total]:
        raise ValueError("the tensors overlap or leave gaps")
    return places


def read_table(
    content: bytes, names: Iterable[str] = (), numbers: Iterable[str] | None = None
) -> list[dict[str, str]]:
    """The rows of a text table with a header; separated by commas, semicolons, tabs or vertical bars.

    Args:
        content: The file.
        names: Columns that it must have.
        numbers: Those that hold numbers, so that a decimal comma becomes a point; None for all.

    Raises:
        ValueError: It is not a regular table, or lacks columns.
    """
    text, names = decoded(content), set(names)
    headers = {separator: next(records(text, separator), []) for separator in ",;\t|"}
    fits = {separator: (len(names & set(header)), len(header)) for separator, header in headers.items()}
    header, *lines = records(text, max(fits, key=lambda separator: fits[separator]))
    if lacking := sorted(names - set(header)):
        raise ValueError(
            f"columns missing: {', '.join(map(repr, lacking))}; the table has {', '.join(header)}"
        )
    if len(set(header)) < len(header):
        raise ValueError("two columns have the same name")
    for number, line in enumerate(lines, 1):
        if len(line) != len(header):
            raise ValueError(f"row {number} has {len(line)} fields, the header has {len(header)}")
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    if has_decimal_comma([cell.strip() for line in lines[:199] for cell in line]):
        point = re.compile(r"(\s*[+-]?\d+),(\d+([eE][+-]?\d+)?\s*)")
        for row in rows:
            for name in header if numbers is None else set(numbers) & set(header):
                if match := point.fullmatch(row[name]):
                    row[name] = f"{match[1]}.{match[2]}"
    return rows


def read_numbers(content: bytes, count: int) -> list[list[float]]:
    """The rows of a text table of numbers; its first row is a header unless all of it are numbers.

    Args:
        content: The file.
        count: How many columns it must have.

    Raises:
        ValueError: It is no such table, or has no rows.
    """
    text = decoded(content)
    firsts = {separator: next(records(text, separator), []) for separator in ",;\t|"}
    bare = [s for s, cells in firsts.items() if cells and all(is_number(cell, s) for cell in cells)]
    if bare:
        separator = max(bare, key=lambda s: (len(firsts[s]) == count, len(firsts[s])))
        text = separator.join(f"column {k}" for k in range(1, len(firsts[separator]) + 1)) + "\n" + text
    rows = read_table(text.encode())
    if not rows:
        raise ValueError("the table has no rows")
    if len(rows[0]) != count:
        raise ValueError(f"columns: {count} expected, {len(rows[0])} found")
    return [[float(cell) for cell in row.values()] for row in rows]


def is_number(cell: str, separator: str) -> bool:
    """Whether a cell is a number, maybe with a decimal comma where a comma separates no cells."""
    try:
        float(cell if separator == "," else cell.replace(",", ".", 1))
    except ValueError:
        return False
    return True


def decoded(content: bytes) -> str:
    """The text of a file: in the encoding that its first bytes announce, else UTF-8, else Windows-1252."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def records(text: str, separator: str) -> Iterator[list[str]]:
    """The fields of every line that is not blank; those of the first line are stripped."""
    # A header of many columns is one field to a wrong separator.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    lines = (fields for fields in reader if fields)
    try:
        yield [name.strip() for name in next(lines, [])]
        yield from lines
    except csv.Error as error:
        raise ValueError(f"this is not a text table: {error}") from None


def has_decimal_comma(cells: list[str]) -> bool:
    """Whether numbers are written as 3,14: some are, none has a point, and it does not group thousands."""
    commas = [cell for cell in cells if re.fullmatch(r"[+-]?\d+,\d+", cell)]
    points = any(re.fullmatch(r"[+-]?\d*\.\d+", cell) for cell in cells)
    return bool(commas) and not points and not all(re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+", c) for c in commas)


def write_table(file: IO[str], header: list[str], rows: Iterable[Iterable[object]]) -> None:
    """Write rows as comma-separated values."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)


def main() -> int:
    """The command: reads a table of observations, prints actions."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print("usage: python model.py observations.csv > actions.csv", file=sys.stderr)
        return 2
    try:
        rows = read_numbers(Path(sys.argv[1]).read_bytes(), COLUMNS)
        net, state, actions = load(), None, []
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 65
    for row in torch.tensor(rows).double().split(1):
        answer = act(row, net, state)
        action, state = answer if RECURRENT else (answer, None)
        actions.append(action.reshape(-1).tolist())
    names = [f"action_{k}" for k in range(len(actions[0]))] if len(actions[0]) > 1 else ["action"]
    write_table(sys.stdout, names, actions)
    return 0


if __name__ == "__main__":
    sys.exit(main())
