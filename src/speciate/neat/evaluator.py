"""Scores slices and single networks by a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from speciate.algorithms import Algorithm, Refinement
from speciate.errors import ConfigurationError, UsageError
from speciate.evaluators import Champion, Chosen, Evaluator, Examination, RunContext
from speciate.neat.genome import NeatGenome
from speciate.neat.population import Population
from speciate.neat.tasks.base import Scores, Task, Trace
from speciate.records import Candidate, Columns, Cost, Evaluation, Phase, Slice, Status, StoredGenome
from speciate.rng import Stream, derive
from speciate.text import counted

if TYPE_CHECKING:
    from speciate.champion import Model

MOST_ROWS = 400
"""Steps of a trace that are kept."""

FAR = 1e6
"""Stands for infinity in a trace."""


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
        self.data = task.data
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
        status = Status.OK if np.isfinite(score) else Status.DIVERGED
        connections = int(population.connections[0])
        return Evaluation(
            candidate, status, score if status is Status.OK else None, parameters=connections, engine="table"
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
        scores = checked_scores(self.task, self.task.evaluate(members.networks(), self.seed), part.size)
        steps = int(scores.steps.sum())
        columns = {"fitness": scores.fitness, "steps": scores.steps, "solved": scores.solved, **part.facts}
        common: dict[str, Any] = {"cost": Cost(steps, steps), "engine": "table", "columns": columns}
        failed = scores.size - int(np.isfinite(scores.fitness).sum())
        if failed == scores.size:
            error = scores.failure or "no network of this slice has a fitness that is a finite number"
            status = Status.ERROR if scores.failure else Status.DIVERGED
            return Evaluation(candidate, status, error=error, **common)
        best, solved = best_of(self.task, members, scores, part.facts, part.generation, self.seed)
        genome = members.genome(best)
        metrics = {"solved": float(solved), "hidden": float(genome.hidden)}
        return Evaluation(
            candidate,
            Status.OK,
            float(scores.fitness[best]),
            metrics=metrics | ({"failed": float(failed)} if failed else {}),
            parameters=sum(gene.enabled for gene in genome.connections),
            error=scores.failure,
            best=genome,
            **common,
        )

    def closing(self, context: RunContext, chosen: Evaluation) -> Algorithm | None:
        """Weights that are trained by gradient, where there are data."""
        return Refinement(chosen.candidate) if self.refines else None

    def select_champion(
        self, chosen: Evaluation, final: Sequence[Evaluation], closing: Sequence[Evaluation]
    ) -> Chosen:
        """What its refinement made of it, if that is better."""
        better = [e for e in closing if e.ok and e.metrics.get("better") and e.best is not None]
        if not better:
            return Chosen(chosen)
        refined = better[0]
        assert refined.best is not None
        return Chosen(replace(refined, candidate=replace(refined.candidate, genome=refined.best)))

    def examine(self, context: RunContext, selected: Chosen) -> Examination | None:
        """What the champion does in fresh episodes, or from other starts."""
        networks, seed = population_of(selected.lead.candidate).networks(), derive(self.seed, Stream.VERIFY)
        numbers, trace = self.task.verify(networks, seed), self.task.trace(networks, seed)
        shown = None if trace is None else _traced(trace)
        found: Examination | None = None
        if numbers:
            found = Examination(next(iter(numbers.values())), numbers=numbers, trace=shown)
        if self.data is not None and found is not None:
            valid, tested = self.task.choose(networks, seed), self.task.test(networks)
            found = replace(found, score=valid, valid=valid)
            if tested is not None:
                more = {**numbers, f"{self.data.metric} on the test rows": tested.score}
                low, high, rows = tested.low, tested.high, tested.rows
                found = replace(found, score=tested.score, low=low, high=high, rows=rows, numbers=more)
        return found

    def model(self, champion: Champion, facts: Mapping[str, Any]) -> Model:
        """The champion, ready to act, or to predict where the task is a table."""
        from speciate.champion import ConnectionsModel

        task = self.task
        names = ("name", "fitness", "goal", "recurrent")
        about = {**{name: getattr(task, name) for name in names}, **task.forms()}
        return ConnectionsModel.of(champion.to_json(), about, task.table(), facts)

    def publish(self, folder: Path, champion: Champion, facts: Mapping[str, Any]) -> None:
        """Write the champion's folder."""
        from speciate.champion import write_champion

        write_champion(folder, self.model(champion, facts))

    def summary(self) -> list[tuple[str, str]]:
        """The task, and what its fitness is."""
        task = self.task
        ends = f"{counted(task.inputs, 'input')}, {counted(task.outputs, 'output')}"
        goal = "" if task.goal is None else f"; solved at {task.goal:g}"
        lines = [("task", f"{task.name}: {ends}"), ("fitness", f"{task.fitness}{goal}")]
        return lines if self.data is None else self.data.lines() + lines

    def describe(self) -> dict[str, Any]:
        """The task and its settings."""
        about = (
            {"settings": self.task.settings()}
            if self.data is None
            else {
                "data": self.data.fingerprint,
                **self.data.weighting(),
            }
        )
        return {"kind": "task", "task": self.task.name, **about, **self.task.source()}

    def facts(self) -> dict[str, Any]:
        """What reports say about the task, and about its data."""
        names = ("name", "fitness", "goal", "inputs", "outputs")
        about = {**{name: getattr(self.task, name) for name in names}, "names": list(self.task.names)}
        data = {} if self.data is None else self.data.facts()
        return {**about, "task": "control", "metric": "fitness", **data}


