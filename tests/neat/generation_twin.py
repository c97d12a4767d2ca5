"""A whole generation of NEAT, slowly and plainly: species as lists of members, the rest from `neat_twin`."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import dataclass, field

from neat_twin import WORD, Draws, Gene, Marks, Node, Twin, cross, distance, mutate

from speciate.neat.parameters import NeatParameters
from speciate.rng import Stream, derive


@dataclass
class Kind:
    """A species."""

    number: int
    representative: Twin
    best: float = -math.inf
    improved: int = 0
    members: list[int] = field(default_factory=list)


class TwinNeat:
    """What `speciate.neat.evolvers.Neat` is the fast form of."""

    def __init__(self, inputs: int, outputs: int, size: int, seed: int, rules: NeatParameters) -> None:
        self.size, self.seed, self.rules, self.generation = size, seed, rules, 0
        self.marks, self.founded, self.threshold = Marks(), 0, rules.compatibility_threshold
        self.best, self.improved = -math.inf, 0
        self.genomes = [self.first(inputs, outputs, row) for row in range(size)]
        self.copied = [False] * size
        self.kinds: list[Kind] = []
        self.divide()

    def key(self, generation: int) -> int:
        return derive(self.seed, Stream.GENERATION, generation)

    def first(self, inputs: int, outputs: int, row: int) -> Twin:
        draws, genes = Draws(self.key(0), row), {}
        for target in range(inputs + 1, inputs + 1 + outputs):
            for source in range(inputs + 1):
                weight = draws.signed() * self.rules.first_range
                genes[self.marks.connection(source, target)] = Gene(source, target, weight, True)
        output = Node(1.0, self.rules.output_activation)
        return Twin(inputs, outputs, genes, {inputs + 1 + o: output for o in range(outputs)})

    def divide(self) -> None:
        """Section 3.3: the first species whose representative is compatible, or a new one."""
        rules = self.rules
        if rules.species_target and self.kinds:
            step = (len(self.kinds) / rules.species_target) ** 0.2
            self.threshold *= min(max(step, 0.8), 1.25)
        most = rules.species_limit or self.size
        homeless = list(range(self.size))
        for kind in self.kinds:
            kind.members = []
        nearest: dict[int, tuple[float, int]] = {}
        s = 0
        while s < len(self.kinds) or (homeless and s < most):
            if s == len(self.kinds):
                born = self.generation
                self.kinds.append(Kind(self.founded, self.genomes[homeless[0]], improved=born))
                self.founded += 1
            kind, still = self.kinds[s], []
            for row in homeless:
                delta = distance(self.genomes[row], kind.representative, rules)
                nearest[row] = min(nearest.get(row, (math.inf, 0)), (delta, s))
                if delta < self.threshold:
                    kind.members.append(row)
                else:
                    still.append(row)
            homeless, s = still, s + 1
        for row in homeless:
            self.kinds[nearest[row][1]].members.append(row)
        for kind in self.kinds:
            kind.members.sort()
        self.kinds = [kind for kind in self.kinds if kind.members]

    def tell(self, fitness: list[float]) -> None:
        for kind in self.kinds:
            kind.members.sort(key=lambda row: (-fitness[row], row))
            highest = fitness[kind.members[0]]
            if highest > kind.best:
                kind.best, kind.improved = highest, self.generation
        quotas = self.quotas(fitness)
        key = self.key(self.generation + 1)
        for s, kind in enumerate(self.kinds):
            draws = Draws(key ^ WORD, s)
            kind.representative = self.genomes[kind.members[draws.below(len(kind.members))]]
        self.genomes = self.children(fitness, quotas, key)
        self.kinds = [kind for kind, quota in zip(self.kinds, quotas, strict=True) if quota]
        self.generation += 1
        self.divide()

    def champion(self, fitness: list[float]) -> Kind:
        row = max(range(self.size), key=lambda r: (fitness[r], -r))
        return next(kind for kind in self.kinds if row in kind.members)

    def quotas(self, fitness: list[float]) -> list[int]:
        """Explicit fitness sharing, stagnation, largest remainders."""
        rules = self.rules
        if max(fitness) > self.best:
            self.best, self.improved = max(fitness), self.generation
        standstill = self.generation - self.improved > rules.population_stagnation
        if standstill:
            self.improved = self.generation
            allowed = sorted(self.kinds, key=lambda kind: -kind.best)[:2]
        else:
            allowed = [k for k in self.kinds if self.generation - k.improved < rules.stagnation]
        champion = self.champion(fitness)
        lowest = min(0.0, min(fitness))
        shares = []
        for kind in self.kinds:
            total = 0.0
            for row in sorted(kind.members):
                total += fitness[row] - lowest
            shares.append(total / len(kind.members) if kind in allowed or kind is champion else 0.0)
        if sum(shares) <= 0:
            shares = [1.0] * len(shares)
        exact = [share / sum(shares) * self.size for share in shares]
        quotas = [math.floor(e) for e in exact]
        left = self.size - sum(quotas)
        for s in sorted(range(len(exact)), key=lambda s: quotas[s] - exact[s])[:left]:
            quotas[s] += 1
        home = self.kinds.index(champion)
        if quotas[home] == 0:
            quotas[quotas.index(max(quotas))] -= 1
            quotas[home] = 1
        return quotas

    def children(self, fitness: list[float], quotas: list[int], key: int) -> list[Twin]:
        rules, made, mothers = self.rules, [], []
        champion = self.champion(fitness)
        for kind, quota in zip(self.kinds, quotas, strict=True):
            elite = kind is champion or len(kind.members) > rules.elite_above
            for nth in range(quota):
                if nth == 0 and elite:
                    made.append(deepcopy(self.genomes[kind.members[0]]))
                    mothers.append(kind.members[0])
                    continue
                mother, father = self.parents(kind, quotas, Draws(key, 2 * len(made)), fitness)
                draws = Draws(key, 2 * len(made) + 1)
                child, changes = deepcopy(self.genomes[mother]), True
                if father is not None:
                    equal = fitness[mother] == fitness[father]
                    child = cross(self.genomes[mother], self.genomes[father], equal, draws, rules)
                    changes = draws.uniform() >= rules.mate_only
                if changes:
                    mutate(child, self.marks, draws, rules)
                made.append(child)
                mothers.append(mother)
        self.copied = [child == self.genomes[mother] for child, mother in zip(made, mothers, strict=True)]
        return made

    def survivors(self, kind: Kind) -> list[int]:
        return kind.members[: max(1, math.ceil(self.rules.survival * len(kind.members)))]

    def parents(
        self, kind: Kind, quotas: list[int], draws: Draws, fitness: list[float]
    ) -> tuple[int, int | None]:
        rules = self.rules
        own = self.survivors(kind)
        mother = own[draws.below(len(own))]
        if draws.uniform() < rules.mutation_only:
            return mother, None
        others = [k for k, quota in zip(self.kinds, quotas, strict=True) if k is not kind and quota]
        mates = own
        if others and draws.uniform() < rules.interspecies:
            mates = self.survivors(others[draws.below(len(others))])
        father = mates[draws.below(len(mates))]
        if father == mother:
            return mother, None
        return (father, mother) if fitness[father] > fitness[mother] else (mother, father)
