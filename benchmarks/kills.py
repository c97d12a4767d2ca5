"""A run that is killed again and again, at random moments, beside one that is left alone."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.benchmark import Benchmark, Result, Say, Settings
from benchmarks.markdown import table

PROGRAM = [sys.executable, "-c", "from speciate.cli import main; main()"]

STARTING = 1.5
"""Seconds after its start that a command may be killed while it gets ready, at most."""

PAUSE = 0.1
"""Seconds between a result and a kill, at most: less than a few results take."""


def digests(folder: Path) -> dict[str, str]:
    """What must be the same however a run went: its rows, its champion's weights, the numbers of its report."""
    from speciate.report import report_data
    from speciate.store import Store

    store = Store(folder / "run.sqlite", readonly=True)
    try:
        rows = [{k: v for k, v in asdict(row).items() if k != "seconds"} for row in store.rows()]
        champion = store.get("champion")
    finally:
        store.close()
    weights = (folder / "weights" / f"{champion['weights']}.safetensors").read_bytes()
    return {
        "rows": _hash(json.dumps([rows, champion], sort_keys=True, default=lambda json: json.value).encode()),
        "champion's weights": _hash(weights + (folder / "champion" / "model.safetensors").read_bytes()),
        "report's numbers": report_data(folder).digest,
    }


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def arguments(settings: Settings) -> list[str]:
    """The run: real training, children that inherit weights, crossover."""
    return [
        *("sklearn:digits", "--algorithm", "tournament", "--inherit", "preserve", "--crossover", "0.3"),
        *("--population", str(settings["population"]), "--generations", str(settings["generations"])),
        *("--examples", str(settings["examples"]), "--finalists", "3", "--repeats", "2"),
        *("--final-examples", str(settings["examples"]), "--quiet"),
    ]


def finished(folder: Path) -> int:
    """How many evaluations a run has."""
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"file:{folder}/run.sqlite?mode=ro", uri=True)) as db,
    ):
        return int(db.execute("SELECT count(*) FROM evaluations").fetchone()[0])
    return 0


def kill_at_random(place: Path, settings: Settings, kills: int, seed: int, say: Say) -> list[int]:
    """Start a run named "killed", kill it so many times, and let it come to its end; how many results each kill found."""
    rng, found = random.Random(seed), list[int]()
    folder = place / "runs" / "killed"
    command = ["run", *arguments(settings), "--workers", str(settings["workers"]), "--name", "killed"]
    search = settings["population"] * settings["generations"]
    while True:
        process = subprocess.Popen([*PROGRAM, *command], cwd=place, stderr=subprocess.PIPE)
        # Some kills come while the command still gets ready; the others anywhere between two results.
        there, left = finished(folder), kills - len(found)
        spacing = max(0, search - there) / (left + 1)
        early = rng.random() < 0.15
        aim = there if early else there + rng.uniform(0.2, 1.8) * spacing
        while len(found) < kills and process.poll() is None and finished(folder) < aim:
            time.sleep(0.005)
        if len(found) < kills:
            time.sleep(rng.uniform(0, STARTING if early else PAUSE))
            process.kill()
        _, error = process.communicate()
        if process.returncode == 0:
            return found
        if process.returncode != -9:
            raise RuntimeError(error.decode())
        found.append(finished(folder))
        say(f"kill {len(found)} of {kills}: {found[-1]} results")
        if (folder / "run.toml").exists():
            command = ["resume", "killed", "--quiet"]


def measure(settings: Settings, say: Say) -> Result:
    """Run once without and once with kills, and compare."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        whole = [*PROGRAM, "run", *arguments(settings), "--backend", "inline", "--name", "whole"]
        subprocess.run(whole, cwd=place, check=True)
        whole_digests = digests(place / "runs" / "whole")
        at = kill_at_random(place, settings, settings["kills"], settings["seed"], say)
        killed = digests(place / "runs" / "killed")
        return {
            "at": at,
            "whole": whole_digests,
            "killed": killed,
            "results": finished(place / "runs" / "whole"),
        }


def show(result: Result) -> str:
    """The digests side by side."""
    whole: dict[str, Any] = result["whole"]
    rows = [
        (name, f"`{whole[name][:16]}`", f"`{result['killed'][name][:16]}`", "yes" if whole[name] == result["killed"][name] else "**no**")
        for name in whole
    ]  # fmt: skip
    text = table(("SHA-256 of", "left alone, one process", "killed, workers", "the same"), rows)
    at = ", ".join(map(str, result["at"]))
    return f"{text}\n\n{len(result['at'])} SIGKILLs, when so many of {result['results']} results were stored: {at}."


BENCHMARK = Benchmark(
    "kills",
    "Does a run that is killed at random moments end like one that is left alone, to the last bit?",
    {"population": 20, "generations": 10, "examples": 10_000, "kills": 20, "workers": 2, "seed": 0},
    lambda s: 20.0 + 6.0 * s["kills"],
    measure,
    show,
)
