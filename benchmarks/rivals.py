"""Our command with its defaults beside what practitioners pick for a table, on nine real ones.

Rivals' scores are kept in `results/rivals/`, for they do not change with our code; ours for as long as the code is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

import numpy as np
from scipy import stats

from benchmarks import contenders, places, real_tables
from benchmarks.benchmark import Benchmark, Result, Say, Settings, SkippedError
from benchmarks.intervals import mean_interval
from benchmarks.markdown import table
from benchmarks.rival_models import RIVALS

OURS = "ours"
ONE_NETWORK = "ours, one network"

VARIANTS = {OURS: (), ONE_NETWORK: ("--ensemble", "1")}
"""What of ours is measured: more arguments of the command, by name."""

RATIOS = ("CatBoost", "RealMLP-TD")
"""Whom the bar is about: our error over theirs."""

BAR = 0.98
RANK_BAR, LOG_LOSS_RANK_BAR = 2.5, 2.0
CALIBRATION_BAR = 0.02
CPU_BAR = 60.0
"""Seconds of the processor that our command may take, or RealMLP-TD's if that is more."""

Entries = dict[str, list[Any]]
"""A contender's numbers on a table by what they are, one a seed; under `seed` the seeds."""


def measure(settings: Settings, say: Say) -> Result:
    """Every contender on every table; whoever is not to be measured has the scores that are kept."""
    try:
        tables = real_tables.chosen(settings["tables"])
    except ValueError as error:
        raise SkippedError(str(error)) from None
    wanted = _wanted(settings["only"])
    variants = {n: a for n, a in VARIANTS.items() if n in wanted and contenders.supported(a)}
    found: dict[str, Any] = {name: {"regression": t.regression, "entries": {}} for name, t in tables.items()}
    rivals, missing = contenders.RivalScores(places.RESULTS / "rivals"), set()
    for seed in range(settings["seeds"]):
        for name in tables:
            for rival in RIVALS:
                entry = rivals.find(rival, name, seed, settings["develop"], fit=rival in wanted)
                if entry is None and rival in wanted:
                    missing.add(rival)
                _add(found[name], rival, seed, entry, say)
            for variant, arguments in variants.items():
                entry = contenders.ours(name, seed, arguments, settings["develop"])
                _add(found[name], variant, seed, entry, say)
    for rival in sorted(missing):
        say(f"{rival} is missing: {RIVALS[rival].package} is not installed; pip install 'speciate[rivals]'")
    return {"seeds": settings["seeds"], "develop": settings["develop"], "tables": found}


def _wanted(text: str) -> set[str]:
    """Who is to be measured: `all`, `ours`, `single` for our one network, `rivals`, or a list of these and of rivals."""
    groups = {"ours": {OURS}, "single": {ONE_NETWORK}, "rivals": set(RIVALS)}
    groups |= {"all": set().union(*groups.values())} | {name: {name} for name in RIVALS}
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in groups]:
        raise SkippedError(f"there is no contender {', '.join(unknown)}; there are {', '.join(groups)}")
    return set().union(*(groups[name] for name in names))


def _add(found: dict[str, Any], who: str, seed: int, entry: dict[str, Any] | None, say: Say) -> None:
    if entry is None:
        return
    kept = found["entries"].setdefault(who, {})
    names = ("error", "log_loss", "ece", "ece_by_chance", "fit", "cpu", "leads", "members", "version")
    for name in names:
        if name in entry:
            kept.setdefault(name, []).append(entry[name])
    kept.setdefault("seed", []).append(seed)
    if who in VARIANTS:
        say(
            f"{who}, seed {seed}: error {entry['error']:.4g}, {entry['cpu']:.0f} CPU s, {entry['description']}"
        )


def contender_names(tables: dict[str, Any]) -> list[str]:
    """Who was measured on all of the tables, ours first."""
    names = [*VARIANTS, *RIVALS]
    return [name for name in names if all(name in t["entries"] for t in tables.values())]


def ranked_names(tables: dict[str, Any]) -> list[str]:
    """Who counts in the ranks."""
    return [n for n in contender_names(tables) if n == OURS or (n in RIVALS and RIVALS[n].ranked)]


def at(entries: Entries, measure: str, seed: int) -> float:
    """A contender's number at a seed, or its mean if it has none there."""
    if seed in entries["seed"]:
        return float(entries[measure][entries["seed"].index(seed)])
    return float(np.mean(entries[measure]))


def average_ranks(tables: dict[str, Any], measure: str, seeds: int) -> dict[str, dict[str, float]]:
    """The rank by a measure, averaged over the tables that have it: mean and interval over seeds. Equals share ranks."""
    who = ranked_names(tables)
    having = [t["entries"] for t in tables.values() if all(measure in t["entries"][name] for name in who)]
    if not having:
        return {}
    ranks = [
        [stats.rankdata([at(entries[name], measure, seed) for name in who]) for entries in having]
        for seed in range(seeds)
    ]
    means = np.mean(ranks, axis=1)
    return {name: mean_interval(means[:, i].tolist()) for i, name in enumerate(who)}


