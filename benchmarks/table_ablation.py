"""What each part of the command's way with tables brings: the command without it, on the real tables.

With `--develop`, scores are of a holdout of the training rows and the test rows are not looked at: by those numbers parts may
be chosen, by the others not.
"""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks import contenders, real_tables
from benchmarks.benchmark import Benchmark, Result, Say, Settings, SkippedError
from benchmarks.markdown import table
from benchmarks.rivals import interval, ratio, spread

WHOLE = "as it is"

VARIANTS: dict[str, tuple[str, ...]] = {
    WHOLE: (),
    "without bins": ("--bins", "none"),
    "without recipes": ("--start", "random"),
    "without halving": ("--final", "doubling"),
    "without refit": ("--no-refit",),
    "one network": ("--ensemble", "1"),
}
"""More arguments of the command, by what they leave out. Those that the command does not have are skipped."""

UNTEMPERED = "without temperature"
"""The whole, its temperature undone: that takes no run."""

KEYS = ("error", "log_loss", "cpu", "members")


def measure(settings: Settings, say: Say) -> Result:
    """Every variant on every table, by the same seeds."""
    try:
        tables = real_tables.chosen(settings["tables"])
    except ValueError as error:
        raise SkippedError(str(error)) from None
    wanted = list(VARIANTS) if settings["variants"] == "all" else [WHOLE, *settings["variants"].split(",")]
    if unknown := [name for name in wanted if name not in VARIANTS]:
        raise SkippedError(f"there is no variant {', '.join(unknown)}; there are {', '.join(VARIANTS)}")
    skipped = [name for name in wanted if not contenders.supported(VARIANTS[name])]
    for name in skipped:
        say(f"{name}: skipped, the command has no {' '.join(VARIANTS[name])}")
    found: dict[str, Any] = {n: {"regression": t.regression, "entries": {}} for n, t in tables.items()}
    for seed in range(settings["seeds"]):
        for name in tables:
            for variant in (v for v in wanted if v not in skipped):
                entry = contenders.ours(name, seed, VARIANTS[variant], settings["develop"])
                _add(found[name]["entries"], variant, seed, entry)
                if variant == WHOLE:
                    _add(found[name]["entries"], UNTEMPERED, seed, {**entry, **entry["untempered"]})
                say(
                    f"{name}, seed {seed}, {variant}: error {entry['error']:.4g}, {entry['cpu']:.0f} CPU s, {entry['description']}"
                )
    shown = {name: " ".join(VARIANTS[name]) for name in wanted if name not in skipped} | {UNTEMPERED: ""}
    return {
        "seeds": settings["seeds"],
        "develop": settings["develop"],
        "skipped": skipped,
        "tables": found,
        "arguments": shown,
    }


def _add(entries: dict[str, Any], variant: str, seed: int, entry: dict[str, Any]) -> None:
    kept = entries.setdefault(variant, {"seed": []})
    kept["seed"].append(seed)
    for key in KEYS:
        if key in entry:
            kept.setdefault(key, []).append(entry[key])


def show(result: Result) -> str:
    """A row for each variant: its numbers by those of the whole; then its error on every table."""
    tables, seeds = result["tables"], result["seeds"]
    names = list(result["arguments"])
    rows = []
    for name in names:
        errors, losses = (ratio(tables, m, name, WHOLE, seeds) for m in ("error", "log_loss"))
        cpu = median(x for t in tables.values() for x in t["entries"][name]["cpu"])
        compared = ("", "") if name == WHOLE else (interval(errors, 3), interval(losses, 3))
        rows.append(
            (
                name,
                f"`{arguments}`" if (arguments := result["arguments"][name]) else "",
                *compared,
                f"{cpu:.0f}",
            )
        )
    head = ("", "arguments", "error by that of the whole", "log loss by that of the whole", "CPU s, median")
    where = "a holdout of the training rows" if result["develop"] else "the test rows"
    text = (
        f"On {where}; geometric means over {len(tables)} tables, mean over {seeds} seeds with its interval: above 1, the part "
        "that is left out helps. Error is the share of wrong answers, or the root of the mean squared error."
    )
    if result["skipped"]:
        text += f" Not measured, for lack of a flag: {', '.join(result['skipped'])}."
    cells = [[n, *(spread(t["entries"][name]["error"]) for name in names)] for n, t in tables.items()]
    losses_of = [
        [n, *(spread(t["entries"][name]["log_loss"]) for name in names)]
        for n, t in tables.items()
        if "log_loss" in t["entries"][WHOLE]
    ]
    parts = [table(head, rows), text, "Error:", table(("", *names), cells)]
    if losses_of:
        parts += ["Log loss:", table(("", *names), losses_of)]
    return "\n\n".join(parts)


def estimate(settings: Settings) -> float:
    """A minute a run."""
    variants = (
        len(VARIANTS) if settings["variants"] == "all" else 1 + len(str(settings["variants"]).split(","))
    )
    return 60.0 * settings["seeds"] * real_tables.count(settings["tables"]) * variants


BENCHMARK = Benchmark(
    "table_ablation",
    "What do encodings, recipes, the halving final, all rows, ensembles and temperature each bring on tables?",
    {"seeds": 3, "tables": "all", "variants": "all", "develop": False},
    estimate,
    measure,
    show,
    data=real_tables.FILES,
)
