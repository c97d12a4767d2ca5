"""The screens of the command: what a run came to, its tables, and the list of runs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from speciate.intervals import few
from speciate.records import Status
from speciate.store import Beliefs, stands_for
from speciate.terminal.output import (
    Block,
    console,
    harmless,
    number,
    reference,
    sparkline,
    start,
    toned,
    warnings,
)
from speciate.text import clean, counted, duration

INDENT = 12


def print_run(summary: dict[str, Any]) -> None:
    """Everything worth knowing about a run on one screen."""
    out = console()
    for block in _blocks(summary, out.width):
        out.print(block)


def print_result(summary: dict[str, Any], report: str) -> None:
    """The end of a run: champion, baselines, what to do next."""
    out = console()
    out.print()
    out.print(Block(_heading(summary), INDENT))
    out.print(numbers(summary, out.width) if summary["history"] else comparison(summary, out.width))
    written = [("report", report)] if report else []
    out.print(Block([*_numbers(summary), *_cost(summary), *written, *_next(summary)], INDENT))


def print_labeled(lines: Sequence[tuple[str, str]], *, stderr: bool = False) -> None:
    """Lines with labels."""
    console(stderr=stderr).print(Block(toned(lines), INDENT))


def print_facts(facts: dict[str, Any]) -> None:
    """Names and values, one a line; groups are joined, and lists have a line for each of their texts."""
    lines: list[tuple[str, str]] = []
    for name, value in facts.items():
        if isinstance(value, dict):
            texts = [", ".join(f"{k} {v}" for k, v in value.items())]
        else:
            texts = [str(text) for text in value] or ["none"] if isinstance(value, list) else [str(value)]
        labels = [name.replace("_", " "), *[""] * (len(texts) - 1)]
        lines += zip(labels, texts, strict=True)
    console().print(Block(lines, 16))


def print_lines(lines: Sequence[str]) -> None:
    """Lines as they are."""
    console().print(Block([("", line) for line in lines], 0))


def print_runs(rows: Sequence[dict[str, Any]], runs: Path) -> None:
    """The list of runs."""
    out = console()
    if rows:
        out.print(runs_table(rows, out.width))
    else:
        out.print(Block([("", f"there are no runs in {runs.resolve()}"), ("try", "speciate demo")]))


def _blocks(s: dict[str, Any], width: int) -> Iterator[Any]:
    yield Block(_heading(s), INDENT)
    yield numbers(s, width) if s["history"] else comparison(s, width)
    yield Block([*_numbers(s), *_progress(s, width)], INDENT)
    if s["history"]:
        yield stages(s, width)
    elif s["evaluations"]:
        yield top(s, width)
        if s.get("rungs"):
            yield final(s, width)
        yield credit(s, width)
    yield Block([*_cost(s), *_next(s)], INDENT)


def _heading(s: dict[str, Any]) -> Iterator[tuple[str, str | Text]]:
    style = {"finished": "green", "running": "cyan"}.get(s["status"], "yellow")
    yield "run", Text.assemble((clean(s["name"]), "bold"), "  ", (s["status"], style))
    if s.get("verdict"):
        rows = "" if s["champion"].get("test_score") is not None else "on the validation rows, "
        yield "result", f"{rows}the champion is {clean(s['verdict'], 2000)}"
    yield from (("note", clean(e["message"], 400)) for e in s.get("events", ()) if e["kind"] == "baseline")
    data = s["data"]
    if data:
        yield ("task" if s["history"] else "data"), f"{data['name']}, {data.get('fitness', s['metric'])}"
    if s["ancestor"]:
        a = s["ancestor"]
        yield "from", start(a["name"], a["description"], a["examples"], bool(a["frozen"]))
        yield from warnings(a["notes"])
    waiting = ", asynchronous" if s.get("asynchronous") else ""
    yield "algorithm", f"{s['algorithm']}{waiting}, seed {s['seed']}"
    if (found := s.get("beliefs")) and (beliefs := Beliefs(**found)).tells:
        yield "matters", ", ".join(f"{clean(name)} {share:.0%}" for name, share in beliefs.matters[:4])
    champion = s["champion"]
    if champion and s["history"]:
        yield "champion", harmless(champion["description"], "bold")
    elif champion:
        size = counted(champion["parameters"], "parameter")
        count, temperature = len(champion.get("members") or ()), champion.get("temperature", 1.0)
        again = ", trained again on all rows" if champion.get("refit") else ""
        warm = "" if temperature == 1 else f", temperature {temperature:.3g}"
        if count:
            yield "champion", f"{count} networks whose answers are averaged{warm}, {size}{again}"
        alone = "" if count else f"{warm}, {size}"
        networks = champion.get("networks") if count else None
        for one in networks or [{"candidate": champion["id"], **champion}]:
            times = f"{one['times']} x " if networks else ""
            trained = f"{one['examples']:,} examples of training{'' if count else again}"
            yield "" if count else "champion", f"{times}network {one['candidate']}{alone}, {trained}"
            yield "", harmless(one["description"], "bold")


def _numbers(s: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What else was measured of a champion that was trained, and what that stands for."""
    if s["champion"] and not s["history"] and (found := s["champion"].get("numbers")):
        yield "measured", ", ".join(f"{clean(name)} {number(value)}" for name, value in found.items())
    if s["champion"] and not s["history"] and (said := few(s["champion"].get("test_rows") or 0)):
        yield "note", said
    if s["champion"] and s["champion"].get("refit"):
        tested = s["champion"].get("test_score") is not None
        yield "note", stands_for(len(s["champion"].get("members") or (1,)), tested)