def ratio(tables: dict[str, Any], measure: str, who: str, other: str, seeds: int) -> dict[str, float] | None:
    """The geometric mean over tables of one contender's number by another's: mean and interval over seeds."""
    having = [t["entries"] for t in tables.values() if measure in t["entries"][who]]
    if not having:
        return None
    logs = [
        np.mean([np.log(at(entries[who], measure, s) / at(entries[other], measure, s)) for entries in having])
        for s in range(seeds)
    ]
    found = mean_interval([float(x) for x in logs])
    return {**{key: float(np.exp(found[key])) for key in ("mean", "low", "high")}, "n": found["n"]}


def interval(found: dict[str, float] | None, digits: int = 2) -> str:
    """A mean and the ends of its interval."""
    if found is None:
        return ""
    ends = f" [{found['low']:.{digits}f}, {found['high']:.{digits}f}]" if found["n"] > 1 else ""
    return f"{found['mean']:.{digits}f}{ends}"


def spread(values: Sequence[float], percent: bool = False, digits: int = 4) -> str:
    """A mean to so many significant digits, with half its interval."""
    found = mean_interval([100 * value for value in values] if percent else values)
    half = (found["high"] - found["low"]) / 2
    if percent:
        return f"{found['mean']:.2f}" + (f" ± {half:.2f}" if found["n"] > 1 else "")
    return f"{found['mean']:.{digits}g}" + (f" ± {half:.2g}" if found["n"] > 1 else "")


def show(result: Result) -> str:
    """Ranks first; then every table."""
    tables, seeds = result["tables"], result["seeds"]
    who = contender_names(tables)
    rows = "a holdout of the training rows" if result["develop"] else "the test rows"
    losses = _by_table(tables, who, lambda t, e: spread(e["log_loss"]) if "log_loss" in e else None)
    parts = [
        f"Scores on {rows}, mean over {seeds} seeds. {_claims(tables, seeds) if OURS in who else 'Rivals alone.'}",
        _overview(tables, who, seeds),
        "Accuracy in %, or the root of the mean squared error (RMSE):",
        _by_table(tables, who, _error_cell),
        losses and "Log loss (nats):",
        losses,
        "Seconds of the processor, median over seeds: of ours the whole command, of rivals fitting and predicting alone.",
        _by_table(tables, who, lambda t, e: f"{median(e.get('fit', e['cpu'])):.0f}"),
    ]
    if OURS in who:
        parts += ["", _leads(tables), "", _calibration(tables, who)]
    return "\n\n".join(part for part in [*parts, _notes(tables)] if part)


def _claims(tables: dict[str, Any], seeds: int) -> str:
    """What the bars are about, in a sentence each."""
    ranks, losses = (average_ranks(tables, m, seeds) for m in ("error", "log_loss"))
    count = len(ranked_names(tables))
    text = f"Average rank of ours among {count} by error **{interval(ranks[OURS])}** (bar {RANK_BAR})"
    if losses:
        text += f", by log loss **{interval(losses[OURS])}** (bar {LOG_LOSS_RANK_BAR:g})"
    known = [name for name in RATIOS if name in contender_names(tables)]
    ratios = [f"over {n}'s **{interval(ratio(tables, 'error', OURS, n, seeds), 3)}**" for n in known]
    if ratios:
        text += f"; geometric mean of our error {', '.join(ratios)} (bar {BAR})"
    slow = []
    for name, t in tables.items():
        neural = t["entries"].get("RealMLP-TD")
        bar = max(CPU_BAR, median(neural["fit"]) if neural else 0.0)
        if median(t["entries"][OURS]["cpu"]) > bar:
            slow.append(name)
    return (
        text
        + f". Processor time within {CPU_BAR:g} s or RealMLP-TD's: "
        + (f"not on {', '.join(slow)}." if slow else "on all tables.")
    )


def _overview(tables: dict[str, Any], who: Iterable[str], seeds: int) -> str:
    """A row for each contender."""
    ranks, losses = (average_ranks(tables, m, seeds) for m in ("error", "log_loss"))
    rows = []
    for name in who:
        compared = [
            ratio(tables, m, OURS, name, seeds)
            if name != OURS and all(OURS in t["entries"] for t in tables.values())
            else None
            for m in ("error", "log_loss")
        ]
        rows.append(
            (
                name,
                interval(ranks.get(name)),
                interval(losses.get(name)),
                *(interval(c, 3) for c in compared),
            )
        )
    head = (
        "",
        "average rank, error",
        "average rank, log loss",
        "our error over theirs",
        "our log loss over theirs",
    )
    return table(head, rows)


