"""What the product around NEAT costs: a run folder for every generation, and the whole command from start to solved."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.benchmark import Benchmark, Result, Say, Settings
from benchmarks.markdown import table

POPULATIONS = (150, 1_000, 10_000)

TARGET = 10.0
"""Seconds in which the command is to solve CartPole-v1."""


def generations(population: int, count: int) -> dict[str, float]:
    """Milliseconds of processor time a generation of XOR: the evolver and the task alone, and as a run in a folder."""
    from speciate.config import NeuroConfig, Setting, configured, start
    from speciate.config.neuro_building import make_task
    from speciate.neat.evolvers import EVOLVERS
    from speciate.run.callbacks import Callback

    class Clock(Callback):
        def __init__(self) -> None:
            self.times: list[float] = []

        def on_told(self, search: Any, evaluations: Any) -> None:
            self.times.append(time.process_time())

    with tempfile.TemporaryDirectory() as runs:
        given = {"task": "xor", "population": population, "generations": count, "brood": population}
        given |= {"go_on": True, "finalists": 0, "runs": runs}
        config = configured(NeuroConfig, {key: Setting(value) for key, value in given.items()})
        task, clock = make_task(config), Clock()
        _, search = start(config, [clock])
        search.run(**config.limits)
        alone = EVOLVERS.find("neat").for_task(task, population, 0)
        times = [time.process_time()]
        for _ in range(count):
            alone.tell(task.evaluate(alone.ask().networks(), 0).fitness)
            times.append(time.process_time())
        size = Path(str(search.folder and search.folder.database)).stat().st_size
    bare = 1e3 * (times[-1] - times[1]) / (count - 1)
    return {
        "alone": bare,
        "run": 1e3 * (clock.times[-1] - clock.times[0]) / (count - 1),
        "megabytes": size / 1e6,
    }


def command(seed: int) -> dict[str, Any]:
    """The command from its start to its end: seconds of wall and of processor time, and what it came to."""
    with tempfile.TemporaryDirectory() as runs:
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        code = "from speciate.cli import main; main()"
        arguments = ["neat", "CartPole-v1", "--seed", str(seed), "--runs", runs, "--json"]
        done = subprocess.run([sys.executable, "-c", code, *arguments], check=True, stdout=subprocess.PIPE)
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    found = json.loads(done.stdout)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    fresh = next(iter(found["champion"]["numbers"].values()))
    return {"wall": wall, "processor": used, "evaluations": found["evaluations"], "fresh": fresh}


def measure(settings: Settings, say: Say) -> Result:
    """Generations first, then the command, which finds the machine code ready."""
    loops = {}
    for population in POPULATIONS:
        found = [generations(population, settings["generations"]) for _ in range(3)]
        loops[str(population)] = {key: median(each[key] for each in found) for key in found[0]}
        say(f"population {population:,}: {loops[str(population)]}")
    commands = []
    for seed in range(settings["seeds"]):
        commands.append(command(seed))
        say(f"CartPole-v1, seed {seed}: {commands[-1]}")
    return {"loops": loops, "commands": commands}


def show(result: Result) -> str:
    """Two tables."""
    loops = [
        (
            f"{int(n):,}",
            f"{f['alone']:.2f}",
            f"{f['run']:.2f}",
            f"{f['run'] - f['alone']:.2f}",
            f"{f['megabytes']:.1f}",
        )
        for n, f in result["loops"].items()
    ]
    head = ("population", "NEAT and XOR alone", "in a run folder", "difference", "database, MB")
    runs = [
        (seed, f"{f['wall']:.1f}", f"{f['processor']:.1f}", f"{f['evaluations']:,}", f"{f['fresh']:g}")
        for seed, f in enumerate(result["commands"])
    ]
    columns = ("seed", "wall, s", "processor, s", "evaluations", "mean return of 100 fresh episodes")
    return (
        "Milliseconds of processor time a generation, median of three:\n\n"
        f"{table(head, loops)}\n\n"
        "`speciate neat CartPole-v1`, a new process each time, imports, report and champion's folder included; the loops were "
        f"compiled before; target {TARGET:g} s:\n\n{table(columns, runs)}"
    )


BENCHMARK = Benchmark(
    "neat_command",
    "What do a run folder and the command add to NEAT?",
    {"generations": 60, "seeds": 5},
    lambda s: 10.0 + 0.1 * s["generations"] + 5.0 * s["seeds"],
    measure,
    show,
)