def _progress(s: dict[str, Any], width: int) -> Iterator[tuple[str, str | Text]]:
    if s["history"]:
        best, mean = [row["best"] for row in s["history"]], [row["mean"] for row in s["history"]]
    else:
        best, mean = generations(s["scores"])
    room = max(8, min(60, width - INDENT - 22))
    if any(value is not None for value in best):
        yield "best", Text.assemble((sparkline(best, room), "green"), f"  {_span(best)}")
        yield "mean", Text.assemble((sparkline(mean, room), "cyan"), f"  {_span(mean)}")
    if s["history"] and "species" in s["history"][0]:
        species = [float(row["species"]) for row in s["history"]]
        ends = f"  {species[0]:g} → {species[-1]:g}"
        yield "species", Text.assemble((sparkline(species, room), "magenta"), ends)


def generations(scores: Sequence[dict[str, Any]]) -> tuple[list[float | None], list[float | None]]:
    """Best so far and mean score of each generation that has candidates."""
    found: dict[int, list[float]] = {row["generation"]: [] for row in scores}
    for row in scores:
        if row["score"] is not None:
            found[row["generation"]].append(row["score"])
    best: list[float | None] = []
    groups = [found[number] for number in sorted(found)]
    for group in groups:
        known = [*group, *(b for b in best[-1:] if b is not None)]
        best.append(max(known, default=None))
    return best, [sum(group) / len(group) if group else None for group in groups]


