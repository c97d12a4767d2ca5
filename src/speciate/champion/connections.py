"""Champions that are networks of single connections: what their model.json says, and how they act, predict and are written."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from speciate.champion.description import Count, Description, Record, RowsRecord, Sha256, Size
from speciate.champion.model import Model, check_weights
from speciate.champion.wiring import Wiring, count_numbers, wiring
from speciate.champion.writing import PARTS, rendered, standalone
from speciate.errors import DataError, UsageError

if TYPE_CHECKING:  # torch is imported where it is used
    import torch

    from speciate.champion.standalone.connections import Network

FORMS = {
    "observations": {
        "plain": "as they are",
        "scaled": "scaled to -1 to 1 where they have bounds",
        "one-hot": "one input for each value",
    },
    "actions": {
        "plain": "as they are",
        "greatest": "the action is the place of the greatest",
        "greatest of each": "each part of the action is the place of the greatest of its own",
        "positive": "a part of the action is on where its output is positive",
        "span": "from -1 to 1 they span the bounds of the action",
    },
}
"""How observations become inputs, and outputs actions, with words for the card; `standalone.connections` does it."""

INTEGERS = tuple(f"{sign}int{bits}" for bits in (64, 32, 16, 8) for sign in ("", "u"))
DTYPES = ("float64", "float32", "float16", *INTEGERS, "bool")
"""Types of the numbers in observations and actions, as NumPy and torch call them; the first where a file does not say."""


class NodeRecord(Record):
    """A node that is no input."""

    node: Count
    position: float
    activation: str


class ConnectionRecord(Record):
    """A connection."""

    innovation: Count
    source: Count
    target: Count
    weight: float
    enabled: bool


class ConnectionsRecord(Record):
    """The network, in canonical form."""

    kind: Literal["neat"]
    inputs: Size
    outputs: Size
    nodes: Annotated[list[NodeRecord], Field(max_length=100_000)]
    connections: Annotated[list[ConnectionRecord], Field(max_length=1_000_000)]


class TaskRecord(Record):
    """What it is good at.

    Attributes:
        name: Of the task.
        fitness: What fitness is, in one sentence.
        goal: The fitness that solves it.
        observations: How what the environment shows becomes inputs.
        actions: How outputs become actions.
        recurrent: Whether networks have a memory there; None in older files: if this one has.
    """

    name: str
    fitness: str
    goal: float | None
    recurrent: bool | None = None
    observations: dict[str, Any]
    actions: dict[str, Any]

    @model_validator(mode="after")
    def _has_known_forms(self) -> Self:
        for part, kinds in FORMS.items():
            form = getattr(self, part)
            if form.get("kind") not in kinds:
                raise ValueError(f"{part} of an unknown kind")
            shape, dtype = form.get("shape", []), form.get("dtype", DTYPES[0])
            if dtype not in DTYPES or not isinstance(shape, list) or any(type(n) is not int for n in shape):
                raise ValueError(f"{part} of an unknown type or shape")
        return self


class TableRecord(RowsRecord):
    """What it takes to predict for raw rows, where the task is a table."""

    preprocessing: dict[str, Any]


class EvolutionRecord(Record):
    """How it was found."""

    name: str
    seed: Count
    algorithm: str
    evaluations: Count
    generations: Count
    champion: int


class ConnectionsDescription(Description):
    """A network of single connections; the genome has its weights too.

    Attributes:
        task: What it is good at.
        table: Where the task is a table.
        genome: The network.
        text: The same in one line.
        fitness: In the search.
        numbers: What was measured of the champion afterwards, on fresh episodes or other starts.
        connections: Connections that are enabled.
        sha256: Of model.safetensors.
        run: How it was found.
        versions: Of the libraries.
    """

    format: Literal["speciate-policy"]
    task: TaskRecord
    table: TableRecord | None
    genome: ConnectionsRecord
    text: str
    fitness: float
    numbers: dict[str, float]
    connections: Count
    sha256: Sha256
    run: EvolutionRecord
    versions: dict[str, str]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.table is not None:
            self.table.fits(self.genome.inputs, self.genome.outputs)
        return self

    @property
    def rows(self) -> RowsRecord | None:
        """What it takes to predict for raw rows, where the task is a table."""
        return self.table

    @property
    def weights_sha256(self) -> str:
        """The SHA-256 of model.safetensors."""
        return self.sha256


class ConnectionsModel(Model):
    """A network of single connections, which acts in a task, or predicts for the rows of a table.

    Args:
        description: What model.json says.
    """

    describes = ConnectionsDescription
    description: ConnectionsDescription

    @classmethod
    def of(
        cls,
        champion: Mapping[str, Any],
        task: Mapping[str, Any],
        table: Mapping[str, Any] | None,
        facts: Mapping[str, Any],
    ) -> ConnectionsModel:
        """The champion of a run.

        Args:
            champion: The JSON form of the run's champion.
            task: The fields of a `TaskRecord`.
            table: Those of a `TableRecord`, where the task is a table.
            facts: How it was found, as `run_facts` gives it.
        """
        genome, run = champion["genome"], {name: facts["run"][name] for name in ("name", "seed", "algorithm")}
        value = {
            "format": "speciate-policy",
            "version": 1,
            "task": dict(task),
            "table": table,
            "genome": genome,
            "text": champion["description"],
            "fitness": champion["valid_score"],
            "numbers": champion["numbers"],
            "connections": champion["parameters"],
            "sha256": hashlib.sha256(_weight_file(wiring(genome, bool(task.get("recurrent"))))).hexdigest(),
            "run": {
                **run,
                "evaluations": facts["evaluations"],
                "generations": facts["generations"],
                "champion": champion["id"],
            },
            "versions": dict(facts["versions"]),
        }
        return cls(ConnectionsDescription.model_validate(value))

    @classmethod
    def load(cls, file: Path, description: ConnectionsDescription) -> ConnectionsModel:
        """The network, which is refused if its weights are not those of the file."""
        memory = bool(description.task.recurrent)
        size = 8 * count_numbers(description.genome.model_dump(), memory)
        check_weights(file, description.sha256, size, size)
        model = cls(description)
        _ = model.module
        return model

    @cached_property
    def module(self) -> Network:
        """Inputs (rows, inputs) to outputs (rows, outputs) in float64; if it is recurrent, from what it was to what it is, too."""
        return module_of(self._wiring)

    @cached_property
    def _wiring(self) -> Wiring:
        return wiring(self.description.genome.model_dump(), bool(self.description.task.recurrent))

    @cached_property
    def _forms(self) -> dict[str, dict[str, Any]]:
        """How observations become inputs and outputs actions, with shapes and types."""
        genome, task = self.description.genome, self.description.task
        return {
            "observations": _with_array(task.observations, genome.inputs),
            "actions": _with_array(task.actions, genome.outputs),
        }

    @property
    def input_shape(self) -> tuple[int, ...]:
        """How many numbers it takes: (inputs,)."""
        return (self.description.genome.inputs,)

    def example(self) -> tuple[torch.Tensor, ...]:
        """What `module` takes, for two rows: inputs and, if it is recurrent, what it was one step before."""
        import torch

        memory = (torch.zeros(2, self.module.nodes).double(),) if self.module.recurrent else ()
        return (*super().example(), *memory)

    def network(self) -> NoReturn:
        """Raises UsageError: searches that start from a network grow networks of layers."""
        raise UsageError(
            "a search cannot start from this champion",
            why="it is a network of single connections, and searches grow networks of layers",
        )

    def outputs(self, inputs: NDArray[Any]) -> NDArray[np.float64]:
        """Inputs (n, ...) to outputs (n, outputs), each row by itself."""
        import torch

        with torch.inference_mode():
            answer = self.module(torch.as_tensor(inputs).reshape(len(inputs), -1))
            return np.asarray((answer[0] if self.module.recurrent else answer).numpy())

    def act(self, observations: NDArray[Any], before: torch.Tensor | None = None) -> Any:
        """An action or actions; see `Model.act`."""
        if self.description.table is not None:
            return super().act(observations, before)
        import torch

        from speciate.champion.standalone.connections import act_on

        forms = self._forms["observations"], self._forms["actions"]
        try:
            with torch.inference_mode():
                seen = torch.as_tensor(np.asarray(observations, np.float64))
                answer = act_on(self.module, seen, *forms, before)
        except (TypeError, ValueError) as error:
            raise DataError(f"cannot act: {error!s:.300}", where=self.description.task.name) from None
        actions = (answer[0] if self.module.recurrent else answer).numpy()
        if not actions.ndim and forms[1]["kind"] == "greatest":
            actions = actions[()]  # the number of a choice, where a number with bounds is an array of one
        return (actions, answer[1]) if self.module.recurrent else actions

    def weight_file(self) -> bytes:
        """The content of model.safetensors: the weights of the run to the last bit."""
        return _weight_file(self._wiring)

    def source(self) -> str:
        """The text of model.py."""
        d, rows = self.description, self.description.table
        parts = PARTS["" if rows is None else self.preprocessing.kind]
        return rendered(
            "connections.py",
            d=d,
            rows=rows,
            data=self._data,
            wired=self._wiring,
            forms=self._forms,
            columns=math.prod(self._forms["observations"]["shape"]),
            meaning="standardized values" if rows and not rows.classes else "a logit for each class",
            **standalone("connections", *parts, "weights", "command"),
        )

    def card(self) -> str:
        """The text of README.md."""
        d = self.description
        memory = self._wiring.recurrent
        return rendered("connections.md", d=d, rows=d.table, data=self._data, forms=FORMS, memory=memory)

    @property
    def _data(self) -> str:
        """The name of the table, where the task is one."""
        return self.description.task.name.removeprefix("table:")

    def _rows(self) -> RowsRecord:
        if self.description.table is None:
            raise UsageError(
                f"this champion acts in {self.description.task.name}; it does not predict for rows of a table",
                hint="in Python: speciate.load_model(FOLDER).act(observations); model.py does it with torch alone",
            )
        return self.description.table


def _with_array(form: Mapping[str, Any], size: int) -> dict[str, Any]:
    """A form with the shape and type of one observation or action; older files lack them, and mean so many flat numbers."""
    chosen = form["kind"] in ("one-hot", "greatest", "greatest of each", "positive")
    shape = [] if form["kind"] in ("one-hot", "greatest") else [len(form.get("sizes", range(size)))]
    return {"shape": shape, "dtype": "int64" if chosen else DTYPES[0], **form}


def module_of(wired: Wiring) -> Network:
    """A network as a torch module in evaluation mode.

    Raises:
        ValueError: It has an activation that is unknown.
    """
    import torch

    from speciate.champion.standalone.connections import ACTIVATIONS, Network

    if unknown := {activation for activation, _ in wired.groups} - set(ACTIVATIONS):
        raise ValueError(f"there is no activation {min(unknown)!r:.60}")
    module = Network(wired.inputs, wired.groups, wired.outputs, wired.recurrent)
    module.load_state_dict({name: torch.from_numpy(value) for name, value in wired.tensors.items()})
    return module.eval()


def _weight_file(wired: Wiring) -> bytes:
    from safetensors.numpy import save

    return bytes(save(wired.tensors))
