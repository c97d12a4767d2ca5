"""The screens of the command: what a run came to, and the list of runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from speciate.terminal.blocks import Block, clean, warnings
from speciate.terminal.consoles import console
from speciate.terminal.pieces import counted, duration, number, reference, signed, sparkline, start
from speciate.terminal.tables import comparison, credit, numbers, runs_table, stages, top

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
    out.print(Block([*_lead(summary), *_cost(summary), *written, *_next(summary)], INDENT))


def print_labeled(lines: Sequence[tuple[str, str]], *, stderr: bool = False) -> None:
    """Lines with labels."""
    console(stderr=stderr).print(Block(lines, INDENT))


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
    yield Block([*_lead(s), *_progress(s, width)], INDENT)
    if s["history"]:
        yield stages(s, width)
    elif s["evaluations"]:
        yield top(s, width)
        yield credit(s, width)
    yield Block([*_cost(s), *_next(s)], INDENT)


def _heading(s: dict[str, Any]) -> Iterator[tuple[str, str | Text]]:
    style = {"finished": "green", "running": "cyan"}.get(s["status"], "yellow")
    yield "run", Text.assemble((clean(s["name"]), "bold"), "  ", (s["status"], style))
    data = s["data"]
    if data:
        yield ("task" if s["history"] else "data"), f"{data['name']}, {data.get('fitness', s['metric'])}"
    if s["ancestor"]:
        a = s["ancestor"]
        yield "from", start(a["name"], a["description"], a["examples"], bool(a["frozen"]))
        yield from warnings(a["notes"])
    waiting = ", asynchronous" if s.get("asynchronous") else ""
    yield "algorithm", f"{s['algorithm']}{waiting}, seed {s['seed']}"
    champion = s["champion"]
    if champion and s["history"]:
        yield "champion", Text(clean(champion["description"]), style="bold")
    elif champion:
        size = counted(champion["parameters"], "parameter")
        yield "champion", f"network {champion['id']}, {size}, {champion['examples']:,} examples of training"
        yield "", Text(clean(champion["description"]), style="bold")


def _lead(s: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """How sure the difference to the best baseline is; nothing where that was not measured."""
    rivals = [row for row in s["baselines"] if row["test_score"] is not None]
    rival = max(rivals, key=lambda row: row["test_score"], default=None)
    if rival is None or not s["champion"] or rival.get("lead") is None:
        return
    lead, low, high = rival["lead"], rival["lead_low"], rival["lead_high"]
    words = f"{number(abs(lead))} {'better' if lead > 0 else 'worse'} than" if lead else "exactly as good as"
    sure = "more than chance" if low > 0 or high < 0 else "which may be chance"
    yield (
        "difference",
        f"the champion is {words} {clean(rival['name'])}, {sure}: 95 % interval {signed(low)} to {signed(high)}",
    )


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
        yield (
            "species",
            Text.assemble((sparkline(species, room), "magenta"), f"  {species[0]:g} → {species[-1]:g}"),
        )


def generations(scores: Sequence[dict[str, Any]]) -> tuple[list[float | None], list[float | None]]:
    """Best so far and mean score of each generation."""
    last = max((row["generation"] for row in scores), default=-1)
    groups: list[list[float]] = [[] for _ in range(last + 1)]
    for row in scores:
        if row["score"] is not None:
            groups[row["generation"]].append(row["score"])
    best: list[float | None] = []
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
    kept = max(
        trained, key=lambda row: row["score"], default=None
    )  # the first of the best, as at its crowning
    if kept is not None and kept["lineage_examples"] > kept["examples_seen"]:
        yield (
            "lineage",
            f"{kept['lineage_examples']:,} examples went into the champion's weights, its ancestors' included",
        )
    if set(s["engines"]) - {"function", "table"}:
        yield "engine", ", ".join(f"{name} ({count:,})" for name, count in s["engines"].items())
    if s["failures"]:
        yield "failed", ", ".join(f"{count} {kind}" for kind, count in s["failures"].items())


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
