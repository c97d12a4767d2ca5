"""Seconds a generation on XOR, beside neat-python, and what each step of the loop takes as populations grow."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from statistics import mean, median
from typing import Any

import numpy as np

from benchmarks import neat_python
from benchmarks.benchmark import Benchmark, Result, Say, Settings, SkippedError
from benchmarks.markdown import table
from benchmarks.timing import median_ratio, take_turns

BAR = 20
"""How many times as fast as neat-python."""

SIZES = (1_000, 10_000)
CURVE = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
ENDS = {"num_inputs": 2, "num_outputs": 1}
SETTINGS = {"shipped": ENDS, "matched": {**neat_python.OURS, **ENDS}}
STEPS = ("networks", "evaluation", "selection", "children", "species")


def ours(population: int, generations: int, seed: int) -> dict[str, float]:
    """Whole generations: networks, fitness, selection, children, species."""
    from speciate.neat.evolvers import Neat
    from speciate.neat.tasks import Xor

    task = Xor()
    started, evolver = time.process_time(), Neat(2, 1, population, seed)
    for _ in range(generations):
        genomes = evolver.ask()
        evolver.tell(task.evaluate(genomes.networks(), 0).fitness)
    return {
        "seconds": (time.process_time() - started) / generations,
        "hidden": float(genomes.hidden.mean()),
        "connections": float(genomes.connections.mean()),
        "species": evolver.species.size,
    }


def theirs(settings: str, population: int, generations: int, seed: int) -> dict[str, float]:
    """The same by neat-python."""
    import neat

    random.seed(seed)
    config = neat_python.config(population, SETTINGS[settings])
    examples = [((0.0, 0.0), 0.0), ((0.0, 1.0), 1.0), ((1.0, 0.0), 1.0), ((1.0, 1.0), 0.0)]
    last: list[Any] = []

    def evaluate(genomes: list[tuple[int, Any]], config: Any) -> None:
        for _, genome in genomes:
            network = neat.nn.FeedForwardNetwork.create(genome, config)
            error = sum(abs(network.activate(x)[0] - y) for x, y in examples)
            genome.fitness = (4.0 - error) ** 2
        last[:] = [genome for _, genome in genomes]

    started, run = time.process_time(), neat.Population(config)
    run.run(evaluate, generations)
    return {
        "seconds": (time.process_time() - started) / generations,
        "hidden": mean(genome.size()[0] for genome in last) - 1,
        "connections": mean(genome.size()[1] for genome in last),
        "species": len(run.species.species),
    }


def timed(owner: Any, name: str, spent: dict[str, float], step: str) -> None:
    """Let a method of one object note how long it takes."""
    method: Callable[..., Any] = getattr(owner, name)

    def measured(*given: Any) -> Any:
        started = time.process_time()
        try:
            return method(*given)
        finally:
            spent[step] += time.process_time() - started

    setattr(owner, name, measured)


def steps(population: int, generations: int, seed: int) -> dict[str, float]:
    """Nanoseconds a genome of each step: the median over generations."""
    from speciate.neat.evolvers import Neat
    from speciate.neat.tasks import Xor

    task, evolver = Xor(), Neat(2, 1, population, seed)
    spent, rows = dict.fromkeys(STEPS, 0.0), []
    timed(evolver, "_children", spent, "children")
    timed(evolver, "_speciate", spent, "species")
    for _ in range(generations):
        spent |= dict.fromkeys(STEPS, 0.0)
        begun = time.process_time()
        networks = evolver.networks()
        built = time.process_time()
        fitness = task.evaluate(networks, 0).fitness
        known = time.process_time()
        evolver.tell(fitness)
        spent["networks"], spent["evaluation"] = built - begun, known - built
        spent["selection"] = time.process_time() - known - spent["children"] - spent["species"]
        rows.append([spent[step] / population * 1e9 for step in STEPS])
    found = dict(zip(STEPS, np.median(rows, axis=0).tolist(), strict=True))
    genes = float(evolver.ask().table.counts[:, 0].mean())
    return {
        **found,
        "all": float(np.median(np.sum(rows, axis=1))),
        "genes": genes,
        "species_count": evolver.species.size,
    }


def measure(settings: Settings, say: Say) -> Result:
    """The rivals in turns, then the curve."""
    try:
        import neat  # noqa: F401
    except ImportError:
        raise SkippedError("neat-python is not installed; pip install 'speciate[bench]'") from None
    ours(100, 3, 0)  # machine code
    generations = settings["generations"]
    rivals = {}
    for population in (size for size in SIZES if size <= settings["most"]):
        notes: dict[str, list[dict[str, float]]] = {}

        def once(name: str, population: int = population, notes: Any = notes) -> float:
            found = (
                ours(population, generations, 0)
                if name == "ours"
                else theirs(name, population, generations, 0)
            )
            notes.setdefault(name, []).append(found)
            return found["seconds"]

        contenders = {name: lambda n=name, f=once: f(n) for name in ("ours", *SETTINGS)}
        take_turns(contenders, settings["rounds"], say)
        rivals[str(population)] = notes
    curve = {}
    for population in (size for size in CURVE if size <= settings["most"]):
        curve[str(population)] = steps(population, generations, 0)
        say(f"population {population:,}: {curve[str(population)]['all']:.0f} ns a genome")
    return {"rivals": rivals, "curve": curve}


def exponent(curve: dict[str, dict[str, float]], step: str) -> float:
    """The power of the population that a step's time follows, by least squares over logarithms; 1 is linear."""
    sizes = np.log([float(size) for size in curve])
    each = np.log([max(values[step], 1e-3) for values in curve.values()])
    return 1.0 + float(np.polyfit(sizes, each, 1)[0])