def _by_table(tables: dict[str, Any], who: Sequence[str], cell: Any) -> str:
    rows = []
    for name, t in tables.items():
        cells = [cell(t, t["entries"][n]) for n in who]
        if all(c is not None for c in cells):
            rows.append((name, *cells))
    return table(("", *who), rows) if rows else ""


def _error_cell(t: dict[str, Any], entries: Entries) -> str:
    if t["regression"]:
        return spread(entries["error"])
    return spread([1 - error for error in entries["error"]], percent=True)


def _leads(tables: dict[str, Any]) -> str:
    """How the champion compares with the run's own baselines on the rows that the run sealed."""
    names = list(
        dict.fromkeys(b for t in tables.values() for lead in t["entries"][OURS]["leads"] for b in lead)
    )
    rows = []
    for name, t in tables.items():
        leads = t["entries"][OURS]["leads"]
        cells = []
        for baseline in names:
            known = [lead[baseline] for lead in leads if baseline in lead]
            worse, better = (sum(test) for test in ([k[2] < 0 for k in known], [k[1] > 0 for k in known]))
            cells.append(f"{np.mean([k[0] for k in known]):+.4f} ({better} / {worse})" if known else "")
        rows.append((name, *cells))
    text = (
        "The champion beside the run's own baselines, on the rows that each run sealed within its training file: mean over seeds of "
        "its lead in the run's metric (in brackets in how many runs it is significantly better / worse: the 95 % interval over the "
        "same rows leaves out 0)."
    )
    verdicts = [f"{b} on {', '.join(where) or 'none'}" for b, where in _worse(tables, names).items()]
    text += f" Significantly worse in most runs than: {'; '.join(verdicts)}."
    return text + "\n\n" + table(("", *names), rows)


def _worse(tables: dict[str, Any], baselines: Sequence[str]) -> dict[str, list[str]]:
    """On which tables the champion is significantly worse than a baseline in more than half of the runs."""
    found: dict[str, list[str]] = {}
    for baseline in baselines:
        for name, t in tables.items():
            known = [lead[baseline] for lead in t["entries"][OURS]["leads"] if baseline in lead]
            if sum(high < 0 for _, _, high in known) * 2 > len(known):
                found.setdefault(baseline, []).append(name)
        found.setdefault(baseline, [])
    return found


def _calibration(tables: dict[str, Any], who: Sequence[str]) -> str:
    binary = {n: t for n, t in tables.items() if "ece" in t["entries"][OURS]}
    if not binary:
        return ""
    rows = [
        (n, spread(t["entries"][OURS]["ece_by_chance"], digits=2), *(spread(t["entries"][w]["ece"], digits=2) for w in who))
        for n, t in binary.items()
    ]  # fmt: skip
    text = (
        f"Expected calibration error on the tables of two classes, 15 bins (bar {CALIBRATION_BAR}); on so few rows ours would be as "
        "in the first column if its probabilities were exactly right."
    )
    return text + "\n\n" + table(("", "ours by chance", *who), rows)


def _notes(tables: dict[str, Any]) -> str:
    entries = [t["entries"] for t in tables.values()]
    versions = sorted({v for e in entries for found in e.values() for v in found.get("version", ())})
    seeds = {
        name: sorted({s for e in entries for s in e.get(name, {}).get("seed", ())})
        for name in contender_names(tables)
    }
    gone = {n: [t for t, e in tables.items() if n not in e["entries"]] for n in (*VARIANTS, *RIVALS)}
    gone = {n: where for n, where in gone.items() if where}
    lacking = "; ".join(f"{n} on {', '.join(w) if len(w) < len(tables) else 'any'}" for n, w in gone.items())
    counted = ", ".join(f"{name} {len(found)}" for name, found in seeds.items())
    return (
        f"Rivals have the default settings of {', '.join(versions)}, categories in the way that each wants, two threads, a process "
        "of their own; TabM is small (16 members, blocks of 128, piecewise linear encoding) and not ranked. Everybody trains on the "
        "same training file, at most 12,000 rows; ours is `speciate run train.csv --target y --seed S`, then `speciate predict` on the "
        f"test file. Seeds: {counted}; where a rival lacks a seed of ours, it is ranked with its mean. Probabilities are clipped at 1e-7."
        + (f" Not measured, and so left out: {lacking}." if lacking else "")
    )


def estimate(settings: Settings) -> float:
    """A minute a run of ours; rivals are mostly kept."""
    runs = {"all": len(VARIANTS), "rivals": 0}.get(settings["only"], 1)
    return 1.0 + 60.0 * runs * settings["seeds"] * real_tables.count(settings["tables"])


BENCHMARK = Benchmark(
    "rivals",
    "Would one pick our champion for a table, beside boosted trees, forests and the neural networks made for tables?",
    {"seeds": 5, "tables": "all", "only": "all", "develop": False},
    estimate,
    measure,
    show,
    data=real_tables.FILES,
)
