"""Fits a contender on a table in a process of its own, and measures what that takes: rivals, and our command."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import machine, places, real_tables
from benchmarks.cache import kept
from benchmarks.rival_models import RIVALS

THREADS = 2
"""Of every contender."""

COMMAND = [sys.executable, "-m", "speciate"]


def environment() -> dict[str, str]:
    """Two threads; those that wait do not spin, which would count as work on a busy machine."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(names, str(THREADS)), "OMP_WAIT_POLICY": "PASSIVE"}


def measured(command: list[str], folder: Path | None = None) -> tuple[str, float]:
    """What a command prints, and what it and its children took of the processors, in seconds.

    Raises:
        RuntimeError: It failed.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, cwd=folder or places.ROOT, env=environment(), capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return done.stdout, round(spent, 2)


class RivalScores:
    """Rivals' scores: kept among the results, for they do not change with our code.

    Args:
        folder: A JSON file a rival lies there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(
        self, name: str, table: str, seed: int, develop: bool = False, fit: bool = True
    ) -> dict[str, Any] | None:
        """A rival's scores on a table, from before or fitted now; None where it is not there and cannot or shall not be."""
        known, key = self._read(name), f"{table}, seed {seed}" + (", development" if develop else "")
        if key in known:
            return known[key]
        if not fit or RIVALS[name].version is None:
            return None
        known[key] = fit_rival(name, table, seed, develop)
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = ",\n".join(f" {json.dumps(k)}: {json.dumps(known[k])}" for k in sorted(known))
        self._file(name).write_text(f"{{\n{lines}\n}}\n")
        return known[key]

    def _read(self, name: str) -> dict[str, Any]:
        file = self._file(name)
        return json.loads(file.read_text()) if file.exists() else {}

    def _file(self, name: str) -> Path:
        return self.folder / f"{name.replace(' ', '-').lower()}.json"


def fit_rival(name: str, table: str, seed: int, develop: bool) -> dict[str, Any]:
    """Fit a rival in a process of its own; `cpu` is what the whole process took, `fit` without imports and reading."""
    task = "regression" if real_tables.TABLES[table].regression else "classification"
    with tempfile.TemporaryDirectory(dir=places.scratch()) as folder:
        train, test = real_tables.write(table, Path(folder), seed if develop else None)
        module = [sys.executable, "-m", "benchmarks.rival_models", name]
        text, cpu = measured([*module, str(train), str(test), task, str(seed), str(THREADS)])
    found = json.loads(text.strip().splitlines()[-1])
    return {**found, "cpu": cpu, "machine": machine.processor(), "load": machine.load()}


def ours(table: str, seed: int, arguments: tuple[str, ...] = (), develop: bool = False) -> dict[str, Any]:
    """What our command comes to with defaults and a few more arguments; kept for as long as the code is the same.

    Returns:
        The scores on the test rows; `cpu` of the whole command; `leads`: how much better, by the run's own metric and on
        the rows that the run sealed, the champion is than each baseline, with the interval of the pairs.
    """
    settings = {"arguments": arguments, "develop": develop, "code": machine.code(), "threads": THREADS}
    part = f"{table}-{seed}"
    return kept(
        places.CACHE / "ours", settings, part, lambda: _run_ours(table, seed, list(arguments), develop)
    )


@cache
def warm_up() -> None:
    """The command once, in little, on a table of each task: machine code is compiled once an installation, not once a run."""
    for table in ("credit-g", "concrete"):
        with tempfile.TemporaryDirectory(dir=places.scratch()) as folder:
            train, _ = real_tables.write(table, Path(folder))
            words = ["run", str(train), "--target", real_tables.TARGET, "--generations", "1"]
            measured([*COMMAND, *words, "--examples", "1000", "--quiet"], Path(folder))


def _run_ours(table: str, seed: int, arguments: list[str], develop: bool) -> dict[str, Any]:
    warm_up()
    with tempfile.TemporaryDirectory(dir=places.scratch()) as name:
        folder = Path(name)
        train, test = real_tables.write(table, folder, seed if develop else None)
        words = ["run", str(train), "--target", real_tables.TARGET, "--seed", str(seed), "--name", "run"]
        if real_tables.TABLES[table].regression:  # as somebody says who has grades of wine
            words += ["--task", "regression"]
        text, cpu = measured(
            [*COMMAND, *words, "--workers", str(THREADS), *arguments, "--quiet", "--json"], folder
        )
        _, predicting = measured([*COMMAND, "predict", "run", str(test), "--out", "out.csv"], folder)
        run, regression = json.loads(text), real_tables.TABLES[table].regression
        temperature = run["champion"].get("temperature", 1.0)
        found = score_predictions(test, folder / "out.csv", regression)
        plain = score_predictions(test, folder / "out.csv", regression, temperature)
    costs = {"cpu": cpu, "predicting": predicting, "load": machine.load()}
    return {**found, **costs, **summary(run), "untempered": plain}


def summary(run: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a run's JSON."""
    champion = run["champion"]
    leads = {
        b["name"]: [b["lead"], b["lead_low"], b["lead_high"]]
        for b in run["baselines"]
        if b.get("lead_low") is not None
    }
    return {
        "description": champion["description"],
        "members": len(champion.get("members", ())) or 1,
        "temperature": champion.get("temperature", 1.0),
        "sealed": champion["test_score"],
        "valid": champion["valid_score"],
        "examples": run["examples_seen"],
        "seconds": run["seconds"],
        "leads": leads,
    }


def score_predictions(
    test: Path, predicted: Path, regression: bool, temperature: float = 1.0
) -> dict[str, float]:
    """Scores of what `speciate predict` has written; a temperature that logits were divided by is undone."""
    if regression:
        y, answers = pd.read_csv(test)[real_tables.TARGET], pd.read_csv(predicted)["prediction"]
        return real_tables.regression_scores(y.to_numpy(float), answers.to_numpy(float))
    text = {"dtype": str, "keep_default_na": False}
    y, answers = pd.read_csv(test, **text)[real_tables.TARGET], pd.read_csv(predicted, **text)
    columns = [name for name in answers if name.startswith("probability_")]
    probabilities = answers[columns].to_numpy(float) ** temperature
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    classes = [name.removeprefix("probability_") for name in columns]
    return real_tables.classification_scores(y.to_numpy(str), probabilities, classes)


@cache
def flags() -> str:
    """What `speciate run` says of itself."""
    command = [*COMMAND, "run", "--help"]
    wide = {**os.environ, "COLUMNS": "300"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=wide).stdout


def supported(arguments: tuple[str, ...], described: Callable[[], str] = flags) -> bool:
    """Whether the command has all of these flags."""
    names = [text for text in arguments if text.startswith("--")]
    return all(name in described().replace("/", " ").split() for name in names)
