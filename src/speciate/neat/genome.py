"""One NEAT genome by itself, and its canonical JSON form: what a champion is kept and drawn from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class NodeGene:
    """An output or a hidden node.

    Attributes:
        node: Its id: outputs follow the inputs and the bias, hidden nodes follow the outputs.
        position: 0 at the inputs, 1 at the outputs. Nodes are computed in order of position, then id; a connection from a
            later node, or from the node itself, carries the value of the step before.
        activation: A name of `speciate.neat.activations`.
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
        """As plain values."""
        ends = {"inputs": self.inputs, "outputs": self.outputs}
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

    @property
    def canonical(self) -> str:
        """The one text of this genome."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
