"""NEAT once more, slowly and plainly: genomes of dictionaries, one child at a time; what the tables must agree with."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from speciate.neat.parameters import NeatParameters

WORD = 2**64 - 1


class Draws:
    """SplitMix64 in whole numbers: stream `index` of a key."""

    def __init__(self, key: int, index: int) -> None:
        self.state = mixed((key + (index + 1) * 0x9E3779B97F4A7C15) & WORD)

    def uniform(self) -> float:
        self.state = (self.state + 0x9E3779B97F4A7C15) & WORD
        return (mixed(self.state) >> 11) / 2**53

    def signed(self) -> float:
        return 2.0 * self.uniform() - 1.0

    def below(self, count: int) -> int:
        return int(self.uniform() * count)


def mixed(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
    return z ^ (z >> 31)


@dataclass(frozen=True)
class Gene:
    source: int
    target: int
    weight: float
    enabled: bool


@dataclass(frozen=True)
class Node:
    position: float
    activation: str


@dataclass
class Twin:
    """A genome: genes by innovation, output and hidden nodes by id."""

    inputs: int
    outputs: int
    genes: dict[int, Gene]
    nodes: dict[int, Node]

    def place(self, node: int) -> tuple[float, int]:
        """Nodes are computed in this order."""
        return (self.nodes[node].position if node in self.nodes else 0.0, node)


@dataclass
class Marks:
    """What every mark stands for."""

    connections: dict[tuple[int, int], int] = field(default_factory=dict)
    nodes: dict[tuple[int, int], int] = field(default_factory=dict)

    def connection(self, source: int, target: int) -> int:
        return self.connections.setdefault((source, target), len(self.connections))


def distance(a: Twin, b: Twin, rules: NeatParameters) -> float:
    """Equation 1."""
    shorter = min(max(a.genes, default=-1), max(b.genes, default=-1))
    matching = sorted(set(a.genes) & set(b.genes))
    other = set(a.genes) ^ set(b.genes)
    excess = sum(mark > shorter for mark in other)
    disjoint = len(other) - excess
    larger = max(len(a.genes), len(b.genes))
    n = larger if larger >= rules.small_genome else 1
    difference = 0.0
    for mark in matching:
        difference += abs(a.genes[mark].weight - b.genes[mark].weight)
    mean = difference / len(matching) if matching else 0.0
    return rules.c1 * excess / n + rules.c2 * disjoint / n + rules.c3 * mean


def cross(mother: Twin, father: Twin, equal: bool, draws: Draws, rules: NeatParameters) -> Twin:
    """Figure 4."""
    average = draws.uniform() < rules.mate_average
    genes: dict[int, Gene] = {}
    for mark in sorted(set(mother.genes) | set(father.genes) if equal else mother.genes):
        ours, theirs = mother.genes.get(mark), father.genes.get(mark)
        if (ours is None or theirs is None) and equal and draws.uniform() >= 0.5:
            continue
        chosen = ours or theirs
        if ours and theirs and draws.uniform() < 0.5:
            chosen = theirs
        assert chosen is not None
        if ours and theirs and average:
            chosen = replace(chosen, weight=0.5 * (ours.weight + theirs.weight))
        enabled = all(gene.enabled for gene in (ours, theirs) if gene)
        enabled = enabled or draws.uniform() >= rules.inherit_disabled
        genes[mark] = replace(chosen, enabled=enabled)
    return Twin(mother.inputs, mother.outputs, genes, nodes_of(mother, father, genes, draws))


def nodes_of(mother: Twin, father: Twin, genes: dict[int, Gene], draws: Draws) -> dict[int, Node]:
    spoken = {end for gene in genes.values() for end in (gene.source, gene.target)}
    nodes = {}
    for node in sorted(set(mother.nodes) | set(father.nodes)):
        output = node <= mother.inputs + mother.outputs
        if not output and node not in spoken:
            continue
        ours, theirs = mother.nodes.get(node), father.nodes.get(node)
        chosen = ours or theirs
        if ours and theirs and ours.activation != theirs.activation:
            chosen = ours if draws.uniform() < 0.5 else theirs
        assert chosen is not None
        nodes[node] = chosen
    return nodes


def mutate(twin: Twin, marks: Marks, draws: Draws, rules: NeatParameters) -> None:
    """Sections 3.1 and 4.1."""
    drawn = draws.uniform()
    if drawn < rules.add_node:
        add_node(twin, marks, draws, rules)
    elif drawn < rules.add_node + rules.add_connection:
        add_connection(twin, marks, draws, rules)
    structural = drawn < rules.add_node + rules.add_connection
    if not (structural and rules.structure_alone) and draws.uniform() < rules.mutate_weights:
        mutate_weights(twin, draws, rules)
    if rules.mutate_activation > 0 and draws.uniform() < rules.mutate_activation:
        hidden = sorted(twin.nodes)[twin.outputs :]
        if hidden:
            node = hidden[draws.below(len(hidden))]
            activation = rules.activations[draws.below(len(rules.activations))]
            twin.nodes[node] = replace(twin.nodes[node], activation=activation)


def mutate_weights(twin: Twin, draws: Draws, rules: NeatParameters) -> None:
    for mark in sorted(twin.genes):
        gene = twin.genes[mark]
        if draws.uniform() < rules.replace_weight:
            twin.genes[mark] = replace(gene, weight=draws.signed() * rules.weight_range)
        else:
            twin.genes[mark] = replace(gene, weight=gene.weight + draws.signed() * rules.weight_power)


def add_node(twin: Twin, marks: Marks, draws: Draws, rules: NeatParameters) -> None:
    """Figure 3."""
    candidates = [
        m for m in sorted(twin.genes) if twin.genes[m].enabled and twin.genes[m].source != twin.inputs
    ]
    if not candidates:
        return
    if rules.split_later < 1 and len(twin.genes) < rules.split_genome:
        skipped = 0
        while draws.uniform() < rules.split_later:
            skipped += 1
        if skipped >= len(candidates):
            return
        mark = candidates[skipped]
    else:
        mark = candidates[draws.below(len(candidates))]
    gene = twin.genes[mark]
    start, end = twin.place(gene.source), twin.place(gene.target)
    position = start[0] + 0.5 * (end[0] - start[0]) if start < end else start[0]
    if start < end and position >= end[0]:
        return
    first = twin.inputs + 1 + twin.outputs
    occurrence = 0
    while (mark, occurrence) in marks.nodes and first + marks.nodes[mark, occurrence] in twin.nodes:
        occurrence += 1
    node = first + marks.nodes.setdefault((mark, occurrence), len(marks.nodes))
    if (position, node) <= start:
        return
    twin.genes[mark] = replace(gene, enabled=False)
    twin.nodes[node] = Node(position, rules.activations[draws.below(len(rules.activations))])
    twin.genes[marks.connection(gene.source, node)] = Gene(gene.source, node, 1.0, True)
    twin.genes[marks.connection(node, gene.target)] = Gene(node, gene.target, gene.weight, True)


def add_connection(twin: Twin, marks: Marks, draws: Draws, rules: NeatParameters) -> None:
    """Figure 3."""
    targets = sorted(twin.nodes)
    sources = [*range(twin.inputs + 1), *targets]
    pairs = {(gene.source, gene.target) for gene in twin.genes.values()}
    for _ in range(rules.tries):
        source, target = sources[draws.below(len(sources))], targets[draws.below(len(targets))]
        if not rules.recurrent:
            output = twin.inputs < source <= twin.inputs + twin.outputs
            if output or twin.place(source) >= twin.place(target):
                continue
        if (source, target) not in pairs:
            mark = marks.connection(source, target)
            twin.genes[mark] = Gene(source, target, draws.signed() * rules.weight_range, True)
            return


def activate(name: str, x: float) -> float:
    return {
        "sigmoid": lambda: 1 / (1 + math.exp(-4.9 * x)),
        "tanh": lambda: math.tanh(x),
        "relu": lambda: max(x, 0.0),
        "linear": lambda: x,
        "sine": lambda: math.sin(x),
        "gaussian": lambda: math.exp(-x * x),
        "absolute": lambda: abs(x),
        "logistic": lambda: 1 / (1 + math.exp(-x)),
    }[name]()


class TwinNetwork:
    """One network, node by node; asked for an output, it asks the nodes before it."""

    def __init__(self, twin: Twin) -> None:
        self.twin, self.before = twin, dict.fromkeys(twin.nodes, 0.0)

    def step(self, observation: list[float]) -> list[float]:
        twin = self.twin
        now = dict(enumerate([*observation, 1.0]))

        def value(node: int) -> float:
            if node not in now:
                total = 0.0
                for _, gene in sorted(twin.genes.items()):
                    if gene.enabled and gene.target == node:
                        late = twin.place(gene.source) >= twin.place(node)
                        total += gene.weight * (self.before[gene.source] if late else value(gene.source))
                now[node] = activate(twin.nodes[node].activation, total)
            return now[node]

        for node in twin.nodes:
            value(node)
        self.before = {node: now[node] for node in twin.nodes}
        return [now[twin.inputs + 1 + o] for o in range(twin.outputs)]
