"""One NEAT genome by itself, and its canonical JSON form: what a champion is kept and drawn from; the activations of its nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from speciate.records import hash_of

KIND = "neat"
"""What a network of single connections says of itself in its canonical form."""

ACTIVATIONS = ("sigmoid", "tanh", "relu", "linear", "sine", "gaussian", "absolute", "logistic")
"""A name's place is its code in a population's table.

"sigmoid" is the paper's steepened one, 1 / (1 + exp(-4.9 x)) (Stanley & Miikkulainen 2002, section 4.1); "logistic" is
1 / (1 + exp(-x)), "gaussian" exp(-x**2).
"""
CODES = {name: code for code, name in enumerate(ACTIVATIONS)}
"""Codes by name."""


@dataclass(frozen=True)
class NodeGene:
    """An output or a hidden node.

    Attributes:
        node: Its id: outputs follow the inputs and the bias, hidden nodes follow the outputs.
        position: 0 at the inputs, 1 at the outputs. Nodes are computed in order of position, then id; a connection from a
            later node, or from the node itself, carries the value of the step before.
        activation: One of `ACTIVATIONS`.
    """

    node: int
    position: float
    activation: str


@dataclass(frozen=True)
class ConnectionGene:
    """A connection.

    Attributes:
        innovation: Its historical mark.
        source: A node's id; inputs are 0 to inputs - 1, the bias, always 1, is `inputs`.
        target: A node's id.
        weight: What the source's value is multiplied by.
        enabled: Whether it is there at all in the network.
    """

    innovation: int
    source: int
    target: int
    weight: float
    enabled: bool


@dataclass(frozen=True)
class NeatGenome:
    """A network found by NEAT.

    Attributes:
        inputs: How many inputs there are, without the bias.
        outputs: How many outputs.
        nodes: Outputs and hidden nodes in order of id.
        connections: In order of innovation.
    """

    inputs: int
    outputs: int
    nodes: tuple[NodeGene, ...]
    connections: tuple[ConnectionGene, ...]

    @property
    def hidden(self) -> int:
        """How many hidden nodes there are."""
        return len(self.nodes) - self.outputs

    @property
    def recurrent(self) -> bool:
        """Whether an enabled connection carries a value of the step before."""
        order = {gene.node: (gene.position, gene.node) for gene in self.nodes}
        return any(
            c.enabled and c.source in order and order[c.source] >= order[c.target] for c in self.connections
        )

    def to_json(self) -> dict[str, Any]:
        """The canonical form."""
        ends = {"kind": KIND, "inputs": self.inputs, "outputs": self.outputs}
        genes = {"nodes": self.nodes, "connections": self.connections}
        return {**ends, **{name: [dict(vars(gene)) for gene in kind] for name, kind in genes.items()}}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> NeatGenome:
        """The genome whose `to_json` this is."""
        return cls(
            int(plain["inputs"]),
            int(plain["outputs"]),
            tuple(NodeGene(**gene) for gene in plain["nodes"]),
            tuple(ConnectionGene(**gene) for gene in plain["connections"]),
        )

    @cached_property
    def key(self) -> str:
        """Hash of the canonical form."""
        return hash_of(self.to_json())

    @property
    def phenotype(self) -> str:
        """The same: other networks that compute the same are not looked for."""
        return self.key

    def describe(self) -> str:
        """`4 inputs, 2 hidden, 1 output, 9 connections`."""
        live = sum(gene.enabled for gene in self.connections)
        kind = ", recurrent" if self.recurrent else ""
        outputs = f"{self.outputs} output{'s' * (self.outputs != 1)}"
        return f"{self.inputs} inputs, {self.hidden} hidden, {outputs}, {live} connections{kind}"
