"""The tables on the screens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from speciate.terminal.blocks import Block, clean
from speciate.terminal.pieces import duration, number

TOP = 5

NARROW = 60
"""Columns below which tables leave something out."""

SCORES = ("", ">validation", ">test", ">95 % interval", ">parameters")
"""The columns of the table of scores."""

SHOWN = ((0, 1, 2, 3, 4), (0, 1, 2, 3), (0, 2, 3), (0, 2))
"""Which of them are shown: the first that fits, so that no name and no number is cut."""


def table(*columns: str, title: str = "") -> Table:
    """A table with a light frame; columns whose name begins with ">" are numbers."""
    made = Table(
        box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold", pad_edge=False
    )
    for name in columns:
        right = name.startswith(">")
        made.add_column(
            name.removeprefix(">"),
            justify="right" if right else "left",
            no_wrap=right,
            overflow="ellipsis" if right else "fold",
        )
    return made


def comparison(s: dict[str, Any], width: int) -> Table:
    """The champion beside the baselines; where there is little room, without what decided less."""
    champion = s["champion"]
    rows = [_scores(row["name"], row) for row in s["baselines"]]
    rows += [_scores("champion", champion)] if champion else []
    tested = champion and champion["test_score"] is not None  # nothing is tested before there is a champion
    shown = next((i for i in SHOWN if _room(rows, i) <= width), SHOWN[-1]) if tested else (0, 1)
    made = table(*(SCORES[i] for i in shown))
    made.columns[0].no_wrap, made.columns[0].overflow = True, "ellipsis"
    for row in rows:
        own = bool(champion) and row is rows[-1]
        made.add_row(*(row[i] for i in shown), style="bold green" if own else None)
    return made


def _room(rows: Sequence[Sequence[str]], shown: Sequence[int]) -> int:
    """How wide a table of some columns is: two columns of the terminal between any two, one at either end."""
    wide = (
        max(cell_len(text) for text in (SCORES[i].removeprefix(">"), *(row[i] for row in rows)))
        for i in shown
    )
    return sum(wide) + 3 * (len(shown) - 1) + 2


def numbers(s: dict[str, Any], width: int) -> Table:
    """What was measured of a champion that was not trained: its fitness, and what it does in fresh cases."""
    made = table("champion", ">")
    champion = s["champion"]
    if champion:
        made.add_row(
            "validation score" if "target" in s["data"] else "fitness in the search",
            number(champion["valid_score"]),
        )
        for name, value in champion["numbers"].items():
            made.add_row(
                Text(clean(name)),
                number(value) if value != int(value) else f"{value:,.0f}",
                style="bold green",
            )
    for row in s["baselines"]:
        made.add_row(clean(row["name"]), number(row["valid_score"]))
    return made


def stages(s: dict[str, Any], width: int) -> Table:
    """A few generations, evenly spaced, the first and the last among them."""
    rows = s["history"]
    last = len(rows) - 1
    shown = rows if len(rows) <= TOP else [rows[round(i * last / (TOP - 1))] for i in range(TOP)]
    keys = [key for key in ("best", "median", "species", "hidden", "connections") if key in shown[0]]
    made = table(">generation", *(f">{key}" for key in keys))
    for row in shown:
        cells = [f"{row[key]:,}" if isinstance(row[key], int) else number(row[key]) for key in keys]
        made.add_row(str(row["generation"]), *cells)
    return made


def _scores(name: str, row: dict[str, Any]) -> tuple[str, ...]:
    low, high = row["test_low"], row["test_high"]
    between = "-" if low is None or high is None else f"{number(low)} to {number(high)}"
    size = "-" if row["parameters"] is None else f"{row['parameters']:,}"
    return clean(name), number(row["valid_score"]), number(row["test_score"]), between, size


def top(s: dict[str, Any], width: int) -> Table | Block:
    """The best networks of the search."""
    rows = [row for row in s["scores"] if row["score"] is not None and row["repeat_of"] is None]
    rows = sorted(rows, key=lambda row: (-row["score"], row["id"]))[:TOP]
    if width < NARROW:
        return Block([(number(row["score"]), f"{row['id']}: {row['description']}") for row in rows], 9)
    made = table(">network", ">score", ">parameters", "", title=f"best {TOP} of the search")
    for row in rows:
        size, text = f"{row['parameters']:,}", Text(clean(row["description"]))
        made.add_row(str(row["id"]), number(row["score"]), size, text)
    return made


def credit(s: dict[str, Any], width: int) -> Table:
    """How often each operator made a child that is better than its parent."""
    scores = {row["id"]: row["score"] for row in s["scores"]}
    made, better = Counter[str](), Counter[str]()
    for row in s["scores"]:
        if row["parents"] and row["score"] is not None and row["repeat_of"] is None:
            parent = scores.get(row["parents"][0])
            made[row["operator"]] += 1
            better[row["operator"]] += parent is None or row["score"] > parent
    shown = table("operator", ">children better than parent" if width >= NARROW else ">better")
    for name in sorted(made, key=lambda name: (-better[name] / made[name], name)):
        share = f"{better[name] / made[name]:.0%}"
        shown.add_row(Text(clean(name.replace("_", " "))), f"{better[name]} of {made[name]} ({share})")
    return shown


def runs_table(rows: Sequence[dict[str, Any]], width: int) -> Table:
    """One row a run; where there is little room, without what matters less."""
    keys = [key for key, (_, least) in COLUMNS.items() if width >= least]
    made = table(*(COLUMNS[key][0] for key in keys))
    for row in rows:
        made.add_row(*(_cell(row, key) for key in keys))
    return made


COLUMNS = {
    "name": ("run", 0),
    "status": ("status", 0),
    "data": ("data", 70),
    "algorithm": ("algorithm", 100),
    "evaluations": (">networks", 80),
    "valid_score": (">validation", 60),
    "test_score": (">test", 0),
    "seconds": (">time", 100),
}
"""The columns of the list of runs: heading, and how wide the terminal must be for it."""


def _cell(row: dict[str, Any], key: str) -> Text:
    value = row.get(key)
    if key == "status":
        style = {"finished": "green", "running": "cyan", "damaged": "red"}.get(str(value), "yellow")
        return Text(clean(str(value)), style=style)
    if key in ("valid_score", "test_score"):
        return Text(number(value))
    if key == "seconds":
        return Text(duration(value))
    return Text("-" if value is None else f"{value:,}" if isinstance(value, int) else clean(value))
