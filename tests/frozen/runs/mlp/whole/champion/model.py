"""Predicts target from a row of iris.

    python model.py rows.csv > predictions.csv      # columns are found by name

    from model import load, predict
    net = load()                                    # a plain torch.nn.Module with the trained weights
    predict(rows, net)                              # a list of dictionaries, such as csv.DictReader gives

Needs torch and nothing else; the weights are in model.safetensors beside this file. Written by speciate 0.1.0.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
import re
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, IO

import torch
from torch import nn, Tensor

CLASSES = ['setosa', 'versicolor', 'virginica']
COLUMNS: list[dict[str, Any]] = [
    {'name': 'sepal length (cm)',
     'type': 'numeric',
     'fill': 5.7,
     'indicator': False,
     'mean': 5.821874999999999,
     'scale': 0.8032749535754656},
    {'name': 'sepal width (cm)',
     'type': 'numeric',
     'fill': 3.0,
     'indicator': False,
     'mean': 3.058333333333335,
     'scale': 0.44620311767425186},
    {'name': 'petal length (cm)',
     'type': 'numeric',
     'fill': 4.4,
     'indicator': False,
     'mean': 3.7531250000000007,
     'scale': 1.743915202747828},
    {'name': 'petal width (cm)',
     'type': 'numeric',
     'fill': 1.3,
     'indicator': False,
     'mean': 1.2062499999999998,
     'scale': 0.7640097757882423},
]


def network() -> nn.Sequential:
    """The layers, with fresh weights: (rows, 4) to (rows, 3)."""
    return nn.Sequential(
        nn.Linear(4, 4),
        nn.Dropout(0.06373),
        nn.Linear(4, 3),
    )


def load(weights: str | Path = Path(__file__).with_name("model.safetensors")) -> nn.Sequential:
    """The network with its trained weights, ready to predict."""
    with torch.device("meta"):  # the shapes alone
        net = network()
    net.load_state_dict(read_weights(Path(weights), net.state_dict()), assign=True)
    return net.eval()


@torch.inference_mode()
def outputs(rows: Any, net: nn.Module | None = None) -> Tensor:
    """What the network answers to raw rows: (rows, 3)."""
    net = load() if net is None else net
    return torch.cat([net(part) for part in inputs(rows).split(1024)]).double()


def inputs(rows: Sequence[Mapping[str, Any]]) -> Tensor:
    """Raw rows, such as those of csv.DictReader, to the network's inputs."""
    return table_inputs(rows, COLUMNS)


def read_rows(content: bytes) -> list[dict[str, str]]:
    """The rows of a text table, whose columns are found by name."""
    names = [column["name"] for column in COLUMNS]
    return read_table(content, names, [column["name"] for column in COLUMNS if column["type"] == "numeric"])


def predict_proba(rows: Any, net: nn.Module | None = None) -> list[dict[str, float]]:
    """For each row the probability of each class."""
    return [dict(zip(CLASSES, each, strict=True)) for each in outputs(rows, net).softmax(dim=1).tolist()]


def predict(rows: Any, net: nn.Module | None = None) -> list[str]:
    """For each row the most probable class."""
    return [max(each, key=lambda label: each[label]) for each in predict_proba(rows, net)]


def answers(content: bytes) -> tuple[list[str], list[list[object]]]:
    """The header and the rows of the answer to a text table."""
    found = predict_proba(read_rows(content))
    header = ["prediction", *(f"probability_{label}" for label in CLASSES)]
    return header, [[max(each, key=lambda label: each[label]), *each.values()] for each in found]


MISSING = {
    "", "?", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None", "NaT",
}  # fmt: skip


def text_of(value: Any) -> str | None:
    """The text of a cell, or None if it is missing."""
    value = value.item() if hasattr(value, "item") else value  # numbers of NumPy and torch
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    text = str(value).strip()
    return None if text in MISSING else text


def number_of(value: Any) -> float | None:
    """The number in a cell, or None if there is none that can be used."""
    text = text_of(value)
    if text is None or "_" in text:
        return None
    if text.lower() in ("true", "false"):
        return float(text.lower() == "true")
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) <= 1e100 else None


def date_of(value: Any) -> dt.datetime | None:
    """The date in a cell (2024-05-31, 2024-05-31T10:30), without its zone, or None if there is none."""
    if isinstance(value, dt.datetime):
        return None if value != value else value.replace(tzinfo=None)  # pandas' NaT is not itself
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time())
    text = text_of(value)
    if text is None or not re.fullmatch(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?", text):
        return None
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def date_part(value: Any, part: str) -> float | None:
    """One number from a date: days since 1970, month 1-12, weekday 0-6 from Monday, or hour 0-24 with fractions."""
    date = date_of(value)
    if date is None:
        return None
    if part == "days":
        return (date - dt.datetime(1970, 1, 1)) / dt.timedelta(days=1)
    if part == "month":
        return date.month
    return date.weekday() if part == "weekday" else date.hour + date.minute / 60 + date.second / 3600


def table_inputs(rows: Sequence[Mapping[str, Any]], columns: list[dict[str, Any]]) -> Tensor:
    """Rows to (rows, inputs) float32. Columns are found by name; others in the rows are ignored.

    Raises:
        ValueError: A row lacks a column.
    """
    for number, row in enumerate(rows, 1):
        if lacking := [column["name"] for column in columns if column["name"] not in row]:
            raise ValueError(f"row {number} has no column {lacking[0]!r}")
    inputs: list[list[float]] = []
    for column in columns:
        cells = [row[column["name"]] for row in rows]
        inputs += (
            category_inputs(cells, column) if column["type"] == "category" else number_inputs(cells, column)
        )
    return torch.tensor(inputs, dtype=torch.float64).T.clamp(-1e6, 1e6).float().contiguous()


def number_inputs(cells: list[Any], column: dict[str, Any]) -> list[list[float]]:
    """The standardized numbers, with the fill value where one is missing; then 1 where it was, if the column says so."""
    numbers = [date_part(cell, column["part"]) if "part" in column else number_of(cell) for cell in cells]
    filled = [column["fill"] if number is None else number for number in numbers]
    inputs = [[(number - column["mean"]) / column["scale"] for number in filled]]
    if column["indicator"]:
        inputs.append([float(number is None) for number in numbers])
    return inputs


def category_inputs(cells: list[Any], column: dict[str, Any]) -> list[list[float]]:
    """One input a level: 1 where the text is equal. Then one for missing and one for other texts, if the column says so."""
    width = len(column["levels"]) + column["missing_level"] + column["other"]
    other = width - 1 if column["other"] else None
    places = {level: i for i, level in enumerate(column["levels"])}
    inputs = [[0.0] * len(cells) for _ in range(width)]
    for row, cell in enumerate(cells):
        text = text_of(cell)
        missing = len(column["levels"]) if column["missing_level"] else other
        place = missing if text is None else places.get(text, other)
        if place is not None:
            inputs[place][row] = 1.0
    return inputs


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
    """The command: reads a table, prints predictions."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print("usage: python model.py rows.csv > predictions.csv", file=sys.stderr)
        return 2
    try:
        header, rows = answers(Path(sys.argv[1]).read_bytes())
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 65
    sys.stdout.reconfigure(encoding="utf-8")
    write_table(sys.stdout, header, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
