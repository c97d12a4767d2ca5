"""One run of an evolver on a task, from the first generation to a confirmed solution."""

from __future__ import annotations

import time
from typing import Any

import numpy as np


def solve(task: Any, evolver: Any, seed: int, limit: int) -> dict[str, Any]:
    """Evolve until the best network of a generation is confirmed as a solution, or the limit is reached.

    Whole generations are counted. Of equally fit candidates for a solution, another one is put to the test in every generation.

    Args:
        task: What to be good at.
        evolver: A fresh one.
        seed: The run's.
        limit: Most evaluations.

    Returns:
        `solved`, `evaluations`, `generations`, `steps` of the task, `seconds` and `processor` seconds of the whole run, `best`
        fitness, and the solution's `hidden` nodes, `connections` and what `verify` says.
    """
    started, processor, evaluations, steps = time.perf_counter(), time.process_time(), 0, 0
    while True:
        genomes = evolver.ask()
        scores = task.evaluate(genomes.networks(), seed)
        evaluations += genomes.size
        steps += int(scores.steps.sum())
        row, solved = _candidate(task, genomes, scores, evolver.generation, seed)
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


def _candidate(task: Any, genomes: Any, scores: Any, generation: int, seed: int) -> tuple[int, bool]:
    reached = np.flatnonzero(scores.solved)
    if not len(reached):
        return int(scores.fitness.argmax()), False
    top = reached[scores.fitness[reached] == scores.fitness[reached].max()]
    row = int(top[generation % len(top)])
    return row, bool(task.confirm(genomes.take([row]).networks(), seed)[0])
