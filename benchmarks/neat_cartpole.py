"""Environment steps a second on CartPole-v1, beside neat-python on the same vector environment."""

from __future__ import annotations

import random
import time
from statistics import mean, median
from typing import Any

from benchmarks import neat_python
from benchmarks.benchmark import Benchmark, Result, Say, Settings, SkippedError
from benchmarks.markdown import table
from benchmarks.timing import median_ratio, take_turns

BAR = 50
"""How many times as many steps a second as neat-python."""

EPISODES = 5
SETTINGS = {"shipped": {}, "ours": neat_python.OURS}
WAYS = {"one by one": neat_python.play_one_by_one, "vector": neat_python.play_together}


def ours(population: int, generations: int, seed: int) -> dict[str, Any]:
    """A run of so many generations, from the first evaluation to the last; one process, one thread."""
    from speciate.neat.evolvers import evolver_by_name
    from speciate.neat.tasks import task_by_name

    task = task_by_name("CartPole-v1", episodes=EPISODES)
    evolver: Any = evolver_by_name("neat", task, population, seed)
    started, steps = time.process_time(), 0
    for _ in range(generations):
        genomes = evolver.ask()
        scores = task.evaluate(genomes.networks(), seed)
        steps += int(scores.steps.sum())
        evolver.tell(scores.fitness)
    seconds = time.process_time() - started
    return {
        "rate": steps / seconds,
        "length": steps / (population * EPISODES * generations),
        "hidden": float(genomes.hidden.mean()),
        "connections": float(genomes.connections.mean()),
    }


def theirs(way: str, settings: str, population: int, generations: int, seed: int) -> dict[str, Any]:
    """The same by neat-python."""
    import neat

    random.seed(seed)
    config = neat_python.config(population, SETTINGS[settings])
    run, steps, sizes = neat.Population(config), 0, []

    def evaluate(genomes: list[tuple[int, Any]], config: Any) -> None:
        nonlocal steps, sizes
        networks = [neat.nn.FeedForwardNetwork.create(genome, config) for _, genome in genomes]
        returns, taken = WAYS[way](networks, [seed * 1000 + k for k in range(EPISODES)])
        steps += taken
        sizes = [genome.size() for _, genome in genomes]
        for (_, genome), value in zip(genomes, returns, strict=True):
            genome.fitness = value

    started = time.process_time()
    run.run(evaluate, generations)
    seconds = time.process_time() - started
    return {
        "rate": steps / seconds,
        "length": steps / (population * EPISODES * generations),
        "hidden": mean(nodes for nodes, _ in sizes) - 2,
        "connections": mean(connections for _, connections in sizes),
    }


def measure(settings: Settings, say: Say) -> Result:
    """Let ours and all ways of theirs take turns."""
    try:
        import gymnasium  # noqa: F401

        import neat  # noqa: F401
    except ImportError:
        raise SkippedError("it needs Gymnasium and neat-python; pip install 'speciate[rl,bench]'") from None
    population, generations = settings["population"], settings["generations"]
    ours(100, 2, 0)  # machine code
    notes: dict[str, list[dict[str, Any]]] = {}

    def noted(name: str, found: dict[str, Any]) -> float:
        notes.setdefault(name, []).append(found)
        return float(found["rate"])

    contenders = {"ours": lambda: noted("ours", ours(population, generations, len(notes.get("ours", []))))}
    for way in WAYS:
        for which in SETTINGS:
            name = f"{way}, {which}"
            contenders[name] = lambda n=name, w=way, s=which: noted(
                n, theirs(w, s, population, generations, len(notes.get(n, [])))
            )
    take_turns(contenders, settings["rounds"], say)
    return {"notes": notes}


def show(result: Result) -> str:
    """A row for each, and what it says."""
    notes = result["notes"]
    rates = {name: [found["rate"] for found in all_] for name, all_ in notes.items()}
    rows = []
    for name, found in notes.items():
        way, _, which = name.partition(", ")
        label = "Speciate, vector environment" if name == "ours" else f"neat-python, {way}, {which} settings"
        ratio = "" if name == "ours" else f"**{median_ratio(rates['ours'], rates[name]):.0f} x**"
        rows.append(
            (
                label,
                f"{median(rates[name]):,.0f}",
                f"{min(rates[name]):,.0f} - {max(rates[name]):,.0f}",
                ratio,
                *(f"{mean(one[key] for one in found):.1f}" for key in ("length", "hidden", "connections")),
            )
        )
    head = ("who", "steps/s", "from - to", "ours to it", "mean episode", "hidden nodes", "connections")
    note = (
        "Environment steps a second of one processor over whole generations (evaluation, selection, children), medians over rounds; "
        f'{EPISODES} episodes a genome; one process on each side. "One by one" is a plain loop over genomes and episodes, as '
        f"neat-python's own examples have it: bar {BAR} x. \"Vector\" is more than its users get: Gymnasium's vector environment with "
        "a slot for every genome and episode, where slots that have ended are given up at once; ours goes through the same "
        "environment, whose own step takes about half of our time. Genome sizes are those of the last generation."
    )
    return table(head, rows) + "\n\n" + note


BENCHMARK = Benchmark(
    "neat_cartpole",
    "How many environment steps a second does NEAT make on CartPole-v1, beside neat-python 2?",
    {"rounds": 3, "population": 1_000, "generations": 5},
    lambda s: s["rounds"] * s["generations"] * s["population"] * 0.02,
    measure,
    show,
)