def checked_scores(task: Task, scores: Any, size: int) -> Scores:
    """What a task gives for so many networks.

    Raises:
        UsageError: It is something else.
    """
    name = f"{type(task).__name__}.evaluate"
    if not isinstance(scores, Scores):
        raise UsageError(
            f"{name} gives a {type(scores).__name__}, not Scores",
            hint="return Scores(fitness, solved, steps)",
        )
    parts = {part: np.asarray(getattr(scores, part)) for part in ("fitness", "solved", "steps")}
    wrong = [f"{part} {values.shape}" for part, values in parts.items() if values.shape != (size,)]
    if wrong:
        raise UsageError(
            f"{name} scored {size} networks and gives {', '.join(wrong)}",
            hint=f"each has the shape ({size},)",
        )
    return Scores(parts["fitness"], parts["solved"], parts["steps"], scores.failure)


def best_of(
    task: Task, members: Population, scores: Scores, facts: Columns, generation: int, seed: int
) -> tuple[int, bool]:
    """The best of some members, and whether it is a solution: one that passes the task's long test, else the fittest.

    Args:
        task: What they are good at.
        members: Of one generation.
        scores: Theirs, some of them finite.
        facts: What is known of each beforehand; see `Evolver.facts`.
        generation: The current one.
        seed: The run's.
    """
    tried = candidate_for_solution(scores, facts.get("copied"), generation)
    if tried is not None and task.confirm(members.take([tried]).networks(), seed)[0]:
        return tried, True
    return int(np.argmax(np.where(np.isfinite(scores.fitness), scores.fitness, -np.inf))), False


def candidate_for_solution(scores: Scores, copied: NDArray[np.bool_] | None, generation: int) -> int | None:
    """Which member is put to a task's long test: the fittest of those that reach the goal and were not there before.

    An unchanged copy had its chance when it was new. Were the fittest of all tested, one that has luck in its fitness and fails
    would live on as its species' champion and keep all others from trying. Of equals, another one has its turn in every
    generation.

    Args:
        scores: Of the members.
        copied: (N,) which ones are unchanged copies of members of the generation before; None if none is.
        generation: The current one.

    Returns:
        Its index, or None if there is none.
    """
    solved = scores.solved & np.isfinite(scores.fitness)
    reached = np.flatnonzero(solved if copied is None else solved & ~copied)
    if not len(reached):
        return None
    top = reached[scores.fitness[reached] == scores.fitness[reached].max()]
    return int(top[generation % len(top)])


def _traced(trace: Trace) -> dict[str, Any]:
    """A trace as JSON, thinned to what a picture can show."""
    every = max(1, -(-len(trace.rows) // MOST_ROWS))
    finite = np.nan_to_num(trace.rows[::every], nan=0.0, posinf=FAR, neginf=-FAR)
    rows = [[float(f"{cell:.5g}") for cell in row] for row in finite.tolist()]
    return {**vars(trace), "columns": list(trace.columns), "rows": rows, "every": every}


def population_of(candidate: Candidate) -> Population:
    """The network of a candidate as a population of one."""
    value = candidate.genome.to_json()
    return Population.of([NeatGenome.from_json(value)])
