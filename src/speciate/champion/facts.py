"""Gathers what model.json says about a champion: from the run's store, the data and the genome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from speciate.champion.description import FORMAT, Description
from speciate.data import Data
from speciate.records import Phase
from speciate.spaces import NetworkGenome, count_parameters
from speciate.store import Row, Store


def run_facts(store: Store) -> dict[str, Any]:
    """How the champion was found, and what it is compared with, as JSON."""
    known = store.facts()
    baselines = [
        {
            "name": row.name,
            "description": row.description,
            "scores": _scores(row.valid_score, row.test_score, row.metrics),
            "lead": _lead(row.metrics),
        }
        for row in store.baselines()
    ]
    run = {name: known[name] for name in ("name", "seed", "algorithm", "examples")}
    search = store.rows(Phase.SEARCH)
    run["candidates"] = len(search)
    run["finalists"] = len(store.rows(Phase.FINAL))
    run["lineage"] = max((row.lineage_examples for row in _trained(store, known)), default=0)
    if (ancestor := known.get("ancestor")) is not None:
        run |= {"ancestor": str(ancestor["name"]), "notes": [str(note) for note in ancestor["notes"]]}
        run["frozen"] = len(ancestor["frozen"])
    generations = 1 + max((row.generation for row in search), default=-1)
    counts = {"evaluations": store.evaluated(Phase.SEARCH), "generations": generations}
    return {"run": run, "versions": known["versions"], "baselines": baselines, **counts}


def _trained(store: Store, known: Mapping[str, Any]) -> list[Row]:
    """The trainings that gave the champion's weights."""
    weights = (known.get("champion") or {}).get("weights")
    return [row for row in store.rows(Phase.CHAMPION) if weights and row.weights == weights]


def describe(
    champion: Mapping[str, Any], genome: NetworkGenome, data: Data, facts: Mapping[str, Any], sha256: str
) -> Description:
    """The content of model.json.

    Args:
        champion: The JSON form of the run's champion.
        genome: Its genome.
        data: What it was trained on.
        facts: What `run_facts` gives.
        sha256: Of model.safetensors.
    """
    value = {
        "format": FORMAT,
        "version": 1,
        "task": data.task,
        "target": data.target,
        "target_mean": data.target_mean,
        "target_scale": data.target_scale,
        "classes": list(data.classes),
        "metric": data.metric,
        "scores": _scores(champion["valid_score"], champion["test_score"], champion),
        "baselines": facts["baselines"],
        "input_shape": list(data.input_shape),
        "outputs": data.outputs,
        "parameters": count_parameters(genome, data.input_shape, data.outputs),
        "genome": genome.to_json(),
        "layers": genome.describe(),
        "preprocessing": data.preprocessing.to_json(),
        "examples": champion["examples"],
        "weights": {"sha256": sha256, "trained": champion["weights"]},
        "data": _data(data),
        "run": {**facts["run"], "champion": champion["id"]},
        "versions": facts["versions"],
    }
    return Description.model_validate(value)


def _data(data: Data) -> dict[str, Any]:
    return {
        "name": data.name,
        "source": data.source,
        "fingerprint": data.fingerprint,
        "rows": {"train": len(data.train), "valid": len(data.valid), "test": data.test.rows},
        "summary": data.summary(),
    }


def _lead(metrics: Mapping[str, float]) -> dict[str, float] | None:
    """The champion's lead over a baseline; None in runs that did not measure it."""
    if "lead_low" not in metrics:
        return None
    return {"value": metrics["lead"], "low": metrics["lead_low"], "high": metrics["lead_high"]}


def _scores(valid: float, test: float | None, ends: Mapping[str, Any]) -> dict[str, float | None]:
    return {
        "valid": valid,
        "test": test,
        "test_low": ends.get("test_low"),
        "test_high": ends.get("test_high"),
    }
