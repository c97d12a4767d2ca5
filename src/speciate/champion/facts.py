"""What a run's store tells about its champion: how it was found, and what it is compared with."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from speciate.champion.layers_description import scores_of
from speciate.records import Phase
from speciate.store import Diagnostics, Store, lineage_of, origins, rungs

LEAD = (("value", "lead"), ("low", "lead_low"), ("high", "lead_high"))
"""Keys of a lead in model.json, and of what the store knows of it."""
MOST_COLUMNS = 5
"""Columns that are named with their importance."""


def run_facts(store: Store) -> dict[str, Any]:
    """How the champion was found, and what it is compared with, as JSON."""
    known = store.facts()
    baselines = [
        {
            "name": row.name,
            "description": row.description,
            "scores": scores_of(row.valid_score, row.test_score, row.metrics),
            # Older runs did not measure it.
            "lead": {key: row.metrics[name] for key, name in LEAD} if "lead_low" in row.metrics else None,
        }
        for row in store.baselines()
    ]
    run = {name: known[name] for name in ("name", "seed", "algorithm", "examples")}
    run["candidates"], run["trainings"] = (store.count(phase)[0] for phase in (Phase.SEARCH, Phase.FINAL))
    run["finalists"] = len({row.parents for row in store.rows(Phase.FINAL)})
    after = [row for phase in Phase if phase is not Phase.SEARCH for row in store.rows(phase)]
    champion = known.get("champion") or {}
    final = rungs(champion, after)
    run["rungs"] = [rung.examples for rung in final if rung.examples is not None]
    run["folds"] = max((rung.folds for rung in final), default=1)
    run["lineage"] = lineage_of(champion, after) or 0
    if (ancestor := known.get("ancestor")) is not None:
        run |= {"ancestor": str(ancestor["name"]), "notes": [str(note) for note in ancestor["notes"]]}
        run["frozen"] = len(ancestor["frozen"])
    counts: dict[str, Any] = {
        "evaluations": store.evaluated(Phase.SEARCH),
        "generations": store.generations(Phase.SEARCH),
    }
    found = Diagnostics.of(known.get("diagnostics"))
    columns = found.importance.found[:MOST_COLUMNS] if found and found.importance else ()
    counts |= {"columns": [{"name": one.name, **asdict(one.fall)} for one in columns]} if columns else {}
    networks = [{"candidate": row.parents[0], "examples": row.examples} for row in origins(champion, after)]
    counts |= {"networks": networks} if len(networks) == len(champion.get("members") or ()) else {}
    return {"run": run, "versions": known["versions"], "baselines": baselines, **counts}
