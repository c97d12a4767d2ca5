"""What it cost, what failed, what the data were, which settings and versions, and how to do it again."""

from __future__ import annotations

import shlex
from typing import Any

from speciate.report.html import Html, code_block, el, facts, fold, join, name, section, table, tiles
from speciate.report.sections.base import Page
from speciate.report.text import DASH, large, mapping, number
from speciate.text import clean, counted, duration

PHASES = {"search": "search", "final": "final", "champion": "champion's training"}


LINEAGE = (
    "“Longest lineage” is the most examples that any one network has seen, those of the ancestors whose weights it "
    "inherited included."
)


def failures(page: Page) -> Html | None:
    """Failures by kind, with their messages."""
    found = page.about.failures
    if not found:
        return None
    total = sum(n for _, _, n in page.found.failures)
    trained = sum(s.trained for s in page.found.spending)
    lead = (
        f"{counted(total, 'evaluation')} of {trained:,} ended without a score. Failures are never selected and never stop a run by "
        "themselves; “diverged” means that the loss was no longer a finite number."
    )
    rows = [[name(f.status, 40), f"{f.count:,}", f"#{f.first}", name(f.message or DASH, 300)] for f in found]
    details = [
        fold(join([f"{f.status} of #{f.first}"]), code_block(f.detail)) for f in found[:8] if "\n" in f.detail
    ]
    return section(
        "failures",
        "Failures",
        el("p", lead),
        table(["kind", "how many", "first", "message"], rows, numeric=(1,)),
        *details,
    )


def cost(page: Page) -> Html:
    """Networks, examples and time."""
    spent, about = page.found.spending, page.about
    trained, repeats = sum(s.trained for s in spent), sum(s.repeats for s in spent)
    counts = [
        (f"{trained:,}", "networks trained"),
        (f"{repeats:,}", "repeats answered from memory"),
        (large(sum(s.examples for s in spent)), "training examples seen"),
        (duration(about.seconds), "wall time of the run"),
        (duration(about.training_seconds), "training time, all workers together"),
    ]
    rows = [
        [
            name(PHASES.get(s.phase, s.phase)),
            f"{s.trained:,}",
            f"{s.repeats:,}",
            f"{s.failed:,}",
            f"{s.pending:,}",
            f"{s.examples:,}",
            f"{s.lineage_examples:,}",
        ]
        for s in spent
    ]
    head = ["phase", "trained", "repeats", "failed", "unfinished", "examples seen", "longest lineage"]
    return section(
        "cost",
        "What it cost",
        tiles(counts),
        *([table(head, rows, numeric=(1, 2, 3, 4, 5, 6)), el("p", LINEAGE, kind="soft")] if rows else []),
        *_engines(page),
    )


def _engines(page: Page) -> list[Html]:
    """Which engine trained how many networks, and where."""
    seconds, about = dict(page.about.engine_seconds), page.about
    rows = [[name(e), f"{n:,}", duration(seconds.get(e, 0.0))] for e, n in page.found.engines]
    where = f"Ran with the {about.backend} backend and {counted(about.workers, 'worker')}."
    found = [table(["engine", "networks", "time"], rows, numeric=(1, 2))] if rows else []
    return [*found, el("p", where)] if about.backend else found


def data(page: Page) -> Html:
    """What was learned from."""
    found = page.found.data
    if not found.name and not found.summary:
        return section("data", "The data", el("p", "The run says nothing about its data."))
    lines = el("ul", *(el("li", name(line, 400)) for line in found.summary[:40]))
    notes = el("ul", *(el("li", f"{level}: ", name(words, 600)) for level, words in found.notes[:100]))
    pairs: list[tuple[str, str]] = [
        ("source", name(found.source)),
        ("score", name(found.metric)),
        ("fingerprint", el("code", found.fingerprint[:16])),
    ]
    pairs += [(f"{clean(k, 30)} rows", f"{n:,}") for k, n in found.rows.items()]
    parts = [lines, facts(pairs)]
    if found.notes:
        parts += [el("h3", "What was noticed"), notes]
    return section("data", "The data", *parts)


SAME = (
    "The same settings, seed and versions give the same networks and scores, whatever the number of workers."
)

ASYNCHRONOUS = (
    "The run was asynchronous: children were made of whatever had finished by then. Run again, others may finish first, and "
    "other networks come of it; the order of this run is stored with it."
)


def is_asynchronous(page: Page) -> bool:
    """Whether it depended on who finished first."""
    return bool(mapping(mapping(page.found.settings).get("algorithm")).get("asynchronous"))


def again(page: Page) -> Html:
    """Settings, versions and commands."""
    found = page.found
    intro = f"{ASYNCHRONOUS if is_asynchronous(page) else SAME} Fingerprint of everything found: "
    return section(
        "again",
        "Do it again",
        el("p", intro, el("code", page.data.digest[:16]), "; equal runs have equal ones."),
        *_commands(page),
        el("h3", "Versions"),
        facts((name(k), name(v)) for k, v in found.versions.items()),
        fold("Every setting that decides the result", code_block(found.settings)),
        *_moments(page),
    )


def _commands(page: Page) -> list[Html]:
    run = shlex.quote(clean(page.about.name, 100) or "RUN")
    file = el("code", "speciate run --config run.toml")
    configured = el("p", "Or with the file run.toml of the run's folder: ", file, ".")
    return [
        el("h3", "Run it again"),
        code_block(command(page)),
        *([configured] if page.about.configured else []),
        el("h3", "Go on, predict, take it with you"),
        code_block(
            f"speciate resume {run}\nspeciate predict {run} DATA\nspeciate export {run} --format onnx"
        ),
    ]


def _moments(page: Page) -> list[Html]:
    """The latest events."""
    rows = [
        [name(time[:19].replace("T", " "), 40), name(kind, 40), name(words, 400)]
        for time, kind, words in page.about.events[-50:]
    ]
    return [el("h3", "Notable moments (UTC)"), table(["time", "kind", ""], rows)] if rows else []


def command(page: Page) -> str:
    """The command that repeats the run, as far as the folder tells."""
    found, settings = page.found, page.found.settings
    parts = ["speciate", "run", _quoted(found.data.source or "DATA")]
    table_like = found.data.source.endswith((".csv", ".parquet"))
    options: list[tuple[str, Any]] = [
        ("--target", found.data.target if table_like else None),
        ("--algorithm", found.algorithm or None),
        ("--population", found.population_size or None),
        ("--generations", found.generations[-1].number + 1 if found.generations else None),
        ("--examples", found.examples or None),
        ("--final-examples", number(mapping(settings).get("final_examples"))),
        ("--seed", found.seed),
    ]
    for flag, value in options:
        if value is not None:
            parts += [flag, _quoted(f"{value:.0f}" if isinstance(value, float) else str(value))]
    if is_asynchronous(page):
        parts.append("--asynchronous")
    return " ".join(parts)


def _quoted(value: str) -> str:
    return shlex.quote(clean(value, 300))
