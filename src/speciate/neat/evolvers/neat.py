"""NEAT: neuroevolution of augmenting topologies.

Stanley & Miikkulainen, "Evolving Neural Networks through Augmenting Topologies", Evolutionary Computation 10(2), 2002.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from speciate.errors import ConfigurationError
from speciate.neat import species as kinds
from speciate.neat.compiled import distance, reproduction
from speciate.neat.compiled.innovations import Innovations, connection_mark
from speciate.neat.compiled.reproduction import Rates, Selection
from speciate.neat.compiled.table import empty
from speciate.neat.evolvers.base import Evolver, evolver
from speciate.neat.genome import CODES
from speciate.neat.networks import FloatArray
from speciate.neat.parameters import TUNED, NeatParameters, preset_of
from speciate.neat.population import Population
from speciate.neat.species import Species
from speciate.neat.tasks.base import Task
from speciate.rng import Stream, derive


@evolver
class Neat(Evolver):
    """NEAT over a table of genomes.

    Args:
        inputs: Inputs of every network.
        outputs: Outputs of every network.
        population_size: Genomes in a generation.
        seed: The run's seed.
        parameters: The paper's parameters, or others.

    Raises:
        ConfigurationError: There are no inputs or outputs, or fewer than two genomes.
    """

    name, label = "neat", "NEAT"

    def __init__(
        self,
        inputs: int,
        outputs: int,
        population_size: int = 150,
        seed: int = 0,
        parameters: NeatParameters = TUNED,
    ) -> None:
        if inputs < 1 or outputs < 1 or population_size < 2:
            raise ConfigurationError(
                f"{inputs} inputs, {outputs} outputs, {population_size} genomes",
                where="Neat",
                hint="at least 1, 1 and 2",
            )
        self.inputs, self.outputs, self.population_size = inputs, outputs, population_size
        self.seed, self.parameters, self.generation = seed, parameters, 0
        self._rates = rates(parameters, inputs, outputs)
        self.innovations = Innovations()
        self.species, self._next_id = Species.none(), 0
        self.threshold = parameters.compatibility_threshold
        self._best, self._improved = -np.inf, 0
        self.population = first_population(self.innovations, self._rates, population_size)
        self.copied = np.zeros(population_size, np.bool_)
        reproduction.first_weights(self.population.table, self._key(), parameters.first_range)
        self._speciate(None)

    @classmethod
    def settings(cls) -> tuple[str, ...]:
        """A preset, and the parameters that are changed in it."""
        of_task = ("recurrent", "output_activation")
        return ("preset", *(field.name for field in fields(NeatParameters) if field.name not in of_task))

    @classmethod
    def for_task(
        cls, task: Task, population_size: int, seed: int, *, preset: str = "tuned", **settings: Any
    ) -> Self:
        """See the base class."""
        suits = {"recurrent": task.recurrent, "output_activation": task.output_activation}
        parameters = preset_of(preset).but(**suits, **settings)
        return cls(task.inputs, task.outputs, population_size, seed, parameters)

    @classmethod
    def identity(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The preset with all that is in it, since another version's preset would be another run, and what was changed."""
        preset = super().identity(asdict(preset_of(settings.get("preset", "tuned"))))
        return super().identity(settings) | {"preset": preset}

    def _key(self) -> np.uint64:
        """What the random numbers of this generation start from."""
        return np.uint64(derive(self.seed, Stream.GENERATION, self.generation))

    def ask(self) -> Population:
        """The current generation."""
        return self.population

    def facts(self) -> dict[str, NDArray[Any]]:
        """Each genome's species, connections and hidden nodes, and whether it is an unchanged copy of one before."""
        return {
            "species": self.species.ids[self.belongs].astype(np.int32),
            "connections": self.population.connections.astype(np.int32),
            "hidden": self.population.hidden.astype(np.int32),
            "copied": self.copied,
        }

    def _tell(self, fitness: FloatArray) -> None:
        """Learn from a generation and put the next one in its place."""
        sizes = np.bincount(self.belongs, minlength=self.species.size)
        highest = np.full(self.species.size, -np.inf)
        np.maximum.at(highest, self.belongs, fitness)
        self.species = self.species.told(highest, self.generation)
        standstill = self._note_progress(float(fitness.max()))
        champion = int(self.belongs[np.argmax(fitness)])
        allowed = kinds.fertile(self.species, self.generation, standstill, champion, self.parameters)
        selection = kinds.select(fitness, self.belongs, allowed, self.parameters)
        key = np.uint64(derive(self.seed, Stream.GENERATION, self.generation + 1))
        lives_on = selection.quotas > 0
        chosen = np.empty(len(sizes), np.int64)
        reproduction.choose_representatives(selection, sizes, ~key, chosen)
        representatives = self.population.take(chosen[lives_on])
        self.species = self.species.take(lives_on)
        self.population = self._children(selection, fitness, key)
        self._speciate(representatives)

    def _note_progress(self, best: float) -> bool:
        """Whether the population has come to a standstill; its clock then starts again."""
        if best > self._best:
            self._best, self._improved = best, self.generation
        standstill = self.generation - self._improved > self.parameters.population_stagnation
        if standstill:
            self._improved = self.generation
        return standstill

    def _children(self, selection: Selection, fitness: FloatArray, key: np.uint64) -> Population:
        """The next generation's genomes."""
        size, table = self.population_size, self.population.table
        mothers, fathers = np.empty(size, np.int64), np.empty(size, np.int64)
        changed, self.copied = np.empty(size, np.bool_), np.empty(size, np.bool_)
        reproduction.pair(selection, fitness, key, self._rates, mothers, fathers, changed)
        self.innovations.make_room(size)
        widths = [
            int(most) + more for most, more in zip(table.counts[mothers].max(axis=0), (2, 1), strict=True)
        ]
        # Two equally fit parents may give all that they have, and a mutation adds two connections or one node.
        draft = empty(1, *(2 * int(most) + 2 for most in table.counts.max(axis=0)))
        ids = self.inputs + 1 + self.outputs + self.innovations.nodes + size
        given = self.innovations.marks, fitness, mothers, fathers, changed, key, self._rates
        while True:
            children = empty(size, *widths)
            longest = reproduction.reproduce(table, children, draft, *given, np.full(ids, -1), self.copied)
            if all(most <= width for most, width in zip(longest, widths, strict=True)):
                return Population(self.inputs, self.outputs, children)
            widths = [max(pair) for pair in zip(longest, widths, strict=True)]

    def _speciate(self, representatives: Population | None) -> None:
        """Divide the new generation into species."""
        self._steer()
        table = self.population.table
        known = empty(0, 1, 1) if representatives is None else representatives.table
        belongs = np.empty(self.population_size, np.int32)
        founders = np.empty(self.population_size, np.int64)
        most = self.parameters.species_limit or self.population_size
        dense = np.full(self.innovations.connections, np.nan)
        count = distance.assign(table, known, self.threshold, most, dense, self._rates, belongs, founders)
        born = self.generation + 1 if representatives is not None else 0
        species = self.species.founded(count, self._next_id, born)
        self._next_id += count
        lives = np.bincount(belongs, minlength=species.size) > 0
        self.belongs = (np.cumsum(lives) - 1)[belongs]
        self.species = species.take(lives)

    def _steer(self) -> None:
        """Bring the number of species nearer to the target: the threshold follows the logarithm of their ratio."""
        if self.parameters.species_target and self.species.size:
            ratio = self.species.size / self.parameters.species_target
            self.threshold *= float(np.clip(ratio**0.2, 0.8, 1.25))


def rates(parameters: NeatParameters, inputs: int, outputs: int) -> Rates:
    """What the loops over genes need of the parameters."""
    given = {name: getattr(parameters, name) for name in Rates._fields if hasattr(parameters, name)}
    codes = np.array([CODES[name] for name in parameters.activations], np.int8)
    known = {"inputs": inputs, "outputs": outputs, "activations": codes}
    return Rates(**given | known | {"output_activation": CODES[parameters.output_activation]})


def first_population(innovations: Innovations, rates: Rates, size: int) -> Population:
    """Networks without hidden nodes, every input and the bias connected to every output; all weights 0 (section 3.4)."""
    inputs, outputs = rates.inputs, rates.outputs
    pairs = [(source, inputs + 1 + o) for o in range(outputs) for source in range(inputs + 1)]
    table = empty(size, len(pairs), outputs)
    innovations.make_room(len(pairs))
    for at, (source, target) in enumerate(pairs):
        mark = connection_mark(innovations.marks, source, target)
        table.connections[:, at] = (mark, source, target, True, 0.0)
    for at in range(outputs):
        table.nodes[:, at] = (inputs + 1 + at, rates.output_activation, 1.0)
    table.counts[:] = len(pairs), outputs
    return Population(inputs, outputs, table)