def _span(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{number(known[0])} → {number(known[-1])}"


def _cost(s: dict[str, Any]) -> Iterator[tuple[str, str | Text]]:
    if s["solved"] is not None:
        yield "solved", f"in generation {s['solved']}"
    spent = f"{counted(s['evaluations'], 'network')} in {counted(s['generations'], 'generation')}"
    what = "steps" if s["history"] else "examples"
    yield "cost", f"{spent}, {s['examples_seen']:,} {what}, {duration(s['seconds'])}"
    trained = [row for row in s["champion_trainings"] if row["score"] is not None]
    kept = max(trained, key=lambda row: row["score"], default=None)  # the first of the best is the champion
    if kept is not None and kept["lineage_examples"] > kept["examples_seen"]:
        into = "examples went into the champion's weights, its ancestors' included"
        yield "lineage", f"{kept['lineage_examples']:,} {into}"
    if s["engines"] and not s["history"]:
        yield "engine", ", ".join(f"{name} ({count:,})" for name, count in s["engines"].items())
    failures = dict(s["failures"])
    cut = failures.pop(Status.UNFINISHED, 0)
    if failures:
        yield "failed", ", ".join(f"{count} {kind}" for kind, count in failures.items())
    if cut:
        yield "unfinished", f"{counted(cut, 'training')} when the time was up"


def _next(s: dict[str, Any]) -> Iterator[tuple[str, str | Text]]:
    run = reference(Path(s["folder"]))
    if s["status"] == "running":
        return
    if s["status"] != "finished":
        yield "next", f"speciate resume {run}"
        return
    yield "folder", s["folder"]
    yield "next", f"speciate report {run} --open"
    if s["history"] and "table" not in s["data"]:
        yield "", f"speciate export {run} --format torch"
    else:
        yield "", f"speciate predict {run} DATA --out predictions.csv"
    if s["solved"] is None:  # a run that has solved its task has nothing to go on for
        yield "", f"speciate resume {run} --generations {2 * s['generations']}"


TOP = 5

NARROW = 60
"""Columns below which tables leave something out."""

SCORES = ("", ">validation", ">test", ">95 % interval", ">parameters")
"""The columns of the table of scores."""

SHOWN = ((0, 1, 2, 3, 4), (0, 1, 2, 3), (0, 2, 3), (0, 2))
"""Which of them are shown: the first that fits, so that no name and no number is cut."""


def table(*columns: str, title: str = "") -> Table:
    """A table with a light frame; columns whose name begins with ">" are numbers."""
    style: dict[str, Any] = {"title_justify": "left", "title_style": "bold", "pad_edge": False}
    made = Table(box=box.SIMPLE_HEAD, title=title or None, **style)
    for name in columns:
        if name.startswith(">"):
            made.add_column(name[1:], justify="right", no_wrap=True, overflow="ellipsis")
        else:
            made.add_column(name, overflow="fold")
    return made


def comparison(s: dict[str, Any], width: int) -> Table:
    """The champion beside the baselines; narrow terminals get fewer columns."""
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
        chosen_by = "validation score" if "target" in s["data"] else "fitness in the search"
        made.add_row(chosen_by, number(champion["valid_score"]))
        for name, value in champion["numbers"].items():
            shown = number(value) if value != int(value) else f"{value:,.0f}"
            made.add_row(harmless(name), shown, style="bold green")
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
        size, text = f"{row['parameters']:,}", harmless(row["description"])
        made.add_row(str(row["id"]), number(row["score"]), size, text)
    return made


def final(s: dict[str, Any], width: int) -> Table:
    """The rungs of the final, each with its best network."""
    loss, wide = s["rungs"][0]["loss"], width >= NARROW
    heads = ["the final", ">networks", ">best score", *([f">{loss}"] if loss else []), ">kept"]
    made = table(*heads, *([""] if wide else []))
    for rung in s["rungs"]:
        several = rung["networks"]
        best = max(several, key=lambda one: -math.inf if one["score"] is None else one["score"])
        cells = [rung["title"], str(len(several))]
        cells += [
            number(best["score"]),
            *([number(None if best["loss"] is None else -best["loss"])] if loss else []),
        ]
        cells.append(str(sum(one["kept"] for one in several) or "-"))
        made.add_row(*cells, *([f"network {best['source']}: {clean(best['description'])}"] if wide else []))
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
        shown.add_row(harmless(name.replace("_", " ")), f"{better[name]} of {made[name]} ({share})")
    return shown


def runs_table(rows: Sequence[dict[str, Any]], width: int) -> Table:
    """One row a run; narrow terminals get fewer columns."""
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
    "members": (">kept", 110),
    "valid_score": (">validation", 60),
    "test_score": (">test", 0),
    "seconds": (">time", 100),
}
"""The columns of the list of runs: heading, and how wide the terminal must be for it."""


def _cell(row: dict[str, Any], key: str) -> Text:
    value = row.get(key)
    if key == "status":
        style = {"finished": "green", "running": "cyan", "damaged": "red"}.get(str(value), "yellow")
        return harmless(str(value), style)
    if key in ("valid_score", "test_score"):
        return Text(number(value))
    if key == "seconds":
        return Text(duration(value))
    return Text("-" if value is None else f"{value:,}" if isinstance(value, int) else clean(value))
