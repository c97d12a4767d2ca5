"""Scores slices and single networks by a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.algorithms import Algorithm, Refinement
from speciate.data import Data
from speciate.errors import ConfigurationError, UsageError
from speciate.evaluators import Champion, Evaluator, Examination, RunContext
from speciate.neat.evolvers.base import Individuals
from speciate.neat.genome import NeatGenome
from speciate.neat.population import Population
from speciate.neat.tasks.base import Scores, Task, Trace
from speciate.neat.tasks.table import TableTask
from speciate.records import Candidate, Columns, Cost, Evaluation, Phase, Slice, Status, StoredGenome, hash_of
from speciate.rng import Stream, derive
from speciate.text import counted

MOST_ROWS = 400
"""Steps of a trace that are kept."""

KIND = "neat"
"""What a network of single connections says of itself in its canonical form."""


@dataclass(frozen=True)
class Member:
    """One member of a population as a genome; what it looks like is worked out when somebody asks.

    Attributes:
        alone: A population of one.
    """

    alone: Population

    @cached_property
    def genome(self) -> NeatGenome:
        """Its nodes and connections."""
        return self.alone.genome(0)

    @cached_property
    def _json(self) -> dict[str, Any]:
        return {"kind": KIND, **self.genome.to_json()}

    @cached_property
    def key(self) -> str:
        """Hash of the canonical form."""
        return hash_of(self._json)

    @property
    def phenotype(self) -> str:
        """The same: other networks that compute the same are not looked for."""
        return self.key

    def to_json(self) -> dict[str, Any]:
        """The canonical form."""
        return self._json

    def describe(self) -> str:
        """`4 inputs, 2 hidden, 1 output, 9 connections`."""
        return described(self.genome)


def described(genome: NeatGenome) -> str:
    """A network in one line."""
    live = sum(gene.enabled for gene in genome.connections)
    kind = ", recurrent" if genome.recurrent else ""
    outputs = f"{genome.outputs} output{'s' * (genome.outputs != 1)}"
    return f"{genome.inputs} inputs, {genome.hidden} hidden, {outputs}, {live} connections{kind}"


class TaskEvaluator(Evaluator):
    """What networks are worth in a task.

    All members of a run are scored on the same episodes, which follow from the run's seed; the final plays others. Of those of a
    slice that reach the task's goal, one is put to the longer test that the task may have; it then counts as a solution.

    Args:
        task: What to be good at.
        seed: The run's seed.
        refine: Whether the champion's weights are trained by gradient; None wherever the task has data.
    """

    def __init__(self, task: Task, seed: int, *, refine: bool | None = None) -> None:
        self.task, self.seed = task, seed
        self.noisy = task.random
        self.data: Data | None = getattr(task, "data", None)
        self.refines = self.data is not None if refine is None else refine
        if self.refines and self.data is None:
            raise ConfigurationError(
                f"refine needs data, and task {task.name} has none",
                hint="leave it out, or use a task table:DATA",
            )

    def _evaluate(self, candidate: Candidate) -> Evaluation:
        if candidate.slice is not None:
            return self._slice(candidate, candidate.slice)
        if candidate.phase is Phase.CHAMPION:
            return self._refine(candidate)
        return self._alone(candidate)

    def _alone(self, candidate: Candidate) -> Evaluation:
        """A finalist."""
        population = population_of(candidate)
        score = self.task.choose(population.networks(), candidate.seed)
        return Evaluation(
            candidate, Status.OK, score, parameters=int(population.connections[0]), engine="table"
        )

    def _refine(self, candidate: Candidate) -> Evaluation:
        """The champion with weights that gradients have made better, if they have."""
        from speciate.neat.refining import refined

        assert self.data is not None
        value = candidate.genome.to_json()
        if NeatGenome.from_json(value).recurrent:
            raise UsageError("a network with a memory is not refined", hint="--no-refine")
        genome, before, after, shown = refined(value, self.data, candidate.seed)
        return Evaluation(
            candidate,
            Status.OK,
            after,
            metrics={"before": before, "better": float(after > before)},
            cost=Cost(shown, shown),
            parameters=sum(gene["enabled"] for gene in genome["connections"]),
            engine="torch",
            best=StoredGenome(genome, f"{candidate.genome.describe()}, refined"),
        )

    def _slice(self, candidate: Candidate, part: Slice) -> Evaluation:
        members: Population = part.members
        scores = self.task.evaluate(members.networks(), self.seed)
        best, solved = best_of(self.task, members, scores, part.facts, part.generation, self.seed)
        columns = {"fitness": scores.fitness, "steps": scores.steps, "solved": scores.solved}
        alone = members.take([best])
        steps = int(scores.steps.sum())
        return Evaluation(
            candidate,
            Status.OK,
            float(scores.fitness[best]),
            metrics={"solved": float(solved), "hidden": float(alone.hidden[0])},
            cost=Cost(steps, steps),
            parameters=int(alone.connections[0]),
            engine="table",
            best=Member(alone),
            columns={**columns, **part.facts},
        )

    def closing(self, context: RunContext, chosen: Evaluation) -> Algorithm | None:
        """Weights that are trained by gradient, where there are data."""
        return Refinement(chosen.candidate) if self.refines else None

    def select_champion(self, chosen: Evaluation, closing: Sequence[Evaluation]) -> Evaluation:
        """What its refinement made of it, if that is better."""
        better = [e for e in closing if e.ok and e.metrics.get("better") and e.best is not None]
        if not better:
            return chosen
        refined = better[0]
        assert refined.best is not None
        return replace(refined, candidate=replace(refined.candidate, genome=refined.best))

    def examine(self, context: RunContext, selected: Evaluation) -> Examination | None:
        """What the champion does in fresh episodes, or from other starts."""
        networks, seed = population_of(selected.candidate).networks(), derive(self.seed, Stream.VERIFY)
        numbers, trace = self.task.verify(networks, seed), self.task.trace(networks, seed)
        shown = None if trace is None else _traced(trace)
        found: Examination | None = None
        if numbers:
            found = Examination(next(iter(numbers.values())), numbers=numbers, trace=shown)
        if isinstance(self.task, TableTask) and found is not None:
            valid, tested = self.task.choose(networks, seed), self.task.test(networks)
            found = replace(found, score=valid, valid=valid)
            if tested is not None:
                more = {**numbers, f"{self.task.data.metric} on the test rows": tested.score}
                found = replace(
                    found,
                    score=tested.score,
                    low=tested.low,
                    high=tested.high,
                    rows=tested.rows,
                    numbers=more,
                )
        return found

    def publish(self, folder: Path, champion: Champion, facts: Mapping[str, Any]) -> None:
        """Write the champion's folder, unless it is there already."""
        from speciate.champion import publish

        task = self.task
        about = {"name": task.name, "fitness": task.fitness, "goal": task.goal, **task.forms()}
        found = {key: facts["run"][key] for key in ("name", "seed", "algorithm")}
        found |= {key: facts[key] for key in ("evaluations", "generations")}
        publish(
            folder,
            champion=champion.to_json(),
            task=about,
            table=task.table(),
            run={**found, "champion": champion.id},
            versions=facts["versions"],
        )

    def summary(self) -> list[tuple[str, str]]:
        """The task, and what its fitness is."""
        task = self.task
        ends = f"{counted(task.inputs, 'input')}, {counted(task.outputs, 'output')}"
        goal = "" if task.goal is None else f"; solved at {task.goal:g}"
        return [("task", f"{task.name}: {ends}"), ("fitness", f"{task.fitness}{goal}")]

    def describe(self) -> dict[str, Any]:
        """The task and its settings."""
        about = {"settings": self.task.settings()} if self.data is None else {"data": self.data.fingerprint}
        return {"kind": "task", "task": self.task.name, **about}

    def facts(self) -> dict[str, Any]:
        """What reports say about the task, and about its data."""
        task = self.task
        data = {} if self.data is None else self.data.facts()
        return {
            "name": task.name,
            "task": "control",
            "metric": "fitness",
            "fitness": task.fitness,
            "goal": task.goal,
            "inputs": task.inputs,
            "outputs": task.outputs,
            "names": list(task.names),
            **data,
        }


