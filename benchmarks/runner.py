"""Runs benchmarks one after another, and keeps what the others have found."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine, places, results
from benchmarks.benchmark import Benchmark, Settings, SkippedError
from benchmarks.markdown import duration


def expected_seconds(benchmark: Benchmark, settings: Settings, folder: Path) -> tuple[float, str]:
    """How long a benchmark will take, and whether that was measured or is an estimate."""
    record = results.load(folder, benchmark.name)
    if record is None or set(record["settings"]) != set(benchmark.settings):
        return benchmark.estimate(settings), "estimated"
    scale = benchmark.estimate(settings) / benchmark.estimate(record["settings"])
    return record["seconds"] * scale, "as last time" if scale == 1.0 else "from last time"


def run(benchmarks: Sequence[Benchmark], given: Settings, folder: Path) -> list[str]:
    """Run benchmarks and write a record of each as soon as it is there.

    Args:
        benchmarks: Which.
        given: Settings that replace the defaults of every benchmark that has them.
        folder: Where the records lie.

    Returns:
        The names of those that were skipped.
    """
    plans = [(b, {name: given.get(name, value) for name, value in b.settings.items()}) for b in benchmarks]
    for benchmark, settings in plans:
        seconds, how = expected_seconds(benchmark, settings, folder)
        print(f"{benchmark.name}: about {duration(seconds)} ({how}). {benchmark.purpose}", flush=True)
    return [benchmark.name for benchmark, settings in plans if not _run_one(benchmark, settings, folder)]


def _run_one(benchmark: Benchmark, settings: Settings, folder: Path) -> bool:
    started, load = time.perf_counter(), machine.load()
    commit = machine.commit()  # of what is imported now; the disk may change meanwhile

    def say(text: str) -> None:
        print(f"[{benchmark.name} {duration(time.perf_counter() - started)}] {text}", flush=True)

    try:
        if absent := places.missing(benchmark.data):
            raise SkippedError(f"{', '.join(absent)} not found; SPECIATE_DATA names the folder of the data")
        result = benchmark.measure(settings, say)
    except SkippedError as reason:
        say(f"skipped: {reason}")
        return False
    seconds = result.pop("seconds", time.perf_counter() - started)  # what was kept from before counts too
    record = {
        "name": benchmark.name,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": commit,
        "seconds": round(seconds, 1),
        "load": load,
        "settings": dict(settings),
        "machine": machine.describe(),
        "result": result,
    }
    results.save(folder, benchmark.name, record)
    say("done")
    return True
