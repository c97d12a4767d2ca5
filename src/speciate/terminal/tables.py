"""The tables on the screens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from speciate.terminal.blocks import clean
from speciate.terminal.pieces import duration, number

TOP = 5

NARROW = 60
"""Columns below which tables leave something out."""


def table(*columns: str, title: str = "") -> Table:
    """A table with a light frame; columns whose name begins with ">" are numbers."""
    made = Table(
        box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold", pad_edge=False
    )
    for name in columns:
        right = name.startswith(">")
        made.add_column(name.removeprefix(">"), justify="right" if right else "left", no_wrap=right)
    return made


def comparison(s: dict[str, Any], width: int) -> Table:
    """The champion beside the baselines; where there is little room, without what decided less."""
    champion = s["champion"]
    columns = ["", ">validation", ">test", ">95 % interval"]
    if not champion or champion["test_score"] is None:  # nothing is tested before there is a champion
        shown = [0, 1]
    else:
        shown = [0, 1, 2, 3] if width >= NARROW else [0, 2, 3]
    made = table(*(columns[i] for i in shown))
    for row in s["baselines"]:
        cells = _scores(row["name"], row)
        made.add_row(*(cells[i] for i in shown))
    if champion:
        cells = _scores("champion", champion)
        made.add_row(*(cells[i] for i in shown), style="bold green")
    return made


def _scores(name: str, row: dict[str, Any]) -> tuple[str, ...]:
    low, high = row["test_low"], row["test_high"]
    between = "-" if low is None or high is None else f"{number(low)} to {number(high)}"
    return clean(name), number(row["valid_score"]), number(row["test_score"]), between


def top(s: dict[str, Any], width: int) -> Table:
    """The best networks of the search."""
    wide = width >= NARROW
    made = table(
        ">network", ">score", *([">parameters"] if wide else []), "", title=f"best {TOP} of the search"
    )
    rows = [row for row in s["scores"] if row["score"] is not None and row["repeat_of"] is None]
    for row in sorted(rows, key=lambda row: (-row["score"], row["id"]))[:TOP]:
        made.add_row(
            str(row["id"]),
            number(row["score"]),
            *([f"{row['parameters']:,}"] if wide else []),
            Text(clean(row["description"])),
        )
    return made


def credit(s: dict[str, Any]) -> Table:
    """How often each operator made a child that is better than its parent."""
    scores = {row["id"]: row["score"] for row in s["scores"]}
    made, better = Counter[str](), Counter[str]()
    for row in s["scores"]:
        if row["parents"] and row["score"] is not None and row["repeat_of"] is None:
            parent = scores.get(row["parents"][0])
            made[row["operator"]] += 1
            better[row["operator"]] += parent is None or row["score"] > parent
    shown = table("operator", ">children", ">better than parent", title="operators")
    for name in sorted(made, key=lambda name: (-better[name] / made[name], name)):
        shown.add_row(Text(clean(name)), str(made[name]), f"{better[name]} ({better[name] / made[name]:.0%})")
    return shown


def runs_table(rows: Sequence[dict[str, Any]]) -> Table:
    """One row a run."""
    made = table("run", "status", "data", "algorithm", ">networks", ">validation", ">test", ">time")
    for row in rows:
        if row["status"] == "damaged":
            made.add_row(Text(clean(row["name"])), Text("damaged", style="red"), Text(clean(row["error"])))
            continue
        cells = [row["name"], row["status"], row["data"] or "-", row["algorithm"] or "-"]
        numbers = [
            f"{row['evaluations']:,}",
            number(row["valid_score"]),
            number(row["test_score"]),
            duration(row["seconds"]),
        ]
        made.add_row(*(Text(clean(str(cell))) for cell in cells), *numbers)
    return made