def best_of(
    task: Task, members: Individuals, scores: Scores, facts: Columns, generation: int, seed: int
) -> tuple[int, bool]:
    """The best of some members, and whether it is a solution: one that passes the task's long test, else the fittest.

    Args:
        task: What they are good at.
        members: Of one generation.
        scores: Theirs.
        facts: What is known of each beforehand; see `Evolver.facts`.
        generation: The current one.
        seed: The run's.
    """
    tried = candidate_for_solution(scores, facts.get("copied"), generation)
    if tried is not None and task.confirm(members.take([tried]).networks(), seed)[0]:
        return tried, True
    return int(np.argmax(scores.fitness)), False


def candidate_for_solution(scores: Scores, copied: NDArray[np.bool_] | None, generation: int) -> int | None:
    """Who is put to a task's long test: the fittest of those that reach the goal and were not there before.

    An unchanged copy had its chance when it was new. Were the fittest of all tested, one that has luck in its fitness and fails
    would live on as its species' champion and keep all others from trying. Of equals, another one has its turn in every
    generation.

    Args:
        scores: Of the members.
        copied: (N,) who is an unchanged copy of a member of the generation before; None if nobody is.
        generation: The current one.

    Returns:
        Its index, or None if there is nobody.
    """
    reached = np.flatnonzero(scores.solved if copied is None else scores.solved & ~copied)
    if not len(reached):
        return None
    top = reached[scores.fitness[reached] == scores.fitness[reached].max()]
    return int(top[generation % len(top)])


def _traced(trace: Trace) -> dict[str, Any]:
    """A trace as JSON, thinned to what a picture can show."""
    every = max(1, -(-len(trace.rows) // MOST_ROWS))
    rows = [[float(f"{cell:.5g}") for cell in row] for row in trace.rows[::every].tolist()]
    return {
        "columns": list(trace.columns),
        "rows": rows,
        "every": every,
        "seconds": trace.seconds,
        "outcome": trace.outcome,
    }


def population_of(candidate: Candidate) -> Population:
    """The network of a candidate as a population of one."""
    value = candidate.genome.to_json()
    return Population.of([NeatGenome.from_json(value)])
