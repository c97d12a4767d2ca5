"""How soon a command is over after Ctrl-C, in the middle of training."""

from __future__ import annotations

import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil

from benchmarks import places
from benchmarks.benchmark import Benchmark, Result, Say, Settings
from benchmarks.kills import PROGRAM, finished
from benchmarks.markdown import table

TARGET = 3.0
"""Seconds after which the command is to be over."""

LONGEST_PAUSE = 2.0
"""Seconds between the first results and the interrupt, at most."""

LETTER = "tabular/letter.csv"


def commands() -> dict[str, list[str]]:
    """Runs that would take much longer, so that every interrupt finds them at work."""
    long = ["--population", "50", "--generations", "100", "--examples"]
    letter = ["run", str(places.data() / LETTER), "--target", "class", *long, "300000"]
    return {
        "digits, this process": ["run", "sklearn:digits", *long, "100000", "--backend", "inline"],
        "digits, 2 workers": ["run", "sklearn:digits", *long, "100000", "--workers", "2"],
        "letter, this process": [*letter, "--backend", "inline"],
        "letter, 2 workers": [*letter, "--workers", "2"],
        "CartPole-v1, without gradients": ["neat", "CartPole-v1", "--go-on", "--generations", "100000"],
    }


def once(command: list[str], pause: float) -> float:
    """Seconds from an interrupt to the end of the command.

    Raises:
        RuntimeError: It did not stop in good order, or left a process behind.
    """
    with tempfile.TemporaryDirectory(dir=places.scratch()) as name:
        process = subprocess.Popen(
            [*PROGRAM, *command, "--name", "it", "--quiet"], cwd=name, stderr=subprocess.PIPE
        )
        try:
            while process.poll() is None and finished(Path(name) / "runs" / "it") < 2:
                time.sleep(0.01)
            time.sleep(pause)
            if process.poll() is not None:
                raise RuntimeError(process.communicate()[1].decode())
            children = psutil.Process(process.pid).children(recursive=True)
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            code = process.wait()
            seconds = time.monotonic() - began
        finally:
            process.kill()
            process.communicate()
    _, alive = psutil.wait_procs(children, timeout=TARGET)
    if code != 130 or alive:
        raise RuntimeError(f"{' '.join(command)}: exit code {code}, {len(alive)} processes left")
    return seconds


def measure(settings: Settings, say: Say) -> Result:
    """Interrupt each a few times, at random moments."""
    rng, found = random.Random(settings["seed"]), dict[str, list[float]]()
    for name, command in commands().items():
        found[name] = [once(command, rng.uniform(0, LONGEST_PAUSE)) for _ in range(settings["rounds"])]
        say(f"{name}: {median(found[name]):.2f} s, at most {max(found[name]):.2f} s")
    return {"times": found}


def show(result: Result) -> str:
    """A row for each."""
    found: dict[str, list[float]] = result["times"]
    rows = [(name, f"{median(t):.2f}", f"{min(t):.2f} - {max(t):.2f}") for name, t in found.items()]
    note = (
        "Seconds from one SIGINT, in the middle of training, to the end of the command with exit code 130 and without a "
        f"process that is left; target: {TARGET:g}."
    )
    return table(("what is interrupted", "seconds", "from - to"), rows) + "\n\n" + note


BENCHMARK = Benchmark(
    "interruption",
    "How soon is a command over after Ctrl-C in the middle of training?",
    {"rounds": 5, "seed": 0},
    lambda s: 40.0 * s["rounds"],
    measure,
    show,
    data=(LETTER,),
)