def show(result: Result) -> str:
    """The rivals, then the curve."""
    rows = []
    for population, notes in result["rivals"].items():
        seconds = {name: [one["seconds"] for one in found] for name, found in notes.items()}
        for name, found in notes.items():
            ratio = f"**{median_ratio(seconds[name], seconds['ours']):.0f} x**" if name != "ours" else ""
            label = "Speciate" if name == "ours" else f"neat-python, {name} settings"
            sizes = (f"{mean(one[key] for one in found):.1f}" for key in ("hidden", "connections", "species"))
            low, high = min(seconds[name]) * 1e3, max(seconds[name]) * 1e3
            rows.append(
                (
                    label,
                    f"{int(population):,}",
                    f"{median(seconds[name]) * 1e3:,.1f}",
                    f"{low:,.1f} - {high:,.1f}",
                    ratio,
                    *sizes,
                )
            )
    head = (
        "who",
        "population",
        "ms a generation",
        "from - to",
        "to ours",
        "hidden nodes",
        "connections",
        "species",
    )
    note = (
        f"Processor time of whole generations (networks, fitness, selection, children, species), medians over rounds; one process and "
        f"one thread on each side, so that wall time is the same on an idle machine; bar {BAR} x. Shipped: the settings of neat-python's XOR example; matched: rates of mutation as ours. Sizes are "
        "means over the last generation."
    )
    return table(head, rows) + "\n\n" + note + "\n\n" + show_curve(result["curve"])


def show_curve(curve: dict[str, dict[str, float]]) -> str:
    """Nanoseconds a genome, and the power of the population that each step follows."""
    rows: list[tuple[object, ...]] = [
        (
            f"{int(population):,}",
            *(f"{values[step]:,.0f}" for step in (*STEPS, "all")),
            f"{values['genes']:.1f}",
            values["species_count"],
        )
        for population, values in curve.items()
    ]
    if len(curve) > 1:
        rows.append(
            ("power of the population", *(f"{exponent(curve, s):.2f}" for s in (*STEPS, "all")), "", "")
        )
    head = ("population", *STEPS, "all steps", "genes", "species")
    note = (
        "Nanoseconds of processor time a genome and generation, medians over generations, one thread: what is the same in every row takes time in "
        "proportion to the population. The last row fits time = constant x population ** power; 1 is linear. Children is the step that writes "
        "most memory: from 10,000 genomes on, a generation does not fit the processor's cache, and genomes "
        "have more genes there."
    )
    return table(head, rows) + "\n\n" + note


BENCHMARK = Benchmark(
    "neat_speed",
    "How long does a generation of NEAT take on XOR, beside neat-python 2, and how does that grow with the population?",
    {"rounds": 3, "generations": 12, "most": 100_000},
    lambda s: s["rounds"] * s["generations"] * 2.6 + s["generations"] * 2.0,
    measure,
    show,
)
