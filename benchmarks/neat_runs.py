"""One run of an evolver on a task, from the first generation to a confirmed solution."""

from __future__ import annotations

import time
from typing import Any


def solve(task: Any, evolver: Any, seed: int, limit: int) -> dict[str, Any]:
    """Evolve until a network is confirmed as a solution, or the limit is reached.

    Whole generations are counted. One network of a generation is put to the test at most; see `candidate_for_solution`.

    Args:
        task: What to be good at.
        evolver: A fresh one.
        seed: The run's.
        limit: Most evaluations.

    Returns:
        `solved`, `evaluations`, `generations`, `steps` of the task, `seconds` and `processor` seconds of the whole run, `best`
        fitness, and the solution's `hidden` nodes, `connections` and what `verify` says.
    """
    from speciate.neat.evaluator import best_of

    started, processor, evaluations, steps = time.perf_counter(), time.process_time(), 0, 0
    while True:
        genomes = evolver.ask()
        scores = task.evaluate(genomes.networks(), seed)
        evaluations += genomes.size
        steps += int(scores.steps.sum())
        row, solved = best_of(task, genomes, scores, evolver.facts(), evolver.generation, seed)
        if solved or evaluations + genomes.size > limit:
            break
        evolver.tell(scores.fitness)
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    champion = genomes.take([row])
    return {
        "solved": solved,
        "evaluations": evaluations,
        "generations": evolver.generation + 1,
        "steps": steps,
        "seconds": round(seconds, 3),
        "processor": round(processor, 3),
        "best": float(scores.fitness[row]),
        "hidden": int(champion.hidden[0]),
        "connections": int(champion.connections[0]),
        "verify": task.verify(champion.networks(), seed),
    }
