"""The results: one JSON file a benchmark, and the page that is generated from all of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.benchmark import Benchmark
from benchmarks.markdown import duration

HEAD = """# Results

Written by `make bench` (`make bench ONLY=name` for one) from the files in `results/`; not edited by hand. Rivals are
measured in the same run as what they are compared with, taking turns, but for those whose scores are kept in
`results/rivals/`. Intervals are 95 % confidence intervals.
"""


def save(folder: Path, name: str, record: dict[str, Any]) -> None:
    """Write one benchmark's record."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, indent=1, allow_nan=False) + "\n"
    temporary = folder / f".{name}.tmp"
    temporary.write_text(text)
    temporary.replace(folder / f"{name}.json")


def load(folder: Path, name: str) -> dict[str, Any] | None:
    """A benchmark's last record, if there is one."""
    file = folder / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else None


def page(benchmarks: Iterable[Benchmark], folder: Path) -> str:
    """The page of all results."""
    machines: list[str] = []
    sections = []
    for benchmark in benchmarks:
        record = load(folder, benchmark.name)
        sections.append(_section(benchmark, record, machines))
    lines = [f"* Machine {number}: {text}" for number, text in enumerate(machines, 1)]
    return "\n".join([HEAD, *lines, "", *sections])


def _section(benchmark: Benchmark, record: dict[str, Any] | None, machines: list[str]) -> str:
    head = f"## {benchmark.name}\n\n{benchmark.purpose}\n"
    if record is None:
        return f"{head}\nNot measured yet.\n"
    line = machine.line(record["machine"])
    if line not in machines:
        machines.append(line)
    settings = ", ".join(
        f"{key} {value:,}" if type(value) is int else f"{key} {value}"
        for key, value in record["settings"].items()
    )
    facts = (
        f"{record['date']}, speciate {record['machine']['versions']['speciate']}, commit {record['commit']}, "
        f"machine {machines.index(line) + 1} with a load of {record['load']:g} at the start, "
        f"{duration(record['seconds'])}; {settings}."
    )
    return f"{head}\n{benchmark.show(record['result'])}\n\n*{facts}*\n"
